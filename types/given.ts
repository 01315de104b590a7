/** Options as they are given, under a condition or not: what one adds to the output's type, if it may be left out. */

/** What is given as options, for the compiler to infer. It asks nothing of them. */
export type Seen<Given> = [Given] extends [unknown] ? unknown : Given;

/**
 * The same for `outputs`, which is one type of a list and `"all"`: of the members of a union that has more than the parameter in it, the
 * compiler would infer the first alone.
 */
type SeenOutputs<Outs> = [Outs] extends [unknown] ? unknown : { readonly outputs?: Outs };

/**
 * `"all"` or the list, where two records of options have one each. Of two such types the compiler infers the first for the parameter of
 * `outputs`, and both in what is given.
 */
export type OtherList<Outs, Given> = [Outs] extends [never]
  ? never
  : [Given] extends [{ readonly outputs: infer List extends "all" | ReadonlyArray<string> | undefined }]
    ? Exclude<List, Outs>
    : never;

/** The keys of what is given. An editor that asks for a name in `outputs` keeps the list from the compiler, and not its key. */
type SeenKeys<Keys extends string> = [Keys] extends [string] ? unknown : { readonly [Key in Keys]?: unknown };

/** What is given, with the type of its `outputs`. */
export type SeenBoth<Given, Outs> = SeenOutputs<Outs> & Seen<Given>;
export type SeenAll<Given, Outs, Keys extends string> = SeenOutputs<Outs> & Seen<Given> & SeenKeys<Keys>;

/** May an option be left out of what is given? Where nothing is given, it is. */
type IsLeft<Given, Key extends string> = Given extends { readonly [Each in Key]: infer Value }
  ? undefined extends Value
    ? true
    : false
  : true;

/** What else there is, where an option that some of the options have may be left out: by a condition, for example. */
export type IfLeft<Given, Key extends string, Option, Else> = [Option] extends [never]
  ? never
  : true extends IsLeft<Given, Key>
    ? Else
    : never;

/** What else can fail, where the fallback may be left out. One that is given as undefined is a fallback: its value is undefined. */
export type IfNoFallback<Given, Failure> = Given extends { readonly fallback: unknown } ? never : Failure;
