import * as Cause from "effect/Cause";
import * as Exit from "effect/Exit";
import { ExpansionError } from "../../errors.ts";
import type { Law } from "../law.ts";
import { broken, held, settled, vacuous } from "../law.ts";
import type { Observed } from "../observe.ts";
import { nothingExpanded } from "./well-formed.ts";
import { depthOf } from "../../path.ts";

const sizeOf = ({ expansions }: Observed): { readonly steps: number; readonly depth: number } => {
  let steps = 0;
  let depth = 0;
  const grown = new Set(
    expansions.flatMap(({ path, expansion }) => (expansion.type === "graph" ? [path] : [])),
  );
  for (const { path, expansion } of expansions) {
    if (expansion.type !== "graph") continue;
    steps += expansion.graph.nodes.length;
    depth = Math.max(depth, 1 + depthOf(path, (at) => grown.has(at)));
  }
  return { steps, depth };
};

/** The run's own limits may have ended it first. */
const limitProblem = ({ ended }: Observed): ExpansionError | undefined => {
  if ("stuck" in ended || Exit.isSuccess(ended.exit)) return undefined;
  const error = Cause.squash(ended.exit.cause);
  return error instanceof ExpansionError && /maxDepth|maxSteps/.test(error.reason) ? error : undefined;
};

export const bounded: Law = {
  name: "bounded",
  sentence: "Whatever the input, an expansion has no more steps and nests no deeper than its bound says.",
  check: async (subject, given, { bound }) => {
    const most = bound(given);
    const observed = await settled(subject, given);
    const { steps, depth } = sizeOf(observed);
    const declared = `at most ${most.steps} steps, ${most.depth} deep`;
    const { plan } = observed;
    const limit = limitProblem(observed);
    if (limit !== undefined) return broken(declared, limit.message, { path: limit.path, plan });
    if (steps > most.steps || depth > most.depth) {
      return broken(declared, `${steps} steps, ${depth} deep`, { path: observed.expansions[0]?.path, plan });
    }
    return steps > 0 ? held : vacuous(nothingExpanded);
  },
};
