/** The rules for names, and the names that match a glob. The run-time equivalent is `src/graph/names.ts`. */
import type { Last } from "ts-toolbelt/out/Union/Last.js";
import type { AnyMaybe, GlobOf, HiddenKey, IsApart, IsFamily } from "./output-names.ts";
import type { Sentences } from "./sentences.ts";
import type { FamiliesOf, Flat, Lookup, NamesOf } from "./outputs.ts";
import type { OutputType } from "./output-chunks.ts";

type Forbidden = "/" | "[" | "]" | "*" | "\n" | "\r" | "\t" | "\0" | "\v" | "\f" | "\b" | "\u001b" | "\u007f";

/** Whether there is only one name. */
export type IsOne<Names, All = Names> = Names extends unknown
  ? [All] extends [Names]
    ? true
    : false
  : never;

/** The first few names, for an error sentence. */
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

/** The name if it is valid, else an error sentence. */
export type ValidName<Name extends string> = [
  IsSomething<string extends Name ? Name : Extract<Name, Refused>>,
] extends [true]
  ? InvalidName<Name>
  : Name;

/**
 * Whether there is a problem. To find out which branch a type with the user's own parameters cannot take, the compiler replaces
 * these by a wildcard. A condition on it is the wildcard, which extends `never` in a tuple: so this is false and the name passes.
 * The condition must not contain `infer`, and it must not be distributive.
 */
export type IsSomething<Problem> = [Problem] extends [never] ? false : true;

type InvalidName<Name extends string> = string extends Name
  ? [
      "This name has the type string, so the compiler cannot tell it from others. Give it a literal, a union of literals or a template literal.",
    ]
  : Name extends Refused
    ? RefusedName<Name>
    : Name;

type Refused = "" | "__proto__" | AnyMaybe | `${string}${Forbidden}${string}`;

type RefusedName<Name extends string> = Name extends ""
  ? ["A name must not be empty."]
  : Name extends "__proto__"
    ? ["The name '__proto__' is reserved. Use another one."]
    : Name extends AnyMaybe
      ? [`A name must not end with '?', which marks an input that may be missing; got '${Name}'.`]
      : [`A name must not contain / [ ] * or control characters; got '${Name}'.`];

/** The name if it is new and valid, else an error sentence. */
export type NewName<Name extends string, Taken> = [
  IsSomething<Extract<Name, Taken> | (string extends Name ? Name : Extract<Name, Refused>)>,
] extends [true]
  ? TakenOrInvalid<Name, Taken>
  : Name;

type TakenOrInvalid<Name extends string, Taken> = Name extends Taken
  ? TakenName<Name, Taken>
  : InvalidName<Name>;

/** The error sentence for a name that is taken. */
type TakenName<Name extends string, Taken> = [FamilyOf<Name, Taken>] extends [never]
  ? [
      `The ${`/${Name}` extends Taken ? "name" : "output"} '${Name}' is already provided: give this one another name.`,
    ]
  : [
      `The output '${Name}' may be one of the family '${FamilyOf<Name, Taken>}', which is already provided: give this one another name.`,
    ];

/** The families among the taken names that may contain this name. */
type FamilyOf<Name, Taken> = Taken extends string
  ? IsFamily<Taken> extends true
    ? Name extends Taken
      ? Taken
      : never
    : never
  : never;

/** The error sentence for a family that may contain a taken name; otherwise nothing. */
export type FamilyProblem<Family extends string, Taken> =
  Extract<Taken, Family> extends infer Name
    ? Name extends string
      ? IsApart<Name> extends true
        ? never
        : [
            `The family '${Family}' may contain the output '${Name}', which is already provided: give one of them another name.`,
          ]
      : never
    : never;

/** The names of a pipeline's outputs, in a contravariant position: of two pipelines with different names, neither extends both. */
export interface AllNames<in Names> {
  readonly has: (name: Names) => void;
}

/** The same for an addition to a pipeline, which must be a single pipeline. */
export type AddedName<Name extends string, Taken, All, Seen> = [All] extends [AllNames<Taken>]
  ? NewName<Name, Taken>
  : [Name, { readonly is: AreSeveral<Seen> }] extends [string, { readonly is: true }]
    ? Sentences["severalPipelines"]
    : NewName<Name, Taken>;

/**
 * Whether these are the names of several pipelines. False for a user's type parameter, and for pipelines that
 * differ only in the names that they do not return.
 */
type AreSeveral<Seen> = [Seen] extends [(name: ArgumentOf<Seen>) => void] ? false : true;
type ArgumentOf<Call> = Call extends (argument: infer Argument) => void ? Argument : never;

