/** The flag `--report`: a page that shows what happened in a run. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Option from "effect/Option";
import { visible } from "../draw/escape.ts";
import { Listeners } from "../engine/seams.ts";
import { describe } from "../values/describe.ts";
import type { CliFailure } from "./failure.ts";
import { failure } from "./failure.ts";
import { tell } from "./output.ts";

export const report: Flag.Flag<string | undefined> = Flag.String("report").pipe(
  Flag.withMetavar("FILE.html"),
  Flag.withDescription("Write a page that shows what happened, even if the run fails"),
  Flag.optional,
  Flag.map(Option.getOrUndefined),
);

/**
 * Writes the report of a run when it has ended, whatever its outcome. If the report cannot be written, an error is
 * printed, and the command fails even if the run succeeded.
 */
export const reported = <Value>(
  target: string | undefined,
  running: Effect.Effect<Value, CliFailure>,
): Effect.Effect<Value, CliFailure> =>
  target === undefined
    ? running
    : Effect.gen(function* () {
        const { Report } = yield* Effect.promise(() => import("../draw/report/report.ts"));
        const { event, toHtml } = Report.collector();
        const others = yield* Listeners;
        const write = Effect.try({
          try: () => {
            mkdirSync(dirname(target), { recursive: true });
            writeFileSync(target, toHtml());
            tell(`  report: ${visible(target)}`);
          },
          catch: (error) => failure(`The report cannot be written to ${target}: ${describe(error)}`),
        });
        return yield* running.pipe(
          Effect.provideService(Listeners, [...others, event]),
          // Even if the run is interrupted. Its own error matters more than a report that cannot be written.
          Effect.onExit((exit) =>
            Exit.isSuccess(exit)
              ? write
              : write.pipe(
                  Effect.catchTag("CliFailure", (error) => Effect.sync(() => tell(visible(error.message)))),
                ),
          ),
        );
      });
