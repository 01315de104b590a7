/**
 * A durable store in one SQLite file, over `node:sqlite`.
 *
 * @packageDocumentation
 */
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type { StoreLayer } from "../../types/store.ts";
import { Store } from "../journal/store.ts";
import { acquire, release } from "./service.ts";

/**
 * Where and how a store keeps its runs.
 *
 * @public
 */
export interface SqliteOptions {
  /** The file, made where there is none. Its folder must be there. `":memory:"` is forgotten with the layer. */
  readonly filename: string;
  /** How large the text of one value may be: 256 MiB, and at most 512 MiB less one. Larger ones are refused by name. */
  readonly maxValueBytes?: number;
  /** How large the file may grow; without it, as large as the disk lets it. A run that needs more pauses. */
  readonly maxFileBytes?: number;
}

const layer = ({ filename, ...limits }: SqliteOptions): StoreLayer =>
  Layer.effect(
    Store,
    Effect.map(Effect.acquireRelease(acquire(filename, limits), release), ({ service }) => service),
  );

/**
 * A store in a SQLite file. One process at a time owns the file; in it, any number of runs share it.
 *
 * @example
 * ```ts
 * import { pipeline } from "espalier";
 * import { SqliteStore } from "espalier/sqlite";
 *
 * const store = SqliteStore.layer({ filename: ":memory:" });
 * const sum = pipeline("sum").step("one", [], () => 1).step("two", ["one"], ({ one }) => one + 1);
 * console.log((await sum.runPromise({}, { store, runId: "first" })).two); // 2
 * ```
 *
 * @public
 */
export const SqliteStore: {
  /** For the run option `store`, or for `Effect.provide`. */
  readonly layer: (options: SqliteOptions) => StoreLayer;
} = { layer };
