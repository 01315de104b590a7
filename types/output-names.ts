/** The names of outputs as the types write them: those that may be missing, and families. */

/** How what may be missing is read, and the key under which a pipeline's type holds it: no name ends so. */
export type AnyMaybe = `${string}?`;

/** The name of what is read as `name?`. */
export type Unmarked<Name> = Name extends `${infer Plain}?` ? Plain : Name;

/**
 * The key under which a pipeline's type holds the names that `.returns` took away: they are still the names of steps. It is
 * the key of a maybe output whose name is empty, which no name is.
 */
export type HiddenKey = "?";

/**
 * The names that a pipeline does not return, and that no other step can have. Two pipelines that differ in nothing else
 * stand for each other.
 *
 * @public
 */
export interface HiddenNames<Names extends string> {
  /** Nothing of it exists at run time, and the compiler does not compare it. */
  readonly hidden?: { readonly [Name in Names as never]: 0 };
}

/** The names that a value under `HiddenKey` holds. */
export type NamesHiddenBy<Hidden> = Hidden extends HiddenNames<infer Names> ? Names : never;

/** What a step adds that provides other names than its own: no other step can have that name. */
export type WithStepName<Added, Name extends string> = [Name] extends [Unmarked<keyof Added>]
  ? Added
  : Added & { readonly [Key in HiddenKey]?: HiddenNames<Name> };

/** A record without maybe outputs. An index signature asks this of all names at once, and at little cost. */
export type NoMaybe = { readonly [Name in AnyMaybe]: never };

/** Is the name a template literal or `string`, and so a family of names? */
export type IsFamily<Name extends string> = {} extends { readonly [Key in Name]: 1 } ? true : false;

/** A template literal as a glob: `feat_${string}` is `feat_*`. */
export type GlobOf<Name> = string extends Name
  ? "*"
  : Name extends `${infer First}${infer Rest}`
    ? `${IsFamily<First> extends true ? "*" : First}${GlobOf<Rest>}`
    : "";

/** Is the name a family or the key of a maybe output? */
export type IsApart<Name extends string> = Name extends AnyMaybe ? true : IsFamily<Name>;
