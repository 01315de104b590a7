/** `espalier cancel RUN`: stops a run in any process. */
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import { visible } from "../../draw/escape.ts";
import { Runs } from "../../run/runs.ts";
import { tell } from "../output.ts";
import { findRun, inStore, storeFlags } from "../store.ts";
import { runId } from "./show.ts";

/** How long the command waits for the run to end: steps have a grace period of 5 s by default. */
const patienceMillis = 6_000;

/** Has it ended by now? */
const hasEnded = (id: string) =>
  Effect.gen(function* () {
    const until = performance.now() + patienceMillis;
    for (;;) {
      const { status } = yield* findRun(id);
      if (status !== "running" || performance.now() > until) return status !== "running";
      yield* Effect.sleep(50);
    }
  });

/** The outcome of the compensations, as part of a sentence. */
const undoneIn = (id: string) =>
  Effect.map(Runs.get(id), ({ compensation }) => {
    if (compensation === undefined) return ", and had nothing to undo";
    const failed = compensation.undone.filter(({ error }) => error !== undefined);
    const count = compensation.undone.length - failed.length;
    const undone = `, and ${count} ${count === 1 ? "step is" : "steps are"} undone`;
    return failed.length === 0
      ? undone
      : `${undone}; ${failed.length} could not be: ${failed.map(({ path, error }) => `${path} (${error})`).join(", ")}`;
  });

const compensate = Flag.Boolean("compensate").pipe(
  Flag.withDescription("Undo the run with the compensations of its steps; it then cannot be resumed"),
  Flag.withDefault(false),
);

export const cancel = Command.make(
  "cancel",
  { runId, compensate, store: storeFlags },
  Effect.fnUntraced(function* ({ runId, compensate, store }) {
    const { id, isOver, undone } = yield* inStore(
      store,
      Effect.gen(function* () {
        const { id } = yield* findRun(runId);
        yield* Runs.cancel(id, { compensate });
        const isOver = yield* hasEnded(id);
        return { id, isOver, undone: compensate ? yield* undoneIn(id) : "" };
      }),
    );
    const ends = compensate ? "is undoing its steps, and then stops." : "stops as soon as its steps do.";
    const rest = isOver ? `is cancelled${undone}.` : `was asked to stop: it ${ends}`;
    tell(visible(`Run ${id} ${rest}`));
  }),
).pipe(
  Command.withDescription("Stop an active run, in any process, or mark a crashed run as stopped."),
  Command.withShortDescription("Stop a run"),
);
