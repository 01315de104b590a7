/** A plan as a page to look around in. */
import type { Plan } from "../../../types/plan.ts";
import { graphsOf, text } from "./graphs.ts";
import type { Addition } from "./shell.ts";
import { pageOf } from "./shell.ts";

/** The plan as the text of an HTML file; with a script beside its own, where a server gives it. */
export const toHtml = (plan: Plan, addition?: Addition): string => {
  const { graphs, forms, steps } = graphsOf(plan);
  return pageOf({ title: text(plan.name), graphs, forms, steps, returns: plan.returns.map(text) }, addition);
};
