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
  /** What it failed with, in words. */
  readonly reason: string;
}> {
  /** The code that the reference explains. */
  readonly code = "ESPALIER_SUBMITTED_RUN_FAILED";
  /** What went wrong, as a sentence. */
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
  /** What is wrong and how to fix it. */
  readonly reason: string;
}> {
  /** The code that the reference explains. */
  readonly code = "ESPALIER_RUNNER_FAILED";
  /** What went wrong, as a sentence. */
  override get message(): string {
    return `The runner cannot start: ${this.reason}`;
  }
}
