import * as Cause from "effect/Cause";
import * as Exit from "effect/Exit";
import { ExpansionError } from "../../errors.ts";
import { depthOf } from "../../path.ts";
import type { Law } from "../law.ts";
import { broken, held, vacuous } from "../law.ts";
import type { Observed } from "../observe.ts";
import { nothingExpanded } from "./well-formed.ts";

export interface Size {
  readonly steps: number;
  readonly depth: number;
}

export const sizeOf = ({ expansions }: Pick<Observed, "expansions">): Size => {
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

/** The limit that ended the run first, if any. */
const limitProblem = ({ ended }: Observed): ExpansionError | undefined => {
  if ("stuck" in ended || Exit.isSuccess(ended.exit)) return undefined;
  const error = Cause.squash(ended.exit.cause);
  return error instanceof ExpansionError && /maxDepth|maxSteps/.test(error.reason) ? error : undefined;
};

export const grouped = (count: number): string => count.toLocaleString("en-US");

const text = ({ depth, steps }: Size): string => `${grouped(steps)} steps, ${depth} deep`;

/** How it exceeds its bound, if it does. */
export const tooLarge = (
  observed: Observed,
  most: Size,
): { readonly actual: string; readonly path: string | undefined } | undefined => {
  const size = sizeOf(observed);
  const limit = limitProblem(observed);
  if (limit !== undefined) {
    const actual = `${text(size)}, and the run was stopped at "${limit.path}". Does it expand forever?`;
    return { actual, path: limit.path };
  }
  if (size.steps <= most.steps && size.depth <= most.depth) return undefined;
  return { actual: text(size), path: observed.expansions[0]?.path };
};

export const bounded: Law = {
  name: "bounded",
  looksAtFirst: true,
  sentence: "For every input, an expansion stays within its bounds on steps and depth.",
  check: async (_subject, given, { bound, first }) => {
    const most = bound(given);
    const observed = await first();
    const problem = tooLarge(observed, most);
    if (problem !== undefined) {
      const { actual, path } = problem;
      return broken(`at most ${text(most)}`, actual, { path, plan: observed.plan });
    }
    return sizeOf(observed).steps > 0 ? held : vacuous(nothingExpanded);
  },
};
