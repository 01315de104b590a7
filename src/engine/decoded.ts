/** Standalone steps with schemas for their inputs: the values that they read are decoded before their function is called. */
import type { StepDefinition } from "../graph/definition.ts";
import type { GraphInput } from "../graph/node.ts";

/** The inputs of a step in the form of a pipeline's inputs. */
export const declaredInputs = ({ inputs, schemas }: StepDefinition): ReadonlyArray<GraphInput> =>
  inputs.map((name, slot) => ({ name, schema: schemas![name], slot }));

/** Their decoded values by name. */
export const named = (
  { inputs }: StepDefinition,
  values: ReadonlyArray<unknown>,
): Readonly<Record<string, unknown>> => Object.fromEntries(inputs.map((name, i) => [name, values[i]]));
