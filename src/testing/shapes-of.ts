/** The shapes of a run's expansions, as text. */
import { shapeOf } from "../journal/shape.ts";
import type { Expansion, Observed } from "./observe.ts";

const expansionShape = (expansion: Expansion): string => {
  switch (expansion.type) {
    case "graph":
      return shapeOf(expansion.graph);
    case "direct":
      return "a direct value";
    case "failed":
      return "a typed failure";
    case "threw":
      return "an exception";
  }
};

/** Shapes by path, since two runs of the same shape may expand in different orders. */
export const runShape = ({ expansions }: Observed): ReadonlyMap<string, string> => {
  const sorted = expansions.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return new Map(sorted.map(({ path, expansion }) => [path, expansionShape(expansion)]));
};

/** The path at which two runs expanded to different graphs, and the graph of each there. */
export const shapeDifference = (
  one: ReadonlyMap<string, string>,
  other: ReadonlyMap<string, string>,
): { readonly path: string; readonly before: string; readonly now: string } | undefined => {
  for (const path of new Set([...one.keys(), ...other.keys()])) {
    const before = one.get(path) ?? "no expansion";
    const now = other.get(path) ?? "no expansion";
    if (before !== now) return { path, before, now };
  }
  return undefined;
};
