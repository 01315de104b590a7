/**
 * The engine: starts each node when its inputs are available, and passes its outputs on. This file is the hot loop of the
 * library: one queue of ready nodes, from which a node is taken, called, and its readers counted down. Everything else is in
 * separate rooms (`core.ts` lists them).
 *
 * One queue holds the ready nodes of all frames. A plain value completes in the loop. Effects are evaluated one after
 * another by one fiber (`worker.ts`), until one suspends and keeps it: most never do. A step then costs 0.07 µs, 0.15 with its
 * own fiber, and 0.9 with one that others join. A promise gets a callback, 0.2 µs. Nothing ever waits on a lock: each node
 * counts down what it waits for, and limits are counters.
 *
 * The hot path is `#startReady`, `#start`, `#startPlainly`, `#countDown`; with more around a step, also `#call`, `#callPlainly`,
 * `provide`, `handOn`. It creates one object for a step, its context; a `Call` and a `Job` are for those that do not end at once.
 */
import * as Cause from "effect/Cause";
import * as Clock from "effect/Clock";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import type * as Exit from "effect/Exit";
import type { Fiber } from "effect/Fiber";
import { ExpansionError } from "../errors.ts";
import type { StepDefinition } from "../graph/definition.ts";
import { Attempts } from "./attempts.ts";
import { Calls, isBareEffect } from "./calls.ts";
import type { Graph } from "./graph.ts";
import { CurrentStep, RunningContext } from "./context.ts";
import type { Core, EngineOptions } from "./core.ts";
import type { RunJournal } from "../journal/run-journal.ts";
import { Emitter } from "./emitter.ts";
import { Employment } from "./employment.ts";
import { Compensations } from "./compensations.ts";
import type { Middleware } from "./executor.ts";
import { callStep, layersOfRun } from "./executor.ts";
import { Expansions } from "./expansions.ts";
import { Failures } from "./failures.ts";
import { Frame, State } from "./frame.ts";
import { Frames } from "./frames.ts";
import { Jobs } from "./jobs.ts";
import type { Limits } from "./limits.ts";
import { ExpansionBudget } from "./limits.ts";
import { annotated, writeLine } from "./lines.ts";
import { Loops } from "./loops.ts";
import { Maps } from "./maps.ts";
import type { Members } from "./members.ts";
import { callMember } from "./members.ts";
import { returnsOutput, roomOf } from "./loop-kinds.ts";
import { readInputs, storeSeveral } from "./outputs.ts";
import { PoolSlots } from "./pool-slots.ts";
import { Races } from "./races.ts";
import type { Pick } from "./ready.ts";
import { Ready } from "./ready.ts";
import { Records } from "./records.ts";
import { Turn } from "./turn.ts";
import type { Worker } from "./worker.ts";

type Inputs = Readonly<Record<string, unknown>>;

export class Engine implements Core {
  readonly limits: Limits;
  readonly clock: Clock.Clock;
  readonly exploresOrders: boolean;
  readonly emitter: Emitter;
  readonly journal: RunJournal | undefined;
  readonly workers: Middleware | undefined;
  readonly pools: PoolSlots;
  readonly budget: ExpansionBudget;
  policyFor: Graph["policyFor"];

  readonly frames: Frames;
  readonly jobs: Jobs;
  readonly attempts: Attempts;
  readonly calls: Calls;
  readonly expansions: Expansions;
  readonly maps: Maps;
  readonly loops: Loops;
  readonly races: Races;
  readonly records: Records;
  readonly failures: Failures;
  readonly compensations: Compensations;

  readonly #around: Context.Context<never>;
  #annotated: Context.Context<never> | undefined;
  readonly #newRunId: () => string;
  #runId: string | undefined;

  readonly #queue: Ready;
  readonly #pick: Pick | undefined;
  readonly #turn: Turn;
  /** Frames with nothing left to do. */
  readonly #over: Array<Frame> = [];
  #draining = false;
  readonly #employment: Employment;
  #finish: (exit: Exit.Exit<unknown, unknown>) => void = () => {};
  root: Frame | undefined = undefined;

