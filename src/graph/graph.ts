/**
 * The graph of a pipeline while it is built: nodes, the slots that hold their outputs, and which name means which slot.
 *
 * A graph only ever grows at its end, so pipelines share one: each is a prefix of it, `Draft`. Adding to the longest
 * prefix appends in place; adding to a shorter one copies first. Ten thousand `.step` calls copy nothing.
 *
 * Every rule that needs no run is checked here, as each step is added: names, duplicates, missing inputs, empty globs.
 * The compile-time half has checked the same; these checks are for callers without types.
 */

import { GraphError } from "../errors.ts";
import { describe } from "../values/describe.ts";
import { didYouMean } from "../values/nearest.ts";
import { acceptsUndefined } from "../values/schema.ts";
import { typed } from "../values/specification.ts";
import type { StepDefinition } from "./definition.ts";
import { globMatcher, isGlob, keyOf, nameProblem, optionalName } from "./names.ts";
import { child } from "../path.ts";

/** A glob input: the family members known when the step was added. Steps with outputs "all" may add more at run time. */
export interface GlobRead {
  readonly glob: string;
  readonly names: ReadonlyArray<string>;
  readonly slots: ReadonlyArray<number>;
}

export interface GraphNode {
  /** The step's own part of its path. */
  readonly path: string;
  readonly definition: StepDefinition;
  /** For each plain name that the step reads, the slot, or `lateSlot` or `maybeSlot`. */
  readonly keys: ReadonlyArray<string>;
  readonly slots: ReadonlyArray<number>;
  readonly globs: ReadonlyArray<GlobRead>;
  /** The earlier "all" steps that this one waits for, since a name or a glob may mean one of their outputs. */
  readonly waitsFor: ReadonlyArray<number>;
  /** A map's `over`: its slot, or `lateSlot`. */
  readonly overSlot: number;
  /** The step's outputs have the slots from here on, in order. */
  readonly firstSlot: number;
  readonly outputs: ReadonlyArray<string>;
  /** For an "all" step of a pipeline that was added: which names that pipeline shows; undefined: all. */
  readonly shows?: (name: string) => boolean;
}

/** In place of a slot: what an earlier "all" step must provide, looked up in the run. */
export const lateSlot = -1;
/** In place of a slot: what an earlier "all" step may provide; undefined where none does. */
const maybeSlot = -2;

export interface GraphInput {
  readonly name: string;
  readonly schema: unknown;
  readonly slot: number;
}

/** What `.returns` left visible: these names, and all that is added after it. */
interface Returns {
  readonly names: ReadonlyArray<string>;
  readonly fromSlot: number;
  readonly fromNode: number;
}

/** The shared part. `owners[slot]` is the node that provides the slot, or -1 for an input. */
interface Log {
  readonly inputs: Array<GraphInput>;
  readonly nodes: Array<GraphNode>;
  readonly owners: Array<number>;
  readonly slotNames: Array<string | undefined>;
  readonly slotOf: Map<string, number>;
  /** The nodes whose outputs are known only in a run. */
  readonly open: Array<number>;
  /** Names of pipelines added whole, which are path prefixes of their hidden steps. */
  prefixes: Map<string, number> | undefined;
}

const noGlobs: ReadonlyArray<GlobRead> = [];
const noNodes: ReadonlyArray<number> = [];
const noNames: ReadonlyArray<string> = [];

/** Does `name` stand somewhere among `names`, or close to one of them? Says so in half a sentence. */
const available = (names: ReadonlyArray<string>): string => {
  if (names.length === 0) return "nothing is provided before it";
  const shown = names.slice(0, 10).map((name) => `"${name}"`);
  return `provided before it: ${shown.join(", ")}${names.length > 10 ? `, and ${names.length - 10} more` : ""}`;
};

/** The graphs in which mistakes were found, as far as they had come. */
const unfinished = new WeakMap<object, Draft>();

/** The graph that an error is about, to draw; undefined if it is about none. */
export const unfinishedOf = (error: unknown): Draft | undefined =>
  typeof error === "object" && error !== null ? unfinished.get(error) : undefined;

export class Draft {
  readonly name: string;
  readonly #log: Log;
  readonly inputCount: number;
  readonly nodeCount: number;
  readonly slotCount: number;
  readonly #openCount: number;
  readonly #returns: Returns | undefined;
  /** Was a family added that turned out to have no member? Which one, nobody can tell: it has no names. */
  readonly #hasEmptyFamily: boolean;

