/** The output, errors and services that follow from the return value of a user's function. */
import type { Effect } from "effect/Effect";
import type { CurrentStep } from "../src/engine/context.ts";
import type { StepFailed } from "../src/errors.ts";
import type { LikelyOutput, Unknown } from "./anything.ts";

type IsAny<Type> = 0 extends 1 & Type ? true : false;

/** The value itself, whether returned directly, or through a Promise, an Effect or an async generator. */
export type ValueOf<Returned> =
  IsAny<Returned> extends true
    ? Returned
    : Returned extends Effect<infer Value, any, any>
      ? Value
      : Returned extends PromiseLike<infer Value>
        ? ValueOf<Value>
        : Returned extends AsyncGenerator<any, infer Value, any>
          ? ValueOf<Value>
          : Returned;

/** Whether the value comes, or may come, in a Promise or an Effect, or is not known. */
type IsWrapped<Returned> = [
  Extract<Returned, PromiseLike<any> | Effect<any, any, any> | AsyncGenerator<any, any, any> | Unknown>,
] extends [never]
  ? false
  : true;

/**
 * Like `ValueOf`, in a function that is generic in its return type. There the compiler defers a condition on a type
 * parameter, and nothing matches the deferred result. It decides a condition on an object immediately, as if nothing matched: so a
 * type parameter is treated as the value itself. `Name` defers the condition until the step is added.
 */
export type ValueIn<Name extends string, Returned> = [Name, { readonly is: IsWrapped<Returned> }] extends [
  string,
  { readonly is: true },
]
  ? [Returned, IsAny<Returned>] extends [Unknown, false]
    ? LikelyOutput<Name>
    : ValueOf<Returned>
  : Returned;

/** The typed errors: those of an Effect; a rejected Promise is `StepFailed`. */
export type ErrorOf<Returned> =
  IsAny<Returned> extends true
    ? never
    : Returned extends Effect<any, infer Failure, any>
      ? Failure
      : Returned extends PromiseLike<infer Value>
        ? StepFailed | ErrorOf<Value>
        : Returned extends AsyncGenerator<any, infer Value, any>
          ? StepFailed | ErrorOf<Value>
          : never;

/** The services that an Effect needs, in addition to those that every step has. */
export type NeedsOf<Returned> =
  IsAny<Returned> extends true
    ? never
    : Returned extends Effect<any, any, infer Services>
      ? Exclude<Services, CurrentStep>
      : Returned extends PromiseLike<infer Value>
        ? NeedsOf<Value>
        : Returned extends AsyncGenerator<any, infer Value, any>
          ? NeedsOf<Value>
          : never;

// The same for the value of a fallback. But an error that it returns is a value, although Effect's errors are Effects that fail:
// `fallback: (error) => error` passes it on.

/** The value that replaces an output. */
export type FallbackValue<Fallback> =
  IsAny<Fallback> extends true
    ? Fallback
    : Fallback extends Error
      ? Fallback
      : Fallback extends Effect<infer Value, any, any>
        ? Value
        : Fallback extends PromiseLike<infer Value>
          ? FallbackValue<Value>
          : Fallback;

/** The typed errors of a fallback. */
export type FallbackError<Fallback> =
  IsAny<Fallback> extends true
    ? never
    : Fallback extends Error
      ? never
      : Fallback extends Effect<any, infer Failure, any>
        ? Failure
        : Fallback extends PromiseLike<infer Value>
          ? StepFailed | FallbackError<Value>
          : never;

/** The services that a fallback needs. */
export type FallbackNeeds<Fallback> = Fallback extends Error
  ? never
  : Fallback extends PromiseLike<infer Value>
    ? FallbackNeeds<Value>
    : NeedsOf<Fallback>;
