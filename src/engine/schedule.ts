/**
 * The engine: starts each node when its inputs are there, and hands on what it gave. The hot loop of the library, and
 * the only place with mutable queues and callbacks; everything else is written for reading.
 *
 * One queue holds the ready nodes of all frames. A plain value completes in the loop. Effects are evaluated one after
 * another by one fiber (`worker.ts`), until one suspends and keeps it: most never do. A step costs 0.07 µs so, 0.15 with a
 * fiber of its own, and 0.9 with one that others join. A promise gets a callback, 0.2 µs. Nothing ever waits on a lock: a
 * node counts down what it waits for, and limits are counters.
 *
 * The hot path is `#startReady`, `#start`, `#call`, `#callPlainly`, `#provide` and `#handOn`. It makes one object for a
 * step, its context; a `Call` and a `Job` are for what does not end at once. `docs/explanation/speed.md` has the figures.
 *
 * It is over 400 lines because its parts share their state and the order in which they change it.
 */
import * as Cause from "effect/Cause";
import * as Clock from "effect/Clock";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import type { Fiber } from "effect/Fiber";
import * as Result from "effect/Result";
import type { SchedulerDispatcher } from "effect/Scheduler";
import type { ExpansionChanged, InvalidOutput, OutputNotEncodable, StoreCorrupt } from "../errors.ts";
import { ExpansionError, StepFailed, StepTimedOut, TooFewSucceeded } from "../errors.ts";
import type { PipelineEvent } from "../events.ts";
import type { StepDefinition } from "../graph/definition.ts";
import type { GraphInput } from "../graph/graph.ts";
import { stepKinds } from "../graph/kinds.ts";
import { planOf } from "../plan.ts";
import { describe } from "../values/describe.ts";
import { whenSettled } from "../values/thenable.ts";
import { blamed, thrownCause } from "./blame.ts";
import type { Graph } from "./compile.ts";
import type { ContextHost } from "./context.ts";
import { CurrentStep, RunningContext } from "./context.ts";
import { declaredInputs, named } from "./decoded.ts";
import type { RunJournal } from "../journal/run-journal.ts";
import type { Middleware, Phase } from "./executor.ts";
import { callCase, callItem, callStep, layered, returnsOf } from "./executor.ts";
import {
  directProblem,
  expandable,
  expandedOutcome,
  expansionProblem,
  itemsOf,
  lateProblem,
} from "./expand.ts";
import type { Attempt, MapState } from "./frame.ts";
import { Call, Frame, Job, noInputs, State } from "./frame.ts";
import { decodeInputs } from "./inputs.ts";
import { annotated, writeLine } from "./lines.ts";
import { missingOutput, outputsByName, readInputs } from "./outputs.ts";
import { withPolicy } from "./policy.ts";
import { Pools } from "./pools.ts";
import { Ready } from "./ready.ts";
import type { Employer } from "./worker.ts";
import { Worker } from "./worker.ts";

/** The limits of a run. */
export interface Limits {
  readonly concurrency: number;
  readonly pools: Readonly<Record<string, number>>;
  readonly maxSteps: number;
  readonly maxDepth: number;
  /** `onFailure: "finish"`: all that does not depend on a failure still runs. */
  readonly finish: boolean;
  readonly graceMillis: number;
}

/** An event without the fields that the engine fills in. */
type Told = PipelineEvent extends infer Event
  ? Event extends unknown
    ? Omit<Event, "runId" | "time">
    : never
  : never;

/** Who watches a run. Without one, nothing is recorded and no event is made. */
export interface Watcher {
  readonly event: (event: PipelineEvent) => void;
  /** Whether those who are told of events show what steps log; if not, Effect's loggers do. */
  readonly hears: boolean;
  /** A step returned a pipeline, which is about to run; undefined for a direct value. */
  readonly expanded: (path: string, subPipeline: unknown) => void;
  /** What its expansion gave, by name. */
  readonly gave: (path: string, results: Readonly<Record<string, unknown>>) => void;
  /** What every call of the run goes through. */
  readonly around?: Middleware | undefined;
  /** Given the engine before its first step. */
  readonly began?: ((engine: { readonly waiting: number }) => void) | undefined;
}

/** Picks which of `count` ready nodes is next; the first, unless a simulation explores other orders. */
export type Pick = (count: number) => number;

/** What is asked may be a proxy that throws. */
const isBareEffect = (value: unknown): value is Effect.Effect<unknown, unknown> => {
  try {
    return Effect.isEffect(value);
  } catch {
    return false;
  }
};

/** Which function of a step is called first. */
const phaseOf = ({ map }: Frame, { kind }: StepDefinition): Phase => {
  if (map !== undefined) return "each";
  switch (kind) {
    case "step":
    case "await":
    case "sleep":
      return "run";
    case "switch":
      return "choose";
    case "dynamic":
    case "map":
      return "expand";
  }
};

/** Nodes run in one turn of the event loop before timers and I/O of others get theirs. */
const nodesPerTurn = 4096;
/** And the time after which a turn ends even so, looked at every so many nodes. */
const millisPerTurn = 8;
const nodesPerLook = 32;

export class Engine implements ContextHost {
  readonly #limits: Limits;
  readonly #around: Context.Context<never>;
  #annotated: Context.Context<never> | undefined;
  readonly #employer: Employer;
  readonly #dispatcher: SchedulerDispatcher;
  readonly #clock: Clock.Clock;
  readonly #watcher: Watcher | undefined;
  readonly #durable: RunJournal | undefined;
  readonly #pick: Pick | undefined;
  readonly #newRunId: () => string;
  #runId: string | undefined;
  readonly #pools: Pools | undefined;
  #policyFor: Graph["policyFor"];

  readonly #queue = new Ready();
  /** Evaluates the Effects of plain steps, while it is in the loop itself. */
  #worker: Worker | undefined;
  /** Attempts after the first, which wait for a slot. They take turns with new nodes. */
  readonly #attempts: Array<() => void> = [];
  #isTurnOfNode = false;
  /** Frames that have nothing left to do. */
  readonly #over: Array<Frame> = [];

  #active = 0;
  #expandedSteps = 0;
  #draining = false;
  /** The time at which a step was told to have ended, until a function is called: the next one begins at that time too. */
  #justNow: number | undefined = undefined;
  #turnIsOver = false;
  #nodesThisTurn = 0;
  #turnStarted = 0;
  #failures = 0;
  readonly leaked: Array<string> = [];