  private constructor(
    name: string,
    log: Log,
    inputCount: number,
    nodeCount: number,
    slotCount: number,
    openCount: number,
    returns: Returns | undefined,
    hasEmptyFamily: boolean,
  ) {
    this.name = name;
    this.#log = log;
    this.inputCount = inputCount;
    this.nodeCount = nodeCount;
    this.slotCount = slotCount;
    this.#openCount = openCount;
    this.#returns = returns;
    this.#hasEmptyFamily = hasEmptyFamily;
  }

  static empty(name: string): Draft {
    const problem = nameProblem(name);
    if (problem !== undefined) throw new GraphError({ pipeline: describe(name), step: "", reason: problem });
    const log: Log = {
      inputs: [],
      nodes: [],
      owners: [],
      slotNames: [],
      slotOf: new Map(),
      open: [],
      prefixes: undefined,
    };
    return new Draft(name, log, 0, 0, 0, 0, undefined, false);
  }

  get inputs(): ReadonlyArray<GraphInput> {
    return this.#log.inputs.length === this.inputCount
      ? this.#log.inputs
      : this.#log.inputs.slice(0, this.inputCount);
  }

  get nodes(): ReadonlyArray<GraphNode> {
    return this.#log.nodes.slice(0, this.nodeCount);
  }

  /** For each slot the node that provides it, -1 for an input; perhaps with more slots after ours. */
  get owners(): ReadonlyArray<number> {
    return this.#log.owners;
  }

  node(index: number): GraphNode {
    return this.#log.nodes[index] as GraphNode;
  }

  /** The node that provides a slot; -1 for an input. */
  ownerOf(slot: number): number {
    return this.#log.owners[slot] as number;
  }

  /** Has the pipeline a step whose outputs are known only once it has expanded? */
  get isOpen(): boolean {
    return this.#openCount > 0;
  }

  /** The nodes whose outputs are known only once they have expanded. */
  get openNodes(): ReadonlyArray<number> {
    return this.#log.open.slice(0, this.#openCount);
  }

  /** The slot that a name means to whoever uses this pipeline, or undefined. */
  visibleSlot(name: string): number | undefined {
    const slot = this.#log.slotOf.get(name);
    if (slot === undefined || slot >= this.slotCount) return undefined;
    const returns = this.#returns;
    if (returns !== undefined && slot < returns.fromSlot && !returns.names.includes(name)) return undefined;
    return slot;
  }

