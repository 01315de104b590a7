/** A call of a user's function as one Effect, for calls outside the loop: compensations, and the search for their steps. */
import * as Effect from "effect/Effect";
import { isThenable, whenSettled } from "../values/thenable.ts";
import { isBareEffect } from "./calls.ts";
import type { RunningContext } from "./context.ts";
import { CurrentStep } from "./context.ts";
import { declaredInputs, named } from "./decoded.ts";
import type { Layers, StepCall } from "./executor.ts";
import { settling } from "./executor.ts";
import { decodeInputs } from "./inputs.ts";

/** Waits for the result of a function. The wait for a promise continues even if it is interrupted. */
const settled = (value: unknown): Effect.Effect<unknown, unknown> => {
  if (isBareEffect(value)) return value;
  if (!isThenable(value)) return Effect.succeed(value);
  return Effect.flatMap(
    Effect.callback<unknown, unknown>((resume) => {
      let whenEnded = (): void => {};
      let hasEnded = false;
      const end = (effect: Effect.Effect<unknown, unknown>): void => {
        hasEnded = true;
        resume(effect);
        whenEnded();
      };
      whenSettled(
        value,
        (result) => end(Effect.succeed(result)),
        (thrown) => end(Effect.die(thrown)),
      );
      return Effect.callback<void>((ended) => {
        if (hasEnded) ended(Effect.void);
        else whenEnded = () => ended(Effect.void);
      });
    }),
    settled,
  );
};

/** Performs a call, within its middleware and as part of its step. A thrown value is a defect. */
export const performed = (
  call: StepCall & { readonly context: RunningContext },
  layers: Layers | undefined,
): Effect.Effect<unknown, unknown> => {
  const { definition, inputs, path, context } = call;
  const perform = (decoded: StepCall["inputs"]): Effect.Effect<unknown, unknown> =>
    Effect.suspend(() => settled((layers?.execute ?? settling)({ ...call, inputs: decoded })));
  const whole =
    definition.schemas === undefined
      ? perform(inputs)
      : Effect.flatMap(decodeInputs(declaredInputs(definition), inputs, path), (values) =>
          perform(named(definition, values)),
        );
  return Effect.provideService(whole, CurrentStep, context);
};
