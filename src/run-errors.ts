/** What can go wrong with a run as a whole: when it is opened, resumed, cancelled, joined or sent a value. Part of `errors.ts`. */
import * as Data from "effect/Data";

/**
 * There is no such run in the store.
 *
 * @public
 */
export class RunNotFound extends Data.TaggedError("RunNotFound")<{
  /** The requested id. */
  readonly runId: string;
}> {
  /** The code that the reference explains. */
  readonly code = "ESPALIER_RUN_NOT_FOUND";
  /** A sentence that describes the error. */
  override get message(): string {
    return `There is no run "${this.runId}" in the store.`;
  }
}

/**
 * The run has ended, and its succeeded steps have been compensated: nothing is left to resume.
 *
 * @public
 */
export class RunCompensated extends Data.TaggedError("RunCompensated")<{
  /** The id of the run. */
  readonly runId: string;
}> {
  /** The code that the reference explains. */
  readonly code = "ESPALIER_RUN_COMPENSATED";
  /** A sentence that describes the error. */
  override get message(): string {
    return `Run "${this.runId}" has been compensated: its steps are undone, so it cannot be resumed. Start a new run.`;
  }
}

/**
 * A run with this id already exists, and the requested run differs from it.
 *
 * @public
 */
export class RunExists extends Data.TaggedError("RunExists")<{
  /** The id of the run. */
  readonly runId: string;
  /** The conflict and how to fix it, in one sentence. */
  readonly reason: string;
}> {
  /** The code that the reference explains. */
  readonly code = "ESPALIER_RUN_EXISTS";
  /** A sentence that describes the error. */
  override get message(): string {
    return `Run "${this.runId}": ${this.reason}`;
  }
}

/** What to do about a run whose processes die. */
export const fixOfDied =
  "Fix the step that was running (it may exit the process or use up its memory), then resume the run.";

/**
 * The run killed its process again and again: it was claimed three times in a row without recording anything before its
 * process was gone. It has been failed, so that it does not take down every process that claims it. Fix the step that was
 * under way, and resume the run.
 *
 * @public
 */
export class RunCrashed extends Data.TaggedError("RunCrashed")<{
  /** The id of the run. */
  readonly runId: string;
  /** How many of its processes died in a row. */
  readonly crashes: number;
}> {
  /** The code that the reference explains. */
  readonly code = "ESPALIER_RUN_CRASHED";
  /** A sentence that describes the error. */
  override get message(): string {
    return `Run "${this.runId}" was marked as failed: its process died ${this.crashes} times in a row before anything was recorded. ${fixOfDied}`;
  }
}

/**
 * A run cannot be cancelled: it has ended already, or the process that runs it does not answer.
 *
 * @public
 */
export class CancelRefused extends Data.TaggedError("CancelRefused")<{
  /** The id of the run. */
  readonly runId: string;
  /** Why, in one sentence. */
  readonly reason: string;
}> {
  /** The code that the reference explains. */
  readonly code = "ESPALIER_CANCEL_REFUSED";
  /** A sentence that describes the error. */
  override get message(): string {
    return `Run "${this.runId}" cannot be cancelled. ${this.reason}`;
  }
}

/**
 * The run was interrupted, while other callers had joined it, or hold a promise of it, and wait for its outcome.
 *
 * @public
 */
export class RunInterrupted extends Data.TaggedError("RunInterrupted")<{
  /** The id of the run. */
  readonly runId: string;
}> {
  /** The code that the reference explains. */
  readonly code = "ESPALIER_RUN_INTERRUPTED";
  /** A sentence that describes the error. */
  override get message(): string {
    return `Run "${this.runId}" was interrupted. Resume it, or run it again with the same id and inputs.`;
  }
}

/**
 * The path is not in the run, or the step that waits there refuses the value.
 *
 * @public
 */
export class SignalRefused extends Data.TaggedError("SignalRefused")<{
  /** The id of the run. */
  readonly runId: string;
  /** The path that the signal was sent to. */
  readonly path: string;
  /** Why it was refused, in one sentence. */
  readonly reason: string;
}> {
  /** The code that the reference explains. */
  readonly code = "ESPALIER_SIGNAL_REFUSED";
  /** A sentence that describes the error. */
  override get message(): string {
    return `Run "${this.runId}", path "${this.path}": ${this.reason}`;
  }
}
