/** The names of outputs in the types: those that may be missing, and families. */

/** The name of an input that may be missing, and the key of such an output in a pipeline's type: no other name ends like this. */
export type AnyMaybe = `${string}?`;

/** The name of the output that is read as `name?`. */
export type Unmarked<Name> = Name extends `${infer Plain}?` ? Plain : Name;

/**
 * The key under which a pipeline's type holds the names that `.returns` removed: they are still names of steps. It is
 * the key of a maybe output with an empty name, which no output has.
 */
export type HiddenKey = "?";

/**
 * The names that a pipeline does not return, and that no other step can have; and, as a union of `OutputType`, what its
 * waiting steps are sent where that is not the type of their output. Two pipelines that differ only in these are
 * interchangeable.
 *
 * @public
 */
export interface HiddenNames<Names extends string, Sent = never> {
  /** Does not exist at run time, and the compiler does not compare it. */
  readonly hidden?: { readonly [Name in Names as never]: 0 };
  /** Neither does this. */
  readonly sent?: { readonly [Key in keyof Sent as never]: 0 };
}

/** The names in a value under `HiddenKey`. */
export type NamesHiddenBy<Hidden> = 0 extends 1 & Hidden
  ? never
  : Hidden extends HiddenNames<infer Names, any>
    ? Names
    : never;

interface OutputSent {
  readonly name: string;
  readonly type: unknown;
}

/** What waiting steps are sent, in a value under `HiddenKey`. */
export type SentBy<Hidden> = Hidden extends HiddenNames<any, infer Sent extends OutputSent> ? Sent : never;

/** The additions of a step whose outputs have other names: no other step can have the step's name. */
export type WithStepName<Added, Name extends string> = [Name] extends [Unmarked<keyof Added>]
  ? Added
  : Added & { readonly [Key in HiddenKey]?: HiddenNames<Name> };

/** A record without maybe outputs. An index signature checks this for all names at once, at little cost. */
export type NoMaybe = { readonly [Name in AnyMaybe]: never };

/** Whether the name is a template literal or `string`, and therefore a family of names. */
export type IsFamily<Name extends string> = {} extends { readonly [Key in Name]: 1 } ? true : false;

/** A template literal as a glob: `feat_${string}` is `feat_*`. */
export type GlobOf<Name> = string extends Name
  ? "*"
  : Name extends `${infer First}${infer Rest}`
    ? `${IsFamily<First> extends true ? "*" : First}${GlobOf<Rest>}`
    : "";

/** Whether the name is a family or the key of a maybe output. */
export type IsApart<Name extends string> = Name extends AnyMaybe ? true : IsFamily<Name>;
