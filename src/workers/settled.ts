/** The return value of a step's function, as an Effect: exceptions and rejections become defects. */
import * as Effect from "effect/Effect";
import type { StepContext } from "../../types/context.ts";
import { isBareEffect } from "../engine/calls.ts";
import { RunningContext } from "../engine/context.ts";
import { streamed } from "../engine/generators.ts";
import { isThenable, whenSettled } from "../values/thenable.ts";

/** When interrupted, it fires the step's signal and waits until the promise has settled. */
const awaited = (thenable: PromiseLike<unknown>, context: StepContext): Effect.Effect<unknown> =>
  Effect.callback((resume) => {
    let hasSettled = false;
    let whenOver: (() => void) | undefined;
    const settle = (effect: Effect.Effect<unknown>): void => {
      hasSettled = true;
      if (whenOver === undefined) resume(effect);
      else whenOver();
    };
    whenSettled(
      thenable,
      (value) => settle(Effect.succeed(value)),
      (thrown) => settle(Effect.die(thrown)),
    );
    return Effect.callback<void>((over) => {
      if (context instanceof RunningContext) RunningContext.abort(context, undefined);
      if (hasSettled) over(Effect.void);
      else whenOver = () => over(Effect.void);
    });
  });

export const settled = (call: () => unknown, context: StepContext): Effect.Effect<unknown, unknown> =>
  Effect.suspend(() => {
    const value = streamed(call(), context);
    if (isBareEffect(value)) return value;
    if (!isThenable(value)) return Effect.succeed(value);
    return Effect.flatMap(awaited(value, context), (inner) => settled(() => inner, context));
  });
