/**
 * The state of a run. A `Frame` is one graph, or the items of one map, while it runs: the live values, and what
 * each node still waits for. A run has one for its pipeline, and one for each expansion that is under way.
 * A `Job` is a node of a frame that has started and not ended.
 */
import type * as Cause from "effect/Cause";
import type * as Exit from "effect/Exit";
import type * as Fiber from "effect/Fiber";
import type { StepDefinition } from "../graph/definition.ts";
import { hasOptionsForEach } from "../graph/kinds.ts";
import { poolNameOf } from "../graph/pool.ts";
import type { Graph } from "./graph.ts";
import type { ContextHost, Place } from "./context.ts";
import { RunningContext } from "./context.ts";
import type { Layers, StepCall } from "./executor.ts";
import type { Phase } from "./phase.ts";
import { firstPhase } from "./phase.ts";
import type { Members } from "./members.ts";
import { countOf, memberPhase } from "./members.ts";
import type { Policy } from "./policy.ts";
import { item, prefixOf } from "../path.ts";
import type { Given } from "../journal/cache.ts";

/** The states of a node of a frame. */
export const State = { waiting: 0, running: 1, succeeded: 2, failed: 3, skipped: 4 } as const;

/** An output whose name was not known before the run, and the node that provided it. */
export interface Late {
  readonly value: unknown;
  readonly by: number;
}

export class Frame implements Place {
  readonly graph: Graph | undefined;
  /** Instead of a graph: the members of a map, a loop or a race. */
  readonly map: Members | undefined;
  /** The frame that this one was expanded from. */
  readonly parent: Frame | undefined;
  readonly parentIndex: number;
  /** For the expansion of a turn: its number, since the loop may be at another turn when the path is read. */
  readonly turn: number | undefined;
  readonly depth: number;
  /** The middleware that calls go through; undefined: none. */
  layers: Layers | undefined;
  /** Its steps have no middleware, and nothing is kept of them: set by `Frames.equip`. */
  isPlain = false;
  /** For each node, its retry, timeout and the like. */
  policies: Graph["policies"];
  /** Do any of its nodes name a pool? */
  readonly hasPools: boolean;
  /** The job, in the parent, that ends when this frame ends. */
  job: Job | undefined = undefined;

  readonly values: Array<unknown>;
  readonly waits: Array<number>;
  readonly reads: Array<number>;
  readonly states: Array<number>;
  /** Nodes that have neither ended nor been skipped. */
  remaining: number;
  /** Jobs that are under way in this frame: how many, and the first of their list. */
  running = 0;
  #firstJob: Job | undefined = undefined;

  /** Why the frame is to end early; nothing new starts in it. */
  ending: Cause.Cause<unknown> | undefined = undefined;
  /** The path that failed, which is why others were skipped. */
  endingPath = "";
  ended = false;
  /** It has ended early, and its `finally` steps run. */
  isFinalizing = false;
  /** With `finally` steps: why nodes have no output. */
  errors: Map<number, unknown> | undefined = undefined;
  /** With `onFailure: "finish"`: all failures in this frame. */
  failures: Array<Cause.Cause<unknown>> | undefined = undefined;
  /** The outputs of "all" steps, by name. */
  late: Map<string, Late> | undefined = undefined;
  /** For a map: one of its items is in the queue, and the next follows it there when it starts. */
  isFed = false;
  /** For a map: one of its items has become a graph. */
  hasGrown = false;
  /** Ends the wait for steps that ignore their interruption. */
  endGrace: (() => void) | undefined = undefined;

  /** If a step has a compensation: the inputs of each node of a graph. */
  readonly read: Array<Readonly<Record<string, unknown>>> | undefined;

  /** With a store: nodes whose work is done and whose record is not yet committed. */
  uncommitted: Map<number, { readonly value: unknown; readonly attempt: number }> | undefined = undefined;
  /** With a store: when each node started, and which of them have expanded. */
  began: Float64Array | undefined = undefined;
  grown: Uint8Array | undefined = undefined;
  /** With a store: by node, the keys of the items that a map with `enough` has chosen, until that is recorded. */
  chosen: Map<number, ReadonlyArray<string>> | undefined = undefined;
  /** With a store: the text of each value that a schema that cannot encode has decoded, by node, until it is recorded. */
  undecoded: Map<number, string> | undefined = undefined;
  /** With a store or workers: the values that this frame's expansion received, for the keys of cached steps and for workers. */
  given: Given | undefined = undefined;

  /** If the run is watched: the paths of the nodes, the same strings as in the plan that was reported. */
  paths: ReadonlyArray<string> | undefined = undefined;
  #prefix: string | undefined;

