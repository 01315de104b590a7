/** Recorded runs, as `Runs` shows them. */
import type * as Duration from "effect/Duration";
import type { StepKind } from "./plan.ts";
import type { StoreLayer } from "./store.ts";

/**
 * The state of a recorded run. `"submitted"`: it waits for a process to execute it. `"crashed"`: its process is gone, and the
 * run can be resumed.
 *
 * @public
 */
export type RunState = "submitted" | "running" | "succeeded" | "failed" | "interrupted" | "crashed";

/**
 * A summary of a recorded run.
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
  /** When it started, in milliseconds since 1970. */
  readonly began: number;
  /** When it ended, in milliseconds since 1970; undefined if it has not ended. */
  readonly ended: number | undefined;
  /** The text of the error that it failed with. */
  readonly error: string | undefined;
  /** The file that the command line or a server ran; undefined for a run started by a program. */
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
  /** The name of the export; by default, the default export or the only one. */
  readonly exportName?: string;
  /** The outputs that the pipeline was reduced to with `only`. */
  readonly only?: ReadonlyArray<string>;
}

/**
 * A step or an item with a recorded outcome.
 *
 * @public
 */
export interface RecordedStep {
  /** Its path in the run. */
  readonly path: string;
  /** `"failed"`: an item that failed in a map that collects failures. */
  readonly status: "succeeded" | "failed";
  /** When it started, in milliseconds since 1970. */
  readonly began: number;
  /** When it ended, in milliseconds since 1970. */
  readonly ended: number;
  /** The number of the attempt, from 1. */
  readonly attempt: number;
  /** With the option `values`: its recorded value, as `Runs.value` reads it. Absent if it cannot be read. */
  readonly value?: unknown;
  /** The text of the error that a failed item failed with. */
  readonly error?: string;
}

/**
 * A step, item, turn or contender of a run, with its children and its latest state.
 *
 * @public
 */
export interface RecordedNode {
  /** Its path in the run. */
  readonly path: string;
  /** The name of the step or contender, the key of the item, or the number of the turn. */
  readonly name: string;
  /** The kind of the step; `"item"` for an item, turn or contender. */
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
  /** When it started, in milliseconds since 1970; undefined if it has not started. */
  readonly began: number | undefined;
  /** When it ended, in milliseconds since 1970; undefined if it has not ended. */
  readonly ended: number | undefined;
  /** The text of the error that it failed with. */
  readonly error: string | undefined;
  /** The text of the error that its fallback replaced. */
  readonly fallbackFor: string | undefined;
  /** The state of its compensation; undefined if that has not started. */
  readonly undone: "under way" | "done" | "failed" | undefined;
  /** Whether it is an expansion, whose children are steps. */
  readonly isExpanded: boolean;
  /** The failures of earlier attempts, oldest first. */
  readonly earlier: ReadonlyArray<RecordedEvent>;
  /** Its children, as far as they are recorded. */
  readonly children: ReadonlyArray<RecordedNode>;
}

/**
 * An event of a run other than the outcome of a step: a failure, a retry, a log line.
 *
 * @public
 */
export interface RecordedEvent {
  /** In milliseconds since 1970. */
  readonly time: number;
  /** The type of the event, such as `"step.failed"`. */
  readonly type: string;
  /** The path that the event is about. */
  readonly path: string;
  /** The text of the event. */
  readonly detail: string;
}

/**
 * Everything recorded of a run. Its values and its graph are read only if the options ask for them.
 *
 * @public
 */
export interface RunRecord extends RunInfo {
  /** Its inputs by name, in their encoded form. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** The outcomes that are in effect, oldest first. */
  readonly steps: ReadonlyArray<RecordedStep>;
  /** The steps that are waiting for a value. */
  readonly waiting: ReadonlyArray<WaitingStep>;
  /** Failures, retries, cache hits and log lines, oldest first. */
  readonly events: ReadonlyArray<RecordedEvent>;
  /** The progress of undoing its steps; undefined if that has not started. */
  readonly compensation: RecordedCompensation | undefined;
  /** With the option `graph`: the steps of the pipeline and their expansions, each with its latest state. */
  readonly graph?: ReadonlyArray<RecordedNode> | undefined;
}

/**
 * The compensations of a run.
 *
 * @public
 */
export interface RecordedCompensation {
  /** `"compensating"`: in progress, or continues when the run is resumed. `"compensated"`: the run cannot be resumed. */
  readonly state: "compensating" | "compensated";
  /** The compensations that have ended, in the order in which they ran; `error` is the text of the error of one that failed. */
  readonly undone: ReadonlyArray<{
    /** The path of the step. */
    readonly path: string;
    /** The text of the error of its compensation. */
    readonly error: string | undefined;
  }>;
}

/**
 * An `.await` step that is waiting for its value.
 *
 * @public
 */
export interface WaitingStep {
  /** The id of the run. */
  readonly runId: string;
  /** The path of the step, for `Signal.send`. */
  readonly path: string;
  /** The question for the person who answers; undefined if the step has none. */
  readonly ask: unknown;
  /** When it started to wait, in milliseconds since 1970. */
  readonly since: number;
  /** When it stops waiting, in milliseconds since 1970; absent if it waits indefinitely. */
  readonly deadline?: number;
}

/**
 * The store to read.
 *
 * @public
 */
export interface RunsOptions {
  /** The store. A store provided as a service works as well. */
  readonly store?: StoreLayer | undefined;
}

/**
 * How much of a run to read.
 *
 * @public
 */
export interface GetOptions extends RunsOptions {
  /** Also reads the recorded value of each step. `false` by default. */
  readonly values?: boolean | undefined;
  /** Also reads the steps and their expansions as a graph, each with its state. `false` by default. */
  readonly graph?: boolean | undefined;
}

/**
 * Which runs to delete.
 *
 * @public
 */
export interface PruneOptions extends RunsOptions {
  /** The minimum time since the last activity of a run, such as `"30 days"`, or a number of milliseconds. */
  readonly olderThan: Duration.Input;
  /** Also deletes runs that can be resumed: failed, interrupted and crashed ones. `false` by default. */
  readonly resumable?: boolean | undefined;
}

/**
 * How a run is cancelled.
 *
 * @public
 */
export interface CancelOptions extends RunsOptions {
  /** Undoes the run: the compensations of its succeeded steps run before it ends. `false` by default. */
  readonly compensate?: boolean | undefined;
}

/**
 * Which runs to list.
 *
 * @public
 */
export interface RunsFilter extends RunsOptions {
  /** Only runs of the pipeline with this name. */
  readonly pipeline?: string | undefined;
  /** Only runs in this state. */
  readonly status?: RunState | undefined;
  /** Only runs whose id starts with this text. */
  readonly idPrefix?: string | undefined;
  /** Only runs with this text in their id or in the name of their pipeline, in upper or lower case. */
  readonly search?: string | undefined;
  /** Only the runs that follow this one: the last of the page before. That run need not exist any more. */
  readonly after?: Pick<RunInfo, "id" | "began"> | undefined;
  /** The maximum number of runs: the newest are listed. */
  readonly limit?: number | undefined;
}
