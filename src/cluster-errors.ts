/** The errors of runs that other processes execute. Part of `errors.ts`, which exports them. */
import * as Data from "effect/Data";

/**
 * A run that another process executes has ended without outputs.
 *
 * @public
 */
export class SubmittedRunFailed extends Data.TaggedError("SubmittedRunFailed")<{
  /** The id of the run. */
  readonly runId: string;
  /** How it ended. */
  readonly status: "failed" | "interrupted";
  /** Its error, as text. */
  readonly reason: string;
}> {
  /** The code that the reference explains. */
  readonly code = "ESPALIER_SUBMITTED_RUN_FAILED";
  /** A sentence that describes the error. */
  override get message(): string {
    return `Run "${this.runId}" ${this.status === "failed" ? "failed" : "was interrupted"}: ${this.reason}`;
  }
}

/**
 * A runner cannot start: its module cannot be loaded, it has no pipelines, or two of the same name.
 *
 * @public
 */
export class RunnerFailed extends Data.TaggedError("RunnerFailed")<{
  /** The problem and how to fix it. */
  readonly reason: string;
}> {
  /** The code that the reference explains. */
  readonly code = "ESPALIER_RUNNER_FAILED";
  /** A sentence that describes the error. */
  override get message(): string {
    return `The runner cannot start: ${this.reason}`;
  }
}
