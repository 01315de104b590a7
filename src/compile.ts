/**
 * A finished graph in compressed rows: for each node how many inputs it waits for and who reads it. Made once for a
 * pipeline and shared by all of its runs; the engine copies only the counters.
 */
import type { Draft, GraphInput, GraphNode } from "./graph.ts";
import type { Policy } from "./policy.ts";
import { policyOf } from "./policy.ts";

export interface Graph {
  readonly draft: Draft;
  readonly name: string;
  readonly inputs: ReadonlyArray<GraphInput>;
  readonly nodes: ReadonlyArray<GraphNode>;
  readonly slotCount: number;
  /** For each node, how many reads must be provided before it can start. */
  readonly waitCounts: Int32Array;
  /** The nodes that read node `i`: `readers[readersFrom[i]]` up to `readers[readersFrom[i + 1]]`. */
  readonly readersFrom: Int32Array;
  readonly readers: Int32Array;
  /** For each slot, how many reads it has: when all have happened its value is dropped. */
  readonly readCounts: Int32Array;
  /** Nodes that wait for nothing. */
  readonly roots: ReadonlyArray<number>;
  /** For each node, retry, timeout and the like; undefined for most. */
  readonly policies: ReadonlyArray<Policy | undefined>;
  /** What a run gives back. */
  readonly returnNames: ReadonlyArray<string>;
  readonly returnSlots: ReadonlyArray<number>;
  /** Names asked for by `.returns` that only an "all" step can provide. */
  readonly returnsLate: ReadonlyArray<string>;
  readonly isOpen: boolean;
}

/** Calls `visit` with each node that node `index` waits for, once for each read. */
const eachSource = (draft: Draft, node: GraphNode, visit: (source: number) => void): void => {
  for (const slot of node.slots) if (slot !== -1) visit(draft.ownerOf(slot));
  for (const glob of node.globs) for (const slot of glob.slots) visit(draft.ownerOf(slot));
  if (node.overSlot !== -1) visit(draft.ownerOf(node.overSlot));
  for (const source of node.waitsFor) visit(source);
};

export const compile = (draft: Draft): Graph => {
  const count = draft.nodeCount;
  const nodes: Array<GraphNode> = [];
  const waitCounts = new Int32Array(count);
  const readersFrom = new Int32Array(count + 1);
  const readCounts = new Int32Array(draft.slotCount);
  const policies: Array<Policy | undefined> = [];

  for (let i = 0; i < count; i++) {
    const node = draft.node(i);
    nodes.push(node);
    policies.push(policyOf(node.definition));
    eachSource(draft, node, (source) => {
      if (source === -1) return;
      waitCounts[i]!++;
      readersFrom[source + 1]!++;
    });
    for (const slot of node.slots) if (slot !== -1) readCounts[slot]!++;
    for (const glob of node.globs) for (const slot of glob.slots) readCounts[slot]!++;
    if (node.overSlot !== -1) readCounts[node.overSlot]!++;
  }
  for (let i = 0; i < count; i++) readersFrom[i + 1]! += readersFrom[i]!;

  const readers = new Int32Array(readersFrom[count]!);
  const next = readersFrom.slice(0, count);
  for (let i = 0; i < count; i++) {
    eachSource(draft, nodes[i]!, (source) => {
      if (source !== -1) readers[next[source]!++] = i;
    });
  }

  const visible = draft.visible();
  return {
    draft,
    name: draft.name,
    inputs: draft.inputs,
    nodes,
    slotCount: draft.slotCount,
    waitCounts,
    readersFrom,
    readers,
    readCounts,
    roots: nodes.flatMap((_, i) => (waitCounts[i] === 0 ? [i] : [])),
    policies,
    returnNames: visible.map(([name]) => name),
    returnSlots: visible.map(([, slot]) => slot),
    returnsLate: draft.returnedLate(),
    isOpen: draft.isOpen,
  };
};
