/**
 * What the graphs of pipelines share: a log that only grows at its end. A pipeline is a prefix of one, so that adding a
 * step copies nothing, unless two pipelines are made from the same beginning.
 */
import type { GraphInput, GraphNode } from "./node.ts";

/** `owners[slot]` is the node that provides the slot, or -1 for an input. */
export interface Log {
  readonly inputs: Array<GraphInput>;
  readonly nodes: Array<GraphNode>;
  readonly owners: Array<number>;
  readonly slotNames: Array<string | undefined>;
  readonly slotOf: Map<string, number>;
  /** The nodes whose outputs are known only in a run. */
  readonly open: Array<number>;
  /** Names of pipelines added whole, which are path prefixes of their hidden steps. */
  prefixes: Map<string, number> | undefined;
  /** Is there a step that may not provide its outputs although nothing fails: under a condition, or a `finally`? */
  hasMaybes: boolean;
}

export const emptyLog = (): Log => ({
  inputs: [],
  nodes: [],
  owners: [],
  slotNames: [],
  slotOf: new Map(),
  open: [],
  prefixes: undefined,
  hasMaybes: false,
});

/** How much of a log belongs to a pipeline. */
interface Counts {
  readonly inputCount: number;
  readonly nodeCount: number;
  readonly slotCount: number;
  readonly openCount: number;
}

/** The log to append to after this prefix: the same where nothing was appended to it yet, else a copy of the prefix. */
export const writable = (log: Log, { inputCount, nodeCount, slotCount, openCount }: Counts): Log => {
  if (log.nodes.length === nodeCount && log.owners.length === slotCount) return log;
  const slotOf = new Map<string, number>();
  for (let slot = 0; slot < slotCount; slot++) {
    const name = log.slotNames[slot];
    if (name !== undefined) slotOf.set(name, slot);
  }
  return {
    inputs: log.inputs.slice(0, inputCount),
    nodes: log.nodes.slice(0, nodeCount),
    owners: log.owners.slice(0, slotCount),
    slotNames: log.slotNames.slice(0, slotCount),
    slotOf,
    open: log.open.slice(0, openCount),
    prefixes: log.prefixes && new Map([...log.prefixes].filter(([, node]) => node < nodeCount)),
    hasMaybes: log.hasMaybes,
  };
};
