/**
 * Steps that are async generators: the values that they yield are emitted, and the value that they return is the result of the
 * step's function. In: the generator, and the context of its step. Out: a Promise, so that everything else about a
 * streaming step works as for any other.
 */
import type { StepContext } from "../../types/context.ts";
import { RunningContext } from "./context.ts";

/** A generator object, not any async iterable: a stream that a step returns is its output. */
export const isAsyncGenerator = (value: object): value is AsyncGenerator<unknown, unknown> =>
  Object.prototype.toString.call(value) === "[object AsyncGenerator]";

/** The event loop gets a turn after this many values: a generator that never waits would block everything else. */
const valuesPerTurn = 256;

/** Resolves when the signal has fired. */
const fired = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

/** Ends a generator early, so that its `finally` runs. One that yields there is called again. */
const ended = async (generator: AsyncGenerator<unknown, unknown>): Promise<void> => {
  while ((await generator.return(undefined)).done !== true);
};

/**
 * Runs a generator to its end. When its step is stopped, its `return` is called: then the Promise rejects, once its `finally`
 * has run. It is not asked for more values while the run's watchers are too far behind.
 */
export const drained = async (
  generator: AsyncGenerator<unknown, unknown>,
  context: StepContext,
): Promise<unknown> => {
  const { signal, emit } = context;
  let whenFired: Promise<void> | undefined;
  for (let count = 1; ; count++) {
    if (signal.aborted) {
      await ended(generator);
      throw signal.reason;
    }
    const { done, value } = await generator.next();
    if (done === true) return value;
    if (!signal.aborted) emit(value);
    if (!(context instanceof RunningContext)) continue;
    const room = RunningContext.room(context);
    if (room !== undefined) await Promise.race([room, (whenFired ??= fired(signal))]);
    else if (count % valuesPerTurn === 0) await RunningContext.turn(context);
  }
};

/** The result of a function, as a Promise if it is an async generator. */
export const streamed = (value: unknown, context: StepContext): unknown =>
  typeof value === "object" && value !== null && isGeneratorSafely(value) ? drained(value, context) : value;

/** The value may be a proxy that throws. */
const isGeneratorSafely = (value: object): value is AsyncGenerator<unknown, unknown> => {
  try {
    return isAsyncGenerator(value);
  } catch {
    return false;
  }
};
