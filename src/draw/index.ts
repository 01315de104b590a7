/**
 * Pictures of plans and reports of runs. Separate from the core, since laying out a graph needs a library that most
 * runs do not.
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
 * All output formats of a plan: those of `espalier` itself, and pages. This `toSvg` loads nothing, and also works in a
 * browser.
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
   * An interactive page, as the text of a self-contained HTML file: the reader can pan, zoom and search, fold and
   * unfold expanded steps, and click a step to see its details.
   */
  readonly toHtml: (plan: PlanData) => string;
} = { ...Text, toSvg, toHtml };
