/**
 * Forms: the common structure of pipelines that are built repeatedly. The expansion of a dynamic step is often built again
 * with the same names, and only its functions differ. The log of such a pipeline is kept by its name, and the next pipeline
 * of that name follows it for as long as it adds the same: it shares names, slots and rows, and checks none of them again.
 * When it adds something else, it switches to another form of the name, or becomes a new one.
 *
 * Only names are kept, no functions or schemas, so no user value outlives its pipeline. A name is kept from the second
 * time that it is built, and memory is bounded: a table of names, a number of forms for each, and a number of nodes for all.
 */
import type { StepDefinition, UserFunction } from "./definition.ts";
import type { Counts, Form, Log, NodeForm, Returns } from "./log.ts";
import { copyOf, emptyLog, endsAt } from "./log.ts";
import type { GraphNode } from "./node.ts";
import type { Rows } from "./rows.ts";

const places = 64;
const mostNodes = 4096;
const mostNodesOfAll = 32_768;
const mostBranches = 32;
const mostMisses = 8;

/** The number of pipelines after which a name that was not worth keeping is tried again; it doubles each time. */
const firstPause = 64;
const longestPause = 4096;

const names: Array<string | undefined> = Array.from({ length: places }, () => undefined);
const logs: Array<Log | undefined> = Array.from({ length: places }, () => undefined);
const left: Array<number> = Array.from({ length: places }, () => 0);
const pauses: Array<number> = Array.from({ length: places }, () => firstPause);
let nodesOfAll = 0;

const placeOf = (name: string): number => {
  const { length } = name;
  const mixed =
    length * 31 + name.charCodeAt(0) * 7 + name.charCodeAt(length - 1) * 13 + name.charCodeAt(length >> 1);
  return mixed & (places - 1);
};

const trunkOf = (): Form => ({
  family: { branches: [], misses: 0 },
  inputs: [],
  nodes: [],
  trunk: undefined,
  forkNode: 0,
  forkSlot: 0,
  returns: undefined,
  rows: undefined,
  rowsShow: undefined,
});

const branchOf = (trunk: Log, { family, inputs, nodes }: Form, at: Counts): Form => ({
  family,
  inputs: inputs.slice(0, at.inputCount),
  nodes: nodes.slice(0, at.nodeCount),
  trunk,
  forkNode: at.nodeCount,
  forkSlot: at.slotCount,
  returns: undefined,
  rows: undefined,
  rowsShow: undefined,
});

/** The log that a pipeline of this name begins with, if one is kept for it. */
export const logOf = (name: string): Log | undefined => {
  const place = placeOf(name);
  const found = names[place] === name ? logs[place] : undefined;
  if (found === undefined || isFollowed(found)) return found;
  logs[place] = undefined;
  left[place] = pauses[place]!;
  pauses[place] = Math.min(2 * pauses[place]!, longestPause);
  return emptyLog();
};

/** Not if the pipelines of a name had a different form each time, or are too large. */
const isFollowed = ({ form }: Log): boolean => form !== undefined && form.family.misses < mostMisses;

/** The log that a pipeline begins with if none is kept for it. Its name is valid. */
export const newLog = (name: string): Log => {
  const place = placeOf(name);
  if (names[place] !== name) {
    names[place] = name;
    logs[place] = undefined;
    left[place] = 0;
    pauses[place] = firstPause;
    return emptyLog();
  }
  if (left[place]! > 0) {
    left[place]!--;
    return emptyLog();
  }
  if (nodesOfAll > mostNodesOfAll) {
    logs.fill(undefined);
    nodesOfAll = 0;
  }
  return (logs[place] = emptyLog(trunkOf()));
};

const areSame = (a: ReadonlyArray<string>, b: ReadonlyArray<unknown>): boolean => {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};

const isSame = (
  there: NodeForm,
  { name, kind, inputs, over, outputs }: StepDefinition,
  slot: number,
): boolean =>
  there.path === name &&
  there.kind === kind &&
  there.firstSlot === slot &&
  there.over === over &&
  areSame(there.inputs, inputs) &&
  (outputs === "all" ? there.isOpen : !there.isOpen && areSame(there.outputs, outputs));

/** Does a form have what a pipeline adds at this place? */
type Has<Added> = (form: Form, at: Counts, added: Added) => boolean;

/** The log that has this at the end of a prefix of this log: itself, or a branch that begins there. */
const follow = <Added>(log: Log, at: Counts, added: Added, has: Has<Added>): Log | undefined => {
  if (has(log.form!, at, added)) return log;
  if (endsAt(log, at)) return undefined;
  for (const branch of log.form!.family.branches) {
    const { form } = branch;
    if (form === undefined || form.trunk !== log || form.forkNode !== at.nodeCount) continue;
    if (form.forkSlot === at.slotCount && has(form, at, added)) return branch;
  }
  return undefined;
};

