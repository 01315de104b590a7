/** Options as they are given, under a condition or not: what one adds to the output's type, if it may be left out. */
import type { Effect } from "effect/Effect";
import type { Sentences } from "./sentences.ts";

/** What is given as options, for the compiler to infer. It asks one thing of them: that a fallback is not an Effect itself. */
export type Seen<Given> = [Given] extends [unknown] ? BareEffect<Given> : Given;

/** The error sentence for a fallback that is an Effect, and not an error, which is a value. */
type BareEffect<Given> = Given extends { readonly fallback: Effect<any, any, any> }
  ? Given extends { readonly fallback: Error }
    ? unknown
    : { readonly fallback: Sentences["bareEffect"] }
  : unknown;

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

/** The list in `after`, which may be one of several, for the compiler to infer. */
type SeenList<List> = [List] extends [unknown] ? unknown : { readonly after?: List | undefined };

/** The list in `after`. One that may be left out may be empty. */
export type After<List, Given> = List | IfLeft<Given, "after", List, readonly []>;

/** What is given to a `sleep`, with its list. */
export type SeenAfter<Given, List> = SeenList<List> & Seen<Given>;

/**
 * The same for an `await`. `Shape` is what the function `ask` may depend on: its fields without their functions, which the compiler
 * infers before it has looked at these.
 */
export type SeenWait<Given, Shape, List> = SeenList<List> &
  ([Shape] extends [unknown] ? unknown : { readonly [Key in keyof Shape]: Shape[Key] }) &
  ([Given] extends [unknown] ? BareEffect<Given> & Untimed<Given> : Given);

/** The error sentence for a fallback without a timeout. One that is undefined counts as none. */
type Untimed<Given> = Given extends { readonly fallback: infer Fallback }
  ? [Fallback] extends [undefined]
    ? unknown
    : true extends IsLeft<Given, "timeout">
      ? { readonly fallback: Sentences["untimedFallback"] }
      : unknown
  : unknown;

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