  constructor(
    graph: Graph | undefined,
    map: Members | undefined,
    parent: Frame | undefined,
    parentIndex: number,
  ) {
    this.graph = graph;
    this.map = map;
    this.parent = parent;
    this.parentIndex = parentIndex;
    this.turn = parent?.map?.type === "turns" ? parent.map.turn : undefined;
    this.layers = parent?.layers;
    this.policies = graph?.policies;
    this.hasPools = (graph === undefined ? map!.definition.options.pool : graph.pools) !== undefined;
    const compensates =
      graph === undefined ? map!.definition.options.compensate !== undefined : graph.compensates;
    this.read = compensates ? [] : undefined;
    // A map and the sub-pipelines of its items together count as one level.
    this.depth = parent === undefined ? 0 : parent.depth + (map === undefined ? 1 : 0);
    if (graph !== undefined) {
      this.values = new Array<unknown>(graph.slotCount);
      this.waits = graph.waitCounts.slice();
      this.reads = graph.readCounts.slice();
      this.remaining = graph.nodes.length;
    } else {
      this.values = none;
      this.waits = noCounts;
      this.reads = noCounts;
      this.remaining = countOf(map!);
    }
    const { remaining } = this;
    this.states = new Array<number>(remaining);
    for (let i = 0; i < remaining; i++) this.states[i] = State.waiting;
  }

  get isCounted(): boolean {
    return this.map?.type === "items";
  }

  hasEnded(index: number): boolean {
    return this.states[index]! > State.running;
  }

  /** The step that node `index` of this frame runs. All items of a map run the same one. */
  definitionOf(index: number): StepDefinition {
    return this.map === undefined ? this.graph!.nodes[index]!.definition : this.map.definition;
  }

  policyOf(index: number): Policy | undefined {
    if (this.map !== undefined) return this.map.policy;
    // A map's policy applies to each of its items.
    return hasOptionsForEach(this.definitionOf(index).kind) ? undefined : this.policies?.[index];
  }

  /** The name of the pool that node `index` takes a slot of. */
  poolOf(index: number): string | undefined {
    if (!this.hasPools || this.map?.type === "contenders") return undefined;
    const { kind, options } = this.definitionOf(index);
    // A map's pool applies to each of its items.
    const isForEach = this.map === undefined && hasOptionsForEach(kind);
    return options.pool === undefined || isForEach ? undefined : poolNameOf(options.pool);
  }

  pathOf(index: number): string {
    const { map } = this;
    if (map === undefined) return this.paths?.[index] ?? this.prefix + this.graph!.nodes[index]!.path;
    if (map.type === "turns") return item(this.prefix, map.turn);
    return item(this.prefix, map.keys === undefined ? index : map.keys[index]!);
  }

  /** The argument of a member in addition to its inputs: its item, or the state of the loop, as the only element. */
  givenTo(index: number): ReadonlyArray<unknown> {
    switch (this.map?.type) {
      case "items":
        return [this.map.items[index]];
      case "turns":
        return [this.map.state];
      case "contenders":
      case undefined:
        return [];
    }
  }

  /** The attempt number of a node's first call: for contenders, that of their race, since the race is retried. */
  get firstAttempt(): number {
    return this.map?.type === "contenders" ? this.map.attempt : 1;
  }

  /** For a contender: its name. */
  contenderOf(index: number): string | undefined {
    return this.map?.type === "contenders" ? this.map.keys[index] : undefined;
  }

  /** The context of a call of this node: its path does not change with the turn that its loop is at. */
  contextOf(host: ContextHost, index: number, attempt: number): RunningContext {
    const { map } = this;
    if (map === undefined || map.type === "items") return new RunningContext(host, this, index, attempt);
    return map.type === "turns"
      ? new RunningContext(host, map, map.turn, attempt)
      : new RunningContext(host, this, index, map.attempt);
  }

  /** The path that expanded to this frame; empty for the run's own. */
  get path(): string {
    const { parent, parentIndex, turn } = this;
    if (parent === undefined) return "";
    return turn === undefined ? parent.pathOf(parentIndex) : item(parent.prefix, turn);
  }

