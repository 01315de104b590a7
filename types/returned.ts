/** What the value that a user's function returns says about its step: the output, the errors, the services. */
import type { Effect } from "effect/Effect";
import type { CurrentStep } from "../src/engine/context.ts";
import type { StepFailed } from "../src/errors.ts";

type IsAny<Type> = 0 extends 1 & Type ? true : false;

/** The value itself, whether directly, or by a Promise, an Effect, or an async generator that returns it. */
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

/** Does the value come by a Promise or an Effect, or may it? */
type IsWrapped<Returned> = [
  Extract<Returned, PromiseLike<any> | Effect<any, any, any> | AsyncGenerator<any, any, any>>,
] extends [never]
  ? false
  : true;

/**
 * As `ValueOf`, in a function that is generic in what is returned. There the compiler puts off a condition on a type
 * parameter, and its result fits nothing. One on an object it decides, as if nothing fitted: so a type parameter is taken for
 * the value itself. The name puts it off until the step is added.
 */
export type ValueIn<Name extends string, Returned> = [Name, { readonly is: IsWrapped<Returned> }] extends [
  string,
  { readonly is: true },
]
  ? ValueOf<Returned>
  : Returned;

/** The typed errors: those of an Effect; a Promise may reject, which is `StepFailed`. */
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

/** The services that an Effect needs, beside what every step has. */
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

// What a fallback gives, likewise. But an error that it gives is a value, though Effect takes its own for Effects that fail:
// `fallback: (error) => error` hands it on.

/** The value that stands for an output. */
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
