/** How a run is given its durable store. */
import type { Layer } from "effect/Layer";
import type { StoreCorrupt, StoreError } from "../src/errors.ts";
import type { Store } from "../src/journal/store.ts";

/**
 * What makes a store, such as `SqliteStore.layer({ filename })`: for the run option `store`, or for `Effect.provide`.
 *
 * @public
 */
export type StoreLayer = Layer<Store, StoreError | StoreCorrupt>;

/**
 * Hides recorded values from people who can read the store's files: encrypts them, for example. `decode` must return exactly
 * what `encode` was given. Names, paths, times and shapes of graphs are not hidden.
 *
 * @public
 */
export interface StoreCodec {
  /** From a value's text to the text that is written. */
  readonly encode: (text: string) => string;
  /** From the text that was written to a value's text. */
  readonly decode: (text: string) => string;
}