/** The same for an input, which must have a single name. */
export type InputName<Name extends string, Taken, All, Seen> = [All] extends [AllNames<Taken>]
  ? OneName<Name, Taken>
  : [Name, { readonly is: AreSeveral<Seen> }] extends [string, { readonly is: true }]
    ? Sentences["severalPipelines"]
    : OneName<Name, Taken>;

type OneName<Name extends string, Taken> = [IsSomething<IsOne<Name> extends true ? never : Name>] extends [
  true,
]
  ? Name extends Taken
    ? NewName<Name, Taken>
    : [
        `This input may be '${Name}' or another one, so the compiler cannot tell which the pipeline has. Give it one name.`,
      ]
  : NewName<Name, Taken>;

/** The name of a pipeline. It need not be unique, so it may have the type string. */
export type PipelineName<Name extends string> = string extends Name ? Name : ValidName<Name>;

/** The template literal of a glob: `feat_${string}` for `feat_*`. */
export type GlobPattern<Glob extends string> = Glob extends `${infer Head}*${infer Tail}`
  ? `${Head}${string}${GlobPattern<Tail>}`
  : Glob;

type StartOf<Glob> = Glob extends `${infer Start}*${string}` ? Start : Glob;
type EndOf<Glob> = Glob extends `${string}*${infer Rest}` ? EndOf<Rest> : Glob;

type MayStart<First, Second> = First extends `${Second & string}${string}`
  ? true
  : Second extends `${First & string}${string}`
    ? true
    : false;

type MayEnd<First, Second> = First extends `${string}${Second & string}`
  ? true
  : Second extends `${string}${First & string}`
    ? true
    : false;

/** Whether two globs may match the same name. Comparing their starts and ends is precise enough. */
type MayMeet<First, Second> =
  MayStart<StartOf<First>, StartOf<Second>> extends true ? MayEnd<EndOf<First>, EndOf<Second>> : false;

/** The families that may contain a name that matches the pattern. */
export type Meeting<Families, Pattern> =
  Families extends OutputType<infer Name, any>
    ? IsFamily<Name> extends true
      ? MayMeet<GlobOf<Name>, GlobOf<Pattern>> extends true
        ? Families
        : never
      : never
    : never;

/** The name of a family in the record: its own, or the pattern if that is narrower or another family overlaps. */
type FamilyKey<Name, Pattern, Families> = Name extends Pattern
  ? [Exclude<Meeting<Families, Name>, { readonly name: Name }>] extends [never]
    ? Name
    : Pattern
  : Pattern;

type FamilyKeys<Families, Pattern, All = Families> =
  Families extends OutputType<infer Name, any> ? FamilyKey<Name, Pattern, All> & string : never;

/** The type of one name: among index signatures with the same key, the compiler uses only one. */
type FamilyType<Families, Pattern, Key, All> =
  Families extends OutputType<infer Name, infer Type>
    ? [Key, FamilyKey<Name, Pattern, All>] extends [FamilyKey<Name, Pattern, All>, Key]
      ? Type
      : never
    : never;

/** The part of each family that matches a pattern: all of it, or the part within the narrower pattern. */
type FamilyRecord<Families, Pattern> = {
  readonly [Key in FamilyKeys<Families, Pattern>]: FamilyType<Families, Pattern, Key, Families>;
};

/** The maybe outputs that match a pattern. */
type MaybeRecord<Families, Pattern> = {
  readonly [Family in Families as Family extends OutputType<HiddenKey, any>
    ? never
    : Family extends OutputType<`${infer Name}?`, any>
      ? Name extends Pattern
        ? Name
        : never
      : never]?: Family extends OutputType<any, infer Type> ? Exclude<Type, undefined> : never;
};

type WithMaybes<Found, Maybes> = [keyof Maybes] extends [never] ? Found : Flat<Found & Maybes>;

type Both<First, Second> = [keyof Second] extends [never]
  ? First
  : {
      readonly [Key in keyof First | keyof Second]: Key extends keyof First
        ? First[Key]
        : Key extends keyof Second
          ? Second[Key]
          : never;
    };

/** The input that a glob reads: a record of the outputs whose names match. */
export type Matches<Outputs, Glob extends string> = WithMaybes<
  Both<
    { readonly [Name in Extract<NamesOf<Outputs>, GlobPattern<Glob>>]: Lookup<Outputs, Name> },
    FamilyRecord<Meeting<FamiliesOf<Outputs>, GlobPattern<Glob>>, GlobPattern<Glob>>
  >,
  MaybeRecord<FamiliesOf<Outputs>, GlobPattern<Glob>>
>;
