/** The shapes of what a run expanded to, as text. */
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

/** By path: of two runs of the same shape, the order in which they came to it may differ. */
export const runShape = ({ expansions }: Observed): ReadonlyMap<string, string> => {
  const sorted = expansions.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return new Map(sorted.map(({ path, expansion }) => [path, expansionShape(expansion)]));
};

/** Where two runs expanded to other graphs, and what each of them had there. */
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
