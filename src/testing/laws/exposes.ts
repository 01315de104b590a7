import * as Cause from "effect/Cause";
import * as Exit from "effect/Exit";
import { ExpansionError, InvalidOutput } from "../../errors.ts";
import { stepKinds } from "../../graph/kinds.ts";
import { planOf } from "../../plan.ts";
import type { Law } from "../law.ts";
import { broken, held, vacuous } from "../law.ts";
import type { Observed, SeenExpansion } from "../observe.ts";
import { firstProblem, nothingExpanded } from "./well-formed.ts";
import { isAtTop } from "../../path.ts";

const list = (names: ReadonlyArray<string>): string =>
  names.length === 0 ? "nothing" : names.map((name) => `"${name}"`).join(", ");

/** A step that exposes one output may return it directly; with several, it returns a record. */
const problemOf = ({ call: { definition }, expansion }: SeenExpansion): string | undefined => {
  const { outputs, kind } = definition;
  if (outputs === "all") return undefined;
  if (expansion.type === "direct") {
    if (outputs.length === 1 || stepKinds[kind].returns === "items") return undefined;
    const { value } = expansion;
    const keys = typeof value === "object" && value !== null ? Object.keys(value) : [];
    const missing = outputs.filter((name) => !keys.includes(name));
    return missing.length === 0 ? undefined : `returned a value without ${list(missing)}`;
  }
  if (expansion.type !== "graph" || expansion.graph.isOpen) return undefined;
  const plan = planOf(expansion.graph.builder);
  const missing = outputs.filter((name) => !plan.returns.includes(name));
  if (missing.length > 0) return `provides ${list(plan.returns)}, and not ${list(missing)}`;
  // An expansion may pass through one of its inputs; a step that also provides it would be a second provider.
  const twice = outputs.find(
    (name) =>
      plan.steps.filter((step) => step.outputs !== "all" && step.outputs.includes(name) && isAtTop(step.path))
        .length > 1,
  );
  return twice === undefined ? undefined : `provides "${twice}" more than once`;
};

/** A problem that only a run can reveal: an "all" step that did not provide an expected output. */
const lateProblem = ({ ended }: Observed): ExpansionError | InvalidOutput | undefined => {
  if ("stuck" in ended || Exit.isSuccess(ended.exit)) return undefined;
  const error = Cause.squash(ended.exit.cause);
  const isLate =
    error instanceof InvalidOutput || (error instanceof ExpansionError && /provide/.test(error.reason));
  return isLate ? error : undefined;
};

export const exposes: Law = {
  name: "exposes",
  looksAtFirst: true,
  sentence: "For every input, each declared output is provided exactly once.",
  check: async (_subject, _given, { first }) => {
    const observed = await first();
    const found = firstProblem(observed, problemOf, "each declared output, exactly once");
    if (found !== undefined) return found;
    const late = lateProblem(observed);
    if (late !== undefined && !isBuildError(observed)) {
      return broken("each declared output, exactly once", late.message, {
        path: late.path,
        plan: observed.plan,
      });
    }
    const hasSignal = observed.expansions.some(({ expansion }) =>
      ["graph", "direct"].includes(expansion.type),
    );
    return hasSignal ? held : vacuous(nothingExpanded);
  },
};

/** A sub-pipeline that could not be built exposes nothing, which another law checks. */
const isBuildError = ({ expansions }: Observed): boolean =>
  expansions.some(({ expansion }) => expansion.type === "threw");
