/**
 * A finished graph in compressed rows: for each node how many inputs it waits for and who reads it. Made once for a
 * pipeline and shared by all of its runs; the engine copies only the counters.
 */
import type { StepDefinition } from "../graph/definition.ts";
import type { GraphBuilder } from "../graph/builder.ts";
import type { GraphInput, GraphNode } from "../graph/node.ts";
import { lateSlot } from "../graph/node.ts";
import type { Middleware } from "./executor.ts";
import type { Policy } from "./policy.ts";
import { policyOf } from "./policy.ts";
import type { PoolUse } from "./pool-names.ts";

export interface Graph {
  readonly builder: GraphBuilder;
  readonly name: string;
  readonly inputs: ReadonlyArray<GraphInput>;
  readonly nodes: ReadonlyArray<GraphNode>;
  readonly slotCount: number;
  /** For each node, how many reads must be provided before it can start. */
  readonly waitCounts: ReadonlyArray<number>;
  /** The nodes that read node `i`: `readers[readersFrom[i]]` up to `readers[readersFrom[i + 1]]`. */
  readonly readersFrom: ReadonlyArray<number>;
  readonly readers: ReadonlyArray<number>;
  /** For each slot, how many reads it has: when all have happened its value is dropped. */
  readonly readCounts: ReadonlyArray<number>;
  /** Nodes that wait for nothing. */
  readonly roots: ReadonlyArray<number>;
  /** For each condition, by its node: the nodes that are skipped if it does not hold. Undefined: there is no condition. */
  readonly guarded: ReadonlyMap<number, ReadonlyArray<number>> | undefined;
  /** The nodes of `finally`; undefined: there are none. */
  readonly finals: ReadonlyArray<number> | undefined;
  /** For each node, retry, timeout and the like; undefined for most, and where no node asks for any. */
  readonly policies: ReadonlyArray<Policy | undefined> | undefined;
  /** The pools that steps name; undefined where none does. */
  readonly pools: ReadonlyArray<PoolUse> | undefined;
  /** The first step that asks for a worker; undefined where none does. */
  readonly forWorkers: string | undefined;
  /** What a run gives back. */
  readonly returnNames: ReadonlyArray<string>;
  readonly returnSlots: ReadonlyArray<number>;
  /** Names asked for by `.returns` that only an "all" step can provide. */
  readonly returnsLate: ReadonlyArray<string>;
  readonly isOpen: boolean;
  /** What every call within this graph, and within its expansions, goes through. */
  readonly around?: ReadonlyArray<Middleware>;
  /** For a run of this graph: takes the place of what steps ask for by their options. */
  readonly policyFor?: (definition: StepDefinition) => Policy | undefined;
}

/** Counters start at nothing. Plain arrays: a small typed array costs ten times as much to make. */
const zeros = (count: number): Array<number> => {
  const counts = new Array<number>(count);
  for (let i = 0; i < count; i++) counts[i] = 0;
  return counts;
};

/** Does a node read other than by plain names? */
const hasMoreSlots = ({ globs, overSlot }: GraphNode): boolean => globs.length > 0 || overSlot !== lateSlot;

/** Every slot that a node reads, once for each read. */
const allSlots = ({ slots, globs, overSlot }: GraphNode): ReadonlyArray<number> => [
  ...slots,
  ...globs.flatMap((glob) => glob.slots),
  overSlot,
];

/** The nodes that a node waits for beside those whose outputs it reads by slots. */
const sourcesOf = ({ waitsFor, guard, definition }: GraphNode, index: number): ReadonlyArray<number> => {
  if (guard !== undefined) return [...waitsFor, guard];
  // What reads nothing runs once all that was added before it has ended.
  if (definition.kind === "finally" && definition.inputs.length === 0)
    return Array.from({ length: index }, (_, i) => i);
  return waitsFor;
};

/** The nodes under each condition, those under conditions within it among them. */
const guardedOf = (nodes: ReadonlyArray<GraphNode>): Graph["guarded"] => {
  const guarded = new Map<number, Array<number>>();
  nodes.forEach(({ guard, definition }, index) => {
    if (definition.kind === "when") guarded.set(index, []);
    for (let at = guard; at !== undefined; at = nodes[at]!.guard) guarded.get(at)!.push(index);
  });
  return guarded.size === 0 ? undefined : guarded;
};

const finalsOf = (nodes: ReadonlyArray<GraphNode>): Graph["finals"] => {
  const finals = Array.from(nodes.keys()).filter((index) => nodes[index]!.definition.kind === "finally");
  return finals.length === 0 ? undefined : finals;
};

export const compile = (builder: GraphBuilder): Graph => {
  const { nodes, owners } = builder;
  const count = nodes.length;
  const waitCounts = zeros(count);
  const readersFrom = zeros(count + 1);
  const readCounts = zeros(builder.slotCount);
  const { hasMaybes } = builder.log;
  let policies: Array<Policy | undefined> | undefined;
  let pools: Map<PoolUse["pool"], PoolUse> | undefined;
  let forWorkers: string | undefined;

  for (let i = 0; i < count; i++) {
    const node = nodes[i]!;
    const policy = policyOf(node.definition);
    if (policy !== undefined) (policies ??= new Array<Policy | undefined>(count).fill(undefined))[i] = policy;
    const { pool, where } = node.definition.options;
    if (where === "worker") forWorkers ??= node.path;
    if (pool !== undefined) (pools ??= new Map()).set(pool, { step: node.definition.name, pool });
    const slots = hasMoreSlots(node) ? allSlots(node) : node.slots;
    for (const slot of slots) {
      if (slot < 0) continue;
      readCounts[slot]!++;
      const owner = owners[slot]!;
      if (owner === -1) continue;
      waitCounts[i]!++;
      readersFrom[owner + 1]!++;
    }
    for (const source of hasMaybes ? sourcesOf(node, i) : node.waitsFor) {
      waitCounts[i]!++;
      readersFrom[source + 1]!++;
    }
  }
  for (let i = 0; i < count; i++) readersFrom[i + 1]! += readersFrom[i]!;

  const readers = zeros(readersFrom[count]!);
  const next = readersFrom.slice(0, count);
  const roots: Array<number> = [];
  for (let i = 0; i < count; i++) {
    const node = nodes[i]!;
    if (waitCounts[i] === 0) {
      roots.push(i);
      continue;
    }
    const slots = hasMoreSlots(node) ? allSlots(node) : node.slots;
    for (const slot of slots) {
      const owner = slot < 0 ? -1 : owners[slot]!;
      if (owner !== -1) readers[next[owner]!++] = i;
    }
    for (const source of hasMaybes ? sourcesOf(node, i) : node.waitsFor) readers[next[source]!++] = i;
  }

  const returned = builder.returned();
  return {
    builder,
    name: builder.name,
    inputs: builder.inputs,
    nodes,
    slotCount: builder.slotCount,
    waitCounts,
    readersFrom,
    readers,
    readCounts,
    roots,
    guarded: hasMaybes ? guardedOf(nodes) : undefined,
    finals: hasMaybes ? finalsOf(nodes) : undefined,
    policies,
    pools: pools === undefined ? undefined : Array.from(pools.values()),
    forWorkers,
    returnNames: returned.names,
    returnSlots: returned.slots,
    returnsLate: builder.returnedLate(),
    isOpen: builder.isOpen,
  };
};

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
