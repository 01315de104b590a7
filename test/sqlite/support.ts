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
 * A folder in memory if there is one that is large enough: a store waits for the disk at each commit, and no test depends on
 * what a power loss would leave.
 */
const folderOfFiles = (): string => {
  try {
    const { bavail, bsize } = statfsSync("/dev/shm");
    if (bavail * bsize > 2 ** 31) return mkdtempSync("/dev/shm/espalier-sqlite-");
  } catch {
    // This system has none.
  }
  return mkdtempSync(join(tmpdir(), "espalier-sqlite-"));
};

/** Files that are gone when the tests of a file have ended. */
export const temporary = (): (() => string) => {
  const folder = folderOfFiles();
  let count = 0;
  afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));
  return () => join(folder, `${count++}.db`);
};

export const storeAt = (filename: string): StoreLayer => SqliteStore.layer({ filename });

/** Runs an Effect with a store around it, which is closed after it. */
export const withStore = <Value, Failure>(
  filename: string,
  // Programs of untyped pipelines need anything, for all that the compiler knows.
  effect: Effect.Effect<Value, Failure, any>,
): Promise<Value> =>
  Effect.runPromise(Effect.provide(effect as Effect.Effect<Value, Failure, never>, storeAt(filename)));

/** Completes once a run has emitted an event, which it keeps for readers who come later. */
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

/** Runs an Effect by a clock that says `now()`. It measures time as before. */
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

/** Counts what runs. */
export class Ran {
  readonly #counts = new Map<string, number>();

  note(path: string): void {
    this.#counts.set(path, (this.#counts.get(path) ?? 0) + 1);
  }

  forget(): void {
    this.#counts.clear();
  }

  /** What has run since the last time, and how often where not once. */
  get since(): ReadonlyArray<string> {
    const all = [...this.#counts].map(([path, count]) => (count === 1 ? path : `${path} × ${count}`));
    this.forget();
    return all.sort();
  }
}

/** What `npm test` tries, and what only `npm run test:long` does beside. */
export const long = <Value>(few: ReadonlyArray<Value>, more: ReadonlyArray<Value>): ReadonlyArray<Value> =>
  process.env["ESPALIER_LONG"] === undefined ? few : [...few, ...more];
