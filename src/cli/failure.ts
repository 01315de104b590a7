/** How a command fails: with sentences, and exit code 1. */
import * as Cause from "effect/Cause";
import * as Data from "effect/Data";
import { visible } from "../draw/escape.ts";
import { describe } from "../values/describe.ts";

/** A command cannot do its task. */
export class CliFailure extends Data.TaggedError("CliFailure")<{
  /** What is wrong and how to fix it; one sentence for each problem. */
  readonly sentences: ReadonlyArray<string>;
}> {
  override get message(): string {
    return this.sentences.join("\n");
  }
}

export const failure = (...sentences: ReadonlyArray<string>): CliFailure => new CliFailure({ sentences });

/** The lines to print for anything that ended a command. Empty if it has already been reported. */
export const tellable = (cause: Cause.Cause<unknown>): ReadonlyArray<string> => {
  const error = Cause.squash(cause);
  const sentences = error instanceof CliFailure ? error.sentences : [describe(error)];
  return sentences.map(visible);
};
