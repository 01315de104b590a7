/** How a command fails: with sentences, and exit code 1. */
import * as Cause from "effect/Cause";
import * as Data from "effect/Data";
import { visible } from "../draw/escape.ts";
import { describe } from "../values/describe.ts";

/** A command cannot do what it was asked for. */
export class CliFailure extends Data.TaggedError("CliFailure")<{
  /** What is wrong and how to mend it; one sentence for each thing. */
  readonly sentences: ReadonlyArray<string>;
}> {
  override get message(): string {
    return this.sentences.join("\n");
  }
}

export const failure = (...sentences: ReadonlyArray<string>): CliFailure => new CliFailure({ sentences });

/** What to tell of anything that ended a command, a line each. Empty for what has been told already. */
export const tellable = (cause: Cause.Cause<unknown>): ReadonlyArray<string> => {
  const error = Cause.squash(cause);
  const sentences = error instanceof CliFailure ? error.sentences : [describe(error)];
  return sentences.map(visible);
};
