/**
 * A durable store in a single SQLite file, based on `node:sqlite`.
 *
 * @packageDocumentation
 */
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type { StoreCodec, StoreLayer } from "../../types/store.ts";
import { Store } from "../journal/store.ts";
import { acquire, release } from "./shared.ts";

/**
 * The location and the limits of a store.
 *
 * @public
 */
export interface SqliteOptions {
  /**
   * The file, created with access for its owner only if it does not exist. Its folder must exist. `":memory:"` is a separate store
   * for each layer, and is discarded with it.
   */
  readonly filename: string;
  /** The maximum size of one value's text, in bytes: 256 MiB by default, at most 512 MiB less one. A larger output fails its step. */
  readonly maxValueBytes?: number | undefined;
  /** The maximum size of the file, in bytes; by default, as large as the disk allows. A run that needs more pauses. */
  readonly maxFileBytes?: number | undefined;
  /** Encrypts recorded values, which lets `Redacted` ones be recorded. Every process needs the same codec. */
  readonly codec?: StoreCodec | undefined;
}

const layer = ({ filename, ...limits }: SqliteOptions): StoreLayer =>
  Layer.effect(Store, Effect.acquireRelease(acquire(filename, limits), release));

/**
 * A store in a SQLite file. Any number of processes on one machine can use it at once; each run is executed by one of
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
