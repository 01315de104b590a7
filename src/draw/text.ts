/** The core's output formats of a plan: text that other tools draw, and a picture. */
import type { Plan as PlanData } from "../../types/plan.ts";
import { toDot } from "./dot.ts";
import { toJson } from "./json.ts";
import { toMermaid } from "./mermaid.ts";
import { toSvg } from "./picture.ts";

/**
 * A pipeline's graph as plain data.
 *
 * @public
 */
export type Plan = PlanData;

/**
 * Writes a plan as text, or draws it. Every label is escaped and every id generated, so any name draws safely. The
 * graphs that dynamic steps expanded to in a run are drawn inside them.
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
  /**
   * A picture, laid out in layers, as the text of an SVG file. The first call loads the layout library. In a browser,
   * use `toSvg` of `espalier/draw`, which includes that library: this one throws there.
   */
  readonly toSvg: (plan: PlanData) => string;
} = { toJson, toMermaid, toDot, toSvg };
