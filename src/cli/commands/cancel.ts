/** `espalier cancel RUN`: stops a run, whichever process it is in. */
import * as Command from "effect/cli/Command";
import * as Effect from "effect/Effect";
import { visible } from "../../draw/escape.ts";
import type { StoreService } from "../../journal/store.ts";
import { Store } from "../../journal/store.ts";
import { Runs } from "../../run/runs.ts";
import { tell } from "../output.ts";
import { existingStore, findId, storeFlags, told } from "../store.ts";
import { runId } from "./show.ts";

/** How long the command waits for the run to end: steps have a grace period of 5 s by default. */
const patienceMillis = 6_000;

/** Has it ended by now? */
const hasEnded = (store: StoreService, id: string) =>
  Effect.gen(function* () {
    const until = performance.now() + patienceMillis;
    for (;;) {
      const { status } = yield* Effect.provideService(Runs.get(id), Store, store);
      if (status !== "running" || performance.now() > until) return status !== "running";
      yield* Effect.sleep(50);
    }
  });

export const cancel = Command.make(
  "cancel",
  { runId, store: storeFlags },
  Effect.fnUntraced(function* ({ runId, store }) {
    const open = yield* existingStore(store);
    const id = yield* told(findId(open, runId));
    yield* told(Effect.provideService(Runs.cancel(id), Store, open));
    const isOver = yield* told(hasEnded(open, id));
    const rest = isOver ? "is cancelled." : "has been told to stop, and stops as soon as its steps do.";
    tell(visible(`Run ${id} ${rest}`));
  }, Effect.scoped),
).pipe(
  Command.withDescription(
    "Stop a run that is under way, in whichever process, or mark a crashed one as stopped.",
  ),
  Command.withShortDescription("Stop a run"),
);
