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
  /** The type of the event. */
  readonly type: "run.started";
  /** The pipeline's name. */
  readonly pipeline: string;
  /** Its graph, before any step has expanded. */
  readonly plan: Plan;
}

/** The run succeeded. @public */
export interface RunSucceeded extends EventBase {
  /** The type of the event. */
  readonly type: "run.succeeded";
}

/** The run failed with `error`. @public */
export interface RunFailed extends EventBase {
  /** The type of the event. */
  readonly type: "run.failed";
  /** The error that `run` fails with. */
  readonly error: unknown;
}

/** The run was interrupted. @public */
export interface RunInterruptedEvent extends EventBase {
  /** The type of the event. */
  readonly type: "run.interrupted";
}

/** A step's inputs were available and an attempt began. @public */
export interface StepStarted extends StepEventBase {
  /** The type of the event. */
  readonly type: "step.started";
}

/** A resumed run replayed the recorded outputs of this step instead of running it. @public */
export interface StepRecalled extends StepEventBase {
  /** The type of the event. */
  readonly type: "step.recalled";
}

/** The step waits for a value from outside, sent with `Signal.send`. @public */
export interface StepWaiting extends StepEventBase {
  /** The type of the event. */
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
  /** The type of the event. */
  readonly type: "signal.refused";
  /** The reason, such as the schema's message. */
  readonly reason: string;
}

/** The step's output was computed by an earlier run, and is used again. @public */
export interface CacheHit extends StepEventBase {
  /** The type of the event. */
  readonly type: "cache.hit";
  /** The run that computed it. */
  readonly fromRun: string;
  /** The path of the step that computed it, in that run. */
  readonly fromPath: string;
}

/** A step that may be cached runs, with the reason. @public */
export interface CacheMissed extends StepEventBase {
  /** The type of the event. */
  readonly type: "cache.missed";
  /** Why there was nothing to use, in half a sentence. */
  readonly reason: string;
}

/** The run failed or was cancelled, and its steps are being undone. @public */
export interface RunCompensating extends EventBase {
  /** The type of the event. */
  readonly type: "run.compensating";
  /** The number of steps to undo. */
  readonly steps: number;
}

/** The compensation of a step began. @public */
export interface CompensationStarted extends StepEventBase {
  /** The type of the event. */
  readonly type: "compensation.started";
}

/** A step is undone: its compensation succeeded, now or in an earlier part of the run. @public */
export interface CompensationSucceeded extends StepEventBase {
  /** The type of the event. */
  readonly type: "compensation.succeeded";
}

/** The compensation of a step failed. The others run in any case. @public */
export interface CompensationFailedEvent extends StepEventBase {
  /** The type of the event. */
  readonly type: "compensation.failed";
  /** A `CompensationFailed` whose cause is the compensation's error. */
  readonly error: unknown;
}

/** The store cannot be written, so nothing new starts. @public */
export interface RunPaused extends EventBase {
  /** The type of the event. */
  readonly type: "run.paused";
  /** Why it cannot be written. */
  readonly error: StoreError | StoreCorrupt;
}

/** The store can be written again. @public */
export interface RunResumed extends EventBase {
  /** The type of the event. */
  readonly type: "run.resumed";
}

/** An attempt failed with `error` and another follows after `delayMillis`. @public */
export interface StepRetried extends StepEventBase {
  /** The type of the event. */
  readonly type: "step.retried";
  /** The attempt's error. */
  readonly error: unknown;
  /** Milliseconds from now to the next attempt. */
  readonly delayMillis: number;
}

/** All attempts of the step failed, the last with `error`, and its `fallback` is used. @public */
export interface StepFellBack extends StepEventBase {
  /** The type of the event. */
  readonly type: "step.fallback";
  /** The last attempt's error. */
  readonly error: unknown;
}

/** A step succeeded, with its outputs by name. @public */
export interface StepSucceeded extends StepEventBase {
  /** The type of the event. */
  readonly type: "step.succeeded";
  /** The outputs, by name. */
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** A step failed for good with `error`. @public */
export interface StepFailedEvent extends StepEventBase {
  /** The type of the event. */
  readonly type: "step.failed";
  /** The last attempt's error. */
  readonly error: unknown;
}

/** A step never started: something failed, its condition does not hold, enough others succeeded, or the run ended first. @public */
export interface StepSkipped extends StepEventBase {
  /** The type of the event. */
  readonly type: "step.skipped";
  /** The path of the failure, the condition or the map; empty if the run ended first. */
  readonly because: string;
}

/** A running step was interrupted. @public */
export interface StepInterrupted extends StepEventBase {
  /** The type of the event. */
  readonly type: "step.interrupted";
}

/** A step ignored its interruption for longer than the grace period and was abandoned. @public */
export interface StepLeaked extends StepEventBase {
  /** The type of the event. */
  readonly type: "step.leaked";
}

/** `context.log`. @public */
export interface StepLogged extends StepEventBase {
  /** The type of the event. */
  readonly type: "step.logged";
  /** The arguments of `log`. */
  readonly message: ReadonlyArray<unknown>;
}

/** `context.progress`. @public */
export interface StepProgressed extends StepEventBase {
  /** The type of the event. */
  readonly type: "step.progressed";
  /** The progress, from 0 to 1. */
  readonly fraction: number;
  /** The note passed with it, if any. */
  readonly note: string | undefined;
}

/** A value passed to `context.emit` or yielded by an async generator: a partial result, such as a token. @public */
export interface StepEmitted extends StepEventBase {
  /** The type of the event. */
  readonly type: "step.emitted";
  /** The emitted value. */
  readonly value: unknown;
  /** The number of values that the step emitted before this one, in this attempt. */
  readonly index: number;
  /** For a handle's events: how many emitted values, of any step, this reader has just missed because it was too slow. */
  readonly dropped?: number;
}

/** A dynamic step, a map or a switch began to process its inputs. @public */
export interface ExpansionStarted extends StepEventBase {
  /** The type of the event. */
  readonly type: "expansion.started";
}

/** It returned a sub-pipeline, which was checked and now runs: `plan` is its graph. `undefined` for a direct value. @public */
export interface ExpansionExpanded extends StepEventBase {
  /** The type of the event. */
  readonly type: "expansion.expanded";
  /** The graph of the sub-pipeline. */
  readonly plan: Plan | undefined;
  /** For a map: the number of its items. */
  readonly items?: number;
}

/** All outputs that it exposes are available. @public */
export interface ExpansionSucceeded extends StepEventBase {
  /** The type of the event. */
  readonly type: "expansion.succeeded";
  /** The exposed outputs, by name. */
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** It failed, either itself or through a step of its sub-pipeline. @public */
export interface ExpansionFailed extends StepEventBase {
  /** The type of the event. */
  readonly type: "expansion.failed";
  /** Its error. */
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
