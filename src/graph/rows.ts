/**
 * A finished graph in compressed rows: for each node, how many inputs it waits for and which nodes read it. In: a builder.
 * Out: the data that the runs of all pipelines of that form share. The engine copies only the counters.
 */
import { canExpand } from "./kinds.ts";
import type { GraphNode } from "./node.ts";
import { lateSlot } from "./node.ts";

export interface Rows {
  /** For each node, how many reads must be provided before it can start. */
  readonly waitCounts: ReadonlyArray<number>;
  /** The nodes that read node `i`: `readers[readersFrom[i]]` up to `readers[readersFrom[i + 1]]`. */
  readonly readersFrom: ReadonlyArray<number>;
  readonly readers: ReadonlyArray<number>;
  /** For each slot, the number of its reads: after the last one, its value is dropped. */
  readonly readCounts: ReadonlyArray<number>;
  /** Nodes that wait for nothing. */
  readonly roots: ReadonlyArray<number>;
  /** Can any of the nodes become a graph of its own? */
  readonly grows: boolean;
  /** For each condition, by its node: the nodes that are skipped if it does not hold. Undefined: there is no condition. */
  readonly guarded: ReadonlyMap<number, ReadonlyArray<number>> | undefined;
  /** The nodes of `finally`; undefined: there are none. */
  readonly finals: ReadonlyArray<number> | undefined;
  /** The names of a run's outputs. */
  readonly returnNames: ReadonlyArray<string>;
  readonly returnSlots: ReadonlyArray<number>;
  /** Names asked for by `.returns` that only an "all" step can provide. */
  readonly returnsLate: ReadonlyArray<string>;
}

/** The source of rows: a builder, as far as they need it. */
interface Finished {
  readonly nodes: ReadonlyArray<GraphNode>;
  /** For each slot, the node that provides it; -1 for an input. */
  readonly owners: ReadonlyArray<number>;
  readonly slotCount: number;
  readonly log: { readonly hasMaybes: boolean };
  readonly returned: () => { readonly names: ReadonlyArray<string>; readonly slots: ReadonlyArray<number> };
  readonly returnedLate: () => ReadonlyArray<string>;
}

/** Counters start at 0. Plain arrays: a small typed array costs ten times as much to make. */
const zeros = (count: number): Array<number> => {
  const counts = new Array<number>(count);
  for (let i = 0; i < count; i++) counts[i] = 0;
  return counts;
};

/** Does a node read anything other than plain names? */
const hasMoreSlots = ({ globs, overSlot }: GraphNode): boolean => globs.length > 0 || overSlot !== lateSlot;

/** Every slot that a node reads, once for each read. */
const allSlots = ({ slots, globs, overSlot }: GraphNode): ReadonlyArray<number> => [
  ...slots,
  ...globs.flatMap((glob) => glob.slots),
  overSlot,
];

/** The nodes that a node waits for, in addition to those whose outputs it reads by slots. */
const sourcesOf = ({ waitsFor, guard, definition }: GraphNode, index: number): ReadonlyArray<number> => {
  if (guard !== undefined) return [...waitsFor, guard];
  // A `finally` step that reads nothing runs once everything added before it has ended.
  if (definition.kind === "finally" && definition.inputs.length === 0)
    return Array.from({ length: index }, (_, i) => i);
  return waitsFor;
};

/** The nodes under each condition, including those under conditions within it. */
const guardedOf = (nodes: ReadonlyArray<GraphNode>): Rows["guarded"] => {
  const guarded = new Map<number, Array<number>>();
  nodes.forEach(({ guard, definition }, index) => {
    if (definition.kind === "when") guarded.set(index, []);
    for (let at = guard; at !== undefined; at = nodes[at]!.guard) guarded.get(at)!.push(index);
  });
  return guarded.size === 0 ? undefined : guarded;
};

const finalsOf = (nodes: ReadonlyArray<GraphNode>): Rows["finals"] => {
  const finals = Array.from(nodes.keys()).filter((index) => nodes[index]!.definition.kind === "finally");
  return finals.length === 0 ? undefined : finals;
};

export const rowsOf = (builder: Finished): Rows => {
  const { nodes, owners } = builder;
  const count = nodes.length;
  const waitCounts = zeros(count);
  const readersFrom = zeros(count + 1);
  const readCounts = zeros(builder.slotCount);
  const { hasMaybes } = builder.log;
  let grows = false;
  for (let i = 0; i < count; i++) {
    const node = nodes[i]!;
    const { kind } = node.definition;
    grows ||= kind !== "step" && canExpand(kind);
    const slots = hasMoreSlots(node) ? allSlots(node) : node.slots;
    for (let k = 0; k < slots.length; k++) {
      const slot = slots[k]!;
      if (slot < 0) continue;
      readCounts[slot]!++;
      const owner = owners[slot]!;
      if (owner === -1) continue;
      waitCounts[i]!++;
      readersFrom[owner + 1]!++;
    }
    const sources = hasMaybes ? sourcesOf(node, i) : node.waitsFor;
    waitCounts[i]! += sources.length;
    for (let k = 0; k < sources.length; k++) readersFrom[sources[k]! + 1]!++;
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
    for (let k = 0; k < slots.length; k++) {
      const owner = slots[k]! < 0 ? -1 : owners[slots[k]!]!;
      if (owner !== -1) readers[next[owner]!++] = i;
    }
    const sources = hasMaybes ? sourcesOf(node, i) : node.waitsFor;
    for (let k = 0; k < sources.length; k++) readers[next[sources[k]!]!++] = i;
  }

  const returned = builder.returned();
  return {
    waitCounts,
    readersFrom,
    readers,
    readCounts,
    roots,
    grows,
    guarded: hasMaybes ? guardedOf(nodes) : undefined,
    finals: hasMaybes ? finalsOf(nodes) : undefined,
    returnNames: returned.names,
    returnSlots: returned.slots,
    returnsLate: builder.returnedLate(),
  };
};
