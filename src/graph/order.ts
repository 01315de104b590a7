/**
 * Puts the steps of `pipelineOf` in an order in which each reads only what is provided before it, or says which circle
 * makes that impossible. Kahn's algorithm (A. B. Kahn, "Topological sorting of large networks", 1962); steps that could
 * go either way keep the order in which they were given.
 */

import { GraphError } from "../errors.ts";
import type { StepDefinition } from "./definition.ts";
import { globMatcher, isGlob } from "./names.ts";

export const sorted = (
  pipeline: string,
  steps: ReadonlyArray<StepDefinition>,
): ReadonlyArray<StepDefinition> => {
  const providers = new Map<string, number>();
  const open: Array<number> = [];
  steps.forEach(({ outputs }, index) => {
    if (outputs === "all") open.push(index);
    else for (const output of outputs) providers.set(output, index);
  });

  const sourcesOf = ({ inputs }: StepDefinition, reader: number): ReadonlyArray<number> => {
    const found = new Set<number>();
    for (const input of inputs) {
      if (isGlob(input)) {
        const matches = globMatcher(input);
        for (const [name, index] of providers) if (matches(name)) found.add(index);
        for (const index of open) if (index !== reader) found.add(index);
      } else {
        const index = providers.get(input);
        if (index !== undefined) found.add(index);
        // What nothing provides by name may come from the steps whose outputs are not known yet.
        else for (const other of open) if (other !== reader) found.add(other);
      }
    }
    return [...found];
  };

  const sources = steps.map(sourcesOf);
  const waits = sources.map((list) => list.length);
  const readers: Array<Array<number>> = steps.map(() => []);
  sources.forEach((list, index) => list.forEach((source) => readers[source]!.push(index)));

  const order: Array<StepDefinition> = [];
  const ready = waits.flatMap((count, index) => (count === 0 ? [index] : []));
  for (let next = 0; next < ready.length; next++) {
    const index = ready[next]!;
    order.push(steps[index]!);
    for (const reader of readers[index]!) if (--waits[reader]! === 0) ready.push(reader);
  }
  if (order.length === steps.length) return order;

  const blocked = waits.findIndex((count) => count > 0);
  const cycle = findCycle(blocked, sources, waits).map((index) => steps[index]!.name);
  const reason = `Its steps read each other in a circle: ${[...cycle, cycle[0]].join(" → ")}. Take one of these reads out.`;
  throw new GraphError({ pipeline, step: cycle[0]!, reason });
};

/** Goes from a blocked step to one that blocks it until it has been there: what lies between is a circle. */
const findCycle = (
  from: number,
  sources: ReadonlyArray<ReadonlyArray<number>>,
  waits: ReadonlyArray<number>,
): ReadonlyArray<number> => {
  const seen = new Map<number, number>();
  const trail: Array<number> = [];
  let at = from;
  while (!seen.has(at)) {
    seen.set(at, trail.length);
    trail.push(at);
    at = sources[at]!.find((source) => waits[source]! > 0)!;
  }
  // The trail goes against the data; a reader expects it with the data.
  return trail.slice(seen.get(at)).toReversed();
};
