/** The faults of a simulated run, as plain data, and their effect on one attempt of a step. */
import * as Effect from "effect/Effect";
import { StepFailed } from "../errors.ts";
import { isThenable, promiseOf } from "../values/thenable.ts";
import { Injected } from "./injected.ts";

/**
 * One fault, in the attempt with number `attempt` (1 by default) of the step at `path`:
 *
 * - `"fail"`: the attempt fails, and the step's function is not called;
 * - `"failAfter"`: the function does its work, and then the attempt fails: its result is lost;
 * - `"delay"`: the function is called after `millis` of the simulation's time;
 * - `"hang"`: the attempt never ends by itself;
 * - `"interrupt"`: the run is interrupted as the attempt begins;
 * - `"crash"`: the process dies as the attempt begins: nothing more happens, and no finalizer runs.
 *
 * @public
 */
export interface Fault {
  /** The path of the step. */
  readonly path: string;
  /** The number of its attempt; 1 by default. */
  readonly attempt?: number;
  /** The kind of fault. */
  readonly kind: "fail" | "failAfter" | "delay" | "hang" | "interrupt" | "crash";
  /** For `"delay"`: the duration in milliseconds; 1 by default. */
  readonly millis?: number;
}

/** The effects that a fault can have on the whole run. */
export interface Disasters {
  readonly interrupt: () => void;
  readonly crash: () => void;
}

/** A value, a Promise or an Effect, as an Effect. */
const asEffect = (path: string, value: unknown): Effect.Effect<unknown, unknown> => {
  if (Effect.isEffect(value)) return value as Effect.Effect<unknown, unknown>;
  if (!isThenable(value)) return Effect.succeed(value);
  const settled = Effect.tryPromise({
    try: () => promiseOf(value),
    catch: (cause) => new StepFailed({ path, cause }),
  });
  return Effect.flatMap(settled, (given) => asEffect(path, given));
};

/** The attempt with its fault. */
export const withFault = (
  { path, kind, millis }: Fault,
  call: () => unknown,
  { interrupt, crash }: Disasters,
): unknown => {
  const failure = Effect.suspend(() => Effect.fail(new Injected({ path })));
  switch (kind) {
    case "fail":
      return failure;
    case "failAfter":
      return Effect.andThen(
        Effect.suspend(() => asEffect(path, call())),
        failure,
      );
    case "delay":
      return Effect.andThen(
        Effect.sleep(millis ?? 1),
        Effect.suspend(() => asEffect(path, call())),
      );
    case "hang":
      return Effect.never;
    case "interrupt":
      interrupt();
      // Otherwise a function that returns its value at once would end before it could be interrupted.
      return Effect.andThen(
        Effect.yieldNow,
        Effect.suspend(() => asEffect(path, call())),
      );
    case "crash":
      crash();
      return Effect.never;
  }
};
