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
