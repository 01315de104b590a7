/** `espalier check`: loads and validates a pipeline, and warns about unused inputs and outputs. Runs nothing. */

import * as Command from "effect/cli/Command";
import * as Effect from "effect/Effect";
import type { Plan } from "../../../types/plan.ts";
import { visible } from "../../draw/escape.ts";
import { loadPipeline } from "../load.ts";
import { print, tell } from "../output.ts";
import { exportName, file } from "../parameters.ts";
import { listed } from "../../values/listed.ts";
import { counted } from "../words.ts";

/**
 * Unused inputs and outputs. A pipeline without `.returns` returns everything, so an output that no step reads may be
 * its result; several of them are a warning.
 */
export const unread = (plan: Plan): ReadonlyArray<string> => {
  const read = new Set(plan.steps.flatMap(({ inputs }) => inputs.map(({ name }) => name)));
  const returned = new Set(plan.returns);
  const outputs = plan.steps.flatMap(({ outputs }) => (outputs === "all" ? [] : outputs));
  const inputs = plan.inputs.map(({ name }) => name);
  const chooses = [...inputs, ...outputs].some((name) => !returned.has(name));
  const lost = (name: string): boolean => !read.has(name) && !(chooses && returned.has(name));
  const warnings = inputs.filter(lost).map((name) => `No step reads the input "${name}".`);
  const idle = outputs.filter(lost);
  if (chooses) {
    return [
      ...warnings,
      ...idle.map((name) => `No step reads the output "${name}", and .returns does not include it.`),
    ];
  }
  if (idle.length > 1) {
    warnings.push(
      `No step reads the outputs ${listed(idle)}. Add .returns(…) with those that a run should return.`,
    );
  }
  return warnings;
};

const summary = (plan: Plan): string => {
  const inputs = plan.inputs.map(({ name }) => name);
  const takes = inputs.length === 0 ? "takes no inputs" : `takes ${listed(inputs)}`;
  const outputs = plan.returns.filter((name) => !inputs.includes(name));
  const all = plan.steps.some(({ outputs }) => outputs === "all");
  const gives = [outputs.length === 0 ? "" : listed(outputs), all ? "what its dynamic steps provide" : ""];
  const returns = gives.filter((part) => part !== "").join(" and ");
  return `${plan.name}: ${counted(plan.steps.length, "step")}, ${takes}, returns ${returns === "" ? "nothing" : returns}`;
};

export const check = Command.make(
  "check",
  { file, exportName },
  Effect.fnUntraced(function* ({ file, exportName }) {
    const plan = (yield* loadPipeline(file, exportName)).plan();
    const warnings = unread(plan);
    for (const warning of warnings) tell(visible(`Warning: ${warning}`));
    const found =
      warnings.length === 0 ? "no mistakes" : `no mistakes, ${counted(warnings.length, "warning")}`;
    yield* print(`${visible(`${summary(plan)}: ${found}.`)}\n`);
  }),
).pipe(
  Command.withDescription(
    "Load a pipeline and check its graph: names, inputs, cycles, and outputs that are never read. Runs nothing.",
  ),
  Command.withShortDescription("Check a pipeline without running it"),
  Command.withExamples([
    { command: "espalier check training.ts", description: "Check the default export" },
    { command: "espalier check pipelines.ts --export nightly", description: "Check a named one" },
  ]),
);
