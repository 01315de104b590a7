/** Helpers that the core's tests share. */
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import type { Pipeline } from "espalier";
import { pipeline, pipelineOf, step } from "espalier";

/** The API as a program without types sees it: everything is allowed. */
export const untyped = { pipeline, pipelineOf, step } as any;

/** The value that a promise rejects with. */
export const rejection = async (promise: Promise<unknown>): Promise<any> => {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`It was fulfilled with ${JSON.stringify(value)}.`);
};

/** The value that a function throws. */
export const thrown = (run: () => unknown): any => {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("It threw nothing.");
};

export const sleep = (millis: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, millis);
  });

/** Waits until `test` is true, for at most a second, which is plenty in these tests. */
export const until = async (test: () => boolean): Promise<void> => {
  for (let waited = 0; !test(); waited++) {
    if (waited > 1000) throw new Error("It did not happen within a second.");
    await sleep(1);
  }
};

/** Ends when the signal fires, after `millis` of cleaning up; otherwise never. */
export const untilAborted = (signal: AbortSignal, millis = 0): Promise<never> =>
  new Promise((_, reject) => {
    const keep = setInterval(() => {}, 1000);
    signal.addEventListener(
      "abort",
      () => {
        clearInterval(keep);
        setTimeout(() => reject(new Error("aborted")), millis);
      },
      { once: true },
    );
  });

/** Fails a hanging test with a sentence instead of its timeout. */
export const within = <Value>(millis: number, promise: Promise<Value>): Promise<Value> => {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It took longer than ${millis} ms.`)), millis);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

/** The typed failure of an Effect, or an error that describes how it ended instead. */
export const failureOf = async <Failure>(effect: Effect.Effect<unknown, Failure>): Promise<Failure> => {
  const exit = await Effect.runPromiseExit(effect);
  if (Exit.isSuccess(exit)) throw new Error(`It succeeded with ${JSON.stringify(exit.value)}.`);
  const reason = exit.cause.reasons.find(Cause.isFailReason);
  if (reason === undefined) throw new Error(`It ended otherwise: ${Cause.pretty(exit.cause)}`);
  return reason.error;
};

/** A run from start to end, with all of its events and results. */
export const watched = async <Outputs, Failure>(
  built: Pipeline<{}, Outputs, Failure, never>,
  options: Parameters<typeof built.start>[1] = {},
) => {
  const handle = await Effect.runPromise(built.start({}, options));
  const exit = await Effect.runPromiseExit(handle.await);
  const { runCollect } = await import("effect/Stream");
  const events = await Effect.runPromise(runCollect(handle.events));
  return { handle, exit, events, types: events.map((event) => event.type) };
};
