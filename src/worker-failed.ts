/** The error of steps that their workers cannot run. Part of `errors.ts`, which exports it. */
import * as Data from "effect/Data";

/**
 * A step with `where: "worker"` could not run on a worker, or its values could not travel. Nothing was recorded: fix the
 * reported problem and resume the run.
 *
 * @public
 */
export class WorkerFailed extends Data.TaggedError("WorkerFailed")<{
  /** The path of the step. */
  readonly path: string;
  /** The problem and how to fix it. */
  readonly reason: string;
}> {
  /** The code that the reference explains. */
  readonly code = "ESPALIER_WORKER_FAILED";
  /** A sentence that describes the error. */
  override get message(): string {
    return `Step "${this.path}" did not run on a worker: ${this.reason}`;
  }
}
