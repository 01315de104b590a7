/**
 * A durable store in one SQLite file, over `node:sqlite`.
 *
 * @packageDocumentation
 */
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type { StoreCodec, StoreLayer } from "../../types/store.ts";
import { Store } from "../journal/store.ts";
import { acquire, release } from "./shared.ts";

/**
 * Where and how a store keeps its runs.
 *
 * @public
 */
export interface SqliteOptions {
  /**
   * The file, created if there is none, readable by you only. Its folder must exist. `":memory:"` is a store of its own
   * for each layer, forgotten with it.
   */
  readonly filename: string;
  /** How large the text of one value may be: 256 MiB, and at most 512 MiB less one. A larger output fails its step. */
  readonly maxValueBytes?: number;
  /** How large the file may grow; without it, as large as the disk lets it. A run that needs more pauses. */
  readonly maxFileBytes?: number;
  /** Encrypts recorded values, which lets `Redacted` ones be recorded. Every process needs the same codec. */
  readonly codec?: StoreCodec;
}

const layer = ({ filename, ...limits }: SqliteOptions): StoreLayer =>
  Layer.effect(Store, Effect.acquireRelease(acquire(filename, limits), release));

/**
 * A store in a SQLite file. Any number of processes of one machine may use it at once; each run is executed by one of
 * them.
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
