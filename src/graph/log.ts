/**
 * The append-only log of names and slots that the graphs of pipelines share. A pipeline is a prefix of one,
 * so adding a step copies nothing, unless two pipelines are made from the same beginning.
 *
 * A log holds names only. The functions and schemas of a pipeline are in its builder's lists, since pipelines of the
 * same form share one log (`forms.ts`).
 */
import type { StepDefinition } from "./definition.ts";
import type { GraphNode } from "./node.ts";
import type { Rows } from "./rows.ts";

/** The names that `.returns` left visible; everything added after it is visible too. */
export interface Returns {
  readonly names: ReadonlyArray<string>;
  readonly fromSlot: number;
  readonly fromNode: number;
}

/** A node without its user's values: a step with the same declaration at the same place has the same. */
export interface NodeForm extends Omit<GraphNode, "definition" | "guard" | "shows"> {
  readonly kind: StepDefinition["kind"];
  readonly inputs: ReadonlyArray<string>;
  readonly over: string | undefined;
  readonly isOpen: boolean;
}

/** All forms of one name. */
interface Family {
  readonly branches: Array<Log>;
  /** The number of pipelines that followed none. */
  misses: number;
}

/** The data that is kept with a log. */
export interface Form {
  readonly family: Family;
  readonly inputs: Array<{ readonly name: string; readonly slot: number }>;
  readonly nodes: Array<NodeForm>;
  /** For a branch: the log that it equals up to this node and this slot. */
  readonly trunk: Log | undefined;
  readonly forkNode: number;
  readonly forkSlot: number;
  /** The newest `returns` and the newest rows. */
  returns: Returns | undefined;
  rows: { readonly nodeCount: number; readonly slotCount: number; readonly rows: Rows } | undefined;
  rowsShow: Returns | undefined;
}

/** `owners[slot]` is the node that provides the slot, or -1 for an input. */
export interface Log {
  nodeCount: number;
  readonly owners: Array<number>;
  readonly slotNames: Array<string | undefined>;
  readonly slotOf: Map<string, number>;
  /** The nodes whose outputs are known only in a run. */
  readonly open: Array<number>;
  /** Names of pipelines added whole, which are path prefixes of their hidden steps. */
  prefixes: Map<string, number> | undefined;
  /** Is there a step that can end a successful run without its outputs: under a condition, or a `finally`? */
  hasMaybes: boolean;
  /** If it is kept for the next pipelines of its name: what must be the same for them to follow it. */
  form: Form | undefined;
}

export const emptyLog = (form?: Form): Log => ({
  nodeCount: 0,
  owners: [],
  slotNames: [],
  slotOf: new Map(),
  open: [],
  prefixes: undefined,
  hasMaybes: false,
  form,
});

/** The size of the prefix of a log that belongs to a pipeline. */
export interface Counts {
  readonly inputCount: number;
  readonly nodeCount: number;
  readonly slotCount: number;
  readonly openCount: number;
}

/** Does a log end where this prefix does? */
export const endsAt = (log: Log, { nodeCount, slotCount }: Counts): boolean =>
  log.nodeCount === nodeCount && log.owners.length === slotCount;

/** A copy of a prefix of a log. */
export const copyOf = (log: Log, { nodeCount, slotCount, openCount }: Counts, form?: Form): Log => {
  const slotOf = new Map<string, number>();
  for (let slot = 0; slot < slotCount; slot++) {
    const name = log.slotNames[slot];
    if (name !== undefined) slotOf.set(name, slot);
  }
  return {
    nodeCount,
    owners: log.owners.slice(0, slotCount),
    slotNames: log.slotNames.slice(0, slotCount),
    slotOf,
    open: log.open.slice(0, openCount),
    prefixes: log.prefixes && new Map([...log.prefixes].filter(([, node]) => node < nodeCount)),
    hasMaybes: log.hasMaybes,
    form,
  };
};

/** An append-only list, like a log: with an item after the first `count`, copied if others have added to it. */
export const appended = <Item>(list: Array<Item>, count: number, item: Item): Array<Item> => {
  const own = list.length === count ? list : list.slice(0, count);
  own.push(item);
  return own;
};
