/** Looks up one run by its exact id: a store lists runs by the beginning of their ids. */
import * as Effect from "effect/Effect";
import type { RunSummary, StoreProblem, StoreService } from "./store.ts";

export const summaryOf = (
  store: StoreService,
  runId: string,
): Effect.Effect<RunSummary | undefined, StoreProblem> =>
  Effect.map(store.runs({ idPrefix: runId }), (runs) => runs.find(({ id }) => id === runId));
