/**
 * The graph of a pipeline while it is built: steps, the slots that hold their outputs, and the slot that each name refers to.
 * Immutable: adding a step returns another builder, which shares the log of this one (`log.ts`).
 *
 * Every rule that needs no run is checked here, as each step is added: names, duplicates, missing inputs, empty globs.
 * The types check the same at compile time; these checks are for callers without types. `added-pipeline.ts` adds whole
 * pipelines, and `only.ts` removes steps.
 */
import { GraphError } from "../errors.ts";
import { describe } from "../values/describe.ts";
import type { StepDefinition } from "./definition.ts";
import type { PlainStep } from "./forms.ts";
import {
  followInput,
  followPlainStep,
  followStep,
  knownReturns,
  logOf,
  newLog,
  note,
  rowsAt,
  writable,
} from "./forms.ts";
import type { Log, Returns } from "./log.ts";
import { appended, emptyLog } from "./log.ts";
import { isGlob, keyOf, listedProblem, nameProblem, optionalName } from "./names.ts";
import type { GlobRead, GraphInput, GraphNode } from "./node.ts";
import { lateSlot } from "./node.ts";
import { available, checkSure, readsOf, slotFor, slotOf } from "./reads.ts";
import type { Rows } from "./rows.ts";
import { rowsOf } from "./rows.ts";
import { plainDefinition } from "./steps.ts";

const noGlobs: ReadonlyArray<GlobRead> = [];
const noNodes: ReadonlyArray<number> = [];
const noNames: ReadonlyArray<string> = [];

/** The slots of the last step that reads one name: steps beside each other often read the same, and then share the list. */
let newestSlots: ReadonlyArray<number> = [lateSlot];

/** The graphs in which mistakes were found, as far as they had been built. */
const unfinished = new WeakMap<object, GraphBuilder>();

/** The graph that an error is about, to draw; undefined if it is about none. */
export const unfinishedOf = (error: unknown): GraphBuilder | undefined =>
  typeof error === "object" && error !== null ? unfinished.get(error) : undefined;

/** The parts of a builder other than its log and the size of its prefix. */
interface Parts {
  readonly name: string;
  readonly inputList: Array<GraphInput>;
  readonly nodeList: Array<GraphNode>;
  readonly shows: Returns | undefined;
  readonly hasEmptyFamily: boolean;
  readonly guard: number | undefined;
}

export class GraphBuilder {
  readonly name: string;
  /** Shared with others, and perhaps longer than this builder's part, which ends at the counts. The same holds for the lists. */
  log: Log;
  inputList: Array<GraphInput>;
  nodeList: Array<GraphNode>;
  inputCount: number;
  nodeCount: number;
  slotCount: number;
  openCount: number;
  readonly shows: Returns | undefined;
  /** Was a family added that turned out to have no member? Its names are unknown. */
  readonly hasEmptyFamily: boolean;
  /** The node of the condition under which steps added to this builder run. */
  readonly guard: number | undefined;

  /** A builder whose log ends where the log does now, or where `counts` says. */
  constructor(log: Log, parts: Parts, counts?: GraphBuilder) {
    this.name = parts.name;
    this.log = log;
    this.inputList = parts.inputList;
    this.nodeList = parts.nodeList;
    this.inputCount = counts === undefined ? parts.inputList.length : counts.inputCount;
    this.nodeCount = counts === undefined ? parts.nodeList.length : counts.nodeCount;
    this.slotCount = counts === undefined ? log.owners.length : counts.slotCount;
    this.openCount = counts === undefined ? log.open.length : counts.openCount;
    this.shows = parts.shows;
    this.hasEmptyFamily = parts.hasEmptyFamily;
    this.guard = parts.guard;
  }

  static empty(name: string): GraphBuilder {
    const kept = typeof name === "string" ? logOf(name) : undefined;
    if (kept !== undefined) return new GraphBuilder(kept, emptyParts(name), atStart);
    const problem = nameProblem(name);
    if (problem !== undefined) throw new GraphError({ pipeline: describe(name), step: "", reason: problem });
    return new GraphBuilder(newLog(name), emptyParts(name), atStart);
  }

  get inputs(): ReadonlyArray<GraphInput> {
    return this.inputList.length === this.inputCount
      ? this.inputList
      : this.inputList.slice(0, this.inputCount);
  }

  get nodes(): ReadonlyArray<GraphNode> {
    return this.nodeList.slice(0, this.nodeCount);
  }

  /** Which nodes wait for which. Pipelines of one form share it. */
  get rows(): Rows {
    return rowsAt(this.log, this, this.shows, () => rowsOf(this));
  }

