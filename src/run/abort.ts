/**
 * The option `signal`: runs that an `AbortSignal` stops. Takes a run as an Effect; returns the same Effect on a separate
 * fiber, which is interrupted when the signal fires. The listener is removed when that fiber ends.
 */
import * as Effect from "effect/Effect";
import type { Fiber } from "effect/Fiber";

/** Interrupts a fiber when the signal fires, for as long as the fiber lives. */
export const interruptOn = (signal: AbortSignal | undefined, fiber: Fiber<unknown, unknown>): void => {
  if (signal === undefined) return;
  const interrupt = (): void => fiber.interruptUnsafe();
  signal.addEventListener("abort", interrupt, { once: true });
  fiber.addObserver(() => signal.removeEventListener("abort", interrupt));
  if (signal.aborted) interrupt();
};

/** The signal does not interrupt the caller's fiber; the effect that the caller runs ends as interrupted. */
export const stoppedBy = <Value, Failure>(
  signal: AbortSignal | undefined,
  effect: Effect.Effect<Value, Failure>,
): Effect.Effect<Value, Failure> => {
  if (signal === undefined) return effect;
  return Effect.withFiber((parent) =>
    Effect.callback((resume) => {
      if (signal.aborted) {
        resume(Effect.interrupt);
        return;
      }
      const child = Effect.runForkWith(parent.context)(effect);
      interruptOn(signal, child);
      child.addObserver(resume);
      return Effect.callback<void>((ended) => {
        child.interruptUnsafe();
        child.addObserver(() => ended(Effect.void));
      });
    }),
  );
};
