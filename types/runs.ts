/** Recorded runs, as `Runs` shows them. */
import type * as Duration from "effect/Duration";
import type { StepKind } from "./plan.ts";
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
  /** The file that the command line or a server ran; undefined for a run that a program began. */
  readonly origin: RunFile | undefined;
}

/**
 * Where the pipeline of a run is, for a program that resumes it.
 *
 * @public
 */
export interface RunFile {
  /** The file that exports the pipeline. */
  readonly file?: string;
  /** The name of the export; without it, the default or the only one. */
  readonly exportName?: string;
  /** The outputs that the pipeline was reduced to. */
  readonly only?: ReadonlyArray<string>;
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
  /** With the option `values`: its recorded value, as `Runs.value` reads it. Absent if it cannot be read. */
  readonly value?: unknown;
  /** What a failed item failed with, in words. */
  readonly error?: string;
}

/**
 * A step, item, turn or contender of a run, with what is inside it and what happened to it last.
 *
 * @public
 */
export interface RecordedNode {
  /** Its path in the run. */
  readonly path: string;
  /** The name of the step; of an item, its key; the number of a turn; the name of a contender. */
  readonly name: string;
  /** The kind of the step; `"item"` for what a map, loop or race calls. */
  readonly kind: StepKind | "item";
  /**
   * `"pending"`: not reached. `"stopped"`: interrupted. `"skipped"`: by a condition, or because of a failure. `"leaked"`: it
   * ignored its interruption.
   */
  readonly status:
    | "pending"
    | "running"
    | "waiting"
    | "retrying"
    | "done"
    | "failed"
    | "skipped"
    | "stopped"
    | "leaked";
  /** In milliseconds since 1970; undefined if it has not begun. */
  readonly began: number | undefined;
  /** In milliseconds since 1970; undefined if it has not ended. */
  readonly ended: number | undefined;
  /** What it failed with, in words. */
  readonly error: string | undefined;
  /** The error, in words, that its fallback stands in for. */
  readonly fallbackFor: string | undefined;
  /** The state of its compensation; undefined if it has not begun. */
  readonly undone: "under way" | "done" | "failed" | undefined;
  /** Whether it is an expansion, whose steps are its children. */
  readonly isExpanded: boolean;
  /** Its failures that a later attempt replaced, oldest first. */
  readonly earlier: ReadonlyArray<RecordedEvent>;
  /** What is inside it, as far as it is recorded. */
  readonly children: ReadonlyArray<RecordedNode>;
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
 * A recorded run with all that is recorded of it. Its values and its graph are read if the options ask for them.
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
  /** With the option `graph`: the steps of the pipeline and what they expanded to, with what happened last to each. */
  readonly graph?: ReadonlyArray<RecordedNode>;
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
 * How much of a run to read.
 *
 * @public
 */
export interface GetOptions extends RunsOptions {
  /** Also the recorded value of each step. `false` by default. */
  readonly values?: boolean;
  /** Also the steps as a graph that has grown, each with its state. `false` by default. */
  readonly graph?: boolean;
}

/**
 * Which runs to delete.
 *
 * @public
 */
export interface PruneOptions extends RunsOptions {
  /** The least time since the last activity of a run, such as `"30 days"`; a number is in milliseconds. */
  readonly olderThan: Duration.Input;
  /** Also runs that can be resumed: failed, interrupted and crashed ones. `false` by default. */
  readonly resumable?: boolean;
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
  /** Only runs whose id begins like this. */
  readonly idPrefix?: string;
  /** At most so many: the newest. */
  readonly limit?: number;
}
