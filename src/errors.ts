/**
 * Everything that can go wrong, in one place. Each error is a tagged class with a `code` that the reference
 * explains, a one-sentence `message`, and the path or step it is about.
 *
 * `GraphError` is thrown while a pipeline is built. All others are what a run fails with (`RunError`).
 */
import * as Data from "effect/Data";
import { describe } from "./describe.ts";

/**
 * A pipeline that cannot be: a name used twice, an input that nothing provides, a cycle, a bad name. Thrown by the
 * builder where the compiler could not say so first (`as any`, JavaScript).
 *
 * @public
 */
export class GraphError extends Data.TaggedError("GraphError")<{
  /** The pipeline that was being built. */
  readonly pipeline: string;
  /** The step that is wrong. */
  readonly step: string;
  /** What is wrong and how to mend it, in one sentence. */
  readonly reason: string;
}> {
  readonly code = "ESPALIER_GRAPH";
  override get message(): string {
    return `Pipeline "${this.pipeline}", step "${this.step}": ${this.reason}`;
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
  /** What the schema says. */
  readonly reason: string;
}> {
  readonly code = "ESPALIER_INVALID_INPUT";
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
  readonly code = "ESPALIER_STEP_FAILED";
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
  readonly code = "ESPALIER_STEP_TIMED_OUT";
  override get message(): string {
    return `Step "${this.path}" took longer than its timeout of ${this.timeoutMillis} ms.`;
  }
}

/**
 * A map that collects failures had fewer successes than its `minSuccess`.
 *
 * @public
 */
export class TooFewSucceeded extends Data.TaggedError("TooFewSucceeded")<{
  /** The path of the map. */
  readonly path: string;
  readonly succeeded: number;
  readonly total: number;
  readonly minSuccess: number;
}> {
  readonly code = "ESPALIER_TOO_FEW_SUCCEEDED";
  override get message(): string {
    return `Map "${this.path}": ${this.succeeded} of ${this.total} items succeeded, and minSuccess asks for ${this.minSuccess}.`;
  }
}

/**
 * A step's output does not fit the step's `output` schema.
 *
 * @public
 */
export class InvalidOutput extends Data.TaggedError("InvalidOutput")<{
  /** The path of the step. */
  readonly path: string;
  /** What the schema says. */
  readonly reason: string;
}> {
  readonly code = "ESPALIER_INVALID_OUTPUT";
  override get message(): string {
    return `Step "${this.path}" gave an output that its schema refuses: ${this.reason}`;
  }
}

/**
 * What a dynamic step returned cannot be run: a name used twice, an input that nothing provides, an exposed output that
 * is missing, or a limit passed. None of its steps has run.
 *
 * @public
 */
export class ExpansionError extends Data.TaggedError("ExpansionError")<{
  /** The path of the dynamic step. */
  readonly path: string;
  /** What is wrong and how to mend it, in one sentence. */
  readonly reason: string;
}> {
  readonly code = "ESPALIER_EXPANSION";
  override get message(): string {
    return `Expansion of "${this.path}": ${this.reason}`;
  }
}

/**
 * What a run of any pipeline can fail with beside the typed errors of its own steps.
 *
 * @public
 */
export type RunError =
  | InvalidInput
  | StepFailed
  | StepTimedOut
  | TooFewSucceeded
  | InvalidOutput
  | ExpansionError;
