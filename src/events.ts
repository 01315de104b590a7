/**
 * What a run tells while it goes on: plain data, one record for each thing that happened, in the order in which it did.
 */
import type { Plan } from "../types/plan.ts";
import type { StoreCorrupt, StoreError } from "./errors.ts";

/** Fields that every event has. */
interface EventBase {
  /** The run's id. */
  readonly runId: string;
  /** Milliseconds since 1970, from Effect's `Clock`. */
  readonly time: number;
}

interface StepEventBase extends EventBase {
  /** The step's path. */
  readonly path: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
}

/** The run began. @public */
export interface RunStarted extends EventBase {
  readonly type: "run.started";
  readonly pipeline: string;
  /** Its graph, before anything of it has expanded. */
  readonly plan: Plan;
}

/** The run gave its outputs. @public */
export interface RunSucceeded extends EventBase {
  readonly type: "run.succeeded";
}

/** The run failed with `error`. @public */
export interface RunFailed extends EventBase {
  readonly type: "run.failed";
  readonly error: unknown;
}

/** The run was interrupted. @public */
export interface RunInterrupted extends EventBase {
  readonly type: "run.interrupted";
}

/** A step's inputs were there and an attempt began. @public */
export interface StepStarted extends StepEventBase {
  readonly type: "step.started";
}

/** A run that goes on: what an earlier part of it recorded of this step takes the place of running it. @public */
export interface StepRecalled extends StepEventBase {
  readonly type: "step.recalled";
}

/** The step's output was computed by an earlier run, and is used again. @public */
export interface CacheHit extends StepEventBase {
  readonly type: "cache.hit";
  /** The run that computed it, and where in that run. */
  readonly fromRun: string;
  readonly fromPath: string;
}

/** A step that may be cached runs, and why. @public */
export interface CacheMissed extends StepEventBase {
  readonly type: "cache.missed";
  readonly reason: string;
}

/** The store cannot be written, so that nothing new starts. @public */
export interface RunPaused extends EventBase {
  readonly type: "run.paused";
  readonly error: StoreError | StoreCorrupt;
}

/** The store can be written again. @public */
export interface RunContinued extends EventBase {
  readonly type: "run.continued";
}

/** An attempt failed with `error` and another follows after `delayMillis`. @public */
export interface StepRetried extends StepEventBase {
  readonly type: "step.retried";
  readonly error: unknown;
  readonly delayMillis: number;
}

/** A step gave its outputs, here by name. @public */
export interface StepSucceeded extends StepEventBase {
  readonly type: "step.succeeded";
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** A step failed for good with `error`. @public */
export interface StepFailedEvent extends StepEventBase {
  readonly type: "step.failed";
  readonly error: unknown;
}

/** A step never started, because `because` (a path) failed or the run ended first. @public */
export interface StepSkipped extends StepEventBase {
  readonly type: "step.skipped";
  readonly because: string;
}

/** A running step was interrupted. @public */
export interface StepInterrupted extends StepEventBase {
  readonly type: "step.interrupted";
}

/** A step ignored its interruption for longer than the grace period and was abandoned. @public */
export interface StepLeaked extends StepEventBase {
  readonly type: "step.leaked";
}

/** `context.log`. @public */
export interface StepLogged extends StepEventBase {
  readonly type: "step.logged";
  readonly message: ReadonlyArray<unknown>;
}

/** `context.progress`. @public */
export interface StepProgressed extends StepEventBase {
  readonly type: "step.progressed";
  readonly fraction: number;
  readonly note: string | undefined;
}

/** A dynamic step, a map or a switch began to look at its inputs. @public */
export interface ExpansionStarted extends StepEventBase {
  readonly type: "expansion.started";
}

/** It returned a sub-pipeline, which was checked and now runs: `plan` is its graph. `undefined` for a direct value. @public */
export interface ExpansionExpanded extends StepEventBase {
  readonly type: "expansion.expanded";
  readonly plan: Plan | undefined;
  /** Of a map: how many items it runs over. */
  readonly items?: number;
}

/** All that it exposes is there. @public */
export interface ExpansionSucceeded extends StepEventBase {
  readonly type: "expansion.succeeded";
  /** What it exposes, by name. */
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** It failed, by itself or by a step of its sub-pipeline. @public */
export interface ExpansionFailed extends StepEventBase {
  readonly type: "expansion.failed";
  readonly error: unknown;
}

/** One thing that happened in a run. @public */
export type PipelineEvent =
  | RunStarted
  | RunSucceeded
  | RunFailed
  | RunInterrupted
  | RunPaused
  | RunContinued
  | StepStarted
  | StepRecalled
  | CacheHit
  | CacheMissed
  | StepRetried
  | StepSucceeded
  | StepFailedEvent
  | StepSkipped
  | StepInterrupted
  | StepLeaked
  | StepLogged
  | StepProgressed
  | ExpansionStarted
  | ExpansionExpanded
  | ExpansionSucceeded
  | ExpansionFailed;
