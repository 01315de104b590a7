/**
 * The events of a run: plain data, one record for each thing that happened, in order.
 */
import type { Plan } from "../types/plan.ts";
import type { StoreCorrupt, StoreError } from "./errors.ts";

/** Fields that every event has. @public */
export interface EventBase {
  /** The run's id. */
  readonly runId: string;
  /** Milliseconds since 1970, from Effect's `Clock`. */
  readonly time: number;
}

/** Fields that every event about a step has. @public */
export interface StepEventBase extends EventBase {
  /** The step's path. */
  readonly path: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
}

/** The run began. @public */
export interface RunStarted extends EventBase {
  /** Which event it is. */
  readonly type: "run.started";
  /** The pipeline's name. */
  readonly pipeline: string;
  /** Its graph, before anything of it has expanded. */
  readonly plan: Plan;
}

/** The run succeeded. @public */
export interface RunSucceeded extends EventBase {
  /** Which event it is. */
  readonly type: "run.succeeded";
}

/** The run failed with `error`. @public */
export interface RunFailed extends EventBase {
  /** Which event it is. */
  readonly type: "run.failed";
  /** What `run` fails with. */
  readonly error: unknown;
}

/** The run was interrupted. @public */
export interface RunInterruptedEvent extends EventBase {
  /** Which event it is. */
  readonly type: "run.interrupted";
}

/** A step's inputs were there and an attempt began. @public */
export interface StepStarted extends StepEventBase {
  /** Which event it is. */
  readonly type: "step.started";
}

/** A resumed run replayed the recorded outputs of this step instead of running it. @public */
export interface StepRecalled extends StepEventBase {
  /** Which event it is. */
  readonly type: "step.recalled";
}

/** The step waits for a value from outside: `Signal.send` gives it one. @public */
export interface StepWaiting extends StepEventBase {
  /** Which event it is. */
  readonly type: "step.waiting";
  /** The question for the sender of the value, if the step has one. */
  readonly ask?: unknown;
}

/**
 * A value that was sent before its step began to wait is refused: it does not fit the schema, and the step keeps waiting; or the
 * run ends, and no step at this path has waited.
 *
 * @public
 */
export interface SignalRefusedEvent extends StepEventBase {
  /** Which event it is. */
  readonly type: "signal.refused";
  /** Why, such as what the schema says. */
  readonly reason: string;
}

/** The step's output was computed by an earlier run, and is used again. @public */
export interface CacheHit extends StepEventBase {
  /** Which event it is. */
  readonly type: "cache.hit";
  /** The run that computed it. */
  readonly fromRun: string;
  /** The path of the step that computed it, in that run. */
  readonly fromPath: string;
}

/** A step that may be cached runs, and why. @public */
export interface CacheMissed extends StepEventBase {
  /** Which event it is. */
  readonly type: "cache.missed";
  /** Why there was nothing to use, in half a sentence. */
  readonly reason: string;
}

/** The run has failed or was cancelled, and what its steps did is being undone. @public */
export interface RunCompensating extends EventBase {
  /** Which event it is. */
  readonly type: "run.compensating";
  /** How many steps are to be undone. */
  readonly steps: number;
}

/** The compensation of a step began. @public */
export interface CompensationStarted extends StepEventBase {
  /** Which event it is. */
  readonly type: "compensation.started";
}

/** A step is undone: its compensation succeeded, now or in an earlier part of the run. @public */
export interface CompensationSucceeded extends StepEventBase {
  /** Which event it is. */
  readonly type: "compensation.succeeded";
}

/** The compensation of a step failed. The others run in any case. @public */
export interface CompensationFailedEvent extends StepEventBase {
  /** Which event it is. */
  readonly type: "compensation.failed";
  /** A `CompensationFailed` with what it failed with as its cause. */
  readonly error: unknown;
}

/** The store cannot be written, so that nothing new starts. @public */
export interface RunPaused extends EventBase {
  /** Which event it is. */
  readonly type: "run.paused";
  /** Why it cannot be written. */
  readonly error: StoreError | StoreCorrupt;
}

/** The store can be written again. @public */
export interface RunResumed extends EventBase {
  /** Which event it is. */
  readonly type: "run.resumed";
}

