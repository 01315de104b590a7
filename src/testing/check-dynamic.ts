import type { StandardSchemaV1 } from "effect/StandardSchema";
import type { InputsOf } from "../../types/types-of.ts";
import type { AnyPipeline } from "../../types/provided.ts";
import type { AnyStep, InOf } from "../../types/step.ts";
import type { Graph } from "../engine/graph.ts";
import { compile, graphOf } from "../engine/graph.ts";
import { GraphBuilder } from "../graph/builder.ts";
import { keyOf, optionalName } from "../graph/names.ts";
import { standalone } from "../graph/steps.ts";
import { unchecked } from "../values/schema.ts";
import { checkSubject } from "./check.ts";
import type { CheckOptions, Report } from "./checking.ts";

/**
 * Checks a dynamic step against laws that every expansion should keep, with inputs from an arbitrary. Returns a report
 * on each law, or fails with a `LawViolation`, which holds the smallest input that breaks a law, or with `CheckFailed`.
 *
 * @example
 * ```ts
 * import { dynamic, pipeline, step } from "espalier";
 * import { checkDynamic } from "espalier/testing";
 * import * as fc from "fast-check";
 *
 * const total = dynamic("total", ["prices"], ({ prices }: { prices: ReadonlyArray<number> }) =>
 *   pipeline("sum")
 *     .addAll(prices.map((price, i) => step(`price-${i}`, [], () => price)))
 *     .step("total", [], () => prices.length),
 * );
 *
 * const report = await checkDynamic(total, { input: fc.record({ prices: fc.array(fc.nat()) }) });
 * console.log(report.laws[0]?.result); // passed
 * ```
 *
 * @public
 */
export const checkDynamic = async <S extends AnyStep>(
  step: S,
  options: CheckOptions<InOf<S>>,
): Promise<Report> => {
  const definition = standalone(step);
  if (definition?.kind !== "dynamic") throw new TypeError("checkDynamic takes a standalone dynamic step.");
  let builder = GraphBuilder.empty("check");
  for (const input of definition.inputs) {
    builder = builder.withInput(keyOf(input), optionalName(input) === undefined ? unchecked : optional);
  }
  builder = builder.withStep(definition);
  if (definition.outputs !== "all") builder = builder.withReturns(definition.outputs);
  return checkSubject({ name: definition.name, check: "checkDynamic", graph: compile(builder) }, options);
};

/** The schema of an input that an arbitrary may leave out. */
const optional: StandardSchemaV1 = {
  "~standard": { version: 1, vendor: "espalier", validate: (value) => ({ value }) },
};

/**
 * Checks a whole pipeline, and every expansion in it, against the same laws.
 *
 * @example
 * ```ts
 * import { pipeline, type } from "espalier";
 * import { checkPipeline } from "espalier/testing";
 * import * as fc from "fast-check";
 *
 * const doubled = pipeline("doubled")
 *   .input("numbers", type<ReadonlyArray<number>>())
 *   .map("twice", "numbers", [], (each) => each * 2);
 *
 * await checkPipeline(doubled, { input: fc.record({ numbers: fc.array(fc.nat()) }) });
 * ```
 *
 * @public
 */
export const checkPipeline = async <P extends AnyPipeline>(
  pipeline: P,
  options: CheckOptions<InputsOf<P>>,
): Promise<Report> => {
  const graph = (pipeline as { readonly [graphOf]?: Graph })[graphOf];
  if (graph === undefined) throw new TypeError("checkPipeline takes a pipeline.");
  return checkSubject({ name: graph.name, check: "checkPipeline", graph }, options);
};
