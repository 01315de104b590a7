/**
 * Puts the steps of `pipelineOf` and of one `addAll` in an order in which each reads only what is provided before it, or
 * says which cycle makes that impossible. Kahn's algorithm (A. B. Kahn, "Topological sorting of large networks", 1962); steps that could
 * go either way keep the order in which they were given.
 */

import { GraphError } from "../errors.ts";
import type { StepDefinition } from "./definition.ts";
import { globMatcher, isGlob, keyOf } from "./names.ts";

export const sorted = (
  pipeline: string,
  steps: ReadonlyArray<StepDefinition>,
  isKnown: (name: string) => boolean = () => false,
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
        for (const [name, index] of providers) if (index !== reader && matches(name)) found.add(index);
        for (const index of open) if (index !== reader) found.add(index);
      } else {
        const name = keyOf(input);
        const index = providers.get(name);
        if (index !== undefined) found.add(index);
        else if (isKnown(name)) continue;
        // An input that nothing provides by name may come from the steps whose outputs are not known yet.
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
  const cycle = fromFirst(findCycle(blocked, sources, waits)).map((index) => steps[index]!.name);
  const reason = `These steps form a cycle: ${[...cycle, cycle[0]].join(" → ")}. Remove one of these inputs.`;
  throw new GraphError({ pipeline, step: cycle[0]!, reason });
};

/** The same cycle, starting at the step that was given first, so one mistake has one message. */
const fromFirst = (cycle: ReadonlyArray<number>): ReadonlyArray<number> => {
  const first = cycle.indexOf(Math.min(...cycle));
  return [...cycle.slice(first), ...cycle.slice(0, first)];
};

/** May one of these steps read another? If not, they can be added as they are. */
export const mayReadEachOther = (
  steps: ReadonlyArray<StepDefinition>,
  isKnown: (name: string) => boolean,
): boolean => steps.some(({ inputs }) => inputs.some((input) => isGlob(input) || !isKnown(keyOf(input))));

/** Moves from a blocked step to one that blocks it until a step repeats: the steps in between form a cycle. */
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
  // The trail runs against the data flow; a reader expects it along the flow.
  return trail.slice(seen.get(at)).toReversed();
};
