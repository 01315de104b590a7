/**
 * Everything that can go wrong. Each error is a tagged class with a `code` that the reference explains, a one-sentence `message`,
 * and its path or step. `GraphError` is thrown while a pipeline is built; a run fails with the others (`RunError`).
 */
import * as Data from "effect/Data";
import { stepOf } from "./path.ts";
import { describe } from "./values/describe.ts";
import { differences, firstErrors } from "./values/differences.ts";

export { RunnerFailed, SubmittedRunFailed } from "./cluster-errors.ts";
export { WorkerFailed } from "./worker-failed.ts";

export {
  CancelRefused,
  RunCompensated,
  RunCrashed,
  RunExists,
  RunInterrupted,
  RunNotFound,
  SignalRefused,
} from "./run-errors.ts";

/**
 * An invalid pipeline: a name used twice, a missing input, a cycle, a bad name. Thrown by the builder, for untyped callers.
 *
 * @public
 */
export class GraphError extends Data.TaggedError("GraphError")<{
  /** The pipeline being built; empty outside a pipeline, such as for a standalone step or a pool. */
  readonly pipeline: string;
  /** The invalid step; empty if the error is not about one of the pipeline's steps. */
  readonly step: string;
  /** The problem and how to fix it, in one sentence. */
  readonly reason: string;
}> {
  /** The code that the reference explains. */
  readonly code = "ESPALIER_GRAPH";
  /** A sentence that describes the error. */
  override get message(): string {
    const places = [
      this.pipeline === "" ? undefined : `Pipeline "${this.pipeline}"`,
      this.step === "" ? undefined : `${this.pipeline === "" ? "Step" : "step"} "${this.step}"`,
    ].filter((place) => place !== undefined);
    return places.length === 0 ? this.reason : `${places.join(", ")}: ${this.reason}`;
  }
}

/**
 * An invalid schedule: a cron expression that is invalid or never fires, an unknown time zone, an option of the wrong
 * kind. Thrown by `schedule`.
 *
 * @public
 */
export class InvalidSchedule extends Data.TaggedError("InvalidSchedule")<{
  /** The name of the schedule; empty if the name itself is invalid. */
  readonly schedule: string;
  /** The problem and how to fix it, in one sentence. */
  readonly reason: string;
}> {
  /** The code that the reference explains. */
  readonly code = "ESPALIER_INVALID_SCHEDULE";
  /** A sentence that describes the error. */
  override get message(): string {
    return `Schedule "${this.schedule}": ${this.reason}`;
  }
}

/**
 * An input given to a run (or to a sub-pipeline) that its schema refuses. No step has run.
 *
 * @public
 */
export class InvalidInput extends Data.TaggedError("InvalidInput")<{
  /** The path of the dynamic step whose sub-pipeline was given the input; empty for the run's own inputs. */
  readonly path: string;
  /** The name of the input. */
  readonly input: string;
  /** Where in the value the first issue is, e.g. `["rates", 0]`. */
  readonly issuePath: ReadonlyArray<PropertyKey>;
  /** The schema's message. */
  readonly reason: string;
}> {
  /** The code that the reference explains. */
  readonly code = "ESPALIER_INVALID_INPUT";
  /** A sentence that describes the error. */
  override get message(): string {
    const where = this.issuePath.length === 0 ? "" : ` at ${this.issuePath.map(String).join(".")}`;
    return `Input "${this.input}"${where}${this.path === "" ? "" : ` of "${this.path}"`} does not fit: ${this.reason}`;
  }
}

/**
 * A step threw, rejected or died: `cause` is what it threw, untouched.
 *
 * @public
 */
export class StepFailed extends Data.TaggedError("StepFailed")<{
  /** The path of the step. */
  readonly path: string;
  /** What was thrown: any value, null and frozen errors among them. */
  readonly cause: unknown;
}> {
  /** The code that the reference explains. */
  readonly code = "ESPALIER_STEP_FAILED";
  /** A sentence that describes the error. */
  override get message(): string {
    return `Step "${this.path}" failed: ${describe(this.cause)}`;
  }
}

/**
 * One attempt of a step took longer than its `timeout`.
 *
 * @public
 */
export class StepTimedOut extends Data.TaggedError("StepTimedOut")<{
  /** The path of the step. */
  readonly path: string;
  /** The step's `timeout`, in milliseconds. */
  readonly timeoutMillis: number;
}> {
  /** The code that the reference explains. */
  readonly code = "ESPALIER_STEP_TIMED_OUT";
  /** A sentence that describes the error. */
  override get message(): string {
    return `Step "${this.path}" took longer than its timeout of ${this.timeoutMillis} ms.`;
  }
}

/**
 * Fewer items of a map succeeded, or can still succeed, than its `minSuccess` or `enough` asks for.
 *
 * @public
 */
