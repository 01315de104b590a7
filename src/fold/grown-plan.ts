/** The graph of a run so far: the plan of the pipeline, with each expansion replaced by its graph. */
import type { Plan, PlanExpansion, PlanStep } from "../../types/plan.ts";
import type { RunState, StepState } from "./run-state.ts";
import { hasItems } from "./run-state.ts";

type Grown = { -readonly [Key in keyof PlanStep]: PlanStep[Key] };

/** Without recursion, since the data determines how deeply expansions nest. */
export const grownPlan = (state: RunState): Plan => {
  const stepOf = new Map<StepState, Grown>();
  const copied = (owner: StepState, plan: Plan): Plan => {
    const byPath = new Map(plan.steps.map((step): [string, Grown] => [step.path, { ...step }]));
    for (const child of owner.children) {
      const step = byPath.get(child.path);
      if (step !== undefined) stepOf.set(child, step);
    }
    return { ...plan, steps: [...byPath.values()] };
  };
  const root = copied(state.root, state.root.plan ?? { name: "", inputs: [], steps: [], returns: [] });
  const expansions = new Map<Grown, Array<PlanExpansion>>();
  const attach = (step: Grown, expansion: PlanExpansion): void => {
    const list = expansions.get(step);
    if (list === undefined) expansions.set(step, [expansion]);
    else list.push(expansion);
  };
  for (const step of state.all) {
    const { path, plan, expandedAt } = step;
    if (expandedAt === undefined || step.isLeftOut || hasItems(step)) continue;
    const own = stepOf.get(step) ?? stepOf.get(step.parent!);
    if (own !== undefined) attach(own, { path, plan: plan === undefined ? undefined : copied(step, plan) });
  }
  for (const [step, own] of stepOf) {
    const list = expansions.get(own);
    if (list !== undefined) own.expansions = list;
    else if (step.winner !== undefined) own.expansions = [{ path: step.winner.path, plan: undefined }];
    else if (hasItems(step) && step.expandedAt !== undefined) {
      // A map or a loop, all of whose items or turns returned values: their number.
      const item = { path: step.path, plan: undefined };
      const length = step.items ?? step.itemsDone + step.itemsFailed;
      own.expansions = Array.from({ length }, () => item);
    }
  }
  return root;
};
