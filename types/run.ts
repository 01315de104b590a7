/** The result of `start`: a run in progress that can be watched and stopped. */
import type { Effect } from "effect/Effect";
import type { Stream } from "effect/Stream";
import type { PipelineEvent } from "../src/events.ts";
import type { Plan } from "./plan.ts";

/**
 * What a dynamic step, a switch, or an item of a map did in one run.
 *
 * @public
 */
export interface DynamicWorkflowResult {
  /** The pipeline that it returned; undefined if it returned a direct value. */
  readonly subPipeline:
    | {
        /** Its name. */
        readonly name: string;
        /** Its graph as data. */
        plan(): Plan;
      }
    | undefined;
  /** Its outputs, by name. Empty until they exist. */
  readonly results: Readonly<Record<string, unknown>>;
  /** Whether it returned a sub-pipeline. */
  readonly expanded: boolean;
}

/**
 * The failures of a run, step by step.
 *
 * @public
 */
export interface RunReport {
  /** The steps that ultimately failed. They include failed compensations, as `CompensationFailed`. */
  readonly failed: ReadonlyArray<{
    /** The path of the step. */
    readonly path: string;
    /** The error that it failed with. */
    readonly error: unknown;
  }>;
  /** The steps that never started. */
  readonly skipped: ReadonlyArray<{
    /** The path of the step. */
    readonly path: string;
    /** The path of the failure, of the step's condition, or of a map with `enough`; empty if the run ended first. */
    readonly because: string;
  }>;
  /** The steps that ignored their interruption for longer than the grace period. */
  readonly leaked: ReadonlyArray<string>;
  /** The steps that were undone by their compensations, in the order of undoing; absent if there are none. */
  readonly compensated?: ReadonlyArray<string>;
}

/**
 * A started run. It continues whether or not it is watched.
 *
 * @public
 */
export interface Run<Outputs, Failure> {
  /** The id under which a store records the run. */
  readonly id: string;
  /** Every event from the first one on; ends when the run has ended. Each subscriber receives all of them. */
  readonly events: Stream<PipelineEvent>;
  /** The graph as expanded so far. */
  readonly plan: Plan;
  /** Waits for the outputs. */
  readonly await: Effect<Outputs, Failure>;
  /** Stops the run; completes once no part of it is running. */
  readonly interrupt: Effect<void>;
  /** The expansions of dynamic steps, switches and items of maps, by path. */
  readonly expansions: ReadonlyMap<string, DynamicWorkflowResult>;
  /** The steps that failed, were skipped or ignored their interruption. */
  readonly report: RunReport;
}

/**
 * A started run, for callers that do not use Effect. It continues whether or not it is watched.
 *
 * @public
 */
export interface PromiseRun<Outputs> {
  /** The id under which a store records the run. */
  readonly id: string;
  /** Every event from the first one on; ends when the run has ended. Each loop over it receives all of them. */
  readonly events: AsyncIterable<PipelineEvent>;
  /** The graph as expanded so far. */
  readonly plan: Plan;
  /**
   * Resolves to the outputs. Rejects with the error of the run; with the reason of the run's `signal` if the signal
   * stopped it; or with `RunInterrupted` if something else did.
   */
  readonly result: Promise<Outputs>;
  /** Stops the run; resolves once no part of it is running. */
  interrupt(): Promise<void>;
  /** The steps that failed, were skipped or ignored their interruption. */
  readonly report: RunReport;
}