export class TooFewSucceeded extends Data.TaggedError("TooFewSucceeded")<{
  /** The path of the map. */
  readonly path: string;
  /** The number of items that succeeded. */
  readonly succeeded: number;
  /** The total number of items. */
  readonly total: number;
  /** The number of successes that the map requires. */
  readonly minSuccess: number;
  /** The option that requires them. */
  readonly of: "minSuccess" | "enough";
}> {
  /** The code that the reference explains. */
  readonly code = "ESPALIER_TOO_FEW_SUCCEEDED";
  /** A sentence that describes the error. */
  override get message(): string {
    const { path, succeeded, total, minSuccess, of } = this;
    if (total < minSuccess) {
      return `Map "${path}" has ${total} ${total === 1 ? "item" : "items"}, but ${of} is ${minSuccess}. It must be at most the number of items.`;
    }
    const others = of === "enough" ? " when too many others had failed" : "";
    return `Map "${path}": ${succeeded} of ${total} items had succeeded${others}, but ${of} is ${minSuccess}. Fix the failed items, or lower ${of}.`;
  }
}

/**
 * A loop took all of its turns, and `until` held for none of the states. The states are recorded: with a larger `maxTurns`, a
 * resumed run continues from the last one.
 *
 * @public
 */
export class TooManyTurns extends Data.TaggedError("TooManyTurns")<{
  /** The path of the last turn. */
  readonly path: string;
  /** The maximum number of turns. */
  readonly maxTurns: number;
}> {
  /** The code that the reference explains. */
  readonly code = "ESPALIER_TOO_MANY_TURNS";
  /** A sentence that describes the error. */
  override get message(): string {
    return `Loop "${stepOf(this.path)}" took ${this.maxTurns.toLocaleString("en")} turns, and its until returned false after each: the last is "${this.path}". Raise maxTurns if it needs more, or fix until.`;
  }
}

/**
 * Every contender of a race failed.
 *
 * @public
 */
export class AllFailed<out Errors = Readonly<Record<string, unknown>>> extends Data.TaggedError("AllFailed")<{
  /** The path of the race. */
  readonly path: string;
  /** The error of each contender, by its name. */
  readonly errors: unknown;
}> {
  /** The error of each contender, by its name. */
  declare readonly errors: Errors;
  /** The code that the reference explains. */
  readonly code = "ESPALIER_ALL_FAILED";
  /** A sentence that describes the error. */
  override get message(): string {
    return `Every contender of the race "${this.path}" failed. ${firstErrors(this.errors as object)}`;
  }
}

/**
 * The compensation of a step failed, or could not be called. It is in the report of the run, which fails with its original
 * error.
 *
 * @public
 */
export class CompensationFailed extends Data.TaggedError("CompensationFailed")<{
  /** The path of the step to undo. */
  readonly path: string;
  /** The error of its compensation, or the reason why it could not be called. */
  readonly cause: unknown;
}> {
  /** The code that the reference explains. */
  readonly code = "ESPALIER_COMPENSATION_FAILED";
  /** A sentence that describes the error. */
  override get message(): string {
    return `The compensation of "${this.path}" failed: ${describe(this.cause)}`;
  }
}

/**
 * An input of a `finally` step was not provided: the step that provides it never started, or was interrupted.
 *
 * @public
 */
export class NotProvided extends Data.TaggedError("NotProvided")<{
  /** The path of the step that should have provided it. */
  readonly path: string;
  /** Whether that step never started or was interrupted. */
  readonly status: "skipped" | "interrupted";
}> {
  /** The code that the reference explains. */
  readonly code = "ESPALIER_NOT_PROVIDED";
  /** A sentence that describes the error. */
  override get message(): string {
    return `Step "${this.path}" was ${this.status}, so it provided nothing.`;
  }
}

/**
 * A step's output does not fit the step's `output` schema, or lacks one of the step's several `outputs`, or a condition is not true or false.
 *
 * @public
 */
export class InvalidOutput extends Data.TaggedError("InvalidOutput")<{
  /** The path of the step. */
  readonly path: string;
  /** The problem with the value, with the schema's message if there is a schema. */
  readonly reason: string;
}> {
  /** The code that the reference explains. */
  readonly code = "ESPALIER_INVALID_OUTPUT";
  /** A sentence that describes the error. */
  override get message(): string {
    return `Step "${this.path}": ${this.reason}`;
  }
}

/**
 * The result of a dynamic step cannot be run: a name used twice, an input that nothing provides, an exposed output that
 * is missing, or an exceeded limit. None of its steps has run.
 *
 * @public
 */
export class ExpansionError extends Data.TaggedError("ExpansionError")<{
  /** The path of the dynamic step. */
  readonly path: string;
  /** The problem and how to fix it, in one sentence. */
  readonly reason: string;
  /** The error behind it, for example the one that an iterator threw. */
  readonly cause?: unknown;
}> {
  /** The code that the reference explains. */
  readonly code = "ESPALIER_EXPANSION";
  /** A sentence that describes the error. */
  override get message(): string {
    return `Expansion of "${this.path}": ${this.reason}`;
  }
}

