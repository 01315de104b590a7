/**
 * The graph of a pipeline while it is built: steps, the slots that hold their outputs, and which name means which slot.
 * Immutable: adding a step returns another builder, which shares the log of this one (`log.ts`).
 *
 * Every rule that needs no run is checked here, as each step is added: names, duplicates, missing inputs, empty globs.
 * The compile-time half has checked the same; these checks are for callers without types. `added-pipeline.ts` adds whole
 * pipelines, and `only.ts` takes steps away.
 */
import { GraphError } from "../errors.ts";
import { describe } from "../values/describe.ts";
import { didYouMean } from "../values/nearest.ts";
import { acceptsUndefined } from "../values/schema.ts";
import { typed } from "../values/specification.ts";
import type { StepDefinition } from "./definition.ts";
import type { Log } from "./log.ts";
import { emptyLog, writable } from "./log.ts";
import { globMatcher, isGlob, keyOf, nameProblem, optionalName } from "./names.ts";
import type { GlobRead, GraphInput, GraphNode } from "./node.ts";
import { lateSlot, maybeSlot } from "./node.ts";

/** What `.returns` left visible: these names, and all that is added after it. */
interface Returns {
  readonly names: ReadonlyArray<string>;
  readonly fromSlot: number;
  readonly fromNode: number;
}

const noGlobs: ReadonlyArray<GlobRead> = [];
const noNodes: ReadonlyArray<number> = [];
const noNames: ReadonlyArray<string> = [];

/** Does `name` stand somewhere among `names`, or close to one of them? Says so in half a sentence. */
export const available = (names: ReadonlyArray<string>): string => {
  if (names.length === 0) return "nothing is provided before it";
  const shown = names.slice(0, 10).map((name) => `"${name}"`);
  return `provided before it: ${shown.join(", ")}${names.length > 10 ? `, and ${names.length - 10} more` : ""}`;
};

/** The graphs in which mistakes were found, as far as they had come. */
const unfinished = new WeakMap<object, GraphBuilder>();

/** The graph that an error is about, to draw; undefined if it is about none. */
export const unfinishedOf = (error: unknown): GraphBuilder | undefined =>
  typeof error === "object" && error !== null ? unfinished.get(error) : undefined;

/** What a builder is beside its log. */
interface Parts {
  readonly name: string;
  readonly shows: Returns | undefined;
  readonly hasEmptyFamily: boolean;
  readonly guard: number | undefined;
}

export class GraphBuilder {
  readonly name: string;
  /** Shared with others, and perhaps longer than what belongs to this builder: that ends at the counts. */
  readonly log: Log;
  readonly inputCount: number;
  readonly nodeCount: number;
  readonly slotCount: number;
  readonly openCount: number;
  readonly shows: Returns | undefined;
  /** Was a family added that turned out to have no member? Its names are unknown. */
  readonly hasEmptyFamily: boolean;
  /** The node of the condition under which the steps run that are added to this builder. */
  readonly guard: number | undefined;

  /** A builder whose log ends where the log does now, or where `counts` says. */
  constructor(log: Log, { name, shows, hasEmptyFamily, guard }: Parts, counts?: GraphBuilder) {
    this.name = name;
    this.log = log;
    this.inputCount = counts === undefined ? log.inputs.length : counts.inputCount;
    this.nodeCount = counts === undefined ? log.nodes.length : counts.nodeCount;
    this.slotCount = counts === undefined ? log.owners.length : counts.slotCount;
    this.openCount = counts === undefined ? log.open.length : counts.openCount;
    this.shows = shows;
    this.hasEmptyFamily = hasEmptyFamily;
    this.guard = guard;
  }

  static empty(name: string): GraphBuilder {
    const problem = nameProblem(name);
    if (problem !== undefined) throw new GraphError({ pipeline: describe(name), step: "", reason: problem });
    return new GraphBuilder(emptyLog(), { name, shows: undefined, hasEmptyFamily: false, guard: undefined });
  }

  get inputs(): ReadonlyArray<GraphInput> {
    return this.log.inputs.length === this.inputCount
      ? this.log.inputs
      : this.log.inputs.slice(0, this.inputCount);
  }

  get nodes(): ReadonlyArray<GraphNode> {
    return this.log.nodes.slice(0, this.nodeCount);
  }

  /** For each slot the node that provides it, -1 for an input; perhaps with more slots after ours. */
  get owners(): ReadonlyArray<number> {
    return this.log.owners;
  }

  node(index: number): GraphNode {
    return this.log.nodes[index] as GraphNode;
  }

  /** The node that provides a slot; -1 for an input. */
  ownerOf(slot: number): number {
    return this.log.owners[slot] as number;
  }

