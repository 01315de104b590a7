import type { GraphError } from "../../errors.ts";
import { unfinishedOf } from "../../graph/builder.ts";
import { planOf } from "../../plan.ts";
import { describe } from "../../values/describe.ts";
import type { Law, Verdict } from "../law.ts";
import { broken, held, vacuous } from "../law.ts";
import type { Observed, SeenExpansion } from "../observe.ts";
import { child } from "../../path.ts";

const list = (names: ReadonlyArray<string>): string =>
  names.length === 0 ? "nothing" : names.map((name) => `"${name}"`).join(", ");

/** A structural problem of a graph, found independently of the builder, which checks the same. */
const problemOf = ({ call, expansion }: SeenExpansion): string | undefined => {
  if (expansion.type === "threw") return `threw ${describe(expansion.thrown)}`;
  if (expansion.type !== "graph") return undefined;
  const inputs = Object.keys(call.inputs);
  const plan = planOf(expansion.graph.builder);
  const missing = plan.inputs.find(({ name }) => !inputs.includes(name));
  if (missing !== undefined) return `reads the input "${missing.name}", and the step has ${list(inputs)}`;
  const paths = new Set<string>();
  const provided = new Set(plan.inputs.map(({ name }) => name));
  for (const { path, inputs, outputs } of plan.steps) {
    for (const { name, from } of inputs) {
      const isThere = from === "" ? provided.has(name) : paths.has(from);
      if (!isThere) return `has a step "${path}" that reads "${name}" from a later step`;
    }
    if (paths.has(path)) return `has two steps "${path}"`;
    paths.add(path);
    for (const name of outputs === "all" ? [] : outputs) provided.add(name);
  }
  return undefined;
};

/** The path of the step that the builder rejected because a step with its name exists already. */
const refusedAt = ({ expansions }: Observed): string | undefined => {
  for (const { expansion, path } of expansions) {
    if (expansion.type !== "threw") continue;
    const step = (expansion.thrown as Partial<GraphError> | null)?.step;
    const isThere = step !== undefined && unfinishedOf(expansion.thrown)?.hasName(step) === true;
    return isThere ? child(path, step) : undefined;
  }
  return undefined;
};

export const firstProblem = (
  observed: Observed,
  problem: (seen: SeenExpansion) => string | undefined,
  declared: string,
): Verdict | undefined => {
  for (const seen of observed.expansions) {
    const actual = problem(seen);
    if (actual !== undefined) {
      return broken(declared, `"${seen.path}" ${actual}`, { path: seen.path, plan: observed.plan });
    }
  }
  return undefined;
};

export const nothingExpanded = "nothing was ever expanded";

export const wellFormed: Law = {
  name: "wellFormed",
  looksAtFirst: true,
  sentence:
    "For every input, the expansion is a valid graph: no cycle, no duplicate name, every input provided.",
  check: async (_subject, _given, { first }) => {
    const observed = await first();
    const declared = "a graph without cycles or duplicate names, with every input provided";
    const problem = firstProblem(observed, problemOf, declared);
    if (problem?.type === "broken") return { ...problem, path: refusedAt(observed) ?? problem.path };
    const hasSignal = observed.expansions.some(({ expansion }) => expansion.type === "graph");
    return hasSignal ? held : vacuous(nothingExpanded);
  },
};
