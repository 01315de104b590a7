/** A plan as an interactive page. */
import type { Plan } from "../../../types/plan.ts";
import { graphsOf, text } from "./graphs.ts";
import type { Addition } from "./shell.ts";
import { pageOf } from "./shell.ts";

/** The plan as the text of an HTML file, with the server's script in addition to its own if there is one. */
export const toHtml = (plan: Plan, addition?: Addition): string => {
  const { graphs, forms, steps } = graphsOf(plan);
  return pageOf({ title: text(plan.name), graphs, forms, steps, returns: plan.returns.map(text) }, addition);
};
