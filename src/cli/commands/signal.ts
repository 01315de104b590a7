/** `espalier signal RUN PATH VALUE`: sends a waiting step its value, in any process. */

import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Effect from "effect/Effect";
import { Signal } from "../../run/signal.ts";
import { visible } from "../../draw/escape.ts";
import { describe } from "../../values/describe.ts";
import type { CliFailure } from "../failure.ts";
import { failure } from "../failure.ts";
import { tell } from "../output.ts";
import { findRun, inStore, storeFlags } from "../store.ts";
import { runId } from "./show.ts";
import { path } from "./why.ts";

const parsed = (value: string): Effect.Effect<unknown, CliFailure> =>
  Effect.try({
    try: () => JSON.parse(value) as unknown,
    catch: (error) =>
      failure(
        `The value is not JSON: ${describe(error).replace(/^SyntaxError: /, "")}. A string needs quotes inside quotes: '"yes"'.`,
      ),
  });

export const signal = Command.make(
  "signal",
  {
    runId,
    path,
    value: Argument.String("value").pipe(Argument.withDescription("The value, as JSON")),
    store: storeFlags,
  },
  Effect.fnUntraced(function* ({ runId, path, value, store }) {
    const given = yield* parsed(value);
    const { id, status } = yield* inStore(
      store,
      Effect.gen(function* () {
        const { id } = yield* findRun(runId);
        yield* Signal.send(id, path, given);
        return yield* findRun(id);
      }),
    );
    const isOver = status !== "running" && status !== "succeeded";
    tell(visible(isOver ? `Recorded. To continue the run: espalier resume ${id}` : `Sent to run ${id}.`));
  }),
).pipe(
  Command.withDescription(
    "Send a waiting step its value. An active run continues immediately, any other run when it is resumed.",
  ),
  Command.withShortDescription("Send a waiting step its value"),
);