  /** For each slot, the node that provides it, or -1 for an input; more slots may follow ours. */
  get owners(): ReadonlyArray<number> {
    return this.log.owners;
  }

  node(index: number): GraphNode {
    return this.nodeList[index] as GraphNode;
  }

  /** The node that provides a slot; -1 for an input. */
  ownerOf(slot: number): number {
    return this.log.owners[slot] as number;
  }

  /** Does the pipeline have a step whose outputs are known only once it has expanded? */
  get isOpen(): boolean {
    return this.openCount > 0;
  }

  /** The nodes whose outputs are known only once they have expanded. */
  get openNodes(): ReadonlyArray<number> {
    return this.log.open.slice(0, this.openCount);
  }

  /** The slot that a name refers to for users of this pipeline, or undefined. */
  visibleSlot(name: string): number | undefined {
    const slot = this.log.slotOf.get(name);
    if (slot === undefined || slot >= this.slotCount) return undefined;
    const returns = this.shows;
    if (returns !== undefined && slot < returns.fromSlot && !returns.names.includes(name)) return undefined;
    return slot;
  }

  /** Does a step or an input provide this name, shown or hidden? */
  hasOutput(name: string): boolean {
    const slot = this.log.slotOf.get(name);
    return slot !== undefined && slot < this.slotCount;
  }

  /** Is the name used here at all, as an output or as the path of a step? */
  hasName(name: string): boolean {
    return this.hasOutput(name) || this.#hasPrefix(name);
  }

  /** The outputs of a run: name and slot, in the order of `.returns`, or else of the steps. */
  visible(): ReadonlyArray<readonly [name: string, slot: number]> {
    const { names, slots } = this.returned();
    return names.map((name, i) => [name, slots[i]!] as const);
  }

  /** The same, as two columns. */
  returned(): { readonly names: ReadonlyArray<string>; readonly slots: ReadonlyArray<number> } {
    const names: Array<string> = [];
    const slots: Array<number> = [];
    for (const name of this.shows?.names ?? noNames) {
      if (!this.hasOutput(name)) continue;
      names.push(name);
      slots.push(this.log.slotOf.get(name)!);
    }
    for (let slot = this.shows?.fromSlot ?? 0; slot < this.slotCount; slot++) {
      const name = this.log.slotNames[slot];
      if (name === undefined) continue;
      names.push(name);
      slots.push(slot);
    }
    return { names, slots };
  }

  /** Names listed by `.returns` that only an "all" step can provide. */
  returnedLate(): ReadonlyArray<string> {
    return this.shows?.names.filter((name) => !this.hasOutput(name)) ?? [];
  }

  /** Is this name, provided by the "all" step `index`, visible to users of this pipeline? */
  showsLate(index: number, name: string): boolean {
    const returns = this.shows;
    if (returns !== undefined && index < returns.fromNode && !returns.names.includes(name)) return false;
    return this.node(index).shows?.(name) !== false;
  }

  visibleNames(): ReadonlyArray<string> {
    return this.visible().map(([name]) => name);
  }

  withInput(name: string, schema: unknown): GraphBuilder {
    const next = this.#copy();
    const slot = this.slotCount;
    const known = this.log.form === undefined ? undefined : followInput(this.log, this, name);
    if (known === undefined) {
      this.checkNew(name, name);
      const log = writable(this.log, this, true);
      log.owners.push(-1);
      log.slotNames.push(name);
      log.slotOf.set(name, slot);
      log.form?.inputs.push({ name, slot });
      next.log = log;
    } else {
      next.log = known;
    }
    next.inputList = appended(this.inputList, this.inputCount, { name, schema, slot });
    next.inputCount++;
    next.slotCount++;
    return next;
  }

  withStep(definition: StepDefinition): GraphBuilder {
    const next = this.#copy();
    next.#append(definition);
    return next;
  }

  /**
   * The same for a step with only names and a function, if a pipeline of the same name had one at the same place; otherwise
   * undefined. Its names then need no check, and are not copied.
   */
  followed(step: PlainStep): GraphBuilder | undefined {
    if (this.log.form === undefined || !this.#mayFollow) return undefined;
    const known = followPlainStep(this.log, this, step);
    if (known === undefined) return undefined;
    const { path, inputs, outputs } = known.form!.nodes[this.nodeCount]!;
    const next = this.#copy();
    next.#follow(known, plainDefinition(step.kind, path, inputs, outputs, step.call));
    return next;
  }

  /** Adds many steps in order, with one builder for all. */
  withSteps(definitions: ReadonlyArray<StepDefinition>): GraphBuilder {
    const next = this.#copy();
    for (const definition of definitions) next.#append(definition);
    return next;
  }

  /** A copy that can grow until it is handed out. */
  #copy(): GraphBuilder {
    return new GraphBuilder(this.log, this, this);
  }

