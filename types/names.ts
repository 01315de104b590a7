/** What a name may hold, and which names a glob means. The run-time twin is `src/names.ts`. */
import type { Mistake } from "./mistake.ts";
import type { FamiliesOf, Lookup, NamesOf, Output } from "./outputs.ts";

type Forbidden = "/" | "[" | "]" | "*" | "\n" | "\r" | "\t" | "\0" | "\v" | "\f" | "\b" | "\u001b" | "\u007f";

/** Nothing where the name is one, else the sentence that says why it is none. */
export type NameCheck<Name extends string> = string extends Name
  ? Mistake<"This name is typed string, so the compiler cannot tell it from others: give a literal, a union of literals or a template literal.">
  : Name extends ""
    ? Mistake<"A name is not empty.">
    : Name extends "__proto__"
      ? Mistake<'"__proto__" is refused as a name.'>
      : Name extends `${string}${Forbidden}${string}`
        ? Mistake<`"${Name}" cannot be a name: a name holds no / [ ] * and no control character.`>
        : unknown;

/** Nothing where the name is new, else the sentence that says that it is taken. */
export type Fresh<Name extends string, Taken> = Name extends Taken
  ? Mistake<`The output "${Name}" is already provided: give this one another name.`>
  : NameCheck<Name>;

/** The template literal that a glob stands for: `feat_*` is `feat_${string}`. */
export type GlobPattern<Glob extends string> = Glob extends `${infer Head}*${infer Tail}`
  ? `${Head}${string}${GlobPattern<Tail>}`
  : Glob;

/** The part of a family that a pattern means: all of it, or what the narrower pattern leaves. */
type FamilyRecord<Families, Pattern> =
  Families extends Output<infer Name, infer Type>
    ? Name extends Pattern
      ? { readonly [Key in Name]: Type }
      : Pattern extends Name
        ? { readonly [Key in Pattern & string]: Type }
        : never
    : never;

type Both<First, Second> = [Second] extends [never]
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
