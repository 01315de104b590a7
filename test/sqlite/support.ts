/** What the tests of durable runs share. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import type { StoreLayer } from "espalier";
import { SqliteStore } from "espalier/sqlite";
import { afterAll } from "vitest";

/** Files that are gone when the tests of a file have ended. */
export const temporary = (): (() => string) => {
  const folder = mkdtempSync(join(tmpdir(), "espalier-sqlite-"));
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