  /** Does a step or an input provide this name, shown or hidden? */
  hasOutput(name: string): boolean {
    const slot = this.#log.slotOf.get(name);
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
    for (const name of this.#returns?.names ?? noNames) {
      if (!this.hasOutput(name)) continue;
      names.push(name);
      slots.push(this.#log.slotOf.get(name)!);
    }
    for (let slot = this.#returns?.fromSlot ?? 0; slot < this.slotCount; slot++) {
      const name = this.#log.slotNames[slot];
      if (name === undefined) continue;
      names.push(name);
      slots.push(slot);
    }
    return { names, slots };
  }

  /** Names listed by `.returns` that only an "all" step can provide. */
  returnedLate(): ReadonlyArray<string> {
    return this.#returns?.names.filter((name) => !this.hasOutput(name)) ?? [];
  }

  /** Does what the "all" step `index` provides by this name go to whoever uses this pipeline? */
  showsLate(index: number, name: string): boolean {
    const returns = this.#returns;
    if (returns !== undefined && index < returns.fromNode && !returns.names.includes(name)) return false;
    return this.node(index).shows?.(name) !== false;
  }

  visibleNames(): ReadonlyArray<string> {
    return this.visible().map(([name]) => name);
  }

  withInput(name: string, schema: unknown): Draft {
    this.#checkNew(name, name);
    const log = this.#writable();
    const slot = this.slotCount;
    log.inputs.push({ name, schema, slot });
    log.owners.push(-1);
    log.slotNames.push(name);
    log.slotOf.set(name, slot);
    return new Draft(
      this.name,
      log,
      this.inputCount + 1,
      this.nodeCount,
      slot + 1,
      this.#openCount,
      this.#returns,
      this.#hasEmptyFamily,
    );
  }

  withStep(definition: StepDefinition): Draft {
    const { name, outputs } = definition;
    if (outputs === "all") {
      this.#checkName(name, name);
    } else {
      // The step's name is its path, so that it must be free even where the outputs have other names.
      if (outputs.length !== 1 || outputs[0] !== name) this.#checkPath(name);
      for (let i = 0; i < outputs.length; i++) {
        const output = outputs[i] as string;
        this.#checkNew(output, name);
        if (outputs.length > 1 && outputs.indexOf(output) !== i) {
          throw this.#error(name, `The output "${output}" is already provided: give this one another name.`);
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
      if (slot === undefined) {
        if (isGlob(input)) {
          [keys, slots, globs] = this.#readsOf(definition);
          waits = this.#openCount > 0;
          break;
        }
        slot = this.#slotOf(input, definition);
        if (keys === inputs && optionalName(input) !== undefined) keys = inputs.map(keyOf);
      }
      (slots as Array<number>)[i] = slot;
      waits ||= slot < 0;
    }
    const overSlot = definition.over === undefined ? lateSlot : this.#slotFor(definition.over, name);
    waits ||= definition.over !== undefined && overSlot === lateSlot;
    const log = this.#writable();
    log.nodes.push({
      path: name,
      definition,
      keys,
      slots,
      globs,
      waitsFor: waits ? this.openNodes : noNodes,
      overSlot,
      firstSlot: this.slotCount,
      outputs: provided,
    });
    for (const output of provided) {
      log.slotOf.set(output, log.owners.length);
      log.owners.push(this.nodeCount);
      log.slotNames.push(output);
    }
    if (outputs === "all") log.open.push(this.nodeCount);
    if (name !== provided[0]) (log.prefixes ??= new Map()).set(name, this.nodeCount);
    return new Draft(
      this.name,
      log,
      this.inputCount,
      this.nodeCount + 1,
      log.owners.length,
      log.open.length,
      this.#returns,
      this.#hasEmptyFamily,
    );
  }

  /**
   * All nodes of another pipeline, wired by name: its inputs mean ours, what it returns keeps its name, and its other
   * steps are hidden under its own name. `decode` gives the step that decodes an input whose schema is more than a type.
   */
  withPipeline(other: Draft, decode: (input: GraphInput) => StepDefinition | undefined): Draft {
    const hides = other.#hidesSteps();
    if (hides && this.hasName(other.name)) {
      throw this.#error(
        other.name,
        `The pipeline "${other.name}" has hidden steps, and its name is taken here: give it another name.`,
      );
    }
    const visible = other.visible().filter(([, slot]) => other.ownerOf(slot) !== -1);
    for (const [name] of visible) this.#checkNew(name, other.name);
    const aliases = other.inputs.map((input) => {
      const isOptional = acceptsUndefined(input.schema);
      return [input, this.#slotFor(input.name, other.name, isOptional)] as const;
    });
    const log = this.#writable();
    if (hides) (log.prefixes ??= new Map()).set(other.name, this.nodeCount);

    const slotMap: Array<number> = Array.from({ length: other.slotCount }, () => lateSlot);
    const openHere = this.openNodes;
    for (const [input, slot] of aliases) {
      const definition = decode(input);
      if (definition === undefined) {
        slotMap[input.slot] = slot;
        continue;
      }
      slotMap[input.slot] = log.owners.length;
      log.nodes.push({
        path: child(other.name, input.name),
        definition,
        keys: [input.name],
        slots: [slot],
        globs: noGlobs,
        waitsFor: slot < 0 ? openHere : noNodes,
        overSlot: lateSlot,
        firstSlot: log.owners.length,
        outputs: [input.name],
      });
      log.owners.push(log.nodes.length - 1);
      log.slotNames.push(undefined);
    }
    const shown = new Map(visible.map(([name, slot]) => [slot, name]));
    const offset = log.nodes.length;
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
        log.owners.push(log.nodes.length);
        log.slotNames.push(name);
      });
      if (node.definition.outputs === "all") log.open.push(log.nodes.length);
      // A name that the other pipeline has from an "all" step of its own stays late; one of its inputs may be one of ours.
      log.nodes.push({
        path: isShown ? node.path : child(other.name, node.path),
        definition: node.definition,
        keys: node.keys,
        slots: node.slots.map(here),
        globs: node.globs.map(({ glob, names, slots }) => ({ glob, names, slots: slots.map(here) })),
        waitsFor: this.#mapWaits(node, offset, openHere, aliases),
        overSlot: here(node.overSlot),
        firstSlot,
        outputs: node.outputs,
        shows: (name) => other.showsLate(i, name),
      });
    }
    return new Draft(
      this.name,
      log,
      this.inputCount,
      log.nodes.length,
      log.owners.length,
      log.open.length,
      this.#returns,
      this.#hasEmptyFamily || other.#hasEmptyFamily,
    );
  }

  withReturns(names: ReadonlyArray<string>): Draft {
    for (const name of names) {
      const mayCome = (this.isOpen || this.#hasEmptyFamily) && nameProblem(name) === undefined;
      if (this.visibleSlot(name) === undefined && !mayCome) {
        throw this.#error(
          name,
          `It cannot be returned, since no step provides it; ${available(this.visibleNames())}.`,
        );
      }
    }
    const returns: Returns = {
      names: names.length === 1 ? names : [...new Set(names)],
      fromSlot: this.slotCount,
      fromNode: this.nodeCount,
    };
    return this.#with(returns, this.#hasEmptyFamily);
  }

