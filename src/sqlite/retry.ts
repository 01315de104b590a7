/**
 * Work on a file that another process may have locked for a moment. SQLite's own waiting would block the event loop, so
 * timers retry it, with jitter: two processes that retry in step would keep colliding.
 */
import * as Effect from "effect/Effect";
import type { StoreProblem } from "../journal/store.ts";
import { isBusy, problemOf } from "./problems.ts";

/** A lock that lasts longer than this is not temporary. */
const patienceMillis = 4_000;

/** The delay before the next attempt. */
export const pauseMillis = (attempt: number): number => Math.random() * Math.min(20, 2 * (attempt + 1));

/** Runs `attempt`, and retries while the file is busy. Uses real time, whatever clock the program runs on. */
export const patiently = <Value>(store: string, attempt: () => Value): Effect.Effect<Value, StoreProblem> =>
  Effect.callback((resume) => {
    const until = performance.now() + patienceMillis;
    let timer: NodeJS.Timeout | undefined;
    const go = (count: number): void => {
      try {
        resume(Effect.succeed(attempt()));
      } catch (error) {
        if (isBusy(error) && performance.now() < until) timer = setTimeout(go, pauseMillis(count), count + 1);
        else resume(Effect.fail(problemOf(store, error)));
      }
    };
    go(0);
    return Effect.sync(() => clearTimeout(timer));
  });
