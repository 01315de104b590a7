/** What a name may hold, and which names a glob means. The run-time twin is `src/graph/names.ts`. */
import type { Last } from "ts-toolbelt/out/Union/Last.js";
import type { FamiliesOf, IsFamily, Lookup, NamesOf, OutputType } from "./outputs.ts";

type Forbidden = "/" | "[" | "]" | "*" | "\n" | "\r" | "\t" | "\0" | "\v" | "\f" | "\b" | "\u001b" | "\u007f";

/** Is there but one name? */
export type IsOne<Names, All = Names> = Names extends unknown
  ? [All] extends [Names]
    ? true
    : false
  : never;

/** The names, for a sentence: the first few. */
export type Listed<Names, Left extends ReadonlyArray<unknown> = [1, 1, 1, 1, 1, 1, 1, 1]> = [Names] extends [
  never,
]
  ? "nothing"
  : Left extends readonly [unknown, ...infer Rest]
    ? Last<Names> extends infer Last extends string
      ? [Exclude<Names, Last>] extends [never]
        ? `'${Last}'`
        : `${Listed<Exclude<Names, Last>, Rest>}, '${Last}'`
      : never
    : "…";

/** The name where it can be one, else the sentence that says why it cannot. */
export type ValidName<Name extends string> = string extends Name
  ? "This name is typed string, so the compiler cannot tell it from others: give it a literal, a union of literals or a template literal."
  : Name extends Refused
    ? RefusedName<Name>
    : Name;

type Refused = "" | "__proto__" | `${string}${Forbidden}${string}`;

type RefusedName<Name extends string> = Name extends ""
  ? "A name is not empty."
  : Name extends "__proto__"
    ? "'__proto__' is refused as a name."
    : `'${Name}' cannot be a name: a name holds no / [ ] * and no control character.`;

/** The name where it is new, else the sentence that says that it is taken. */
export type NewName<Name extends string, Taken> = Name extends Taken
  ? TakenName<Name, Taken>
  : ValidName<Name>;

/** The sentence about a name that is taken. */
type TakenName<Name extends string, Taken> = [FamilyOf<Name, Taken>] extends [never]
  ? `The output '${Name}' is already provided: give this one another name.`
  : `The output '${Name}' may be one of the family '${FamilyOf<Name, Taken>}', which is provided: give this one another name.`;

/** Of what is taken the families that may have this name. */
type FamilyOf<Name, Taken> = Taken extends string
  ? IsFamily<Taken> extends true
    ? Name extends Taken
      ? Taken
      : never
    : never
  : never;

/** The sentence about a family that may have a name that is taken; nothing for one that has not. */
export type FamilyProblem<Family extends string, Taken> =
  Extract<Taken, Family> extends infer Name
    ? Name extends string
      ? IsFamily<Name> extends true
        ? never
        : `The family '${Family}' may have the output '${Name}', which is provided: give one of them another name.`
      : never
    : never;

/** The names of a pipeline's outputs, as what it asks for: of two pipelines with other names, neither extends both. */
export interface AllNames<in Names> {
  readonly has: (name: Names) => void;
}

/** As above for what is added to a pipeline: it must have one name, and the pipeline must be one. */
export type OneNewName<Name extends string, Taken, All> = [All] extends [AllNames<Taken>]
  ? IsOne<Name> extends true
    ? NewName<Name, Taken>
    : Name extends Taken
      ? NewName<Name, Taken>
      : `This name may be '${Name}' or another one, so the compiler cannot tell which output there is: give it one name.`
  : "This may be one of several pipelines with other outputs: add the step to each of them before they become one value.";

/** The name of a pipeline. No other name must differ from it, so it may be typed string. */
export type PipelineName<Name extends string> = string extends Name ? Name : ValidName<Name>;

/** The template literal that a glob stands for: `feat_*` is `feat_${string}`. */
export type GlobPattern<Glob extends string> = Glob extends `${infer Head}*${infer Tail}`
  ? `${Head}${string}${GlobPattern<Tail>}`
  : Glob;

/** The part of each family that a pattern means: all of it, or what the narrower pattern leaves. */
type FamilyRecord<Families, Pattern> = {
  readonly [Family in Families as Family extends OutputType<infer Name, any>
    ? Name extends Pattern
      ? Name
      : Pattern extends Name
        ? Pattern & string
        : never
    : never]: Family extends OutputType<any, infer Type> ? Type : never;
};

type Both<First, Second> = [keyof Second] extends [never]
  ? First
  : {
      readonly [Key in keyof First | keyof Second]: Key extends keyof First
        ? First[Key]
        : Key extends keyof Second
          ? Second[Key]
          : never;
    };

/** What a glob reads: a record of the outputs whose names match. */
export type Matches<Outputs, Glob extends string> = Both<
  { readonly [Name in Extract<NamesOf<Outputs>, GlobPattern<Glob>>]: Lookup<Outputs, Name> },
  FamilyRecord<FamiliesOf<Outputs>, GlobPattern<Glob>>
>;