  /** With a family that has no member in this run: what reads it reads an empty record. */
  withEmptyFamily(): Draft {
    return this.#with(this.#returns, true);
  }

  #with(returns: Returns | undefined, hasEmptyFamily: boolean): Draft {
    const { name, inputCount, nodeCount, slotCount } = this;
    return new Draft(
      name,
      this.#log,
      inputCount,
      nodeCount,
      slotCount,
      this.#openCount,
      returns,
      hasEmptyFamily,
    );
  }

  #mapWaits(
    node: GraphNode,
    offset: number,
    openHere: ReadonlyArray<number>,
    aliases: ReadonlyArray<readonly [GraphInput, number]>,
  ): ReadonlyArray<number> {
    const own = node.waitsFor.map((index) => index + offset);
    const readsOpen = aliases.some(([input, slot]) => slot < 0 && node.keys.includes(input.name));
    return readsOpen ? [...openHere, ...own] : own;
  }

  #hidesSteps(): boolean {
    if (this.#returns === undefined) return this.#log.slotNames.slice(0, this.slotCount).includes(undefined);
    return true;
  }

  #hasPrefix(name: string): boolean {
    const at = this.#log.prefixes?.get(name);
    return at !== undefined && at < this.nodeCount;
  }

  /** The slot that a step's input means: `"b?"`, and what a schema allows to be undefined, may be missing. */
  #slotOf(input: string, { name, schemas }: StepDefinition): number {
    const optional = optionalName(input);
    if (optional !== undefined) return this.#slotFor(optional, name, true);
    const slot = this.visibleSlot(input);
    if (slot !== undefined) return slot;
    return this.#slotFor(input, name, schemas !== undefined && acceptsUndefined(schemas[input]));
  }

  #slotFor(input: string, step: string, isOptional = false): number {
    if (typeof input !== "string") throw this.#error(step, `over must be a name; got ${typed(input)}.`);
    const slot = this.visibleSlot(input);
    if (slot !== undefined) return slot;
    const problem = nameProblem(input);
    if (problem !== undefined && (isOptional || this.#openCount > 0)) throw this.#error(step, problem);
    if (isOptional) return maybeSlot;
    if (this.#openCount > 0) return lateSlot;
    const names = this.visibleNames();
    throw this.#error(
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
      if (read.slots.length > 0 || this.#openCount > 0 || this.#hasEmptyFamily) return read;
      throw this.#error(
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
    if (problem !== undefined) throw this.#error(step, problem);
    this.#checkPath(name);
  }

  #checkPath(name: string): void {
    const problem = nameProblem(name);
    if (problem !== undefined) throw this.#error(name, problem);
    if (this.hasName(name)) {
      throw this.#error(name, `The name "${name}" is already provided: give this one another name.`);
    }
  }

  #checkNew(output: string, step: string): void {
    const problem = nameProblem(output);
    if (problem !== undefined) throw this.#error(step, problem);
    const slot = this.#log.slotOf.get(output);
    if (slot !== undefined && slot < this.slotCount) {
      throw this.#error(step, `The output "${output}" is already provided: give this one another name.`);
    }
    if (this.#log.prefixes !== undefined && output === step && this.#hasPrefix(output)) {
      throw this.#error(step, `The name "${output}" is already provided: give this one another name.`);
    }
  }

  #error(step: unknown, reason: string): GraphError {
    const error = new GraphError({
      pipeline: this.name,
      step: describe(step),
      reason,
    });
    unfinished.set(error, this);
    return error;
  }

  /** The log to append to: ours, where nothing was appended after this prefix, else a copy of the prefix. */
  #writable(): Log {
    const log = this.#log;
    if (log.nodes.length === this.nodeCount && log.owners.length === this.slotCount) return log;
    const slotOf = new Map<string, number>();
    for (let slot = 0; slot < this.slotCount; slot++) {
      const name = log.slotNames[slot];
      if (name !== undefined) slotOf.set(name, slot);
    }
    return {
      inputs: log.inputs.slice(0, this.inputCount),
      nodes: log.nodes.slice(0, this.nodeCount),
      owners: log.owners.slice(0, this.slotCount),
      slotNames: log.slotNames.slice(0, this.slotCount),
      slotOf,
      open: log.open.slice(0, this.#openCount),
      prefixes: log.prefixes && new Map([...log.prefixes].filter(([, node]) => node < this.nodeCount)),
    };
  }
}