/**
 * The durable store cannot do what a run needs: it cannot be opened or reached, is in use, or cannot be written.
 *
 * If it cannot be written for now (`"full"`, `"read-only"`, `"busy"`, `"unreachable"`, `"denied"`), a run that has begun does not
 * fail with this: it pauses, emits the reason as an event (`run.paused`), and continues once the cause is gone.
 *
 * @public
 */
export class StoreError extends Data.TaggedError("StoreError")<{
  /** Which store: the file's name, or the database's address without user and password. */
  readonly store: string;
  /** The kind of problem, for programs to distinguish. */
  readonly kind:
    | "missing"
    | "busy"
    | "full"
    | "read-only"
    | "unreachable"
    | "denied"
    | "unsupported"
    | "newer"
    | "closed"
    | "fenced"
    | "failed";
  /** The problem and how to fix it, in one sentence. */
  readonly reason: string;
}> {
  /** The code that the reference explains. */
  readonly code = "ESPALIER_STORE";
  /** A sentence that describes the error. */
  override get message(): string {
    return `Store "${this.store}": ${this.reason}`;
  }
}

/**
 * The durable store holds something that it cannot have written. Nothing has been run on it.
 *
 * @public
 */
export class StoreCorrupt extends Data.TaggedError("StoreCorrupt")<{
  /** Which store: the file's name. */
  readonly store: string;
  /** A description of the invalid content. */
  readonly reason: string;
}> {
  /** The code that the reference explains. */
  readonly code = "ESPALIER_STORE_CORRUPT";
  /** A sentence that describes the error. */
  override get message(): string {
    return `Store "${this.store}" is damaged: ${this.reason}`;
  }
}

/**
 * A step's output cannot be recorded unchanged. Nothing was recorded: fix the step, or give it an `output` schema, and
 * resume the run.
 *
 * @public
 */
export class OutputNotEncodable extends Data.TaggedError("OutputNotEncodable")<{
  /** The path of the step. */
  readonly path: string;
  /** Where in the value, e.g. `["scores", 0]`. */
  readonly issuePath: ReadonlyArray<PropertyKey>;
  /** A description of the part that cannot be written. */
  readonly reason: string;
}> {
  /** The code that the reference explains. */
  readonly code = "ESPALIER_OUTPUT_NOT_ENCODABLE";
  /** A sentence that describes the error. */
  override get message(): string {
    const where = this.issuePath.length === 0 ? "" : ` at ${this.issuePath.map(String).join(".")}`;
    return `Step "${this.path}" returned an output that cannot be recorded${where}: ${this.reason}`;
  }
}

/**
 * An expansion of a resumed run differs from the recorded one. No step of the new expansion has run.
 *
 * @public
 */
export class ExpansionChanged extends Data.TaggedError("ExpansionChanged")<{
  /** The path of the dynamic step, switch, map or item. */
  readonly path: string;
  /** Recorded paths that no longer exist. */
  readonly missing: ReadonlyArray<string>;
  /** Paths that exist now and were not recorded. */
  readonly added: ReadonlyArray<string>;
  /** Paths whose kind, inputs or outputs have changed. */
  readonly changed: ReadonlyArray<string>;
}> {
  /** The code that the reference explains. */
  readonly code = "ESPALIER_EXPANSION_CHANGED";
  /** A sentence that describes the error. */
  override get message(): string {
    return `Expansion of "${this.path}" differs from the recorded one: ${differences(this)}. Resume with the code and the data that the run started with, or from an earlier step.`;
  }
}

/**
 * The pipeline that a run is resumed with is not the one that it was started with. Nothing has run.
 *
 * @public
 */
export class PipelineChanged extends Data.TaggedError("PipelineChanged")<{
  /** The id of the run. */
  readonly runId: string;
  /** The name of the pipeline that the run was started with. */
  readonly recorded: string;
  /** The name of the pipeline given now. */
  readonly given: string;
  /** Paths of recorded steps that no longer exist. */
  readonly missing: ReadonlyArray<string>;
  /** Paths of steps that exist now and were not recorded. */
  readonly added: ReadonlyArray<string>;
  /** Paths of steps whose kind, inputs or outputs have changed. */
  readonly changed: ReadonlyArray<string>;
}> {
  /** The code that the reference explains. */
  readonly code = "ESPALIER_PIPELINE_CHANGED";
  /** A sentence that describes the error. */
  override get message(): string {
    const what =
      this.recorded === this.given
        ? `the pipeline "${this.recorded}" has changed since: ${differences(this)}`
        : `it is a run of "${this.recorded}", not of "${this.given}"`;
    return `Run "${this.runId}" cannot be resumed: ${what}. Start a new run, or resume with the pipeline that it was started with.`;
  }
}
