import * as Data from "effect/Data";

/**
 * A failure that a law or a simulation put into a run.
 *
 * @public
 */
export class Injected extends Data.TaggedError("Injected")<{
  /** The path of the step that was made to fail. */
  readonly path: string;
}> {
  /** Says which step. */
  override get message(): string {
    return `"${this.path}" was made to fail.`;
  }
}
