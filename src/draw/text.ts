/** What a plan can be written as: text that other tools draw. */
import type { Plan as PlanData } from "../../types/plan.ts";
import { toDot } from "./dot.ts";
import { toJson } from "./json.ts";
import { toMermaid } from "./mermaid.ts";

/**
 * A pipeline's graph as plain data.
 *
 * @public
 */
export type Plan = PlanData;

/**
 * Writes a plan as text. Every label is escaped and every id generated, so any name draws safely; what dynamic steps
 * expanded to in a run is drawn inside of them.
 *
 * @example
 * ```ts
 * import { Plan, pipeline } from "espalier";
 *
 * const sum = pipeline("sum")
 *   .step("one", [], () => 1)
 *   .step("two", ["one"], ({ one }) => one + 1);
 *
 * console.log(Plan.toMermaid(sum.plan()));
 * // flowchart TD
 * //   n0["one"]
 * //   n1["two"]
 * //   n0 --> n1
 * ```
 *
 * @public
 */
export const Plan: {
  /** The plan itself as JSON. */
  readonly toJson: (plan: PlanData) => string;
  /** A Mermaid flowchart, which Markdown on GitHub draws in a block marked `mermaid`. */
  readonly toMermaid: (plan: PlanData) => string;
  /** DOT, the language of Graphviz. */
  readonly toDot: (plan: PlanData) => string;
} = { toJson, toMermaid, toDot };