  /** Has the pipeline a step whose outputs are known only once it has expanded? */
  get isOpen(): boolean {
    return this.openCount > 0;
  }

  /** The nodes whose outputs are known only once they have expanded. */
  get openNodes(): ReadonlyArray<number> {
    return this.log.open.slice(0, this.openCount);
  }

  /** The slot that a name means to whoever uses this pipeline, or undefined. */
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

  /** What a run returns: name and slot, in the order of `.returns`, else of the steps. */
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

  /** Does what the "all" step `index` provides by this name go to whoever uses this pipeline? */
  showsLate(index: number, name: string): boolean {
    const returns = this.shows;
    if (returns !== undefined && index < returns.fromNode && !returns.names.includes(name)) return false;
    return this.node(index).shows?.(name) !== false;
  }

  visibleNames(): ReadonlyArray<string> {
    return this.visible().map(([name]) => name);
  }

  withInput(name: string, schema: unknown): GraphBuilder {
    this.checkNew(name, name);
    const log = writable(this.log, this);
    const slot = this.slotCount;
    log.inputs.push({ name, schema, slot });
    log.owners.push(-1);
    log.slotNames.push(name);
    log.slotOf.set(name, slot);
    return new GraphBuilder(log, this);
  }

  withStep(definition: StepDefinition): GraphBuilder {
    const { name, outputs } = definition;
    if (outputs === "all") {
      this.#checkName(name, name);
    } else {
      // The step's name is its path, so that it must be free even where the outputs have other names.
      if (outputs.length !== 1 || outputs[0] !== name) this.#checkPath(name);
      for (let i = 0; i < outputs.length; i++) {
        const output = outputs[i] as string;
        this.checkNew(output, name);
        if (outputs.length > 1 && outputs.indexOf(output) !== i) {
          throw this.refusal(name, `The output "${output}" is already provided: give this one another name.`);
        }
      }
    }
    const provided = outputs === "all" ? [] : outputs;
    const { inputs } = definition;
    // Arrays of the right length: one that grows by `push` takes room for 17, and a graph keeps these.
    let keys = inputs;
    let slots = inputs.length === 0 ? noNodes : new Array<number>(inputs.length);
    let globs = noGlobs;
    let waits = false;
    for (let i = 0; i < inputs.length; i++) {
      const input = inputs[i]!;
      // What is provided is no glob, since a name has no star: most inputs need one look.
      let slot = this.visibleSlot(input);
      if (slot !== undefined && this.log.hasMaybes) this.#checkSure(slot, input, definition);
      if (slot === undefined) {
        if (isGlob(input)) {
          [keys, slots, globs] = this.#readsOf(definition);
          waits = this.openCount > 0;
          break;
        }
        slot = this.#slotOf(input, definition);
        if (keys === inputs && optionalName(input) !== undefined) keys = inputs.map(keyOf);
      }
      (slots as Array<number>)[i] = slot;
      waits ||= slot < 0;
    }
    const overSlot = definition.over === undefined ? lateSlot : this.slotFor(definition.over, name);
    waits ||= definition.over !== undefined && overSlot === lateSlot;
    const log = writable(this.log, this);
    log.nodes.push({
      path: name,
      definition,
      keys,
      slots,
      globs,
      waitsFor: waits ? this.openNodes : noNodes,
      guard: this.guard,
      overSlot,
      firstSlot: this.slotCount,
      outputs: provided,
    });
    for (const output of provided) {
      log.slotOf.set(output, log.owners.length);
      log.owners.push(this.nodeCount);
      log.slotNames.push(output);
    }
    if (definition.kind === "when" || definition.kind === "finally") log.hasMaybes = true;
    if (outputs === "all") log.open.push(this.nodeCount);
    if (name !== provided[0]) (log.prefixes ??= new Map()).set(name, this.nodeCount);
    return new GraphBuilder(log, this);
  }

  withReturns(names: ReadonlyArray<string>): GraphBuilder {
    for (const name of names) {
      const mayCome = (this.isOpen || this.hasEmptyFamily) && nameProblem(name) === undefined;
      if (this.visibleSlot(name) === undefined && !mayCome) {
        throw this.refusal(
          name,
          `It cannot be returned, since no step provides it; ${available(this.visibleNames())}.`,
        );
      }
    }
    const shows: Returns = {
      names: names.length === 1 ? names : [...new Set(names)],
      fromSlot: this.slotCount,
      fromNode: this.nodeCount,
    };
    const { name, hasEmptyFamily, guard } = this;
    return new GraphBuilder(this.log, { name, shows, hasEmptyFamily, guard }, this);
  }

