/**
 * Standard output, reserved for the output that was requested from the command.
 *
 * A user's file may print while it loads and while its steps run, and Effect's own logger prints too. Once `own` is
 * called, all of that goes to standard error, so that `espalier graph FILE > graph.mmd` and `--json` write only the
 * promised output.
 */
import * as Effect from "effect/Effect";
import { describe } from "../values/describe.ts";
import type { CliFailure } from "./failure.ts";
import { failure } from "./failure.ts";

type Write = typeof process.stdout.write;

let direct: Write | undefined;

/** Redirects everything that is printed without `print` to standard error. */
export const ownStandardOutput: Effect.Effect<void> = Effect.sync(() => {
  if (direct !== undefined) return;
  direct = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr);
});

/**
 * Writes to standard output and waits until the text has been taken: a slowly read pipe loses nothing, and a full disk
 * is a failure. A reader that stops early, such as `head`, is not.
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

/** Writes a line to standard error. */
export const tell = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