  /** The prefix of the paths of this frame. Computed without recursion, since frames can nest to any depth. */
  get prefix(): string {
    if (this.#prefix !== undefined) return this.#prefix;
    const chain: Array<Frame> = [];
    let frame: Frame | undefined = this;
    while (frame !== undefined && frame.#prefix === undefined) {
      chain.push(frame);
      frame = frame.parent;
    }
    for (const next of chain.toReversed()) {
      if (next.parent === undefined) next.#prefix = "";
      else {
        const { path } = next;
        next.#prefix = next.map === undefined ? prefixOf(path) : path;
      }
    }
    return this.#prefix as unknown as string;
  }

  /** Is this a `finally` step? It runs even if the frame ends early. */
  isFinal(index: number): boolean {
    return this.map === undefined && this.definitionOf(index).kind === "finally";
  }

  /** May this node start, although the frame has ended early? */
  mayStillStart(index: number): boolean {
    return this.isFinalizing && this.states[index] === State.waiting && this.isFinal(index);
  }

  addJob(job: Job): void {
    this.running++;
    job.next = this.#firstJob;
    if (this.#firstJob !== undefined) this.#firstJob.previous = job;
    this.#firstJob = job;
  }

  removeJob(job: Job): void {
    this.running--;
    if (job.previous === undefined) this.#firstJob = job.next;
    else job.previous.next = job.next;
    if (job.next !== undefined) job.next.previous = job.previous;
    job.previous = undefined;
    job.next = undefined;
  }

  /** The jobs of this frame alone. */
  jobs(): ReadonlyArray<Job> {
    const found: Array<Job> = [];
    for (let job = this.#firstJob; job !== undefined; job = job.next) found.push(job);
    return found;
  }

  /** The jobs of this frame and of all its expansions. A copy, since handling a job changes the lists. */
  jobsWithin(): ReadonlyArray<Job> {
    const found: Array<Job> = [];
    const frames: Array<Frame> = [this];
    for (let frame = frames.pop(); frame !== undefined; frame = frames.pop()) {
      for (const job of frame.jobs()) {
        found.push(job);
        if (job.child !== undefined) frames.push(job.child);
      }
    }
    return found;
  }
}

export const noInputs: Readonly<Record<string, unknown>> = Object.freeze({});
const none: Array<unknown> = [];
const noCounts: Array<number> = [];

/** One attempt of a step under a policy: `done` receives the outcome instead of the graph. */
export interface Attempt {
  job: Job | undefined;
  readonly done: (exit: Exit.Exit<unknown, unknown>) => void;
  /** With a timeout: called when the function starts, if that is not immediately. */
  began?: (() => void) | undefined;
}

/** A call of a step that is under way. */
export class Call {
  readonly host: ContextHost;
  readonly frame: Frame;
  readonly index: number;
  /** Dropped when they have been passed on to a sub-pipeline. */
  inputs: Readonly<Record<string, unknown>>;
  /** For a switch that has chosen: its case. For a contender: its name. */
  choice: string | undefined;
  /** Which attempt this is, from 1. */
  readonly count: number;
  readonly attempt: Attempt | undefined;
  /** The error of all attempts, if this is the expansion of a fallback. */
  failure: { readonly error: unknown } | undefined = undefined;
  /** Which of the step's functions was called last. */
  phase: Phase;
  readonly context: RunningContext;

  constructor(
    host: ContextHost,
    frame: Frame,
    index: number,
    inputs: Readonly<Record<string, unknown>>,
    count: number,
    attempt: Attempt | undefined,
    context?: RunningContext,
  ) {
    this.host = host;
    this.frame = frame;
    this.index = index;
    this.inputs = inputs;
    this.count = frame.map?.type === "contenders" ? frame.map.attempt : count;
    this.attempt = attempt;
    this.phase =
      frame.map === undefined ? firstPhase[frame.definitionOf(index).kind] : memberPhase[frame.map.type];
    this.choice = frame.contenderOf(index);
    this.context = context ?? frame.contextOf(host, index, count);
  }

  get path(): string {
    return this.frame.pathOf(this.index);
  }

  get definition(): StepDefinition {
    return this.frame.definitionOf(this.index);
  }

  /** The call as data, for middleware. */
  asStepCall(inputs: StepCall["inputs"]): StepCall {
    const { definition, path, choice, context, phase, frame, index } = this;
    const [item] = frame.givenTo(index);
    const began = this.attempt?.began;
    const { attempt } = context;
    return { definition, path, attempt, inputs, item, choice, context, phase, frame, index, began };
  }

  get isItem(): boolean {
    return this.frame.map !== undefined;
  }

  abort(reason: unknown): void {
    RunningContext.abort(this.context, reason);
  }
}

/**
 * Work that has started and not ended: a promise, a fiber, a policy around attempts, or an expansion's frame. Jobs of a
 * frame are in a linked list, so starting and ending one costs a few assignments, and interruption finds all.
 */
export class Job {
  previous: Job | undefined = undefined;
  next: Job | undefined = undefined;
  readonly frame: Frame;
  readonly index: number;
  /** Undefined for a policy, which covers all attempts, and for a map. */
  readonly call: Call | undefined;
  fiber: Fiber.Fiber<unknown, unknown> | undefined = undefined;
  /** For an expansion: the frame that runs. */
  child: Frame | undefined = undefined;
  /** Does it count against the concurrency limit? A user's function that is under way does. */
  takesSlot = false;
  settled = false;
  cancelled = false;
  /** The attempt that is under way, or was the last. */
  attempt = 1;
  /** Ends the wait for a step that ignores its cancellation. */
  endGrace: (() => void) | undefined = undefined;

  constructor(frame: Frame, index: number, call: Call | undefined) {
    this.frame = frame;
    this.index = index;
    this.call = call;
  }
}