  /** With a family that has no member in this run: what reads it reads an empty record. */
  withEmptyFamily(): GraphBuilder {
    const { name, shows, guard } = this;
    return new GraphBuilder(this.log, { name, shows, hasEmptyFamily: true, guard }, this);
  }

  /** The same, where steps that are added run under the condition of a node. */
  withGuard(guard: number | undefined): GraphBuilder {
    const { name, shows, hasEmptyFamily } = this;
    return new GraphBuilder(this.log, { name, shows, hasEmptyFamily, guard }, this);
  }

  /** Is this builder another one with steps and inputs added, and nothing else? */
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

  /** Is an output there whenever the next step is? Not where it is under a condition that the next step is not under. */
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

  /** Refuses to read plainly what may be missing, unless a schema allows that. */
  #checkSure(slot: number, input: string, { name, schemas }: StepDefinition): void {
    if (this.isSure(slot) || (schemas !== undefined && acceptsUndefined(schemas[input]))) return;
    throw this.refusal(
      name,
      `It reads "${input}", which exists only under a condition. Read "${input}?" instead: it is undefined where nothing provides it.`,
    );
  }

  /** The slot that a step's input means: `"b?"`, and what a schema allows to be undefined, may be missing. */
  #slotOf(input: string, { name, schemas }: StepDefinition): number {
    const optional = optionalName(input);
    if (optional !== undefined) return this.slotFor(optional, name, true);
    const slot = this.visibleSlot(input);
    if (slot !== undefined) return slot;
    return this.slotFor(input, name, schemas !== undefined && acceptsUndefined(schemas[input]));
  }

  slotFor(input: string, step: string, isOptional = false): number {
    if (typeof input !== "string") throw this.refusal(step, `over must be a name; got ${typed(input)}.`);
    const slot = this.visibleSlot(input);
    if (slot !== undefined) {
      if (!isOptional && !this.isSure(slot)) {
        throw this.refusal(
          step,
          `It reads "${input}", which exists only under a condition. Read it in a step as "${input}?", and use what that provides.`,
        );
      }
      return slot;
    }
    const problem = nameProblem(input);
    if (problem !== undefined && (isOptional || this.openCount > 0)) throw this.refusal(step, problem);
    if (isOptional) return maybeSlot;
    if (this.openCount > 0) return lateSlot;
    const names = this.visibleNames();
    throw this.refusal(
      step,
      `It reads "${input}", and nothing provides that; ${available(names)}.${didYouMean(input, names)} Add an input or a step "${input}" before it, or read "${input}?" if it may be missing.`,
    );
  }

  /** What a step with globs reads: the names, their slots, and the families. */
  #readsOf(
    definition: StepDefinition,
  ): [keys: ReadonlyArray<string>, slots: ReadonlyArray<number>, globs: ReadonlyArray<GlobRead>] {
    const { name, inputs } = definition;
    const plain = inputs.filter((input) => !isGlob(input));
    const globs = inputs.filter(isGlob).map((glob) => {
      const read = this.#family(glob);
      if (read.slots.length > 0 || this.openCount > 0 || this.hasEmptyFamily) return read;
      throw this.refusal(
        name,
        `The glob "${glob}" matches no output; ${available(this.visibleNames())}. Name the outputs so that it matches, or fix the glob.`,
      );
    });
    return [plain.map(keyOf), plain.map((input) => this.#slotOf(input, definition)), globs];
  }

  #family(glob: string): GlobRead {
    const matches = globMatcher(glob);
    const family = this.visible().filter(([name]) => matches(name));
    return { glob, names: family.map(([name]) => name), slots: family.map(([, slot]) => slot) };
  }

  #checkName(name: string, step: string): void {
    const problem = nameProblem(name);
    if (problem !== undefined) throw this.refusal(step, problem);
    this.#checkPath(name);
  }

  #checkPath(name: string): void {
    const problem = nameProblem(name);
    if (problem !== undefined) throw this.refusal(name, problem);
    if (this.hasName(name)) {
      throw this.refusal(name, `The name "${name}" is already provided: give this one another name.`);
    }
  }

  checkNew(output: string, step: string): void {
    const problem = nameProblem(output);
    if (problem !== undefined) throw this.refusal(step, problem);
    const slot = this.log.slotOf.get(output);
    if (slot !== undefined && slot < this.slotCount) {
      throw this.refusal(step, `The output "${output}" is already provided: give this one another name.`);
    }
    if (this.log.prefixes !== undefined && output === step && this.#hasPrefix(output)) {
      throw this.refusal(step, `The name "${output}" is already provided: give this one another name.`);
    }
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
