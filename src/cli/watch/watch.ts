/** Reads a file's plan again whenever it, or a file that it imports, is saved. Ends only when interrupted. */
import * as Effect from "effect/Effect";
import * as Queue from "effect/Queue";
import type { CliFailure } from "../failure.ts";
import { watchChanges } from "./changes.ts";
import type { Reading } from "./reading.ts";
import { readPlan } from "./reading.ts";

/** Shows each reading, the first one immediately. A save while the file is being read restarts the reading. */
export const watchPlan = (
  file: string,
  exportName: string | undefined,
  show: (reading: Reading) => Effect.Effect<void, CliFailure>,
): Effect.Effect<never, CliFailure> =>
  Effect.scoped(
    Effect.gen(function* () {
      const saves = yield* Queue.sliding<true>(1);
      const changes = yield* Effect.acquireRelease(
        Effect.sync(() => watchChanges(() => void Queue.offerUnsafe(saves, true))),
        ({ close }) => Effect.sync(close),
      );
      for (;;) {
        const since = Date.now();
        const reading = yield* Effect.raceFirst(
          readPlan(file, exportName, (loaded) => changes.add(loaded, since)),
          Effect.as(Queue.take(saves), undefined),
        );
        if (reading === undefined) continue;
        changes.keep(reading.files);
        yield* show(reading);
        yield* Queue.take(saves);
      }
    }),
  );