  constructor(options: {
    readonly limits: Limits;
    readonly context: Context.Context<never>;
    readonly dispatcher: SchedulerDispatcher;
    readonly runId: string | undefined;
    readonly newRunId: () => string;
    readonly watcher: Watcher | undefined;
    readonly pick: Pick | undefined;
    readonly durable: RunJournal | undefined;
  }) {
    this.#limits = options.limits;
    this.#around = options.context;
    this.#employer = {
      next: (worker) => this.#startReady(worker),
      provide: (frame, index, inputs, context, value) => {
        if (frame.map === undefined || typeof value !== "object") this.#provide(frame, index, value, 1);
        else this.#gave(this.#callOf(frame, index, inputs, context), value);
      },
    };
    this.#dispatcher = options.dispatcher;
    this.#clock = Context.get(options.context, Clock.Clock);
    this.#watcher = options.watcher;
    this.#durable = options.durable;
    this.#durable?.onCommit(() => this.#drain());
    this.#pick = options.pick;
    this.#newRunId = options.newRunId;
    this.#runId = options.runId;
    const { pools } = options.limits;
    if (Object.keys(pools).length > 0)
      this.#pools = new Pools(pools, (frame, index) => this.#push(frame, index));
  }

  get runId(): string {
    this.#runId ??= this.#newRunId();
    return this.#runId;
  }

  /** What fibers of the run have: their log lines carry run and path. Made with the first one, which many runs never need. */
  get #context(): Context.Context<never> {
    this.#annotated ??= annotated(this.#around);
    return this.#annotated;
  }

  #fork<A, E>(effect: Effect.Effect<A, E>): Fiber<A, E> {
    return Effect.runForkWith(this.#context)(effect);
  }

  /** What is done for a step, so that what it logs is told by the step's path. */
  #forkWithin<A, E>(step: RunningContext, effect: Effect.Effect<A, E>): Fiber<A, E> {
    return Effect.runForkWith(Context.add(this.#context, CurrentStep, step))(effect);
  }

  /** How many nodes are ready, and wait for their turn, a slot of the limit, or one of their pool. */
  get waiting(): number {
    return this.#queue.length + this.#attempts.length + (this.#pools?.waiting ?? 0);
  }

  // -- What a run does -----------------------------------------------------------------------------------------------

  /** Runs a graph whose inputs are decoded. `done` is called once, when nothing of it is left running. */
  begin(
    graph: Graph,
    inputs: ReadonlyArray<unknown>,
    done: (exit: Exit.Exit<Record<string, unknown>, unknown>) => void,
  ): () => void {
    const frame = new Frame(graph, undefined, undefined, 0);
    const { around } = this.#watcher ?? {};
    if (around !== undefined) frame.layers = layered(undefined, [around]);
    this.#policyFor = graph.policyFor;
    this.#equip(frame, graph);
    this.#fill(frame, inputs, graph.returnSlots);
    // As it is, not inside of a closure: with one that has this call's context, V8's young collections kept whole runs
    // that were long over (20 ms each in place of 1, measured on Node 24).
    this.#finish = done as (exit: Exit.Exit<unknown, unknown>) => void;
    this.#ready(frame);
    this.#drain();
    return () => {
      if (frame.ended) return;
      this.#endEarly(frame, Cause.interrupt(), "");
      this.#drain();
    };
  }

  #finish: (exit: Exit.Exit<unknown, unknown>) => void = () => {};

  // -- The loop ------------------------------------------------------------------------------------------------------

  #push(frame: Frame, index: number): void {
    this.#queue.push(frame, index);
  }

  #drain(): void {
    if (this.#draining || this.#turnIsOver) return;
    this.#draining = true;
    this.#justNow = undefined;
    if (this.#nodesThisTurn === 0) this.#turnStarted = performance.now();
    this.#startReady(undefined);
    this.#draining = false;
  }

  /** Starts what is ready. For a worker: until it has an Effect to evaluate, which gives true. */
  #startReady(worker: Worker | undefined): boolean {
    const queue = this.#queue;
    for (;;) {
      if (this.#over.length > 0) {
        this.#frameIsOver(this.#over.pop()!);
        continue;
      }
      if (this.#active >= this.#limits.concurrency || this.#durable?.isBlocked === true) return false;
      if (this.#attempts.length > 0) {
        this.#isTurnOfNode = !this.#isTurnOfNode && queue.length > 0;
        if (!this.#isTurnOfNode) {
          this.#attempts.shift()!();
          continue;
        }
      }
      if (queue.length === 0 || this.#isTurnOver()) return false;
      if (this.#pick !== undefined) queue.bringForward(this.#pick(queue.length));
      const frame = queue.nextFrame;
      const index = queue.nextIndex;
      queue.drop();
      if (frame.ending === undefined) this.#start(frame, index);
      else this.#pools?.giveBack(frame, index);
      if (worker !== undefined && worker.hasWork) return true;
    }
  }

  /** A long run of nodes that never suspend would starve the timers and the I/O of everybody else. */
  #isTurnOver(): boolean {
    if (this.#turnIsOver) return true;
    const nodes = ++this.#nodesThisTurn;
    const isLong =
      nodes >= nodesPerTurn ||
      (nodes % nodesPerLook === 0 &&
        this.#pick === undefined &&
        performance.now() - this.#turnStarted > millisPerTurn);
    if (!isLong) return false;
    this.#turnIsOver = true;
    this.#dispatcher.scheduleTask(() => {
      this.#turnIsOver = false;
      this.#nodesThisTurn = 0;
      this.#drain();
    }, 0);
    return true;
  }

  // -- A frame: its nodes become ready, and it ends -------------------------------------------------------------------

  /** What is to happen around the calls of a graph, beside what its steps ask for. */
  #equip(frame: Frame, graph: Graph): void {
    const policyFor = this.#policyFor;
    if (graph.around !== undefined) frame.layers = layered(frame.layers, graph.around);
    if (policyFor !== undefined) frame.policies = graph.nodes.map(({ definition }) => policyFor(definition));
  }

  #fill(frame: Frame, inputs: ReadonlyArray<unknown>, keep: ReadonlyArray<number>): void {
    const graph = frame.graph!;
    for (const slot of keep) frame.reads[slot]!++;
    graph.inputs.forEach(({ slot }, i) => {
      if (frame.reads[slot]! > 0) frame.values[slot] = inputs[i];
    });
  }

  #ready(frame: Frame): void {
    if (frame.remaining === 0) this.#over.push(frame);
    else for (const root of frame.graph!.roots) this.#push(frame, root);
  }

  /** Something of the frame has ended: if that was the last, so has the frame. */
  #checkOver(frame: Frame): void {
    if (frame.ended || frame.running > 0) return;
    if (frame.ending === undefined && frame.remaining > 0) return;
    this.#over.push(frame);
  }

  #frameIsOver(frame: Frame): void {
    if (frame.ended) return;
    frame.ended = true;
    frame.endGrace?.();
    if (frame.ending !== undefined) this.#tellSkipped(frame);
    const exit = this.#outcomeOf(frame);
    const job = frame.job;
    if (job === undefined) this.#finish(exit);
    else this.#jobIsOver(job, exit);
  }

  #outcomeOf(frame: Frame): Exit.Exit<unknown, unknown> {
    if (frame.ending !== undefined) return Exit.failCause(frame.ending);
    if (frame.failures !== undefined) {
      return Exit.failCause(Cause.fromReasons(frame.failures.flatMap((cause) => cause.reasons)));
    }
    return frame.map === undefined ? this.#graphOutcome(frame) : this.#mapOutcome(frame, frame.map);
  }

  #graphOutcome(frame: Frame): Exit.Exit<unknown, unknown> {
    const graph = frame.graph!;
    const slot = this.#soleSlot(frame, graph);
    if (slot !== undefined) return Exit.succeed(frame.values[slot]);
    const results: Record<string, unknown> = {};
    graph.returnNames.forEach((name, i) => {
      const slot = graph.returnSlots[i]!;
      if (frame.reads[slot]! > 0) results[name] = frame.values[slot];
    });
    for (const name of graph.returnsLate) {
      if (frame.late?.has(name) !== true) {
        const reason = `It returns "${name}", and none of its steps with outputs "all" provided that in this run. Provide it in each branch.`;
        return Exit.fail(new ExpansionError({ path: frame.path || graph.name, reason }));
      }
    }
    for (const [name, { value, by }] of frame.late ?? []) {
      if (graph.draft.showsLate(by, name)) results[name] = value;
    }
    const { parent, parentIndex } = frame;
    if (parent === undefined) return Exit.succeed(results);
    const path = parent.pathOf(parentIndex);
    if (this.#watcher !== undefined) {
      const inputs = new Set(graph.inputs.map(({ name }) => name));
      this.#watcher.gave(
        path,
        Object.fromEntries(Object.entries(results).filter(([name]) => !inputs.has(name))),
      );
    }
    return expandedOutcome(path, parent.definitionOf(parentIndex), graph, results);
  }

  /** Where an expansion exposes one output and nobody watches, the slot of that: no record of all is made. */
  #soleSlot({ parent, parentIndex, late, reads }: Frame, graph: Graph): number | undefined {
    if (parent === undefined || late !== undefined || graph.isOpen || this.#watcher !== undefined)
      return undefined;
    const { outputs } = parent.definitionOf(parentIndex);
    if (outputs === "all" || outputs.length !== 1) return undefined;
    const slot = graph.draft.visibleSlot(outputs[0]!);
    return slot !== undefined && reads[slot]! > 0 ? slot : undefined;
  }

  #mapOutcome(frame: Frame, map: MapState): Exit.Exit<unknown, unknown> {
    const { minSuccess } = map.definition.options;
    if (minSuccess !== undefined && map.succeeded < minSuccess) {
      const path = frame.parent!.pathOf(frame.parentIndex);
      const total = map.results.length;
      return Exit.fail(new TooFewSucceeded({ path, succeeded: map.succeeded, total, minSuccess }));
    }
    return Exit.succeed(map.results);
  }

  // -- A node starts --------------------------------------------------------------------------------------------------

  #start(frame: Frame, index: number): void {
    if (this.#pools !== undefined) {
      const pool = frame.poolOf(index);
      if (pool !== undefined && !this.#pools.take(frame, index, pool)) return;
    }
    frame.states[index] = State.running;
    const map = frame.map;
    if (map !== undefined) {
      if (this.#durable !== undefined && this.#recalled(this.#durable, frame, index)) return;
      const policy = map.policy;
      if (policy === undefined) this.#call(frame, index, map.inputs, 1, undefined);
      else this.#startUnderPolicy(frame, index, map.inputs);
      return;
    }
    const graph = frame.graph!;
    const node = graph.nodes[index]!;
    const inputs = readInputs(frame, node);
    if (typeof inputs === "string") {
      this.#failed(
        frame,
        index,
        Cause.fail(new ExpansionError({ path: frame.pathOf(index), reason: inputs })),
        1,
      );
      return;
    }
    if (node.definition.kind === "map") this.#startMap(frame, index, inputs);
    else if (this.#durable !== undefined && this.#recalled(this.#durable, frame, index)) return;
    else if (frame.policies?.[index] === undefined) this.#call(frame, index, inputs, 1, undefined);
    else this.#startUnderPolicy(frame, index, inputs);
  }

  /** What an earlier part of the run recorded of a node takes the place of running it. */
  #recalled(durable: RunJournal, frame: Frame, index: number): boolean {
    const recalled = durable.replay(frame, index);
    if (recalled === undefined) return false;
    if (this.#watcher !== undefined) {
      this.#tell({ type: "step.recalled", path: frame.pathOf(index), attempt: 0 });
    }
    if (recalled.type === "value") this.#handOn(frame, index, recalled.value, 0);
    else if (recalled.type === "failure") this.#collect(frame, index, recalled.error);
    else this.#abort(frame, recalled.problem, frame.pathOf(index));
    return true;
  }

  /** What cannot be gone on with, whatever the pipeline says about failures: it ends the run as a whole. */
  #abort(frame: Frame, problem: ExpansionChanged | StoreCorrupt, path: string): void {
    let root = frame;
    while (root.parent !== undefined) root = root.parent;
    this.#endEarly(root, Cause.fail(problem), path);
  }

  #startMap(frame: Frame, index: number, inputs: Record<string, unknown>): void {
    const node = frame.graph!.nodes[index]!;
    const path = this.#watcher === undefined ? "" : frame.pathOf(index);
    this.#tell({ type: "expansion.started", path, attempt: 1 });
    const most = this.#limits.maxSteps - this.#expandedSteps;
    const over = itemsOf(frame, node, () => frame.pathOf(index), most);
    if (over instanceof ExpansionError) {
      this.#failed(frame, index, Cause.fail(over), 1);
      return;
    }
    const { count, items, keys } = over;
    const tooMany = this.#countExpanded(count, {
      get path() {
        return frame.pathOf(index);
      },
    });
    if (tooMany !== undefined) {
      this.#failed(frame, index, Cause.fail(tooMany), 1);
      return;
    }
    const map: MapState = {
      definition: node.definition,
      items,
      keys,
      inputs,
      results: new Array<unknown>(count),
      policy: frame.policies?.[index],
      next: 0,
      succeeded: 0,
    };
    this.#tell({ type: "expansion.expanded", path, attempt: 1, plan: undefined, items: count });
    const child = new Frame(undefined, map, frame, index);
    this.#enter(child, new Job(frame, index, undefined));
    const begin = (): void => {
      const atOnce = Math.min(count, node.definition.options.concurrency ?? Infinity);
      for (; map.next < atOnce; map.next++) this.#push(child, map.next);
      if (count === 0) this.#over.push(child);
    };
    if (this.#durable === undefined) {
      begin();
    } else {
      const at = frame.pathOf(index);
      this.#beginOnceKept(child, at, (done) => this.#durable!.expandMap(at, count, keys, done), begin);
    }
  }

  /** The steps of an expansion start once it is recorded, so that a resumed run knows of every step that ran. */
  #beginOnceKept(
    child: Frame,
    path: string,
    keep: (done: () => void) => ExpansionChanged | undefined,
    begin: () => void,
  ): void {
    const changed = keep(() => {
      if (child.ending === undefined) begin();
    });
    if (changed !== undefined) this.#abort(child, changed, path);
  }

  #enter(child: Frame, job: Job): void {
    child.job = job;
    job.child = child;
    child.lent = this.#pools?.lend(job.frame, job.index);
    this.#addJob(job);
  }

  #startUnderPolicy(frame: Frame, index: number, inputs: Record<string, unknown>): void {
    const path = frame.pathOf(index);
    const job = new Job(frame, index, undefined);
    this.#addJob(job);
    const effect = withPolicy(
      frame.policyOf(index)!,
      path,
      (attempt) => {
        job.attempt = attempt;
        return this.#attempt(frame, index, inputs, attempt);
      },
      (attempt, error, delayMillis) =>
        this.#tell({ type: "step.retried", path, attempt, error, delayMillis }),
    );
    const fiber = this.#forkWithin(
      new RunningContext(this, frame, index, 1),
      this.#durable === undefined ? effect : this.#fromCache(this.#durable, frame, index, inputs, effect),
    );
    job.fiber = fiber;
    fiber.addObserver((exit) => {
      // The policy's own functions may throw too: `while`, or a Schedule.
      const mine = { path, phase: "run" } as const;
      this.#jobIsOver(job, Exit.isSuccess(exit) ? exit : Exit.failCause(blamed(exit.cause, mine)));
    });
  }

  /** What an earlier run computed of a step takes the place of its attempts, where the step allows it. */
  #fromCache(
    durable: RunJournal,
    frame: Frame,
    index: number,
    inputs: Readonly<Record<string, unknown>>,
    effect: Effect.Effect<unknown, unknown>,
  ): Effect.Effect<unknown, unknown> {
    const definition = frame.definitionOf(index);
    if (definition.options.cache === undefined) return effect;
    return Effect.suspend(() => {
      const item = frame.map === undefined ? undefined : { value: frame.map.items[index] };
      return durable.cached(definition, frame.pathOf(index), inputs, item, effect, (told) =>
        this.#tell({ ...told, attempt: 0 }),
      );
    });
  }

  /** One attempt, as an Effect: it waits for a slot of the limit, and its interruption waits for the step to end. */
  #attempt(
    frame: Frame,
    index: number,
    inputs: Record<string, unknown>,
    count: number,
  ): Effect.Effect<unknown, unknown> {
    return Effect.callback((resume) => {
      let hasStarted = false;
      let hasEnded = false;
      let whenEnded: (() => void) | undefined;
      let timer: Fiber<void> | undefined;
      let timedOut: StepTimedOut | undefined;
      const attempt: Attempt = {
        job: undefined,
        done: (exit) => {
          hasEnded = true;
          timer?.interruptUnsafe();
          resume(timedOut === undefined ? exit : Exit.fail(timedOut));
          whenEnded?.();
        },
      };
      const { timeoutMillis } = frame.policyOf(index)!;
      const limit = (millis: number): void => {
        timer = this.#fork(Effect.sleep(millis));
        timer.addObserver((exit) => {
          if (Exit.isFailure(exit) || hasEnded) return;
          timedOut = new StepTimedOut({ path: frame.pathOf(index), timeoutMillis: millis });
          if (attempt.job !== undefined) this.#cancel(attempt.job);
          this.#drain();
        });
      };
      const start = (): void => {
        if (frame.ending !== undefined) return; // The interruption of this Effect is on its way.
        hasStarted = true;
        this.#call(frame, index, inputs, count, attempt);
        if (timeoutMillis !== undefined && !hasEnded) limit(timeoutMillis);
      };
      if (this.#active < this.#limits.concurrency) {
        start();
        this.#drain();
      } else {
        this.#attempts.push(start);
      }
      return Effect.callback<void>((ended) => {
        const waiting = this.#attempts.indexOf(start);
        if (waiting !== -1) this.#attempts.splice(waiting, 1);
        if (hasEnded || !hasStarted) {
          ended(Effect.void);
          return;
        }
        whenEnded = () => ended(Effect.void);
        if (attempt.job !== undefined) this.#cancel(attempt.job);
        this.#drain();
      });
    });
  }

  // -- A user's function is called, and what it gives is looked at ---------------------------------------------------

  #call(
    frame: Frame,
    index: number,
    inputs: Readonly<Record<string, unknown>>,
    count: number,
    attempt: Attempt | undefined,
  ): void {
    const map = frame.map;
    const definition = map === undefined ? frame.graph!.nodes[index]!.definition : map.definition;
    const phase = phaseOf(frame, definition);
    if (this.#watcher !== undefined) {
      const type = phase === "run" || map !== undefined ? "step.started" : "expansion.started";
      this.#tellStarted(type, frame.pathOf(index), count);
    }
    const isPlain = phase === "run" || (map !== undefined && frame.grown === undefined);
    if (isPlain && attempt === undefined && definition.schemas === undefined) {
      this.#callPlainly(frame, index, inputs, definition);
      return;
    }
    const call = new Call(this, frame, index, inputs, count, attempt, phase);
    if (definition.schemas === undefined) this.#invoke(call, inputs);
    else
      this.#decode(call, declaredInputs(definition), (values) =>
        this.#invoke(call, named(definition, values)),
      );
  }

  /**
   * A plain step, or an item of a map, with nothing around it, which most are: only what does not end at once becomes a
   * `Call`.
   */
  #callPlainly(
    frame: Frame,
    index: number,
    inputs: Readonly<Record<string, unknown>>,
    definition: StepDefinition,
  ): void {
    const context = new RunningContext(this, frame, index, 1);
    const { map, layers } = frame;
    let value: unknown;
    try {
      if (layers !== undefined)
        value = this.#execute(this.#callOf(frame, index, inputs, context), inputs, undefined);
      else if (map === undefined) value = callStep(definition, inputs, context);
      else value = callItem(definition, map.items[index], inputs, context);
    } catch (thrown) {
      this.#threw(this.#callOf(frame, index, inputs, context), thrown);
      return;
    }
    if (typeof value !== "function" && (typeof value !== "object" || value === null)) {
      this.#provide(frame, index, value, 1);
    } else if (isBareEffect(value)) {
      if (this.#worker === undefined) this.#employ(frame, index, inputs, context, value);
      else this.#worker.take(frame, index, inputs, context, value);
    } else {
      this.#received(this.#callOf(frame, index, inputs, context), value);
    }
  }

  #callOf(
    frame: Frame,
    index: number,
    inputs: Readonly<Record<string, unknown>>,
    context: RunningContext,
  ): Call {
    const phase = frame.map === undefined ? "run" : "each";
    return new Call(this, frame, index, inputs, 1, undefined, phase, context);
  }

  /** Forks a worker, which evaluates this Effect and those of the steps that are ready after it. */
  #employ(
    frame: Frame,
    index: number,
    inputs: Readonly<Record<string, unknown>>,
    context: RunningContext,
    effect: Effect.Effect<unknown, unknown>,
  ): void {
    const worker = new Worker(this.#employer, this.#context);
    worker.take(frame, index, inputs, context, effect);
    this.#worker = worker;
    const fiber = this.#fork(worker.program);
    this.#worker = undefined;
    if (worker.frame === undefined) return; // All that were ready have ended.
    // A step suspended, failed, or left children that end with the fiber.
    worker.isLast = true;
    const call = this.#callOf(worker.frame, worker.index, worker.inputs!, worker.context!);
    const exit = fiber.pollUnsafe();
    if (exit !== undefined) {
      this.#exited(call, Exit.isSuccess(exit) ? Exit.succeed(worker.value) : exit);
      return;
    }
    const job = this.#newLeaf(call);
    job.fiber = fiber;
    fiber.addObserver((ended) =>
      this.#leafIsOver(job, call, Exit.isSuccess(ended) ? Exit.succeed(worker.value) : ended),
    );
  }

  #invoke(call: Call, inputs: Readonly<Record<string, unknown>>): void {
    const { map, layers } = call.frame;
    let value: unknown;
    try {
      if (layers !== undefined) value = this.#execute(call, inputs, undefined);
      else if (map === undefined) value = callStep(call.definition, inputs, call.context);
      else value = callItem(map.definition, map.items[call.index], inputs, call.context);
    } catch (thrown) {
      this.#threw(call, thrown);
      return;
    }
    this.#received(call, value);
  }

  /** Performs a call through the middleware of its frame. */
  #execute(
    { frame, index, path, count, context, phase, definition }: Call,
    inputs: Readonly<Record<string, unknown>>,
    choice: string | undefined,
  ): unknown {
    const item = frame.map?.items[index];
    return frame.layers!.execute({ definition, path, attempt: count, inputs, item, choice, context, phase });
  }

  #received(call: Call, value: unknown): void {
    if ((typeof value === "object" && value !== null) || typeof value === "function") {
      try {
        if (isBareEffect(value)) {
          if (Exit.isExit(value)) this.#exited(call, value);
          else this.#forkStep(call, value);
          return;
        }
        if (typeof (value as PromiseLike<unknown>).then === "function") {
          this.#awaitPromise(call, value as PromiseLike<unknown>);
          return;
        }
      } catch (thrown) {
        this.#threw(call, thrown);
        return;
      }
    }
    this.#gave(call, value);
  }

  #exited(call: Call, exit: Exit.Exit<unknown, unknown>): void {
    if (Exit.isSuccess(exit)) this.#gave(call, exit.value);
    else this.#endedAtOnce(call, Exit.failCause(blamed(exit.cause, call)));
  }

  #forkStep(call: Call, effect: Effect.Effect<unknown, unknown>): void {
    const fiber = this.#forkWithin(call.context, effect);
    const exit = fiber.pollUnsafe();
    if (exit !== undefined) {
      this.#exited(call, exit);
      return;
    }
    const job = this.#newLeaf(call);
    job.fiber = fiber;
    fiber.addObserver((ended) => this.#leafIsOver(job, call, ended));
  }

  #awaitPromise(call: Call, thenable: PromiseLike<unknown>): void {
    // The job is made when `then` has been called: if that throws, nothing is under way.
    whenSettled(
      thenable,
      (value) => this.#promised(job, call, value),
      (thrown) =>
        this.#leafIsOver(
          job,
          call,
          job.cancelled ? Exit.interrupt() : Exit.failCause(thrownCause(call, thrown)),
        ),
    );
    const job = this.#newLeaf(call);
  }

  /** A promise was fulfilled: with an Effect, it may be, which is then run in its place. */
  #promised(job: Job, call: Call, value: unknown): void {
    if (job.settled || job.cancelled || job.frame.ending !== undefined || !isBareEffect(value)) {
      this.#leafIsOver(job, call, Exit.succeed(value));
      return;
    }
    this.#removeJob(job);
    this.#received(call, value);
    this.#drain();
  }

  #newLeaf(call: Call): Job {
    const job = new Job(call.frame, call.index, call);
    // A step that waits for the outside may wait for days: nobody else should wait for it.
    if (stepKinds[call.definition.kind].returns !== "wait") {
      job.takesSlot = true;
      this.#active++;
    }
    this.#addJob(job);
    return job;
  }

  #leafIsOver(job: Job, call: Call, exit: Exit.Exit<unknown, unknown>): void {
    if (job.settled) return;
    if (
      Exit.isSuccess(exit) &&
      returnsOf[call.phase] !== "output" &&
      !job.cancelled &&
      job.frame.ending === undefined
    ) {
      this.#removeJob(job);
      this.#gave(call, exit.value);
    } else if (
      Exit.isSuccess(exit) &&
      returnsOf[call.phase] !== "output" &&
      (this.#durable === undefined || expandable(exit.value) !== undefined || call.phase === "choose")
    ) {
      // What it gave is not looked at any more; but with a store, a value that is an outcome is recorded.
      this.#jobIsOver(job, Exit.interrupt());
    } else if (Exit.isSuccess(exit) || job.cancelled) {
      this.#jobIsOver(job, exit);
    } else {
      this.#jobIsOver(job, Exit.failCause(blamed(exit.cause, call)));
    }
    this.#drain();
  }

  #threw(call: Call, thrown: unknown): void {
    this.#endedAtOnce(call, Exit.failCause(thrownCause(call, thrown)));
  }

  /** A function has given a value, at once or in the end: it is the outcome, or a choice, or perhaps a pipeline. */
  #gave(call: Call, value: unknown): void {
    switch (returnsOf[call.phase]) {
      case "output":
        if (call.attempt === undefined) this.#provide(call.frame, call.index, value, call.count);
        else call.attempt.done(Exit.succeed(value));
        return;
      case "choice":
        return this.#choose(call, value);
      case "expansion":
        return this.#expand(call, value);
    }
  }

  #choose(call: Call, literal: unknown): void {
    const cases = call.definition.cases!;
    const key = typeof literal === "number" || typeof literal === "boolean" ? String(literal) : literal;
    call.phase = "case";
    if (typeof key !== "string" || !Object.hasOwn(cases, key)) {
      const known = Object.keys(cases)
        .map((name) => `"${name}"`)
        .join(", ");
      const chosen = describe(key);
      const reason = `Its choice is "${chosen}", and the cases are ${known}. Add a case "${chosen}".`;
      this.#endedAtOnce(call, Exit.fail(new ExpansionError({ path: call.path, reason })));
      return;
    }
    let value: unknown;
    try {
      value =
        call.frame.layers === undefined
          ? callCase(call.definition, key, call.inputs, call.context)
          : this.#execute(call, call.inputs, key);
    } catch (thrown) {
      this.#threw(call, thrown);
      return;
    }
    this.#received(call, value);
  }

  #expand(call: Call, value: unknown): void {
    const graph = expandable(value);
    if (graph === undefined) {
      this.#expandDirectly(call, value);
      return;
    }
    const problem =
      this.#depthProblem(call) ??
      this.#countExpanded(graph.nodes.length, call) ??
      expansionProblem(call, graph);
    if (problem !== undefined) {
      this.#endedAtOnce(call, Exit.fail(problem));
      return;
    }
    if (graph.inputs.length === 0) {
      this.#enterGraph(call, value, graph, []);
      return;
    }
    this.#decode(call, graph.inputs, (inputs) => this.#enterGraph(call, value, graph, inputs));
  }

  /** Decodes what a call was given, and goes on: at once where no schema makes it wait. */
  #decode(
    call: Call,
    declared: ReadonlyArray<GraphInput>,
    goOn: (values: ReadonlyArray<unknown>) => void,
  ): void {
    const decoding = decodeInputs(declared, call.inputs, call.path);
    if (Exit.isExit(decoding) && Exit.isSuccess(decoding)) {
      goOn(decoding.value as ReadonlyArray<unknown>);
      return;
    }
    const fiber = this.#forkWithin(call.context, decoding);
    const job = this.#newLeaf(call);
    job.fiber = fiber;
    fiber.addObserver((exit) => {
      if (job.settled) return;
      if (Exit.isSuccess(exit) && !job.cancelled && job.frame.ending === undefined) {
        this.#removeJob(job);
        goOn(exit.value);
      } else {
        this.#jobIsOver(job, exit);
      }
      this.#drain();
    });
  }

  #expandDirectly(call: Call, value: unknown): void {
    let problem: ExpansionError | undefined;
    try {
      problem = call.isItem ? undefined : directProblem(call, value);
    } catch (thrown) {
      this.#threw(call, thrown);
      return;
    }
    if (problem !== undefined) {
      this.#endedAtOnce(call, Exit.fail(problem));
      return;
    }
    if (call.frame.grown !== undefined) call.frame.grown[call.index] = 0;
    if (this.#watcher !== undefined && !call.isItem) {
      this.#tell({ type: "expansion.expanded", path: call.path, attempt: call.count, plan: undefined });
      this.#watcher.expanded(call.path, undefined);
      this.#watcher.gave(call.path, outputsByName(call.definition, value));
    }
    this.#endedAtOnce(call, Exit.succeed(value));
  }

  #enterGraph(call: Call, pipeline: unknown, graph: Graph, inputs: ReadonlyArray<unknown>): void {
    if (this.#watcher !== undefined) {
      const { path, count } = call;
      this.#tell({ type: "expansion.expanded", path, attempt: count, plan: planOf(graph.draft, path) });
      this.#watcher.expanded(path, pipeline);
    }
    const child = new Frame(graph, undefined, call.frame, call.index);
    this.#equip(child, graph);
    this.#fill(child, inputs, this.#kept(call, graph));
    call.inputs = noInputs;
    this.#enter(child, new Job(call.frame, call.index, call));
    if (this.#durable === undefined) {
      this.#ready(child);
    } else {
      const keep = (done: () => void) => this.#durable!.expand(call, graph, done);
      this.#beginOnceKept(child, call.path, keep, () => this.#ready(child));
    }
  }

  /** Which outputs of a sub-pipeline are kept until it ends: all where somebody watches, else those that it exposes. */
  #kept({ definition }: Call, graph: Graph): ReadonlyArray<number> {
    if (this.#watcher !== undefined || definition.outputs === "all") return graph.returnSlots;
    const kept: Array<number> = [];
    for (const name of definition.outputs) {
      const slot = graph.draft.visibleSlot(name);
      if (slot !== undefined) kept.push(slot);
    }
    return kept;
  }

  #depthProblem(call: Call): ExpansionError | undefined {
    const { frame } = call;
    const { maxDepth } = this.#limits;
    if (frame.depth < maxDepth) return undefined;
    const reason = `It would nest ${frame.depth + 1} deep, and maxDepth is ${maxDepth}. Does it expand for ever? If not, give the run a larger maxDepth.`;
    return new ExpansionError({ path: call.path, reason });
  }

  #countExpanded(steps: number, node: { readonly path: string }): ExpansionError | undefined {
    const { maxSteps } = this.#limits;
    if (this.#expandedSteps + steps <= maxSteps) {
      this.#expandedSteps += steps;
      return undefined;
    }
    const reason = `Its ${steps} steps would make ${this.#expandedSteps + steps} that were expanded in this run, and maxSteps is ${maxSteps}. Give the run a larger maxSteps if that is meant.`;
    return new ExpansionError({ path: node.path, reason });
  }

  // -- A node ends ----------------------------------------------------------------------------------------------------

  /** A call has ended that is no job, or not any more. */
  #endedAtOnce({ frame, index, attempt, count }: Call, exit: Exit.Exit<unknown, unknown>): void {
    if (attempt !== undefined) attempt.done(exit);
    else if (Exit.isSuccess(exit)) this.#provide(frame, index, exit.value, count);
    else this.#failed(frame, index, exit.cause, count);
  }

  #jobIsOver(job: Job, exit: Exit.Exit<unknown, unknown>): void {
    if (job.settled) return;
    this.#removeJob(job);
    const { frame, index, call } = job;
    if (call !== undefined) this.#endedAtOnce(call, exit);
    else if (Exit.isSuccess(exit)) this.#provide(frame, index, exit.value, job.attempt);
    else this.#failed(frame, index, exit.cause, job.attempt);
    this.#checkOver(frame);
    this.#drain();
  }

  #addJob(job: Job): void {
    job.frame.addJob(job);
    if (job.call?.attempt !== undefined) job.call.attempt.job = job;
  }

  #removeJob(job: Job): void {
    job.settled = true;
    job.endGrace?.();
    job.frame.removeJob(job);
    if (job.takesSlot) this.#active--;
  }

  /** The outcome of a node is recorded, where there is a store, and handed on. */
  #provide(frame: Frame, index: number, value: unknown, attempt: number): void {
    if (this.#durable === undefined) this.#handOn(frame, index, value, attempt);
    else this.#handOnOnceKept(this.#durable, frame, index, value, attempt);
  }

  #handOnOnceKept(durable: RunJournal, frame: Frame, index: number, value: unknown, attempt: number): void {
    let kept: boolean | OutputNotEncodable | InvalidOutput | StepFailed | undefined;
    // The work is done: what remains is a commit, which needs no slot.
    if (this.#pools !== undefined) this.#pools.giveBack(frame, index);
    try {
      const { outputs } = frame.definitionOf(index);
      if (frame.map === undefined && outputs !== "all" && outputs.length > 1) {
        kept = missingOutput(frame, index, value);
      }
      kept ??= durable.keep(frame, index, value, attempt, () => {
        if (frame.ended) return;
        if (frame.map === undefined) this.#handOn(frame, index, value, attempt);
        else this.#provideItem(frame, frame.map, index, value, attempt, true);
      });
    } catch (thrown) {
      kept = new StepFailed({ path: frame.pathOf(index), cause: thrown }); // A getter threw.
    }
    if (kept === false) this.#handOn(frame, index, value, attempt);
    else if (kept !== true) this.#failed(frame, index, Cause.fail(kept), attempt);
    else if (frame.map !== undefined && frame.ending === undefined) this.#nextItem(frame, frame.map);
  }

  /** The outcome of a node goes to those that read it. */
  #handOn(frame: Frame, index: number, value: unknown, attempt: number): void {
    if (frame.map !== undefined) {
      this.#provideItem(frame, frame.map, index, value, attempt);
      return;
    }
    const graph = frame.graph!;
    const node = graph.nodes[index]!;
    const { outputs, firstSlot, definition } = node;
    if (outputs.length === 1) {
      if (frame.reads[firstSlot]! > 0) frame.values[firstSlot] = value;
    } else {
      let problem: unknown;
      try {
        problem =
          definition.outputs === "all"
            ? this.#provideLate(frame, index, value as Record<string, unknown>)
            : this.#provideSeveral(frame, index, value as Record<string, unknown>);
      } catch (thrown) {
        problem = new StepFailed({ path: frame.pathOf(index), cause: thrown }); // A getter threw.
      }
      if (problem !== undefined) {
        this.#failed(frame, index, Cause.fail(problem), attempt);
        return;
      }
    }
    frame.states[index] = State.succeeded;
    if (this.#pools !== undefined) this.#pools.giveBack(frame, index);
    if (this.#watcher !== undefined) this.#tellProvided(frame, index, value, attempt);
    const { readersFrom, readers } = graph;
    const until = readersFrom[index + 1]!;
    for (let edge = readersFrom[index]!; edge < until; edge++) {
      const reader = readers[edge]!;
      if (--frame.waits[reader]! === 0 && frame.states[reader] === State.waiting) this.#push(frame, reader);
    }
    if (--frame.remaining === 0) this.#checkOver(frame);
  }

  #provideSeveral(frame: Frame, index: number, value: Record<string, unknown>): InvalidOutput | undefined {
    const { outputs, firstSlot } = frame.graph!.nodes[index]!;
    const problem = missingOutput(frame, index, value);
    if (problem !== undefined) return problem;
    for (let k = 0; k < outputs.length; k++) {
      const slot = firstSlot + k;
      if (frame.reads[slot]! > 0) frame.values[slot] = value[outputs[k]!];
    }
    return undefined;
  }

  /** Outputs of an "all" step, whose names nobody knew before. */
  #provideLate(frame: Frame, index: number, value: Record<string, unknown>): ExpansionError | undefined {
    // What a fallback gave, or an "all" step inside of the expansion, nobody has looked at yet.
    const reason = lateProblem(frame, value);
    if (reason !== undefined) return new ExpansionError({ path: frame.pathOf(index), reason });
    frame.late ??= new Map();
    for (const name of Object.keys(value)) frame.late.set(name, { value: value[name], by: index });
    return undefined;
  }

  #provideItem(
    frame: Frame,
    map: MapState,
    index: number,
    value: unknown,
    attempt: number,
    hasNext = false,
  ): void {
    const collects = map.definition.options.failures === "collect";
    map.results[index] = collects ? Result.succeed(value) : value;
    map.succeeded++;
    frame.states[index] = State.succeeded;
    if (this.#pools !== undefined) this.#pools.giveBack(frame, index);
    if (this.#watcher !== undefined) {
      const path = frame.pathOf(index);
      this.#tellSucceeded(path, attempt, outputsByName(map.definition, value));
    }
    this.#itemIsOver(frame, map, hasNext);
  }

  /** `hasNext`: the next item has been started in place of this one, when this one's work was done. */
  #itemIsOver(frame: Frame, map: MapState, hasNext = false): void {
    if (!hasNext) this.#nextItem(frame, map);
    if (--frame.remaining === 0) this.#checkOver(frame);
  }

  #nextItem(frame: Frame, map: MapState): void {
    if (map.next < map.results.length) this.#push(frame, map.next++);
  }

  // -- A node fails ---------------------------------------------------------------------------------------------------

  #failed(frame: Frame, index: number, cause: Cause.Cause<unknown>, attempt: number): void {
    frame.states[index] = State.failed;
    if (this.#pools !== undefined) this.#pools.giveBack(frame, index);
    if (this.#watcher !== undefined || this.#durable !== undefined) {
      this.#tellFailed(frame, index, cause, attempt);
    }
    if (frame.ending !== undefined) return;
    const map = frame.map;
    const interrupted = Cause.hasInterruptsOnly(cause);
    if (map !== undefined && map.definition.options.failures === "collect" && !interrupted) {
      const error = Cause.squash(cause);
      if (this.#durable === undefined) this.#collect(frame, index, error);
      else
        this.#durable.keepFailure(frame, index, error, attempt, () => {
          if (!frame.ended) this.#collect(frame, index, error);
        });
    } else if (this.#limits.finish && !interrupted) {
      (frame.failures ??= []).push(cause);
      if (map !== undefined) this.#itemIsOver(frame, map);
      else this.#skipReaders(frame, index);
    } else {
      this.#failure(
        frame,
        cause,
        this.#failures++ === 0 || this.#watcher !== undefined ? frame.pathOf(index) : "",
      );
    }
  }

  /** An item has failed in a map that goes on without it. */
  #collect(frame: Frame, index: number, error: unknown): void {
    frame.states[index] = State.failed;
    if (this.#pools !== undefined) this.#pools.giveBack(frame, index);
    const map = frame.map!;
    map.results[index] = Result.fail(error);
    this.#itemIsOver(frame, map);
  }

  /** What reads a failed step cannot run, nor what reads that, and so on; the rest of the frame goes on. */
  #skipReaders(frame: Frame, failed: number): void {
    const { readers, readersFrom } = frame.graph!;
    const because = this.#watcher === undefined ? "" : frame.pathOf(failed);
    const stack = [failed];
    for (let index = stack.pop(); index !== undefined; index = stack.pop()) {
      for (let edge = readersFrom[index]!; edge < readersFrom[index + 1]!; edge++) {
        const reader = readers[edge]!;
        if (frame.states[reader] !== State.waiting) continue;
        frame.states[reader] = State.skipped;
        frame.remaining--;
        stack.push(reader);
        if (this.#watcher !== undefined) {
          this.#tell({ type: "step.skipped", path: frame.pathOf(reader), attempt: 0, because });
        }
      }
    }
    if (--frame.remaining === 0) this.#checkOver(frame);
  }

  /** The first failure of a frame ends it, and every frame above up to one that has a use for the failure. */
  #failure(frame: Frame, cause: Cause.Cause<unknown>, path: string): void {
    let top = frame;
    for (;;) {
      const parent = top.parent;
      const isCaught =
        parent === undefined ||
        top.job!.call?.attempt !== undefined ||
        parent.ending !== undefined ||
        (parent.map !== undefined && parent.map.definition.options.failures === "collect");
      if (isCaught) break;
      top = parent;
    }
    this.#endEarly(top, cause, path);
    for (let inner: Frame | undefined = frame; inner !== undefined && inner !== top; inner = inner.parent) {
      inner.ending = cause;
      inner.endingPath = path;
    }
  }

  /** Ends a frame with all that runs inside of it. */
  #endEarly(frame: Frame, cause: Cause.Cause<unknown>, path: string): void {
    if (frame.ending !== undefined) return;
    frame.ending = cause;
    frame.endingPath = path;
    const inside = frame.jobsWithin();
    for (const { child } of inside) {
      if (child === undefined || child.ending !== undefined) continue;
      child.ending = Cause.interrupt();
      child.endingPath = path;
    }
    for (const job of inside) this.#stop(job);
    for (const { child } of inside) if (child !== undefined) this.#checkOver(child);
    this.#checkOver(frame);
    if (!frame.ended && frame.running > 0) {
      frame.endGrace = this.#afterGrace(() => frame.jobsWithin());
    }
  }

  /** Stops one job, by itself: its attempt took too long. */
  #cancel(job: Job): void {
    if (job.child !== undefined) {
      this.#endEarly(job.child, Cause.interrupt(), job.frame.pathOf(job.index));
      return;
    }
    this.#stop(job);
    if (!job.settled) job.endGrace ??= this.#afterGrace(() => [job]);
  }

  #stop(job: Job): void {
    if (job.settled || job.cancelled) return;
    job.cancelled = true;
    job.call?.abort();
    job.fiber?.interruptUnsafe();
  }

  /** After the grace period, jobs that are still there are abandoned and told. */
  #afterGrace(remaining: () => ReadonlyArray<Job>): () => void {
    const fiber = this.#fork(Effect.sleep(this.#limits.graceMillis));
    fiber.addObserver((exit) => {
      if (Exit.isFailure(exit)) return;
      for (const job of remaining()) {
        if (job.settled || job.child !== undefined) continue;
        if (job.call !== undefined) {
          const { path, count } = job.call;
          this.leaked.push(path);
          this.#tell({ type: "step.leaked", path, attempt: count });
        }
        this.#jobIsOver(job, Exit.interrupt());
      }
      this.#drain();
    });
    return () => fiber.interruptUnsafe();
  }

  // -- Telling --------------------------------------------------------------------------------------------------------

  log(step: RunningContext, message: ReadonlyArray<unknown>): void {
    const { path, attempt } = step;
    this.#tell({ type: "step.logged", path, attempt, message });
    if (this.#watcher?.hears !== true) writeLine(Context.add(this.#context, CurrentStep, step), message);
  }

  progress(path: string, attempt: number, fraction: number, note: string | undefined): void {
    this.#tell({ type: "step.progressed", path, attempt, fraction, note });
  }

  #tell(told: Told): void {
    if (this.#watcher === undefined && this.#durable === undefined) return;
    this.#tellWhole({ ...told, runId: this.runId, time: this.#clock.currentTimeMillisUnsafe() });
  }

  #tellWhole(event: PipelineEvent): void {
    this.#watcher?.event(event);
    this.#durable?.tell(event);
  }

  /** The two events of every step are made at once: putting a record together of two costs as much as the rest. */
  #tellSucceeded(path: string, attempt: number, outputs: Record<string, unknown>): void {
    const time = this.#clock.currentTimeMillisUnsafe();
    this.#justNow = time;
    this.#tellWhole({ type: "step.succeeded", path, attempt, outputs, runId: this.runId, time });
  }

  #tellStarted(type: "step.started" | "expansion.started", path: string, attempt: number): void {
    const time = this.#justNow ?? this.#clock.currentTimeMillisUnsafe();
    this.#justNow = undefined;
    this.#tellWhole({ type, path, attempt, runId: this.runId, time });
  }

  #tellProvided(frame: Frame, index: number, value: unknown, attempt: number): void {
    const definition = frame.definitionOf(index);
    const path = frame.pathOf(index);
    if (stepKinds[definition.kind].events === "step") {
      this.#tellSucceeded(path, attempt, outputsByName(definition, value));
    } else {
      this.#tell({ type: "expansion.succeeded", path, attempt, outputs: outputsByName(definition, value) });
    }
  }

  #tellFailed(frame: Frame, index: number, cause: Cause.Cause<unknown>, attempt: number): void {
    const path = frame.pathOf(index);
    const isStep = frame.map !== undefined || stepKinds[frame.definitionOf(index).kind].events === "step";
    if (Cause.hasInterruptsOnly(cause)) {
      if (!this.leaked.includes(path)) this.#tell({ type: "step.interrupted", path, attempt });
      return;
    }
    const error = Cause.squash(cause);
    this.#tell({ type: isStep ? "step.failed" : "expansion.failed", path, attempt, error });
  }

  #tellSkipped(frame: Frame): void {
    if (this.#watcher === undefined) return;
    const because = frame.endingPath;
    frame.states.forEach((state, index) => {
      if (state === State.waiting) {
        this.#tell({ type: "step.skipped", path: frame.pathOf(index), attempt: 0, because });
      }
    });
  }
}
