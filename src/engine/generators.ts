/**
 * Steps that are async generators: what they yield is emitted, and what they return is what the step's function returned.
 * Comes in: the generator, and the context of its step. Goes out: a Promise, so that everything else about a step that
 * streams is as of one that does not.
 */
import type { StepContext } from "../../types/context.ts";
import { RunningContext } from "./context.ts";

/** A generator object, not any async iterable: a stream that a step returns is its output. */
export const isAsyncGenerator = (value: object): value is AsyncGenerator<unknown, unknown> =>
  Object.prototype.toString.call(value) === "[object AsyncGenerator]";

/** After so many values the event loop gets its turn: a generator that never waits would keep it from everyone else. */
const valuesPerTurn = 256;

/** Resolves when the signal has fired. */
const fired = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

/** Ends a generator early, so that its `finally` runs. One that yields there is asked again. */
const ended = async (generator: AsyncGenerator<unknown, unknown>): Promise<void> => {
  while ((await generator.return(undefined)).done !== true);
};

/**
 * Runs a generator to its end. When its step is stopped, it is returned: then the Promise rejects, once its `finally` has
 * run. It is not asked for more while those who watch the run are too far behind.
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

/** What a function returned, as a Promise where that is an async generator. */
export const streamed = (value: unknown, context: StepContext): unknown =>
  typeof value === "object" && value !== null && isGeneratorSafely(value) ? drained(value, context) : value;

/** What is asked may be a proxy that throws. */
const isGeneratorSafely = (value: object): value is AsyncGenerator<unknown, unknown> => {
  try {
    return isAsyncGenerator(value);
  } catch {
    return false;
  }
};
