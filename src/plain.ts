/**
 * What the engine's loop reads of a graph, in columns. Most nodes are plain: a step with nothing around it, which reads by
 * name and gives one output. What the builder made of one are six objects, each wherever it was made, and with ten
 * thousand steps each is waited for; here a step is one place in each of a few lists. It saves a sixth of what a step costs.
 */
import type { UserFunction } from "./definition.ts";
import type { GraphNode } from "./graph.ts";
import type { Policy } from "./policy.ts";

export interface PlainColumns {
  /** For each node the function of the step; undefined: the node is no plain one. */
  readonly calls: ReadonlyArray<UserFunction | undefined>;
  /** For each node that gives one output, plain or not, the slot of that; -1 for others. */
  readonly outputSlots: ReadonlyArray<number>;
  /** The plain node `i` reads `readNames[readsFrom[i]]` up to `readNames[readsFrom[i + 1]]`, from those slots. */
  readonly readsFrom: ReadonlyArray<number>;
  readonly readNames: ReadonlyArray<string>;
  readonly readSlots: ReadonlyArray<number>;
}

const isPlain = ({ definition, outputs, globs, waitsFor }: GraphNode): boolean =>
  definition.kind === "step" &&
  definition.schemas === undefined &&
  outputs.length === 1 &&
  globs.length === 0 &&
  waitsFor.length === 0;

export const plainColumns = (
  nodes: ReadonlyArray<GraphNode>,
  policies: ReadonlyArray<Policy | undefined> | undefined,
): PlainColumns => {
  const count = nodes.length;
  const calls = new Array<UserFunction | undefined>(count);
  const outputSlots = new Array<number>(count);
  const readsFrom = new Array<number>(count + 1);
  let reads = 0;
  for (let i = 0; i < count; i++) {
    const node = nodes[i]!;
    readsFrom[i] = reads;
    outputSlots[i] = node.outputs.length === 1 ? node.firstSlot : -1;
    if (policies?.[i] === undefined && isPlain(node)) {
      calls[i] = node.definition.call;
      reads += node.slots.length;
    } else {
      calls[i] = undefined;
    }
  }
  readsFrom[count] = reads;

  const readNames = new Array<string>(reads);
  const readSlots = new Array<number>(reads);
  for (let i = 0; i < count; i++) {
    if (calls[i] === undefined) continue;
    const { keys, slots } = nodes[i]!;
    const from = readsFrom[i]!;
    for (let k = 0; k < slots.length; k++) {
      readNames[from + k] = keys[k]!;
      readSlots[from + k] = slots[k]!;
    }
  }
  return { calls, outputSlots, readsFrom, readNames, readSlots };
};
