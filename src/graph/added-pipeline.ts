/** Adds all steps of one pipeline to another, wired by name. */
import { child } from "../path.ts";
import { acceptsUndefined } from "../values/schema.ts";
import { GraphBuilder } from "./builder.ts";
import type { StepDefinition } from "./definition.ts";
import { writable } from "./forms.ts";
import type { Log } from "./log.ts";
import type { GraphInput, GraphNode } from "./node.ts";
import { lateSlot } from "./node.ts";
import { slotFor } from "./reads.ts";

/** The inputs of the added pipeline, each with its slot in the graph that it is added to. */
type Aliases = ReadonlyArray<readonly [GraphInput, number]>;

/** The nodes that a node of the added pipeline waits for, in the graph that it is added to. */
const mappedWaits = (
  node: GraphNode,
  offset: number,
  openHere: ReadonlyArray<number>,
  aliases: Aliases,
): ReadonlyArray<number> => {
  const own = node.waitsFor.map((index) => index + offset);
  const readsOpen = aliases.some(([input, slot]) => slot < 0 && node.keys.includes(input.name));
  return readsOpen ? [...openHere, ...own] : own;
};

/**
 * Adds a step for each input that is decoded. Returns the slot in this graph for each slot of the added pipeline that is
 * known by then: those of its inputs.
 */
const withDecoders = (
  log: Log,
  nodes: Array<GraphNode>,
  other: GraphBuilder,
  aliases: Aliases,
  waitsFor: ReadonlyArray<number>,
  guard: number | undefined,
  decode: (input: GraphInput) => StepDefinition | undefined,
): Array<number> => {
  const slotMap: Array<number> = Array.from({ length: other.slotCount }, () => lateSlot);
  for (const [input, slot] of aliases) {
    const definition = decode(input);
    if (definition === undefined) {
      slotMap[input.slot] = slot;
      continue;
    }
    slotMap[input.slot] = log.owners.length;
    nodes.push({
      path: child(other.name, input.name),
      definition,
      keys: [input.name],
      slots: [slot],
      globs: [],
      waitsFor: slot < 0 ? waitsFor : [],
      guard,
      overSlot: lateSlot,
      firstSlot: log.owners.length,
      outputs: [input.name],
    });
    log.owners.push(nodes.length - 1);
    log.slotNames.push(undefined);
  }
  return slotMap;
};

/**
 * All nodes of another pipeline, wired by name: its inputs refer to ours, its returned outputs keep their names, and its
 * other steps are hidden under its own name. `decode` returns the step that decodes an input whose schema is more than a type.
 */
export const withPipeline = (
  builder: GraphBuilder,
  other: GraphBuilder,
  decode: (input: GraphInput) => StepDefinition | undefined,
): GraphBuilder => {
  const hides = other.hidesSteps();
  if (hides && builder.hasName(other.name)) {
    throw builder.refusal(
      other.name,
      `The pipeline "${other.name}" has hidden steps, and its name is taken here: give it another name.`,
    );
  }
  const visible = other.visible().filter(([, slot]) => other.ownerOf(slot) !== -1);
  for (const [name] of visible) builder.checkNew(name, other.name);
  const aliases = other.inputs.map((input) => {
    const isOptional = acceptsUndefined(input.schema);
    return [input, slotFor(builder, input.name, other.name, isOptional)] as const;
  });
  const log = writable(builder.log, builder, false);
  const nodes = builder.nodes.slice();
  log.hasMaybes ||= other.log.hasMaybes;
  if (hides) (log.prefixes ??= new Map()).set(other.name, builder.nodeCount);

  const openHere = builder.openNodes;
  const slotMap = withDecoders(log, nodes, other, aliases, openHere, builder.guard, decode);
  const shown = new Map(visible.map(([name, slot]) => [slot, name]));
  const offset = nodes.length;
  const here = (slot: number): number => (slot < 0 ? slot : (slotMap[slot] as number));
  for (let i = 0; i < other.nodeCount; i++) {
    const node = other.node(i);
    const firstSlot = log.owners.length;
    let isShown = node.definition.outputs === "all";
    node.outputs.forEach((_, k) => {
      const name = shown.get(node.firstSlot + k);
      slotMap[node.firstSlot + k] = log.owners.length;
      if (name !== undefined) {
        isShown = true;
        log.slotOf.set(name, log.owners.length);
      }
      log.owners.push(nodes.length);
      log.slotNames.push(name);
    });
    if (node.definition.outputs === "all") log.open.push(nodes.length);
    // A name that the other pipeline has from an "all" step of its own stays late; one of its inputs may be one of ours.
    nodes.push({
      path: isShown ? node.path : child(other.name, node.path),
      definition: node.definition,
      keys: node.keys,
      slots: node.slots.map(here),
      globs: node.globs.map(({ glob, names, slots }) => ({ glob, names, slots: slots.map(here) })),
      waitsFor: mappedWaits(node, offset, openHere, aliases),
      guard: node.guard === undefined ? builder.guard : node.guard + offset,
      overSlot: here(node.overSlot),
      firstSlot,
      outputs: node.outputs,
      shows: (name) => other.showsLate(i, name),
    });
  }
  log.nodeCount = nodes.length;
  return new GraphBuilder(log, {
    name: builder.name,
    inputList: builder.inputs.slice(),
    nodeList: nodes,
    shows: builder.shows,
    hasEmptyFamily: builder.hasEmptyFamily || other.hasEmptyFamily,
    guard: builder.guard,
  });
};
