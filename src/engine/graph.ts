/** A pipeline in executable form: its nodes, and their dependencies in rows. Created once and shared by all of its runs. */
import type { StepDefinition } from "../graph/definition.ts";
import { noOptions } from "../graph/definition.ts";
import type { GraphBuilder } from "../graph/builder.ts";
import type { GraphInput, GraphNode } from "../graph/node.ts";
import type { Rows } from "../graph/rows.ts";
import type { Middleware } from "./executor.ts";
import type { Policy } from "./policy.ts";
import { policyOf } from "./policy.ts";
import type { PoolUse } from "./pool-names.ts";

export interface Graph extends Rows {
  readonly builder: GraphBuilder;
  readonly name: string;
  readonly inputs: ReadonlyArray<GraphInput>;
  readonly nodes: ReadonlyArray<GraphNode>;
  readonly slotCount: number;
  /** For each node, retry, timeout and the like; undefined for most nodes, and if no node has any. */
  readonly policies: ReadonlyArray<Policy | undefined> | undefined;
  /** Does a step have a compensation? */
  readonly compensates: boolean;
  /** The pools that steps name; undefined if none does. */
  readonly pools: ReadonlyArray<PoolUse> | undefined;
  /** The first step that asks for a worker; undefined if none does. */
  readonly forWorkers: string | undefined;
  readonly isOpen: boolean;
  /** Middleware around every call within this graph and its expansions. */
  readonly around?: ReadonlyArray<Middleware>;
  /** For a run of this graph: replaces the policies in the steps' options. */
  readonly policyFor?: (definition: StepDefinition) => Policy | undefined;
}

export const compile = (builder: GraphBuilder): Graph => {
  const { nodes } = builder;
  const rows = builder.rows;
  let policies: Array<Policy | undefined> | undefined;
  let pools: Map<PoolUse["pool"], PoolUse> | undefined;
  let forWorkers: string | undefined;
  let compensates = false;
  for (let i = 0; i < nodes.length; i++) {
    const { definition, path } = nodes[i]!;
    if (definition.options === noOptions) continue;
    const policy = policyOf(definition);
    if (policy !== undefined) {
      policies ??= new Array<Policy | undefined>(nodes.length).fill(undefined);
      policies[i] = policy;
    }
    const { pool, where, compensate } = definition.options;
    if (compensate !== undefined) compensates = true;
    if (where === "worker") forWorkers ??= path;
    if (pool !== undefined) (pools ??= new Map()).set(pool, { step: definition.name, pool });
  }
  return {
    builder,
    name: builder.name,
    inputs: builder.inputs,
    nodes,
    slotCount: builder.slotCount,
    waitCounts: rows.waitCounts,
    readersFrom: rows.readersFrom,
    readers: rows.readers,
    readCounts: rows.readCounts,
    roots: rows.roots,
    grows: rows.grows,
    guarded: rows.guarded,
    finals: rows.finals,
    policies,
    compensates,
    pools: pools === undefined ? undefined : Array.from(pools.values()),
    forWorkers,
    returnNames: rows.returnNames,
    returnSlots: rows.returnSlots,
    returnsLate: rows.returnsLate,
    isOpen: builder.isOpen,
  };
};

/** The key under which the builder exposes a pipeline's graph to the engine, without the engine knowing the builder. */
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
