/** Recorded runs, as `Runs` shows them. */
import type { StoreLayer } from "./store.ts";

/**
 * The state of a recorded run. `"submitted"`: it waits for a process to take it. `"crashed"`: its process is gone, and the
 * run can be resumed.
 *
 * @public
 */
export type RunState = "submitted" | "running" | "succeeded" | "failed" | "interrupted" | "crashed";

/**
 * A recorded run in short.
 *
 * @public
 */
export interface RunInfo {
  /** The id of the run. */
  readonly id: string;
  /** The name of its pipeline. */
  readonly pipeline: string;
  /** Its state, also while it runs in another process. */
  readonly status: RunState;
  /** When it began, in milliseconds since 1970. */
  readonly began: number;
  /** When it ended, in milliseconds since 1970; undefined as long as it has not. */
  readonly ended: number | undefined;
  /** What it failed with, in words. */
  readonly error: string | undefined;
}

/**
 * A step or an item whose outcome is recorded.
 *
 * @public
 */
export interface RecordedStep {
  /** Its path in the run. */
  readonly path: string;
  /** `"failed"`: an item that failed in a map that collects failures. */
  readonly status: "succeeded" | "failed";
  /** In milliseconds since 1970. */
  readonly began: number;
  /** In milliseconds since 1970. */
  readonly ended: number;
  /** Which attempt it was, from 1. */
  readonly attempt: number;
}

/**
 * Something that happened in a run beside the outcomes of its steps: a failure, a retry, a log line.
 *
 * @public
 */
export interface RecordedEvent {
  /** In milliseconds since 1970. */
  readonly time: number;
  /** The type of the event, such as `"step.failed"`. */
  readonly type: string;
  /** The path that it is about. */
  readonly path: string;
  /** What happened, in words. */
  readonly detail: string;
}

/**
 * A recorded run with all that is recorded of it, but for values: `Runs.value` reads those one by one.
 *
 * @public
 */
export interface RunRecord extends RunInfo {
  /** Its inputs by name, in their encoded form. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** The outcomes that count, oldest first. */
  readonly steps: ReadonlyArray<RecordedStep>;
  /** The steps that wait for a value. */
  readonly waiting: ReadonlyArray<WaitingStep>;
  /** Failures, retries, cache hits and log lines, oldest first. */
  readonly events: ReadonlyArray<RecordedEvent>;
  /** How far it has undone its steps; undefined if it has not begun to. */
  readonly compensation: RecordedCompensation | undefined;
}

/**
 * What a run has undone of its steps.
 *
 * @public
 */
export interface RecordedCompensation {
  /** `"compensating"`: it is under way, or continues when the run is resumed. `"compensated"`: the run cannot be resumed. */
  readonly state: "compensating" | "compensated";
  /** The compensations that are over, in the order in which they ran: with an error, in words, where one failed. */
  readonly undone: ReadonlyArray<{
    /** The path of the step. */
    readonly path: string;
    /** What its compensation failed with. */
    readonly error: string | undefined;
  }>;
}

/**
 * A step of `.await` that waits for its value.
 *
 * @public
 */
export interface WaitingStep {
  /** The id of the run. */
  readonly runId: string;
  /** The path of the step, for `Signal.send`. */
  readonly path: string;
  /** The question for the person who answers; undefined if the step does not say. */
  readonly ask: unknown;
  /** Since when, in milliseconds since 1970. */
  readonly since: number;
  /** Until when, in milliseconds since 1970; without it for as long as it takes. */
  readonly deadline?: number;
}

/**
 * Which store to look into.
 *
 * @public
 */
export interface RunsOptions {
  /** The store; one that is provided serves as well. */
  readonly store?: StoreLayer;
}

/**
 * How a run is cancelled.
 *
 * @public
 */
export interface CancelOptions extends RunsOptions {
  /** Undoes what the run has done: the compensations of its succeeded steps run before it ends. `false` by default. */
  readonly compensate?: boolean;
}

/**
 * Which runs to list.
 *
 * @public
 */
export interface RunsFilter extends RunsOptions {
  /** Only runs of the pipeline of this name. */
  readonly pipeline?: string;
  /** Only runs in this state. */
  readonly status?: RunState;
  /** At most so many: the newest. */
  readonly limit?: number;
}
