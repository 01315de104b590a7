/**
 * Expansion: what a dynamic step, a map or a switch may return, and what of it goes to the graph. All checks of a
 * sub-pipeline happen here, before its first step starts. The engine asks and acts.
 */
import * as Exit from "effect/Exit";
import { ExpansionError } from "../errors.ts";
import type { StepDefinition } from "../graph/definition.ts";
import type { GraphNode } from "../graph/graph.ts";
import { nameProblem } from "../graph/names.ts";
import { describe } from "../values/describe.ts";
import type { Graph } from "./compile.ts";
import type { Call, Frame } from "./frame.ts";
import { readOver, recordProblem } from "./outputs.ts";

/** How the builder shows the engine the graph of a pipeline, without the engine knowing the builder. */
export const graphOf: unique symbol = Symbol.for("espalier/graph") as never;

/** The graph of a value that is a pipeline; undefined for a direct value. */
export const expandable = (value: unknown): Graph | undefined => {
  if (typeof value !== "object" || value === null) return undefined;
  try {
    return (value as { readonly [graphOf]?: Graph })[graphOf];
  } catch {
    return undefined; // A proxy that throws is a direct value.
  }
};

const list = (names: ReadonlyArray<string>): string => names.map((name) => `"${name}"`).join(", ");

/** The names that a sub-pipeline provides, without the inputs that it only passes on. */
const provides = (graph: Graph): ReadonlyArray<string> =>
  graph.returnNames.filter((_, i) => graph.draft.ownerOf(graph.returnSlots[i]!) !== -1);

/** Why this sub-pipeline cannot be the expansion of the step that returned it, or undefined. */
export const expansionProblem = (call: Call, graph: Graph): ExpansionError | undefined => {
  const reason = inputsProblem(call, graph) ?? exposureProblem(call, graph);
  return reason === undefined ? undefined : new ExpansionError({ path: call.path, reason });
};

const inputsProblem = ({ inputs }: Call, graph: Graph): string | undefined => {
  const missing = graph.inputs.find(({ name }) => !Object.hasOwn(inputs, name));
  if (missing === undefined) return undefined;
  const available = Object.keys(inputs);
  return `The sub-pipeline "${graph.name}" reads the input "${missing.name}", and the step has ${available.length === 0 ? "no inputs" : `only ${list(available)}`}. Add "${missing.name}" to the inputs of the step.`;
};

const exposureProblem = ({ frame, definition }: Call, graph: Graph): string | undefined => {
  if (definition.outputs === "all") {
    const taken = provides(graph).find((name) => isTaken(frame, name));
    if (taken === undefined) return undefined;
    return `The sub-pipeline "${graph.name}" provides "${taken}", and its parent already has that. Give it another name, or leave it out with .returns.`;
  }
  const missing = definition.outputs.find((name) => graph.draft.visibleSlot(name) === undefined);
  if (missing === undefined || graph.isOpen) return undefined;
  const given = provides(graph);
  return `The sub-pipeline "${graph.name}" does not provide the output "${missing}"; it provides ${given.length === 0 ? "nothing" : list(given)}. Add a step "${missing}" to it.`;
};

const isTaken = (frame: Frame, name: string): boolean =>
  frame.graph !== undefined && (frame.graph.draft.hasOutput(name) || frame.late?.has(name) === true);

/** Why this value cannot be what an "all" step gives to its frame, or undefined: it comes from outside, by whatever way. */
export const lateProblem = (frame: Frame, value: unknown): string | undefined => {
  if (typeof value !== "object" || value === null) {
    return 'A step with outputs "all" gives a pipeline or a record of outputs, and this gave neither.';
  }
  const bad = Object.keys(value).find((name) => nameProblem(name) !== undefined || isTaken(frame, name));
  if (bad === undefined) return undefined;
  return nameProblem(bad) ?? `It provides "${bad}", and its parent already has that. Give it another name.`;
};

/** Why a direct value cannot stand for what the step exposes, or undefined. */
export const directProblem = (call: Call, value: unknown): ExpansionError | undefined => {
  const { frame } = call;
  const { outputs } = call.definition;
  let reason: string | undefined;
  if (outputs === "all") reason = lateProblem(frame, value);
  else if (outputs.length !== 1) reason = recordProblem(outputs, value);
  return reason === undefined ? undefined : new ExpansionError({ path: call.path, reason });
};

/** Of all that a sub-pipeline gave, what the step exposes: one value, or a record of several. */
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
    const reason = `The sub-pipeline "${graph.name}" did not provide the output "${missing}"; it gave ${list(Object.keys(results))}.`;
    return Exit.fail(new ExpansionError({ path, reason }));
  }
  return Exit.succeed(
    outputs.length === 1
      ? results[outputs[0]!]
      : Object.fromEntries(outputs.map((name) => [name, results[name]])),
  );
};

/** What is not an array may be without end: one item more than there may be is enough to say so. */
const itemsUpTo = (most: number, iterable: Iterable<unknown>): ReadonlyArray<unknown> => {
  const items: Array<unknown> = [];
  for (const item of iterable) if (items.push(item) > most) break;
  return items;
};

/** What a map runs over, read once: the array may be a proxy, or be changed while the map runs. */
interface Items {
  readonly items: ReadonlyArray<unknown>;
  readonly count: number;
  readonly keys: ReadonlyArray<string> | undefined;
}

/** The items of a map, `most` and one more of them if there are more, and what names them in their paths. */
export const itemsOf = (
  frame: Frame,
  node: GraphNode,
  path: () => string,
  most: number,
): Items | ExpansionError => {
  const { definition } = node;
  const error = (reason: string) => new ExpansionError({ path: path(), reason });
  const over = readOver(frame, node);
  if (typeof over === "string") return error(over);
  try {
    const isIterable = typeof over.value === "object" && over.value !== null && Symbol.iterator in over.value;
    if (!isIterable) return error(`It maps over "${definition.over}", and that is not iterable.`);
    const items = Array.isArray(over.value) ? over.value : itemsUpTo(most, over.value as Iterable<unknown>);
    const count = items.length;
    const { key } = definition.options;
    if (key === undefined) return { items, count, keys: undefined };
    const keys = Array.from({ length: count }, (_, index) => String(key(items[index], index)));
    const seen = new Set<string>();
    for (const name of keys) {
      const problem = nameProblem(name);
      if (problem !== undefined) return error(`The key "${name}" cannot stand in a path. ${problem}`);
      if (seen.has(name))
        return error(`Two items have the key "${name}": keys name items, so they must differ.`);
      seen.add(name);
    }
    return { items, count, keys };
  } catch (thrown) {
    return error(`Its items could not be read: ${describe(thrown)}`);
  }
};
