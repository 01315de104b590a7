/** A run that other processes execute, as a command shows it: submitted to the store, followed there, detached by Ctrl-C. */
import * as Effect from "effect/Effect";
import { visible } from "../draw/escape.ts";
import type { Graph } from "../engine/graph.ts";
import { Listeners, RunOrigin } from "../engine/seams.ts";
import type { PipelineEvent } from "../events.ts";
import type { StoreService } from "../journal/store.ts";
import { isUnderWay } from "../journal/store.ts";
import { recordedOutputs, submitRun } from "../run/submit.ts";
import { watchRun } from "../serve/run-events.ts";
import { hasRunnerFor } from "../serve/runner-info.ts";
import { failure } from "./failure.ts";
import { tell } from "./output.ts";

type Outputs = Readonly<Record<string, unknown>>;

const lookMillis = 1_000;

/** Prints a notice while no process can take the run. Never ends by itself. */
const sayWaiting = (
  graph: Graph,
  store: StoreService,
  runId: string,
  file: string,
): Effect.Effect<never, unknown> => {
  let hasSaid = false;
  const look = Effect.gen(function* () {
    const run = yield* store.summary(runId);
    const isWaiting = run?.status === "submitted" || run?.status === "crashed";
    if (!isWaiting || hasRunnerFor(yield* store.runners(), graph)) return;
    if (!hasSaid)
      tell(
        visible(
          `No runner with this version of "${graph.name}" is active. The run waits for one. Start it: espalier runner ${file} --database URL`,
        ),
      );
    hasSaid = true;
  });
  return Effect.forever(Effect.andThen(look, Effect.sleep(lookMillis)));
};

/** Submits a run and emits its events until it has ended. Returns its outputs; its failure is a sentence. */
export const submitted = (
  graph: Graph,
  inputs: Outputs,
  store: StoreService,
  { runId, file }: { readonly runId: string; readonly file: string },
): Effect.Effect<Outputs, unknown> =>
  Effect.gen(function* () {
    const listeners = yield* Listeners;
    const take = (events: ReadonlyArray<PipelineEvent>): void => {
      for (const event of events) for (const listen of listeners) listen(event);
    };
    yield* submitRun(graph, inputs, { store, runId, origin: yield* RunOrigin });
    tell(visible(`Submitted run ${runId}. Ctrl-C leaves it to the runners.`));
    const following = watchRun(store, () => undefined, runId, { take, end: () => {} });
    yield* Effect.raceFirst(following, sayWaiting(graph, store, runId, file));
    const run = yield* store.summary(runId);
    switch (run?.status) {
      case "succeeded":
        return yield* recordedOutputs(graph, store, runId);
      case "failed":
        return yield* failure(run.error ?? "The run failed.");
      case "interrupted":
        return yield* failure(`Run ${runId} was cancelled.`);
      default:
        return yield* failure(`Run ${runId} was deleted while this command followed it.`);
    }
  }).pipe(
    Effect.onInterrupt(() =>
      Effect.gen(function* () {
        const run = yield* Effect.orElseSucceed(store.summary(runId), () => undefined);
        if (run === undefined || !isUnderWay(run.status)) return;
        tell(
          visible(
            `Left run ${runId} to the runners. To see it: espalier show ${runId} --database URL. To stop it: espalier cancel ${runId} --database URL.`,
          ),
        );
      }),
    ),
  );
