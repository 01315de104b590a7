/**
 * The shared state of the engine's rooms, and the interface of each. `Engine` (`engine.ts`) is the hot loop and holds
 * the rooms; each room is a class in its own file, and knows the others only by these interfaces.
 */
import type * as Cause from "effect/Cause";
import type { Clock } from "effect/Clock";
import type { Context } from "effect/Context";
import type { Effect } from "effect/Effect";
import type { Exit } from "effect/Exit";
import type { Fiber } from "effect/Fiber";
import type { SchedulerDispatcher } from "effect/Scheduler";
import type { ExpansionChanged, StoreCorrupt, TooFewSucceeded } from "../errors.ts";
import type { GraphInput } from "../graph/node.ts";
import type { Graph } from "./graph.ts";
import type { ContextHost, RunningContext } from "./context.ts";
import type { RunJournal } from "../journal/run-journal.ts";
import type { Emitter, Watcher } from "./emitter.ts";
import type { Middleware } from "./executor.ts";
import type { Attempt, Call, Frame, Job } from "./frame.ts";
import type { LoopState, MapState, RaceState } from "./members.ts";
import type { ExpansionBudget, Limits } from "./limits.ts";
import type { PoolUse } from "./pool-names.ts";
import type { Journaled } from "./policy.ts";
import type { Pick } from "./ready.ts";

type Inputs = Readonly<Record<string, unknown>>;

/** The arguments of an engine. */
export interface EngineOptions {
  readonly limits: Limits;
  /** The context of the run's fibers. */
  readonly context: Context<never>;
  readonly dispatcher: SchedulerDispatcher;
  readonly runId: string | undefined;
  /** Creates the run's id when it is needed. */
  readonly newRunId: () => string;
  readonly watcher: Watcher | undefined;
  readonly pick: Pick | undefined;
  readonly durable: RunJournal | undefined;
  readonly workers: Middleware | undefined;
}

export interface Core extends ContextHost {
  readonly limits: Limits;
  readonly clock: Clock;
  /** A simulation picks which ready node is next, so it must see all of them. */
  readonly exploresOrders: boolean;
  readonly emitter: Emitter;
  readonly journal: RunJournal | undefined;
  /** Executes steps elsewhere; undefined: the run has no workers. */
  readonly workers: Middleware | undefined;
  readonly pools: PoolRoom;
  readonly budget: ExpansionBudget;
  readonly policyFor: Graph["policyFor"];

  readonly frames: FrameRoom;
  readonly jobs: JobRoom;
  readonly attempts: AttemptRoom;
  readonly calls: CallRoom;
  readonly expansions: ExpansionRoom;
  readonly maps: MapRoom;
  readonly loops: LoopRoom;
  readonly races: RaceRoom;
  readonly records: RecordRoom;
  readonly failures: FailureRoom;
  readonly compensations: CompensationRoom;

  /** Puts a node that is ready at the end of the queue. */
  readonly push: (frame: Frame, index: number) => void;
  /** A frame has nothing left to do: the loop ends it. */
  readonly pushOver: (frame: Frame) => void;
  /** Starts every node that can start. Called after everything that wakes the engine. */
  readonly drain: () => void;
  /** Provides the output of a node: records it, if there is a store, and passes it on. */
  readonly provide: (frame: Frame, index: number, value: unknown, attempt: number) => void;
  /** Passes the output of a node to its readers. */
  readonly handOn: (frame: Frame, index: number, value: unknown, attempt: number) => void;

  /** Runs one of the engine's own Effects in the run's context. */
  readonly fork: <A, E>(effect: Effect<A, E>) => Fiber<A, E>;
  /** Runs an Effect for a step, whose log lines carry the step's path. */
  readonly forkWithin: <A, E>(step: RunningContext, effect: Effect<A, E>) => Fiber<A, E>;
}

/** Frames begin and end. */
export interface FrameRoom {
  readonly enter: (child: Frame, job: Job) => void;
  /** Puts inputs into their slots; `keep`: slots whose values outlive their last reader. */
  readonly setInputs: (frame: Frame, inputs: ReadonlyArray<unknown>, keep: ReadonlyArray<number>) => void;
  readonly ready: (frame: Frame) => void;
  readonly equip: (frame: Frame, graph: Graph) => void;
  /** Something in the frame has ended: if it was the last, so has the frame. */
  readonly checkOver: (frame: Frame) => void;
  /** The condition at a node does not hold: the nodes under it are skipped. */
  readonly skipGuarded: (frame: Frame, index: number) => void;
  /** A node has ended without an output: nodes that can do without it no longer wait for it. */
  readonly passOver: (frame: Frame, index: number) => void;
}

/** What is under way. */
export interface JobRoom {
  readonly active: number;
  readonly newLeaf: (call: Call) => Job;
  readonly add: (job: Job) => void;
  readonly remove: (job: Job) => void;
  readonly isOver: (job: Job, exit: Exit<unknown, unknown>) => void;
  readonly leafIsOver: (job: Job, call: Call, exit: Exit<unknown, unknown>) => void;
  /** A call that is not, or no longer, a job has ended. */
  readonly callIsOver: (call: Call, exit: Exit<unknown, unknown>) => void;
}

/** Steps with a policy. */
export interface AttemptRoom {
  readonly start: (frame: Frame, index: number, inputs: Inputs) => void;
}