  /** Adds a step to this builder itself, which only the caller holds so far. */
  #append(definition: StepDefinition): void {
    const isOfForm = this.log.form !== undefined && this.#isOfForm(definition);
    const known = isOfForm ? followStep(this.log, this, definition) : undefined;
    if (known !== undefined) this.#follow(known, definition);
    else this.#define(definition, isOfForm);
  }

  /** Can the next pipeline of this name follow this step by its names alone? */
  #isOfForm({ kind, schemas }: StepDefinition): boolean {
    return schemas === undefined && kind !== "when" && kind !== "finally" && this.#mayFollow;
  }

  /** Do names alone determine what a step that is added here reads? */
  get #mayFollow(): boolean {
    return this.guard === undefined && this.shows === undefined && !this.hasEmptyFamily;
  }

  /** Adds a step that a pipeline of the same name had at the same place: everything was checked then. */
  #follow(log: Log, definition: StepDefinition): void {
    const { path, keys, slots, globs, waitsFor, overSlot, firstSlot, outputs, isOpen } =
      log.form!.nodes[this.nodeCount]!;
    const guard = undefined;
    const node = { path, definition, keys, slots, globs, waitsFor, guard, overSlot, firstSlot, outputs };
    this.log = log;
    this.#add(node, isOpen);
  }

  #add(node: GraphNode, isOpen: boolean): void {
    this.nodeList = appended(this.nodeList, this.nodeCount, node);
    this.nodeCount++;
    this.slotCount += node.outputs.length;
    if (isOpen) this.openCount++;
  }

  /** Checks a step, and adds it. */
  #define(definition: StepDefinition, isOfForm: boolean): void {
    const { name, outputs, inputs } = definition;
    this.#checkProvided(definition);
    const provided = outputs === "all" ? noNames : outputs;
    // Arrays of the right length: one that grows by `push` allocates room for 17 items, and a graph keeps these.
    let keys = inputs;
    let slots = inputs.length === 0 ? noNodes : new Array<number>(inputs.length);
    let globs = noGlobs;
    let waits = false;
    for (let i = 0; i < inputs.length; i++) {
      const input = inputs[i]!;
      // Provided names have no star, so they are not globs: most inputs need one lookup.
      let slot = this.visibleSlot(input);
      if (slot !== undefined && this.log.hasMaybes) checkSure(this, slot, input, definition);
      if (slot === undefined) {
        if (isGlob(input)) {
          [keys, slots, globs] = readsOf(this, definition);
          waits = this.openCount > 0;
          break;
        }
        slot = slotOf(this, input, definition);
        if (keys === inputs && optionalName(input) !== undefined) keys = inputs.map(keyOf);
      }
      (slots as Array<number>)[i] = slot;
      waits ||= slot < 0;
    }
    if (slots.length === 1) {
      if (slots[0] !== newestSlots[0]) newestSlots = slots;
      slots = newestSlots;
    }
    const overSlot = definition.over === undefined ? lateSlot : slotFor(this, definition.over, name);
    waits ||= definition.over !== undefined && overSlot === lateSlot;
    const waitsFor = waits ? this.openNodes : noNodes;
    const { guard, slotCount: firstSlot } = this;
    const node: GraphNode = {
      path: name,
      definition,
      keys,
      slots,
      globs,
      waitsFor,
      guard,
      overSlot,
      firstSlot,
      outputs: provided,
    };
    this.log = writable(this.log, this, isOfForm);
    note(this.log, this.nodeCount, node);
    this.#add(node, outputs === "all");
  }

  #checkProvided({ name, outputs }: StepDefinition): void {
    if (outputs === "all") {
      this.#checkName(name, name);
      return;
    }
    // The step's name is its path, so it must be unused even if the outputs have other names.
    if (outputs.length !== 1 || outputs[0] !== name) this.#checkPath(name);
    for (let i = 0; i < outputs.length; i++) {
      const output = outputs[i] as string;
      this.checkNew(output, name);
      if (outputs.length > 1 && outputs.indexOf(output) !== i) {
        throw this.refusal(name, `The output "${output}" is already provided: give this one another name.`);
      }
    }
  }

  withReturns(names: ReadonlyArray<string>): GraphBuilder {
    const isOfForm = this.shows === undefined && !this.hasEmptyFamily;
    const known = isOfForm ? knownReturns(this.log, this, names) : undefined;
    if (known !== undefined) return this.#showing(known);
    const problem = listedProblem("returns", names);
    if (problem !== undefined) throw this.refusal("", problem);
    for (const name of names) {
      const mayCome = (this.isOpen || this.hasEmptyFamily) && nameProblem(name) === undefined;
      if (this.visibleSlot(name) === undefined && !mayCome) {
        throw this.refusal(
          name,
          `It cannot be returned, because no step provides it; ${available(this.visibleNames())}.`,
        );
      }
    }
    const shows: Returns = {
      names: names.length === 1 ? names : [...new Set(names)],
      fromSlot: this.slotCount,
      fromNode: this.nodeCount,
    };
    if (this.log.form !== undefined && isOfForm) this.log.form.returns = shows;
    return this.#showing(shows);
  }

  #showing(shows: Returns): GraphBuilder {
    const { name, inputList, nodeList, hasEmptyFamily, guard } = this;
    return new GraphBuilder(this.log, { name, inputList, nodeList, shows, hasEmptyFamily, guard }, this);
  }

  /** Adds a family that has no member in this run: its readers get an empty record. */
  withEmptyFamily(): GraphBuilder {
    const { name, inputList, nodeList, shows, guard } = this;
    const parts = { name, inputList, nodeList, shows, hasEmptyFamily: true, guard };
    return new GraphBuilder(this.log, parts, this);
  }

  /** The same builder, in which steps added from now on run under the condition of a node. */
  withGuard(guard: number | undefined): GraphBuilder {
    const { name, inputList, nodeList, shows, hasEmptyFamily } = this;
    return new GraphBuilder(this.log, { name, inputList, nodeList, shows, hasEmptyFamily, guard }, this);
  }

  /** Does this builder consist of another one with only steps and inputs added? */
  continues(other: GraphBuilder): boolean {
    const last = other.nodeCount - 1;
    return (
      this.nodeCount > last &&
      this.node(last) === other.node(last) &&
      this.slotCount >= other.slotCount &&
      this.shows === other.shows &&
      this.guard === other.guard
    );
  }

  /** Is an output available whenever the next step runs? Not if it is under a condition that the next step is not under. */
  isSure(slot: number): boolean {
    const owner = this.ownerOf(slot);
    if (owner === -1) return true;
    const { guard, definition } = this.node(owner);
    if (definition.kind === "finally") return false;
    let at = this.guard;
    while (at !== undefined && at !== guard) at = this.node(at).guard;
    return at === guard;
  }

  hidesSteps(): boolean {
    if (this.shows === undefined) return this.log.slotNames.slice(0, this.slotCount).includes(undefined);
    return true;
  }

  #hasPrefix(name: string): boolean {
    const at = this.log.prefixes?.get(name);
    return at !== undefined && at < this.nodeCount;
  }

  #checkName(name: string, step: string): void {
    const problem = nameProblem(name);
    if (problem !== undefined) throw this.refusal(step, problem);
    this.#checkPath(name);
  }

  #checkPath(name: string): void {
    const problem = nameProblem(name);
    if (problem !== undefined) throw this.refusal(name, problem);
    if (this.hasName(name)) throw this.#takenRefusal(name, name);
  }

  checkNew(output: string, step: string): void {
    const problem = nameProblem(output);
    if (problem !== undefined) throw this.refusal(step, problem);
    const slot = this.log.slotOf.get(output);
    const isTaken =
      (slot !== undefined && slot < this.slotCount) ||
      (this.log.prefixes !== undefined && output === step && this.#hasPrefix(output));
    if (isTaken) throw this.#takenRefusal(output, step);
  }

  /** The name may be that of a step whose outputs have other names, or of an output that `.returns` left out: it cannot be read. */
  #takenRefusal(name: string, step: string): GraphError {
    const kind = this.visibleSlot(name) === undefined ? "name" : "output";
    return this.refusal(step, `The ${kind} "${name}" is already provided: give this one another name.`);
  }

  /** The error about a step; the graph so far can be drawn with it. */
  refusal(step: unknown, reason: string): GraphError {
    const error = new GraphError({
      pipeline: this.name,
      step: describe(step),
      reason,
    });
    unfinished.set(error, this);
    return error;
  }
}

const emptyParts = (name: string): Parts => ({
  name,
  inputList: [],
  nodeList: [],
  shows: undefined,
  hasEmptyFamily: false,
  guard: undefined,
});

/** A builder at the start of its log. */
const atStart = new GraphBuilder(emptyLog(), emptyParts(""));
