/**
 * Exposure: the outputs that a sub-pipeline or a direct value must provide for the step that it replaces, and which of
 * them that step provides. All checks of a sub-pipeline are here; they happen before its first step starts.
 */
import * as Exit from "effect/Exit";
import { ExpansionError } from "../errors.ts";
import type { GraphBuilder } from "../graph/builder.ts";
import type { StepDefinition } from "../graph/definition.ts";
import { standalone } from "../graph/steps.ts";
import { quoted } from "../values/listed.ts";
import { acceptsUndefined } from "../values/schema.ts";
import type { Graph } from "./graph.ts";
import type { Call } from "./frame.ts";
import { isTaken, lateProblem, recordProblem } from "./outputs.ts";

/** The names that a sub-pipeline provides, without the inputs that it only passes on. */
const provides = (graph: Graph): ReadonlyArray<string> =>
  graph.returnNames.filter((_, i) => graph.builder.ownerOf(graph.returnSlots[i]!) !== -1);

/** Why this sub-pipeline cannot be the expansion of the step that returned it, or undefined. */
export const expansionProblem = (call: Call, graph: Graph): ExpansionError | undefined => {
  const reason = inputsProblem(call, graph) ?? exposureProblem(call, graph);
  return reason === undefined ? undefined : new ExpansionError({ path: call.path, reason });
};

const inputsProblem = ({ inputs }: Call, graph: Graph): string | undefined => {
  if (graph.inputs.length === 0) return undefined;
  const missing = graph.inputs.find(
    ({ name, schema }) => !Object.hasOwn(inputs, name) && !acceptsUndefined(schema),
  );
  if (missing === undefined) return undefined;
  const available = Object.keys(inputs);
  return `The sub-pipeline "${graph.name}" reads the input "${missing.name}", but the step has ${available.length === 0 ? "no inputs" : `only ${quoted(available)}`}. Add "${missing.name}" to the inputs of the step.`;
};

const exposureProblem = ({ frame, definition }: Call, graph: Graph): string | undefined => {
  if (definition.outputs === "all") {
    const taken = provides(graph).find((name) => isTaken(frame, name));
    if (taken === undefined) return undefined;
    return `The output "${taken}" is already provided: the sub-pipeline "${graph.name}" provides it too. Give it another name there, or leave it out with .returns.`;
  }
  const { builder } = graph;
  if (definition.outputs.every((name) => isSurelyProvided(builder, name))) return undefined;
  const unsure = definition.outputs.find((name) => {
    const slot = builder.visibleSlot(name);
    return slot !== undefined && !builder.isSure(slot);
  });
  if (unsure !== undefined) {
    return `The sub-pipeline "${graph.name}" provides the output "${unsure}" only under a condition. Add a step that reads "${unsure}?" and provides the output in either case.`;
  }
  const missing = definition.outputs.find((name) => builder.visibleSlot(name) === undefined);
  if (missing === undefined || graph.isOpen) return undefined;
  const given = provides(graph);
  return `The sub-pipeline "${graph.name}" does not provide the output "${missing}"; it provides ${given.length === 0 ? "nothing" : quoted(given)}. Add a step "${missing}" to it.`;
};

const isSurelyProvided = (builder: GraphBuilder, name: string): boolean => {
  const slot = builder.visibleSlot(name);
  return slot !== undefined && (!builder.log.hasMaybes || builder.isSure(slot));
};

/** A step that is returned as if it were a pipeline, or a list of steps. */
export const stepReturned = (value: unknown): string | undefined =>
  isStep(value)
    ? "A returned standalone step does not run: it would be the output. Return a pipeline with it: pipeline(name).add(step), or addAll for a list."
    : undefined;

const isStep = (value: unknown): boolean => {
  if (typeof value !== "object" || value === null) return false;
  try {
    return standalone(Array.isArray(value) ? value[0] : value) !== undefined;
  } catch {
    return false; // A proxy that throws is a direct value.
  }
};

const outputsProblem = ({ frame, definition }: Call, value: unknown): string | undefined => {
  const { outputs } = definition;
  if (outputs === "all") return lateProblem(frame, value);
  return outputs.length === 1 ? undefined : recordProblem(definition, outputs, value);
};

/** Why a direct value cannot be used for the outputs that the step exposes, or undefined. */
export const directProblem = (call: Call, value: unknown): ExpansionError | undefined => {
  const reason = stepReturned(value) ?? (call.isItem ? undefined : outputsProblem(call, value));
  return reason === undefined ? undefined : new ExpansionError({ path: call.path, reason });
};

/** The outputs of a sub-pipeline that the step exposes: one value, or a record of several. */
export const expandedOutcome = (
  path: string,
  definition: StepDefinition,
  graph: Graph,
  results: Readonly<Record<string, unknown>>,
): Exit.Exit<unknown, ExpansionError> => {
  const { outputs } = definition;
  if (outputs === "all") {
    const inputs = new Set(graph.inputs.map(({ name }) => name));
    return Exit.succeed(Object.fromEntries(Object.entries(results).filter(([name]) => !inputs.has(name))));
  }
  const missing = outputs.find((name) => !Object.hasOwn(results, name));
  if (missing !== undefined) {
    const reason = `The sub-pipeline "${graph.name}" did not provide the output "${missing}"; it provided ${quoted(Object.keys(results))}.`;
    return Exit.fail(new ExpansionError({ path, reason }));
  }
  return Exit.succeed(
    outputs.length === 1
      ? results[outputs[0]!]
      : Object.fromEntries(outputs.map((name) => [name, results[name]])),
  );
};
