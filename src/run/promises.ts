/** Promises of a run's results, for callers without Effect. Takes an Effect; returns a Promise that rejects with its error. */
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import type { PromiseRun, Run } from "../../types/run.ts";
import { InvalidOutput, RunInterrupted } from "../errors.ts";

/** Turns a function that returns an Effect into one that returns a Promise. */
export const asPromise =
  <Arguments extends ReadonlyArray<unknown>, Value, Failure>(
    ask: (...all: Arguments) => Effect.Effect<Value, Failure>,
  ): ((...all: Arguments) => Promise<Value>) =>
  (...all) =>
    Effect.runPromise(ask(...all));

/** Rejects with the signal's reason if that stopped the run, and as `RunInterrupted` if something else did. */
export const promiseOf = async <Value, Failure>(
  effect: Effect.Effect<Value, Failure>,
  options: unknown,
): Promise<Value> => {
  const exit = await Effect.runPromiseExit(effect);
  if (Exit.isSuccess(exit)) return exit.value;
  if (!Cause.hasInterruptsOnly(exit.cause)) throw Cause.squash(exit.cause);
  const { signal, runId } = options as { readonly signal?: AbortSignal; readonly runId?: string };
  if (signal?.aborted === true) throw signal.reason;
  throw runId === undefined ? Cause.squash(exit.cause) : new RunInterrupted({ runId });
};

/** Refuses outputs with a method `then`: a promise of them would call it and never settle. */
export const settling = (
  run: Effect.Effect<Record<string, unknown>, unknown>,
): Effect.Effect<Record<string, unknown>, unknown> =>
  Effect.flatMap(run, (outputs) => {
    if (typeof outputs["then"] !== "function") return Effect.succeed(outputs);
    const reason = `The output "then" is a function, so a promise of the outputs would never settle. Rename it, or use run, which returns an Effect.`;
    return Effect.fail(new InvalidOutput({ path: "then", reason }));
  });

/** The handle of a run, without Effect. `outputs`: the run's outputs if a promise can have them, checked by `settling`. */
export const promiseRunOf = async <Outputs, Failure>(
  run: Run<Outputs, Failure>,
  outputs: Effect.Effect<Outputs, Failure>,
  signal: AbortSignal | undefined,
): Promise<PromiseRun<Outputs>> => {
  const { toAsyncIterable } = await import("effect/Stream");
  const { id } = run;
  const result = promiseOf(outputs, { signal, runId: id });
  // A caller who reads the result gets the error. If none does, that must not end the process.
  result.catch(() => {});
  return {
    id,
    events: toAsyncIterable(run.events),
    result,
    get plan() {
      return run.plan;
    },
    get report() {
      return run.report;
    },
    interrupt: () => Effect.runPromise(run.interrupt),
  };
};