/** Calls users' functions, and handles their results. */
export interface CallRoom {
  readonly begin: (
    frame: Frame,
    index: number,
    inputs: Inputs,
    count: number,
    attempt: Attempt | undefined,
  ) => void;
  /** The call of a step that began in the hot loop and did not end there. */
  readonly callOf: (frame: Frame, index: number, inputs: Inputs, context: RunningContext) => Call;
  /** The Effect that a function returned has ended. */
  readonly exited: (call: Call, exit: Exit<unknown, unknown>) => void;
  /** A function returned this: a value, a Promise or an Effect. */
  readonly returned: (call: Call, value: unknown) => void;
  /** The result of a function has resolved to this value. */
  readonly resolved: (call: Call, value: unknown) => void;
  readonly threw: (call: Call, thrown: unknown) => void;
  readonly decode: (
    call: Call,
    declared: ReadonlyArray<GraphInput>,
    next: (values: ReadonlyArray<unknown>) => void,
  ) => void;
}

/** Values that may be pipelines, and choices. */
export interface ExpansionRoom {
  readonly expand: (call: Call, value: unknown) => void;
  readonly choose: (call: Call, literal: unknown) => void;
}

export interface MapRoom {
  readonly start: (frame: Frame, index: number, inputs: Record<string, unknown>) => void;
  readonly provideItem: (
    frame: Frame,
    map: MapState,
    index: number,
    value: unknown,
    attempt: number,
    hasNext?: boolean,
  ) => void;
  readonly itemIsOver: (frame: Frame, map: MapState) => void;
  /** An item of a map with `enough` has failed: returns an error if too few are left. */
  readonly tolerate: (frame: Frame, map: MapState) => TooFewSucceeded | undefined;
  readonly nextItem: (frame: Frame, map: MapState) => void;
  /** A map's frame has ended, perhaps with items that never started. */
  readonly ended: (map: MapState) => void;
}

export interface LoopRoom {
  readonly start: (frame: Frame, index: number, inputs: Inputs) => void;
  readonly begin: (call: Call, state: unknown) => void;
  readonly turnIsOver: (frame: Frame, loop: LoopState, state: unknown, attempt: number) => void;
  readonly turnFailed: (frame: Frame) => void;
}

export interface RaceRoom {
  readonly start: (call: Call) => void;
  readonly contenderSucceeded: (frame: Frame, race: RaceState, index: number, value: unknown) => void;
  readonly contenderFailed: (
    frame: Frame,
    race: RaceState,
    index: number,
    cause: Cause.Cause<unknown>,
  ) => void;
}

/** Slots of pools: only nodes of a frame that `hasPools` can hold one. */
export interface PoolRoom {
  /** A graph is about to run: returns the problem with the pools that its steps name, in one sentence. */
  readonly admit: (uses: ReadonlyArray<PoolUse>) => string | undefined;
  /** Takes a slot of the node's pool. Returns false if the node must wait; it is woken when it holds one. */
  readonly take: (frame: Frame, index: number, pool: string, wake: () => void) => boolean;
  /** The function of a node is called now. */
  readonly started: (frame: Frame, index: number) => void;
  /** A node is done with its slot, if it holds one. */
  readonly giveBack: (frame: Frame, index: number) => void;
  /** A node must no longer start. */
  readonly leave: (frame: Frame, index: number, pool: string) => void;
}

/** A run with a store. */
export interface RecordRoom {
  readonly replays: (journal: RunJournal, frame: Frame, index: number) => boolean;
  readonly provide: (
    journal: RunJournal,
    frame: Frame,
    index: number,
    value: unknown,
    attempt: number,
  ) => void;
  readonly beginOnceRecorded: (
    child: Frame,
    path: string,
    record: (done: () => void) => ExpansionChanged | undefined,
    begin: () => void,
  ) => void;
  readonly journaled: (frame: Frame, index: number, inputs: Inputs) => Journaled | undefined;
}

export interface FailureRoom {
  readonly failed: (frame: Frame, index: number, cause: Cause.Cause<unknown>, attempt: number) => void;
  /** An item has failed in a map that continues without it. */
  readonly collect: (frame: Frame, index: number, error: unknown) => void;
  /** Ends a frame with everything that runs within it. `reason`: the reason of the signals, if it is interrupted. */
  readonly endEarly: (frame: Frame, cause: Cause.Cause<unknown>, path: string, reason?: unknown) => void;
  /** Limits the `finally` steps of a run to the grace period. */
  readonly limitFinals: (frame: Frame) => void;
  /** Ends the run as a whole, whatever the pipeline says about failures. */
  readonly abort: (frame: Frame, problem: ExpansionChanged | StoreCorrupt, path: string) => void;
  /** Stops one job alone. */
  readonly cancel: (job: Job, reason?: unknown) => void;
}

/** Undoes succeeded steps when the run fails. */
export interface CompensationRoom {
  /** A node of a frame with compensations has succeeded. */
  readonly note: (frame: Frame, index: number, value: unknown, attempt: number) => void;
  /** The value of a node with compensations will be that of its fallback. */
  readonly fellBack: (path: string) => void;
  /** The run is about to end early. Returns true if it must wait, since succeeded steps are being undone. */
  readonly holds: (root: Frame) => boolean;
}
