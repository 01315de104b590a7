/** Reduces a graph to the steps that some of its outputs need. */
import { isAtOrUnder } from "../path.ts";
import { didYouMean } from "../values/nearest.ts";
import { GraphBuilder } from "./builder.ts";
import { emptyLog } from "./log.ts";
import { listedProblem, nameProblem } from "./names.ts";
import type { GraphNode } from "./node.ts";
import { available } from "./reads.ts";

/** The nodes that these outputs need, including their own. */
const needed = (builder: GraphBuilder, names: ReadonlyArray<string>): ReadonlySet<number> => {
  const needed = new Set<number>();
  const left: Array<number> = [];
  const need = (index: number): void => {
    if (index === -1 || needed.has(index)) return;
    needed.add(index);
    left.push(index);
  };
  for (const name of names) {
    const slot = builder.visibleSlot(name);
    if (slot === undefined) builder.openNodes.forEach(need);
    else need(builder.ownerOf(slot));
  }
  for (let index = left.pop(); index !== undefined; index = left.pop()) {
    const { slots, globs, overSlot, waitsFor, guard } = builder.node(index);
    for (const slot of [...slots, ...globs.flatMap((glob) => glob.slots), overSlot]) {
      if (slot >= 0) need(builder.ownerOf(slot));
    }
    waitsFor.forEach(need);
    if (guard !== undefined) need(guard);
  }
  return needed;
};

/** The same graph with only these nodes. All inputs stay, since a run receives them. */
const keeping = (builder: GraphBuilder, kept: ReadonlySet<number>): GraphBuilder => {
  const log = emptyLog();
  const nodes: Array<GraphNode> = [];
  const order = [...kept].sort((a, b) => a - b);
  const nodeMap = new Map(order.map((index, i) => [index, i]));
  const slotMap: Array<number> = [];
  for (let slot = 0; slot < builder.slotCount; slot++) {
    const owner = builder.ownerOf(slot);
    if (owner !== -1 && !kept.has(owner)) continue;
    const name = builder.log.slotNames[slot];
    slotMap[slot] = log.owners.length;
    if (name !== undefined) log.slotOf.set(name, log.owners.length);
    log.owners.push(owner === -1 ? -1 : nodeMap.get(owner)!);
    log.slotNames.push(name);
  }
  const here = (slot: number): number => (slot < 0 ? slot : slotMap[slot]!);
  const inputs = builder.inputs.map((input) => ({ ...input, slot: here(input.slot) }));
  for (const index of order) {
    const node = builder.node(index);
    if (node.definition.outputs === "all") log.open.push(nodes.length);
    nodes.push({
      ...node,
      slots: node.slots.map(here),
      globs: node.globs.map(({ glob, names, slots }) => ({ glob, names, slots: slots.map(here) })),
      waitsFor: node.waitsFor.map((other) => nodeMap.get(other)!),
      guard: node.guard === undefined ? undefined : nodeMap.get(node.guard)!,
      overSlot: here(node.overSlot),
      firstSlot: node.outputs.length === 0 ? log.owners.length : here(node.firstSlot),
    });
  }
  for (const prefix of builder.log.prefixes?.keys() ?? []) {
    const at = nodes.findIndex(({ path }) => isAtOrUnder(path, prefix));
    if (at !== -1) (log.prefixes ??= new Map()).set(prefix, at);
  }
  const { name, hasEmptyFamily } = builder;
  log.hasMaybes = builder.log.hasMaybes;
  log.nodeCount = nodes.length;
  const parts = {
    name,
    inputList: inputs,
    nodeList: nodes,
    shows: undefined,
    hasEmptyFamily,
    guard: undefined,
  };
  return new GraphBuilder(log, parts);
};

/** The same graph, reduced to the steps that these outputs need. */
export const onlyOf = (builder: GraphBuilder, names: ReadonlyArray<string>): GraphBuilder => {
  const problem = listedProblem("only", names);
  if (problem !== undefined) throw builder.refusal("", problem);
  if (names.length === 0) {
    throw builder.refusal("", `only must be given at least one name; ${available(builder.visibleNames())}.`);
  }
  const mayCome = builder.isOpen || builder.hasEmptyFamily;
  for (const name of names) {
    if (builder.visibleSlot(name) !== undefined || (mayCome && nameProblem(name) === undefined)) continue;
    const provided = builder.visibleNames();
    throw builder.refusal(
      name,
      `only cannot keep "${name}", because nothing provides it; ${available(provided)}.${didYouMean(name, provided)}`,
    );
  }
  return keeping(builder, needed(builder, names)).withReturns(names);
};
