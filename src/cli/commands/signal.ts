/** `espalier signal RUN PATH VALUE` and `espalier cancel RUN`: to a run of this store, or of the process that has it. */

import { resolve } from "node:path";
import * as Clock from "effect/Clock";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Effect from "effect/Effect";
import { StoreError } from "../../errors.ts";
import { Signal } from "../../run/signal.ts";
import type { Message, StoreService } from "../../journal/store.ts";
import { Store } from "../../journal/store.ts";
import { describe } from "../../values/describe.ts";
import { encode } from "../../values/encode.ts";
import type { CliFailure } from "../failure.ts";
import { failure } from "../failure.ts";
import { tell } from "../output.ts";
import { existingStore, fileOf, findRun, storeFile, told } from "../store.ts";
import { runId } from "./show.ts";
import { path } from "./why.ts";

/** Does it in the store, or asks the process that has it to. */
const doOrSend = (
  file: string | undefined,
  message: Message,
  here: (store: StoreService) => Effect.Effect<void, CliFailure>,
): Effect.Effect<void, CliFailure> =>
  Effect.scoped(Effect.flatMap(existingStore(file), here)).pipe(
    Effect.catch((error) =>
      error instanceof StoreError
        ? Effect.gen(function* () {
            const { sendMessage } = yield* Effect.promise(() => import("../../sqlite/inbox.ts"));
            const { nameOf } = yield* Effect.promise(() => import("../../sqlite/database.ts"));
            const refused = yield* Effect.promise(() => sendMessage(nameOf(resolve(fileOf(file))), message));
            if (refused !== undefined) yield* failure(refused);
          })
        : Effect.fail(error),
    ),
  );

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
    const message: Message = { runId, type: "signal", path, text: encode(given) as string };
    yield* doOrSend(store, message, (open) =>
      Effect.gen(function* () {
        const { id } = yield* told(findRun(open, runId));
        yield* Effect.mapError(Effect.provideService(Signal.send(id, path, given), Store, open), (error) =>
          failure(error.message),
        );
        tell(`Recorded. Go on with: espalier resume ${id}`);
      }),
    );
  }),
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
    yield* doOrSend(store, { runId, type: "cancel", path: "", text: "null" }, (open) =>
      Effect.gen(function* () {
        const run = yield* told(findRun(open, runId));
        if (run.status !== "crashed" && run.status !== "running") {
          return yield* failure(
            `The run "${run.id}" has ended already: it ${run.status === "succeeded" ? "succeeded" : `is ${run.status}`}.`,
          );
        }
        yield* told(open.setStatus(run.id, "interrupted", yield* Clock.currentTimeMillis));
      }),
    );
  }),
).pipe(
  Command.withDescription(
    "Stop a run that is under way, in whichever process, or mark a crashed one as stopped.",
  ),
  Command.withShortDescription("Stop a run"),
);
