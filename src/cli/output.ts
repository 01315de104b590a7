/**
 * Standard output, kept for what the command was asked for.
 *
 * A user's file may print while it loads and while its steps run, and Effect's own logger prints too. From the moment
 * that `own` is called, all of that goes to standard error, so that `espalier graph FILE > graph.mmd` and `--json` give
 * nothing but what they promise.
 */
import * as Effect from "effect/Effect";
import { describe } from "../values/describe.ts";
import type { CliFailure } from "./failure.ts";
import { failure } from "./failure.ts";

type Write = typeof process.stdout.write;

let direct: Write | undefined;

/** Leads everything that is printed without `print` to standard error. */
export const ownStandardOutput: Effect.Effect<void> = Effect.sync(() => {
  if (direct !== undefined) return;
  direct = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr);
});

/**
 * Writes to standard output and waits until it has been taken: a pipe that is read slowly loses nothing, and a full disk
 * is a failure. A reader that has seen enough, such as `head`, is none.
 */
export const print = (text: string): Effect.Effect<void, CliFailure> =>
  Effect.callback((resume) => {
    (direct ?? process.stdout.write.bind(process.stdout))(text, (error?: NodeJS.ErrnoException | null) => {
      const isWritten = error === undefined || error === null || error.code === "EPIPE";
      resume(
        isWritten
          ? Effect.void
          : Effect.fail(failure(`Standard output cannot be written: ${describe(error)}`)),
      );
    });
  });

/** A line to standard error. */
export const tell = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
