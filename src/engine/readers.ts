/** How a streaming step waits for the readers of the run's events. */
import * as Effect from "effect/Effect";
import type { Fiber } from "effect/Fiber";

/** A step does not wait for a reader that has read nothing for this long, until it reads again. */
const patienceMillis = 1_000;

/** The readers of a run's events. */
export interface Readers {
  /**
   * Undefined if no reader is far behind. Otherwise `caughtUp` is called once none is; `giveUp` ends that wait, and `leave`
   * forgets it.
   */
  readonly waitForReaders?: (
    caughtUp: () => void,
  ) => { readonly giveUp: () => void; readonly leave: () => void } | undefined;
}

/** Resolves when all readers have caught up, or when those that have not are given up; undefined if none is behind. */
export const roomFor = (
  readers: Readers | undefined,
  fork: (effect: Effect.Effect<void>) => Fiber<void>,
  signal: AbortSignal,
): Promise<void> | undefined => {
  if (readers?.waitForReaders === undefined) return undefined;
  let resolve = (): void => {};
  const waiting = readers.waitForReaders(() => resolve());
  if (waiting === undefined) return undefined;
  return new Promise((done) => {
    const timer = fork(Effect.sleep(patienceMillis));
    const stop = (): void => resolve();
    let isOver = false;
    resolve = () => {
      if (isOver) return;
      isOver = true;
      waiting.leave();
      signal.removeEventListener("abort", stop);
      timer.interruptUnsafe();
      done();
    };
    signal.addEventListener("abort", stop, { once: true });
    timer.addObserver(() => {
      if (!isOver) waiting.giveUp();
    });
  });
};