/** An attempt failed with `error` and another follows after `delayMillis`. @public */
export interface StepRetried extends StepEventBase {
  /** Which event it is. */
  readonly type: "step.retried";
  /** What the attempt failed with. */
  readonly error: unknown;
  /** Milliseconds from now to the next attempt. */
  readonly delayMillis: number;
}

/** All attempts of the step failed, the last with `error`, and its `fallback` stands in for them. @public */
export interface StepFellBack extends StepEventBase {
  /** Which event it is. */
  readonly type: "step.fallback";
  /** What the last attempt failed with. */
  readonly error: unknown;
}

/** A step succeeded, with its outputs by name. @public */
export interface StepSucceeded extends StepEventBase {
  /** Which event it is. */
  readonly type: "step.succeeded";
  /** The outputs, by name. */
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** A step failed for good with `error`. @public */
export interface StepFailedEvent extends StepEventBase {
  /** Which event it is. */
  readonly type: "step.failed";
  /** What the last attempt failed with. */
  readonly error: unknown;
}

/** A step never started: something failed, its condition does not hold, enough others succeeded, or the run ended first. @public */
export interface StepSkipped extends StepEventBase {
  /** Which event it is. */
  readonly type: "step.skipped";
  /** The path of what failed, of the condition, or of the map; empty where the run ended first. */
  readonly because: string;
}

/** A running step was interrupted. @public */
export interface StepInterrupted extends StepEventBase {
  /** Which event it is. */
  readonly type: "step.interrupted";
}

/** A step ignored its interruption for longer than the grace period and was abandoned. @public */
export interface StepLeaked extends StepEventBase {
  /** Which event it is. */
  readonly type: "step.leaked";
}

/** `context.log`. @public */
export interface StepLogged extends StepEventBase {
  /** Which event it is. */
  readonly type: "step.logged";
  /** What `log` was called with. */
  readonly message: ReadonlyArray<unknown>;
}

/** `context.progress`. @public */
export interface StepProgressed extends StepEventBase {
  /** Which event it is. */
  readonly type: "step.progressed";
  /** How far it is: from 0 to 1. */
  readonly fraction: number;
  /** What it said beside that. */
  readonly note: string | undefined;
}

/** `context.emit`, or what an async generator yielded: a partial result, such as a token. @public */
export interface StepEmitted extends StepEventBase {
  /** Which event it is. */
  readonly type: "step.emitted";
  /** What was emitted. */
  readonly value: unknown;
  /** How many values the step had emitted before, in this attempt. */
  readonly index: number;
  /** Of a handle's events: how many emitted values, of any step, this reader missed just before, since it was too slow. */
  readonly dropped?: number;
}

/** A dynamic step, a map or a switch began to look at its inputs. @public */
export interface ExpansionStarted extends StepEventBase {
  /** Which event it is. */
  readonly type: "expansion.started";
}

/** It returned a sub-pipeline, which was checked and now runs: `plan` is its graph. `undefined` for a direct value. @public */
export interface ExpansionExpanded extends StepEventBase {
  /** Which event it is. */
  readonly type: "expansion.expanded";
  /** The graph of the sub-pipeline. */
  readonly plan: Plan | undefined;
  /** Of a map: how many items it runs over. */
  readonly items?: number;
}

/** All that it exposes is there. @public */
export interface ExpansionSucceeded extends StepEventBase {
  /** Which event it is. */
  readonly type: "expansion.succeeded";
  /** What it exposes, by name. */
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** It failed, by itself or by a step of its sub-pipeline. @public */
export interface ExpansionFailed extends StepEventBase {
  /** Which event it is. */
  readonly type: "expansion.failed";
  /** What it failed with. */
  readonly error: unknown;
}

/** One thing that happened in a run. @public */
export type PipelineEvent =
  | RunStarted
  | RunSucceeded
  | RunFailed
  | RunInterruptedEvent
  | RunPaused
  | RunResumed
  | StepStarted
  | StepRecalled
  | StepWaiting
  | SignalRefusedEvent
  | CacheHit
  | CacheMissed
  | StepRetried
  | StepFellBack
  | StepSucceeded
  | StepFailedEvent
  | StepSkipped
  | StepInterrupted
  | StepLeaked
  | StepLogged
  | StepProgressed
  | StepEmitted
  | ExpansionStarted
  | ExpansionExpanded
  | ExpansionSucceeded
  | ExpansionFailed
  | RunCompensating
  | CompensationStarted
  | CompensationSucceeded
  | CompensationFailedEvent;