  constructor(options: EngineOptions) {
    const { limits, context, dispatcher, watcher, durable, pick } = options;
    this.limits = limits;
    this.#around = context;
    this.#newRunId = options.newRunId;
    this.#runId = options.runId;
    this.journal = durable;
    this.workers = options.workers;
    this.journal?.onCommit(() => this.drain());
    this.clock = Context.get(context, Clock.Clock);
    this.emitter = new Emitter(watcher, durable, this.clock, this);
    this.budget = new ExpansionBudget(limits);
    this.pools = new PoolSlots(this);
    this.#pick = pick;
    this.exploresOrders = pick !== undefined;
    this.#queue = new Ready(!this.exploresOrders);
    this.#turn = new Turn(dispatcher, pick === undefined, () => this.drain());
    const contextOfFibers = (): Context.Context<never> => this.#context;
    this.#employment = new Employment(this, contextOfFibers, (worker) => this.#startReady(worker));
    this.frames = new Frames(this, (exit) => {
      this.pools.close(exit);
      this.#finish(exit);
    });
    this.jobs = new Jobs(this);
    this.attempts = new Attempts(this);
    this.calls = new Calls(this);
    this.expansions = new Expansions(this);
    this.maps = new Maps(this);
    this.loops = new Loops(this);
    this.races = new Races(this);
    this.records = new Records(this);
    this.failures = new Failures(this);
    this.compensations = new Compensations(this);
  }

  get runId(): string {
    this.#runId ??= this.#newRunId();
    return this.#runId;
  }

