/** What `start` returns: a run in progress, to watch and to stop. */
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
  /** The pipeline that it returned; undefined for a direct value. */
  readonly subPipeline:
    | {
        /** Its name. */
        readonly name: string;
        /** Its graph as data. */
        plan(): Plan;
      }
    | undefined;
  /** Its outputs, by name. Empty until they are there. */
  readonly results: Readonly<Record<string, unknown>>;
  /** Whether there was a sub-pipeline. */
  readonly expanded: boolean;
}

/**
 * What went wrong in a run, step by step.
 *
 * @public
 */
export interface RunReport {
  /** The steps that failed for good. A compensation that failed is among them, as `CompensationFailed`. */
  readonly failed: ReadonlyArray<{
    /** Where the step stands. */
    readonly path: string;
    /** What it failed with. */
    readonly error: unknown;
  }>;
  /** The steps that never started. */
  readonly skipped: ReadonlyArray<{
    /** Where the step stands. */
    readonly path: string;
    /** The path of what failed, of its condition, or of a map with `enough`; empty where the run ended first. */
    readonly because: string;
  }>;
  /** The steps that ignored their interruption for longer than the grace period. */
  readonly leaked: ReadonlyArray<string>;
  /** The steps that were undone by their compensations, in the order in which that happened; left out if none was. */
  readonly compensated?: ReadonlyArray<string>;
}

/**
 * A run that has been started. It continues whether or not it is watched.
 *
 * @public
 */
export interface Run<Outputs, Failure> {
  /** The id, under which a store keeps it. */
  readonly id: string;
  /** Every event from the first one on, and the end when the run has ended. Each subscriber gets all of them. */
  readonly events: Stream<PipelineEvent>;
  /** The graph as expanded so far. */
  readonly plan: Plan;
  /** The outputs, when they are there. */
  readonly await: Effect<Outputs, Failure>;
  /** Stops the run; done when nothing of it is left running. */
  readonly interrupt: Effect<void>;
  /** What each dynamic step, switch and expanding item did, by path. */
  readonly expansions: ReadonlyMap<string, DynamicWorkflowResult>;
  /** What failed, what was skipped, what was left behind. */
  readonly report: RunReport;
}

/**
 * A run that has been started, for callers without Effect. It continues whether or not it is watched.
 *
 * @public
 */
export interface PromiseRun<Outputs> {
  /** The id, under which a store keeps it. */
  readonly id: string;
  /** Every event from the first one on, and the end when the run has ended. Each loop over it gets all of them. */
  readonly events: AsyncIterable<PipelineEvent>;
  /** The graph as expanded so far. */
  readonly plan: Plan;
  /**
   * The outputs, when they are there. Rejects with the error of the run; with the reason of the run's `signal` if that
   * stopped it; as `RunInterrupted` if something else did.
   */
  readonly result: Promise<Outputs>;
  /** Stops the run; fulfilled when nothing of it is left running. */
  interrupt(): Promise<void>;
  /** What failed, what was skipped, what was left behind. */
  readonly report: RunReport;
}
