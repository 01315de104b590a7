/** Helpers that the tests of durable runs share. */
import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Stream from "effect/Stream";
import type { PipelineEvent, StoreCorrupt, StoreError, StoreLayer } from "espalier";
import { Store } from "espalier";
import { SqliteStore } from "espalier/sqlite";
import { afterAll } from "vitest";
import { Kind } from "../../src/journal/records.ts";

/**
 * An in-memory folder if there is one that is large enough: a store waits for the disk at each commit, and no test depends on
 * the data that would survive a power loss.
 */
const folderOfFiles = (): string => {
  try {
    const { bavail, bsize } = statfsSync("/dev/shm");
    if (bavail * bsize > 2 ** 31) return mkdtempSync("/dev/shm/espalier-sqlite-");
  } catch {
    // This system has no such folder.
  }
  return mkdtempSync(join(tmpdir(), "espalier-sqlite-"));
};

/** Paths of temporary files, which are removed once the tests of a test file have ended. */
export const temporary = (): (() => string) => {
  const folder = folderOfFiles();
  let count = 0;
  afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));
  return () => join(folder, `${count++}.db`);
};

export const storeAt = (filename: string): StoreLayer => SqliteStore.layer({ filename });

/** Runs an Effect with a store, and closes the store afterwards. */
export const withStore = <Value, Failure>(
  filename: string,
  // As far as the compiler knows, programs of untyped pipelines can need any service.
  effect: Effect.Effect<Value, Failure, any>,
): Promise<Value> =>
  Effect.runPromise(Effect.provide(effect as Effect.Effect<Value, Failure, never>, storeAt(filename)));

/** Completes once a run has emitted an event. The run keeps the event for late readers. */
export const untilEvent = (
  run: { readonly events: Stream.Stream<PipelineEvent> },
  wanted: PipelineEvent["type"],
  path: string,
): Effect.Effect<void> => {
  const those = Stream.filter(
    run.events,
    (event) => event.type === wanted && "path" in event && event.path === path,
  );
  return Effect.flatMap(Stream.runHead(those), (found) =>
    Option.isSome(found) ? Effect.void : Effect.die(new Error(`The run ended without ${wanted} of ${path}.`)),
  );
};

/** Completes once the deadline of a run's waiting step is recorded. */
export const untilDeadline = (runId: string): Effect.Effect<void, StoreError | StoreCorrupt, Store> =>
  Effect.gen(function* () {
    const store = yield* Store;
    const isThere = Effect.map(store.find(runId), (run) =>
      run?.entries.some(({ kind }) => kind === Kind.deadline),
    );
    while ((yield* isThere) !== true) yield* Effect.sleep(2);
  });

/** Runs an Effect with a clock whose current time is `now()`. Durations are measured as before. */
export const byClock =
  (now: () => number) =>
  <Value, Failure, Services>(
    effect: Effect.Effect<Value, Failure, Services>,
  ): Effect.Effect<Value, Failure, Services> =>
    Effect.provideService(
      effect,
      Clock.Clock,
      Object.assign(Object.create(Effect.runSync(Clock.Clock)) as Clock.Clock, {
        currentTimeMillisUnsafe: now,
        currentTimeMillis: Effect.sync(now),
      }),
    );

/** Counts how often each path runs. */
export class Ran {
  readonly #counts = new Map<string, number>();

  note(path: string): void {
    this.#counts.set(path, (this.#counts.get(path) ?? 0) + 1);
  }

  forget(): void {
    this.#counts.clear();
  }

  /** The paths that have run since the last read, with the count if it is not one. */
  get since(): ReadonlyArray<string> {
    const all = [...this.#counts].map(([path, count]) => (count === 1 ? path : `${path} × ${count}`));
    this.forget();
    return all.sort();
  }
}

/** The cases that `npm test` tries, plus those that only `npm run test:long` adds. */
export const long = <Value>(few: ReadonlyArray<Value>, more: ReadonlyArray<Value>): ReadonlyArray<Value> =>
  process.env["ESPALIER_LONG"] === undefined ? few : [...few, ...more];
