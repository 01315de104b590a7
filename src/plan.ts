/** The graph of a pipeline as plain data, for every renderer, for events and for reports. */
import type { Plan, PlanEdge, PlanStep } from "../types/plan.ts";
import type { GraphBuilder } from "./graph/builder.ts";
import type { GraphNode } from "./graph/node.ts";
import { lateSlot } from "./graph/node.ts";
import { prefixOf } from "./path.ts";

/** The source of each slot: the path of its step; empty for an input. */
const sources = (builder: GraphBuilder, paths: ReadonlyArray<string>): ReadonlyArray<string> =>
  Array.from({ length: builder.slotCount }, (_, slot) => {
    const owner = builder.ownerOf(slot);
    return owner === -1 ? "" : paths[owner]!;
  });

const edgesOf = (
  builder: GraphBuilder,
  node: GraphNode,
  from: ReadonlyArray<string>,
  paths: ReadonlyArray<string>,
): Array<PlanEdge> => {
  const edge = (name: string, slot: number): PlanEdge => ({ name, from: from[slot]! });
  const late = (name: string): Array<PlanEdge> =>
    node.waitsFor.map((index) => ({ name, from: paths[index]! }));
  const edges: Array<PlanEdge> = [];
  const { over } = node.definition;
  if (over !== undefined)
    edges.push(...(node.overSlot === lateSlot ? late(over) : [edge(over, node.overSlot)]));
  node.keys.forEach((key, i) => {
    const slot = node.slots[i]!;
    edges.push(...(slot < 0 ? late(key) : [edge(key, slot)]));
  });
  for (const { glob, names, slots } of node.globs) {
    names.forEach((name, i) => edges.push(edge(name, slots[i]!)));
    if (node.waitsFor.length > 0) edges.push(...late(glob));
  }
  if (node.guard !== undefined) {
    const { name } = builder.node(node.guard).definition;
    const from = paths[node.guard]!;
    if (!edges.some((edge) => edge.from === from)) edges.push({ name, from });
  }
  return edges;
};

/** The plan of a builder's graph. Its steps are beneath `path`: that of the expansion that the graph belongs to, or the run's. */
export const planOf = (builder: GraphBuilder, path = ""): Plan => {
  const prefix = prefixOf(path);
  // Each path is one string: looking up a string that is equal but not the same compares all of it.
  const paths = Array.from({ length: builder.nodeCount }, (_, i) => prefix + builder.node(i).path);
  const from = sources(builder, paths);
  const steps = Array.from({ length: builder.nodeCount }, (_, i): PlanStep => {
    const node = builder.node(i);
    const { kind, name, options, cases, turns } = node.definition;
    return {
      path: paths[i]!,
      name,
      kind,
      inputs: edgesOf(builder, node, from, paths),
      outputs: node.definition.outputs === "all" ? "all" : node.outputs,
      ...(options.description === undefined ? {} : { description: options.description }),
      ...(options.tags === undefined ? {} : { tags: options.tags }),
      ...(node.guard === undefined ? {} : { when: paths[node.guard]! }),
      ...(cases === undefined ? {} : { cases: Object.keys(cases) }),
      ...(turns === undefined ? {} : { maxTurns: turns.maxTurns }),
    };
  });
  return {
    name: builder.name,
    inputs: builder.inputs.map(({ name }) => ({ name })),
    steps,
    returns: builder.visibleNames(),
  };
};

const plans = new WeakMap<GraphBuilder, Plan>();

/** The same plan for each run: building it again takes a third of the time of emitting a run's events. */
export const knownPlanOf = (builder: GraphBuilder): Plan => {
  let plan = plans.get(builder);
  if (plan === undefined) plans.set(builder, (plan = planOf(builder)));
  return plan;
};
