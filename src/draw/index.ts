/**
 * Pictures of plans and reports of runs. Apart from the core, since laying out a graph needs a library that most runs do not.
 *
 * @packageDocumentation
 */
import type { Plan as PlanData } from "../../types/plan.ts";
import { toHtml } from "./page/html.ts";
import { toSvg } from "./svg.ts";
import { Plan as Text } from "./text.ts";

export type { ReportCollector, ReportedRun } from "./report/report.ts";
export { Report } from "./report/report.ts";

/**
 * A pipeline's graph as plain data.
 *
 * @public
 */
export type Plan = PlanData;

/**
 * Everything that a plan can be written as: what `espalier` itself writes, and pages. `toSvg` loads nothing, and works in a browser too.
 *
 * @example
 * ```ts
 * import { pipeline } from "espalier";
 * import { Plan } from "espalier/draw";
 *
 * const sum = pipeline("sum")
 *   .step("one", [], () => 1)
 *   .step("two", ["one"], ({ one }) => one + 1);
 *
 * console.log(Plan.toSvg(sum.plan()).startsWith("<svg ")); // true
 * ```
 *
 * @public
 */
export const Plan: typeof Text & {
  /**
   * A page to look around in, as the text of an HTML file that needs no other: it is moved and zoomed, searched, what
   * expanded is folded and unfolded, and a click on a step shows what is known of it.
   */
  readonly toHtml: (plan: PlanData) => string;
} = { ...Text, toSvg, toHtml };
