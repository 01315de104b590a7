/**
 * The sources of a step's inputs, which determine the schemas that encode them for a worker and decode them there. Owner and worker
 * derive this from the same graph. Loaded with the first run that has workers, since schemas are slow to load.
 */
import * as Schema from "effect/Schema";
import type { Graph } from "../engine/graph.ts";
import { hasOptionsForEach } from "../graph/kinds.ts";
import type { GraphNode } from "../graph/node.ts";
import { child, isAtTop, lastOf, parentOf } from "../path.ts";
import { Unwritable } from "../values/encode.ts";
import { isEffectSchema } from "../values/schema.ts";
import type { Wire } from "./task.ts";

/** The step or input that provides a value. */
interface Source {
  /** Its name, for messages; empty if it is not known before the run. */
  readonly from: string;
  /** The schema; undefined if there is none that can encode a value. */
  readonly schema: object | undefined;
}

/** An input that cannot be sent, and why. */
export interface Untravelled {
  readonly input: string;
  readonly from: string;
  readonly problem: Unwritable;
}

export type Sent = Readonly<Record<string, unknown>>;

const nowhere: Source = { from: "", schema: undefined };

const lists = new WeakMap<object, object>();

const listOf = (schema: object): object => {
  let list = lists.get(schema);
  if (list === undefined) lists.set(schema, (list = Schema.Array(schema as never)));
  return list;
};

const sourceOf = (graph: Graph, slot: number): Source => {
  if (slot < 0) return nowhere;
  const owner = graph.builder.ownerOf(slot);
  if (owner === -1) {
    const { name, schema } = graph.inputs.find((input) => input.slot === slot)!;
    return { from: `the input "${name}"`, schema: isEffectSchema(schema) ? schema : undefined };
  }
  const { kind, name, outputs, options } = graph.nodes[owner]!.definition;
  const from = `the step "${name}"`;
  const { output, failures } = options;
  // The schema of a record of several outputs does not apply to one of them, nor an item's schema to its result.
  if (!isEffectSchema(output) || outputs.length !== 1 || failures === "collect") {
    return { from, schema: undefined };
  }
  const isList = hasOptionsForEach(kind) && kind === "map";
  return { from, schema: isList ? listOf(output) : output };
};

/** The source of an input: a plain name, or a glob and the name of a member, as a path. */
const sourceOfInput = (graph: Graph, node: GraphNode, name: string): Source => {
  const declared = node.definition.schemas?.[name];
  if (declared !== undefined) {
    return { from: `the input "${name}"`, schema: isEffectSchema(declared) ? declared : undefined };
  }
  if (isAtTop(name)) return sourceOf(graph, node.slots[node.keys.indexOf(name)] ?? -1);
  const glob = node.globs.find((each) => each.glob === parentOf(name));
  return sourceOf(graph, glob?.slots[glob.names.indexOf(lastOf(name))] ?? -1);
};

const isGlob = ({ globs }: GraphNode, name: string): boolean => globs.some(({ glob }) => glob === name);

/** Encodes the inputs of a step; the members of a family one by one. */
export const writeInputs = (
  wire: Wire,
  graph: Graph,
  node: GraphNode,
  inputs: Readonly<Record<string, unknown>>,
): Sent | Untravelled => {
  const sent: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(inputs)) {
    const parts = isGlob(node, name)
      ? Object.entries(value as object).map(([member, part]) => [child(name, member), part] as const)
      : [[name, value] as const];
    for (const [key, part] of parts) {
      const { schema, from } = sourceOfInput(graph, node, key);
      const written = wire.write(schema, part);
      if (written instanceof Unwritable) return { input: key, from, problem: written };
      sent[key] = written;
    }
  }
  return sent;
};

export const isUntravelled = (value: object): value is Untravelled =>
  "problem" in value && value.problem instanceof Unwritable;

export const readInputs = (
  wire: Wire,
  graph: Graph,
  node: GraphNode,
  sent: Sent,
): Readonly<Record<string, unknown>> => {
  const inputs: Record<string, unknown> = {};
  for (const { glob } of node.globs) inputs[glob] = {};
  for (const [key, written] of Object.entries(sent)) {
    const value = wire.read(sourceOfInput(graph, node, key).schema, written);
    if (isAtTop(key)) inputs[key] = value;
    else (inputs[parentOf(key)] as Record<string, unknown>)[lastOf(key)] = value;
  }
  return inputs;
};

/** The source that determines the schema of a map's item: as the only element of the list that it comes from. */
const sourceOfItem = (graph: Graph, { definition, overSlot }: GraphNode): Source => {
  if (definition.kind === "map") return sourceOf(graph, overSlot);
  const { output } = definition.options;
  return {
    from: `the step "${definition.name}"`,
    schema: isEffectSchema(output) ? listOf(output) : undefined,
  };
};

/** Encodes the item of a map or the state of a loop: the only element of `item`, which is empty for other steps. */
export const writeItem = (
  wire: Wire,
  graph: Graph,
  node: GraphNode,
  item: ReadonlyArray<unknown>,
): ReadonlyArray<unknown> | Untravelled => {
  if (item.length === 0) return item;
  const { schema, from } = sourceOfItem(graph, node);
  const written = wire.write(schema, schema === undefined ? item[0] : item);
  if (!(written instanceof Unwritable)) return [written];
  return { input: node.definition.over ?? node.definition.name, from, problem: written };
};

export const readItem = (
  wire: Wire,
  graph: Graph,
  node: GraphNode,
  sent: ReadonlyArray<unknown>,
): ReadonlyArray<unknown> => {
  if (sent.length === 0) return sent;
  const { schema } = sourceOfItem(graph, node);
  const value = wire.read(schema, sent[0]);
  return schema === undefined ? [value] : Array.from(value as Iterable<unknown>);
};
