/** The outputs of a graph that has run to its end: by name, and for the step that expanded to it. */
import type * as Exit from "effect/Exit";
import { expandedOutcome } from "./exposure.ts";
import type { Frame } from "./frame.ts";
import { State } from "./frame.ts";

/** Was an output provided? Not if its step was skipped by a condition, or was a `finally` that failed. */
const isThere = ({ graph, states }: Frame, slot: number): boolean => {
  const { log } = graph!.builder;
  if (!log.hasMaybes) return true;
  const owner = log.owners[slot]!;
  return owner === -1 || states[owner] === State.succeeded;
};

/** The outputs of a frame, by name. */
export const resultsOf = (frame: Frame): Record<string, unknown> => {
  const graph = frame.graph!;
  const results: Record<string, unknown> = {};
  graph.returnNames.forEach((name, i) => {
    const slot = graph.returnSlots[i]!;
    if (frame.reads[slot]! > 0 && isThere(frame, slot)) results[name] = frame.values[slot];
  });
  for (const name of graph.returnsLate) {
    // A branch can lack an output that another one has: then it is undefined, as its type says.
    results[name] = frame.late?.get(name)?.value;
  }
  for (const [name, { value, by }] of frame.late ?? []) {
    if (graph.builder.showsLate(by, name)) results[name] = value;
  }
  return results;
};

/** The outputs of an expansion that its step exposes. */
export const exposedOf = (
  { graph, parent, parentIndex }: Frame,
  results: Readonly<Record<string, unknown>>,
): Exit.Exit<unknown, unknown> => {
  const path = parent!.pathOf(parentIndex);
  return expandedOutcome(path, parent!.definitionOf(parentIndex), graph!, results);
};
