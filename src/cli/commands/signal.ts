/** `espalier signal RUN PATH VALUE` and `espalier cancel RUN`: to a run of a store, whichever process runs it. */

import * as Clock from "effect/Clock";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Effect from "effect/Effect";
import { Signal } from "../../run/signal.ts";
import { Store } from "../../journal/store.ts";
import { describe } from "../../values/describe.ts";
import type { CliFailure } from "../failure.ts";
import { failure } from "../failure.ts";
import { tell } from "../output.ts";
import { existingStore, findRun, storeFile, told } from "../store.ts";
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
    store: storeFile,
  },
  Effect.fnUntraced(function* ({ runId, path, value, store }) {
    const given = yield* parsed(value);
    const open = yield* told(existingStore(store));
    const { id } = yield* told(findRun(open, runId));
    yield* Effect.mapError(Effect.provideService(Signal.send(id, path, given), Store, open), (error) =>
      failure(error.message),
    );
    const run = yield* told(findRun(open, id));
    tell(
      run.status === "running"
        ? `Sent to run ${id}.`
        : `Recorded. To continue the run: espalier resume ${id}`,
    );
  }, Effect.scoped),
).pipe(
  Command.withDescription(
    "Give a step that waits its value. A run that is under way goes on at once; another one when it is resumed.",
  ),
  Command.withShortDescription("Give a waiting step its value"),
);

export const cancel = Command.make(
  "cancel",
  { runId, store: storeFile },
  Effect.fnUntraced(function* ({ runId, store }) {
    const open = yield* told(existingStore(store));
    const { id } = yield* told(findRun(open, runId));
    const time = yield* Clock.currentTimeMillis;
    const answer = yield* told(open.send({ runId: id, type: "cancel", path: "", text: "null", time }));
    if (answer.type === "refused") return yield* failure(answer.reason);
    const run = yield* told(findRun(open, id));
    tell(
      run.status === "interrupted"
        ? `Run ${id} is cancelled.`
        : `Run ${id} stops as soon as its steps let it.`,
    );
  }, Effect.scoped),
).pipe(
  Command.withDescription(
    "Stop a run that is under way, in whichever process, or mark a crashed one as stopped.",
  ),
  Command.withShortDescription("Stop a run"),
);
