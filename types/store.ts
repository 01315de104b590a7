/** The types for providing a store to a run. */
import type { Layer } from "effect/Layer";
import type { StoreCorrupt, StoreError } from "../src/errors.ts";
import type { Store } from "../src/journal/store.ts";

/**
 * Creates a store, such as `SqliteStore.layer({ filename })`: for the run option `store`, or for `Effect.provide`.
 *
 * @public
 */
export type StoreLayer = Layer<Store, StoreError | StoreCorrupt>;

/**
 * Hides recorded values from readers of the store's files, for example by encryption. `decode` must return exactly
 * the text that `encode` received. Names, paths, times and shapes of graphs are not hidden.
 *
 * @public
 */
export interface StoreCodec {
  /** Converts the text of a value to the text that is written. */
  readonly encode: (text: string) => string;
  /** Converts the text that was written back to the text of the value. */
  readonly decode: (text: string) => string;
}
