/**
 * Small facts that all servers of one store share and that outlive them: the last tick of a schedule, whether it is
 * paused, how often a run was resumed. Kept where the store keeps cached values, under keys that no step can have.
 */
import * as Effect from "effect/Effect";
import type { CacheKey, StoreProblem, StoreService } from "../journal/store.ts";

/** A step's name has no control character. */
const keyOf = (topic: string, name: string): CacheKey => ({
  step: `\u0001serve ${topic}`,
  version: "",
  inputs: name,
});

/** Pruning deletes cached values by age: a note has none. */
const ageless = Number.MAX_SAFE_INTEGER;

export const readNote = (
  store: StoreService,
  topic: string,
  name: string,
): Effect.Effect<unknown, StoreProblem> =>
  Effect.map(store.cached(keyOf(topic, name)), (found) =>
    found === undefined ? undefined : (JSON.parse(found.text) as unknown),
  );

export const writeNote = (store: StoreService, topic: string, name: string, value: unknown): void =>
  store.putCached(keyOf(topic, name), { text: JSON.stringify(value), runId: "", path: "", time: ageless });