  /** The context of the run's fibers: their log lines carry run and path. Created with the first one, which many runs never need. */
  get #context(): Context.Context<never> {
    this.#annotated ??= annotated(this.#around);
    return this.#annotated;
  }

  fork<A, E>(effect: Effect.Effect<A, E>): Fiber<A, E> {
    return Effect.runForkWith(this.#context)(effect);
  }

  forkWithin<A, E>(step: RunningContext, effect: Effect.Effect<A, E>): Fiber<A, E> {
    return Effect.runForkWith(Context.add(this.#context, CurrentStep, step))(effect);
  }

  log(step: RunningContext, message: ReadonlyArray<unknown>): void {
    const { path, attempt } = step;
    this.emitter.emit({ type: "step.logged", path, attempt, message });
    if (this.emitter.watcher?.logsEvents === true || this.emitter.isQuiet) return;
    writeLine(Context.add(this.#context, CurrentStep, step), message);
  }

  /** The number of ready nodes that wait for their turn, a slot of the limit, or one of their pool. */
  get waiting(): number {
    return this.#queue.total + this.maps.waiting + this.attempts.waiting + this.pools.waiting;
  }

  /**
   * Runs a graph whose inputs are decoded. `done` is called once, when nothing is left running. Returns a function
   * that interrupts the run.
   */
  begin(
    graph: Graph,
    inputs: ReadonlyArray<unknown>,
    done: (exit: Exit.Exit<Record<string, unknown>, unknown>) => void,
  ): (reason?: unknown, compensates?: boolean) => void {
    const frame = new Frame(graph, undefined, undefined, 0);
    this.root = frame;
    frame.layers = layersOfRun(this.emitter.watcher?.around, this.workers);
    this.policyFor = graph.policyFor;
    if (graph.pools !== undefined) this.pools.admit(graph.pools);
    this.frames.equip(frame, graph);
    this.frames.setInputs(frame, inputs, graph.returnSlots);
    // As it is, not in a closure: with this call's context V8's young collections kept whole runs (20 ms each instead of 1).
    this.#finish = done as (exit: Exit.Exit<unknown, unknown>) => void;
    if (!this.compensations.begins(frame, inputs)) this.frames.ready(frame);
    this.drain();
    return (reason, compensates = false) => {
      if (frame.ended || this.compensations.interrupt(reason, compensates)) return;
      if (frame.isFinalizing) this.failures.limitFinals(frame);
      this.failures.endEarly(frame, Cause.interrupt(), "", reason);
      this.drain();
    };
  }

  // -- The loop ------------------------------------------------------------------------------------------------------

  push(frame: Frame, index: number): void {
    this.#queue.push(frame, index);
  }

  pushOver(frame: Frame): void {
    this.#over.push(frame);
  }

  drain(): void {
    if (this.#draining || this.#turn.isOver) return;
    this.#draining = true;
    this.emitter.timePasses();
    this.#turn.begin();
    this.#startReady(undefined);
    this.#draining = false;
  }

  /** Starts ready nodes. For a worker: until it has an Effect to evaluate, then returns true. */
  #startReady(worker: Worker | undefined): boolean {
    const queue = this.#queue;
    const { attempts, jobs, journal } = this;
    const { concurrency } = this.limits;
    for (;;) {
      if (this.#over.length > 0) {
        this.frames.end(this.#over.pop()!);
        continue;
      }
      if (jobs.active >= concurrency || journal?.isBlocked === true) return false;
      if (attempts.waiting > 0 && attempts.takeTurn(queue.total > 0)) continue;
      if ((queue.length === 0 && !queue.refill()) || this.#turn.endsBefore()) return false;
      if (this.#pick !== undefined) queue.bringForward(this.#pick(queue.length));
      const frame = queue.nextFrame;
      const index = queue.nextIndex;
      queue.drop();
      if (frame.ending === undefined || frame.mayStillStart(index)) {
        // Before the start, which may start a fiber that takes everything that is ready.
        if (frame.isFed) this.maps.feed(frame);
        this.#start(frame, index);
      } else {
        this.pools.giveBack(frame, index);
      }
      if (worker !== undefined && worker.hasWork) return true;
    }
  }

  #start(frame: Frame, index: number): void {
    if (
      frame.isPlain &&
      this.emitter.watcher === undefined &&
      frame.graph!.nodes[index]!.definition.isPlain
    ) {
      this.#startPlainly(frame, index);
      return;
    }
    if (frame.hasPools && !this.pools.mayStart(frame, index)) return;
    frame.states[index] = State.running;
    const map = frame.map;
    if (map !== undefined) {
      if (this.journal !== undefined && this.records.replays(this.journal, frame, index)) return;
      if (map.policy === undefined) this.#call(frame, index, map.inputs);
      else this.attempts.start(frame, index, map.inputs);
      return;
    }
    const node = frame.graph!.nodes[index]!;
    const inputs = readInputs(frame, node);
    if (typeof inputs === "string") {
      this.#unreadable(frame, index, inputs);
      return;
    }
    if (frame.read !== undefined) frame.read[index] = inputs;
    const room = roomOf(node.definition.kind);
    if (room !== undefined) this[room].start(frame, index, inputs);
    else if (this.journal !== undefined && this.records.replays(this.journal, frame, index)) return;
    else if (frame.policies?.[index] === undefined) this.#call(frame, index, inputs);
    else this.attempts.start(frame, index, inputs);
  }

  #unreadable(frame: Frame, index: number, reason: string): void {
    const error = new ExpansionError({ path: frame.pathOf(index), reason });
    this.failures.failed(frame, index, Cause.fail(error), 1);
  }

  /** Starts a step with only names and a function, no middleware and no watchers: most steps. */
  #startPlainly(frame: Frame, index: number): void {
    frame.states[index] = State.running;
    const node = frame.graph!.nodes[index]!;
    const inputs = readInputs(frame, node);
    if (typeof inputs === "string") {
      this.#unreadable(frame, index, inputs);
      return;
    }
    const context = new RunningContext(this, frame, index, 1);
    let value: unknown;
    try {
      value = callStep(node.definition, inputs, context);
    } catch (thrown) {
      this.calls.threw(this.calls.callOf(frame, index, inputs, context), thrown);
      return;
    }
    if (typeof value !== "function" && (typeof value !== "object" || value === null)) {
      const { firstSlot } = node;
      if (frame.reads[firstSlot]! > 0) frame.values[firstSlot] = value;
      frame.states[index] = State.succeeded;
      this.#countDown(frame, index);
    } else {
      this.#returned(frame, index, inputs, context, value);
    }
  }

  /** The one call of a step without a policy. */
  #call(frame: Frame, index: number, inputs: Inputs): void {
    const definition = frame.map === undefined ? frame.graph!.nodes[index]!.definition : frame.map.definition;
    if (this.emitter.watcher !== undefined) this.emitter.started(frame, index, frame.firstAttempt);
    const isPlain = frame.map === undefined ? returnsOutput(definition.kind) : frame.grown === undefined;
    if (isPlain && definition.schemas === undefined) this.#callPlainly(frame, index, inputs, definition);
    else this.calls.begin(frame, index, inputs, 1, undefined);
  }

  /**
   * Calls a plain step, or an item of a map, without middleware, as most are: only a call that does not end immediately
   * becomes a `Call`.
   */
  #callPlainly(frame: Frame, index: number, inputs: Inputs, definition: StepDefinition): void {
    const context = frame.contextOf(this, index, 1);
    const { map, layers } = frame;
    let value: unknown;
    try {
      if (layers !== undefined) {
        value = layers.execute(this.calls.callOf(frame, index, inputs, context).asStepCall(inputs));
      } else if (map === undefined) {
        value = callStep(definition, inputs, context);
      } else {
        value = callMember(map, index, inputs, context);
      }
    } catch (thrown) {
      this.calls.threw(this.calls.callOf(frame, index, inputs, context), thrown);
      return;
    }
    if (typeof value !== "function" && (typeof value !== "object" || value === null)) {
      this.provide(frame, index, value, 1);
    } else {
      this.#returned(frame, index, inputs, context, value);
    }
  }

  /** A function returned something other than a plain value. */
  #returned(
    frame: Frame,
    index: number,
    inputs: Inputs,
    context: RunningContext,
    value: object | ((...parameters: ReadonlyArray<never>) => unknown),
  ): void {
    if (isBareEffect(value)) this.#employment.take(frame, index, inputs, context, value);
    else this.calls.returned(this.calls.callOf(frame, index, inputs, context), value);
  }

  provide(frame: Frame, index: number, value: unknown, attempt: number): void {
    // For a race, its winner and its output are recorded.
    if (this.journal === undefined || frame.map?.type === "contenders")
      this.handOn(frame, index, value, attempt);
    else this.records.provide(this.journal, frame, index, value, attempt);
  }

  #handOnMember(frame: Frame, members: Members, index: number, value: unknown, attempt: number): void {
    switch (members.type) {
      case "items":
        return this.maps.provideItem(frame, members, index, value, attempt);
      case "turns":
        return this.loops.turnIsOver(frame, members, value, attempt);
      case "contenders":
        return this.races.contenderSucceeded(frame, members, index, value);
    }
  }

  handOn(frame: Frame, index: number, value: unknown, attempt: number): void {
    if (frame.map !== undefined) {
      this.#handOnMember(frame, frame.map, index, value, attempt);
      return;
    }
    const graph = frame.graph!;
    const { outputs, firstSlot } = graph.nodes[index]!;
    if (outputs.length === 1) {
      if (frame.reads[firstSlot]! > 0) frame.values[firstSlot] = value;
    } else {
      const problem = storeSeveral(frame, index, value);
      if (problem !== undefined) {
        this.failures.failed(frame, index, Cause.fail(problem), attempt);
        return;
      }
    }
    frame.states[index] = State.succeeded;
    if (frame.read !== undefined) this.compensations.note(frame, index, value, attempt);
    if (frame.hasPools) this.pools.giveBack(frame, index);
    if (this.emitter.watcher !== undefined) this.emitter.succeeded(frame, index, value, attempt);
    if (value === false && graph.guarded?.has(index) === true) this.frames.skipGuarded(frame, index);
    this.#countDown(frame, index);
  }

  /** Counts its readers down, and starts those that wait for nothing else. */
  #countDown(frame: Frame, index: number): void {
    const { readersFrom, readers } = frame.graph!;
    const until = readersFrom[index + 1]!;
    for (let edge = readersFrom[index]!; edge < until; edge++) {
      const reader = readers[edge]!;
      if (--frame.waits[reader]! === 0 && frame.states[reader] === State.waiting) this.push(frame, reader);
    }
    if (--frame.remaining === 0 || frame.isFinalizing) this.frames.checkOver(frame);
  }
}