const hasStep: Has<StepDefinition> = ({ nodes }, { nodeCount, slotCount }, definition) => {
  const there = nodes[nodeCount];
  return there !== undefined && isSame(there, definition, slotCount);
};

const hasInput: Has<string> = ({ inputs }, { inputCount, slotCount }, name) => {
  const there = inputs[inputCount];
  return there !== undefined && there.name === name && there.slot === slotCount;
};

/** A step with only names and a function, whose names have not been checked. */
export interface PlainStep {
  readonly kind: "step" | "dynamic";
  readonly name: unknown;
  readonly inputs: ReadonlyArray<unknown>;
  readonly call: UserFunction;
}

const hasPlainStep: Has<PlainStep> = ({ nodes }, { nodeCount, slotCount }, { kind, name, inputs }) => {
  const there = nodes[nodeCount];
  return (
    there !== undefined &&
    there.path === name &&
    there.kind === kind &&
    there.firstSlot === slotCount &&
    there.outputs.length === 1 &&
    there.outputs[0] === name &&
    areSame(there.inputs, inputs)
  );
};

export const followStep = (log: Log, at: Counts, definition: StepDefinition): Log | undefined =>
  follow(log, at, definition, hasStep);

export const followPlainStep = (log: Log, at: Counts, step: PlainStep): Log | undefined =>
  follow(log, at, step, hasPlainStep);

export const followInput = (log: Log, at: Counts, name: string): Log | undefined =>
  follow(log, at, name, hasInput);

/** The last result of `.returns` at this place, if it is the same. */
export const knownReturns = (
  { form }: Log,
  at: Counts,
  names: ReadonlyArray<string>,
): Returns | undefined => {
  const last = form?.returns;
  return last !== undefined &&
    last.fromSlot === at.slotCount &&
    last.fromNode === at.nodeCount &&
    areSame(last.names, names)
    ? last
    : undefined;
};

/** The rows of this prefix, created if they are not known yet. */
export const rowsAt = (log: Log, at: Counts, shows: Returns | undefined, make: () => Rows): Rows => {
  const { form } = log;
  if (form === undefined) return make();
  const { nodeCount, slotCount } = at;
  const known = form.rows;
  const isKnown =
    known !== undefined &&
    known.nodeCount === nodeCount &&
    known.slotCount === slotCount &&
    form.rowsShow === shows;
  if (isKnown) return known.rows;
  const rows = make();
  form.rows = { nodeCount, slotCount, rows };
  form.rowsShow = shows;
  return rows;
};

/**
 * The log to append to after this prefix: the same if nothing was appended to it yet, else a copy of the prefix.
 * `isOfForm`: whether the next pipelines may follow what is appended.
 */
export const writable = (log: Log, at: Counts, isOfForm: boolean): Log => {
  const { form } = log;
  if (form === undefined) return endsAt(log, at) ? log : copyOf(log, at);
  if (!isOfForm) return copyOf(log, at);
  if (endsAt(log, at)) {
    nodesOfAll++;
    if (log.nodeCount >= mostNodes) log.form = undefined;
    return log;
  }
  const { family } = form;
  if (family.branches.length === mostBranches) {
    family.misses++;
    return copyOf(log, at);
  }
  nodesOfAll += at.nodeCount;
  const branch = copyOf(log, at, branchOf(log, form, at));
  family.branches.push(branch);
  return branch;
};

const nodeForm = (
  { path, definition, keys, slots, globs, waitsFor, overSlot, firstSlot, outputs }: GraphNode,
  isOpen: boolean,
): NodeForm => {
  const { kind, inputs, over } = definition;
  return { path, kind, inputs, over, isOpen, keys, slots, globs, waitsFor, overSlot, firstSlot, outputs };
};

/** Writes a node into the log. */
export const note = (log: Log, nodeCount: number, node: GraphNode): void => {
  const { definition, path, outputs } = node;
  for (const output of outputs) {
    log.slotOf.set(output, log.owners.length);
    log.owners.push(nodeCount);
    log.slotNames.push(output);
  }
  log.nodeCount++;
  const { kind } = definition;
  if (kind === "when" || kind === "finally") log.hasMaybes = true;
  const isOpen = definition.outputs === "all";
  if (isOpen) log.open.push(nodeCount);
  if (path !== outputs[0]) (log.prefixes ??= new Map()).set(path, nodeCount);
  log.form?.nodes.push(nodeForm(node, isOpen));
};
