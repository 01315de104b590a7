/** `espalier run`: runs a pipeline, shows its progress on standard error, and prints its outputs. */
import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { inspect } from "node:util";
import * as Cause from "effect/Cause";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Option from "effect/Option";
import type * as Scope from "effect/Scope";
import type { RunOptions } from "../../../types/options.ts";
import { visible } from "../../draw/escape.ts";
import { expandable } from "../../engine/graph.ts";
import { Listeners, RunOrigin } from "../../engine/seams.ts";
import { OutputNotEncodable, StepFailed } from "../../errors.ts";
import type { PipelineEvent } from "../../events.ts";
import type { StoreService } from "../../journal/store.ts";
import { Store } from "../../journal/store.ts";
import { causesOf } from "../../values/causes.ts";
import { describe } from "../../values/describe.ts";
import { serviceHint } from "../../workers/missing-service.ts";
import { CliFailure, failure } from "../failure.ts";
import { readInputs } from "../inputs.ts";
import { outputsAsJson } from "../json.ts";
import type { Loaded } from "../load.ts";
import { loadRunnable } from "../load.ts";
import { print, tell } from "../output.ts";
import { exportName, file } from "../parameters.ts";
import { placeOf } from "../source-location.ts";
import { Progress } from "../progress.ts";
import { report, reported } from "../report.ts";
import { limits, limitsOf } from "../limits.ts";
import { only, reducedTo } from "../only.ts";
import { withServices } from "../services.ts";
import { databaseOf, noStore, storeFlags, storeForRun } from "../store.ts";
import { submitted } from "../submitted.ts";

const inputs = Flag.String("input").pipe(
  Flag.withAlias("i"),
  Flag.withMetavar("NAME=JSON|NAME=@FILE"),
  Flag.withDescription("An input of the pipeline, as JSON or read from a JSON file. Repeatable"),
  Flag.atLeast(0),
);

export const concurrency = Flag.Int("concurrency").pipe(
  Flag.withAlias("c"),
  Flag.withMetavar("N"),
  Flag.filter(
    (count) => count >= 1,
    (count) => `Expected a whole number of at least 1; got ${count}`,
  ),
  Flag.withDescription("The maximum number of steps that run at once; by default all that are ready"),
  Flag.optional,
);

export const json = Flag.Boolean("json").pipe(
  Flag.withDescription("Print the outputs as one JSON object, and nothing else, on standard output"),
  Flag.withDefault(false),
);

const doWithout = "To run without a record: espalier run --no-store.";

/** The errors of this library name their step; a user's own typed error does not, so its path comes from the events. */
const runFailure = (
  cause: Cause.Cause<unknown>,
  failedAt: string | undefined,
  loaded: Loaded,
): CliFailure => {
  const error = Cause.squash(cause);
  if (error instanceof CliFailure) return error;
  const hint = serviceHint(error, loaded);
  const isOurs =
    typeof error === "object" &&
    error !== null &&
    "code" in error &&
    String(error.code).startsWith("ESPALIER_");
  const sentence =
    isOurs || failedAt === undefined
      ? error instanceof Error && isOurs
        ? error.message
        : describe(error)
      : `Step "${failedAt}" failed: ${describe(error)}`;
  return failure(
    `${sentence}${placeOf(error instanceof StepFailed ? error.cause : error)}`,
    ...causesOf(error, sentence),
    ...(hint === undefined ? [] : [hint]),
    ...(error instanceof OutputNotEncodable ? [doWithout] : []),
  );
};

/** Prints a notice on Ctrl-C: steps may take a while to stop. */
const sayStopping: Effect.Effect<void, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => {
    const say = (): void =>
      tell("Stopping: steps get their grace period. Press Ctrl-C again to end the process immediately.");
    process.once("SIGINT", say);
    return say;
  }),
  (say) => Effect.sync(() => process.removeListener("SIGINT", say)),
);

/** Runs a pipeline and shows it through `Progress`. Interrupting this interrupts the run. */
export const watched = (
  loaded: Loaded,
  running: Effect.Effect<Readonly<Record<string, unknown>>, unknown>,
  isHere = true,
): Effect.Effect<Readonly<Record<string, unknown>>, CliFailure> =>
  Effect.scoped(
    Effect.gen(function* () {
      const view = yield* (yield* Progress).open(loaded.pipeline.plan());
      if (isHere) yield* sayStopping;
      const others = yield* Listeners;
      let failedAt: string | undefined;
      const listen = (event: PipelineEvent): void => {
        if (event.type === "step.failed" || event.type === "expansion.failed") failedAt ??= event.path;
        view.event(event);
      };
      return yield* running.pipe(
        Effect.provideService(Listeners, [...others, listen]),
        Effect.catchCause((cause) =>
          Cause.hasInterruptsOnly(cause)
            ? Effect.interrupt
            : Effect.fail(runFailure(cause, failedAt, loaded)),
        ),
      );
    }),
  );

/** Runs with a record, and prints how to resume a run that did not succeed. */
export const recorded = <Value, Failure>(
  store: StoreService | undefined,
  runId: string,
  running: Effect.Effect<Value, Failure>,
): Effect.Effect<Value, Failure> =>
  store === undefined
    ? running
    : running.pipe(
        Effect.provideService(Store, store),
        Effect.onExit((exit) =>
          Effect.gen(function* () {
            if (Exit.isSuccess(exit)) return;
            const run = yield* Effect.orElseSucceed(store.summary(runId), () => undefined);
            // A run of another process is not ended by the end of this command.
            const isOurs = run !== undefined && run.status !== "running" && run.status !== "submitted";
            if (isOurs && run.status !== "succeeded")
              tell(`! run ${run.id} is ${run.status}: espalier resume ${run.id} continues it`);
          }),
        ),
      );

/** Prints the outputs in the requested format. */
export const printOutputs = (
  outputs: Readonly<Record<string, unknown>>,
  json: boolean,
): Effect.Effect<void, CliFailure> =>
  Effect.gen(function* () {
    yield* print(json ? `${yield* outputsAsJson(outputs)}\n` : humanly(outputs));
  });

/** One output a paragraph, as Node shows values; without colours if the output is not a terminal. */
const humanly = (outputs: Readonly<Record<string, unknown>>): string => {
  const colors = process.stdout.isTTY && process.env["NO_COLOR"] === undefined;
  return Object.entries(outputs)
    .map(([name, value]) => {
      // Each line on its own: the line breaks are ours or the inspector's, and escapes of colours are only ours.
      const text = inspect(value, { colors, depth: 4, maxStringLength: 2000 });
      return `${visible(name)}: ${colors ? text : text.split("\n").map(visible).join("\n")}\n`;
    })
    .join("");
};

const newId = Flag.String("run-id").pipe(
  Flag.withMetavar("ID"),
  Flag.withDescription("The id of the run; the same id again resumes the run"),
  Flag.optional,
);

const here = Flag.Boolean("here").pipe(
  Flag.withDescription(
    "With --database: execute the run in this process, instead of submitting it to runners",
  ),
  Flag.withDefault(false),
);

/** An error if there are options that only the process that executes the run can apply. */
const onlyHere = (options: RunOptions, only: ReadonlyArray<string>): string | undefined => {
  const { runId: _, ...limits } = options;
  const given = [...Object.keys(limits), ...(only.length > 0 ? ["only"] : [])];
  if (given.length === 0) return undefined;
  const flags = given.map((name) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
  return `With --database a runner executes the run, and cannot apply ${flags.join(", ")}. Add --here to execute the run in this process.`;
};

export const run = Command.make(
  "run",
  {
    file,
    inputs,
    only,
    concurrency,
    ...limits,
    json,
    exportName,
    newId,
    store: storeFlags,
    noStore,
    here,
    report,
  },
  Effect.fnUntraced(function* ({
    file,
    inputs,
    only,
    concurrency,
    json,
    exportName,
    newId,
    store,
    noStore,
    here,
    report,
    ...limits
  }) {
    const loaded = yield* reducedTo(only, yield* loadRunnable(file, exportName));
    const { pipeline } = loaded;
    const values = yield* readInputs(pipeline, inputs);
    const service = yield* storeForRun(store, noStore, Option.getOrUndefined(newId));
    const runId = Option.getOrElse(newId, () => randomUUID());
    const options: RunOptions = {
      runId,
      ...(Option.isSome(concurrency) ? { concurrency: concurrency.value } : {}),
      ...limitsOf(limits),
    };
    const origin = JSON.stringify({
      file: resolve(file),
      exportName,
      // Resuming reduces the pipeline in the same way: otherwise it would not be the one that was recorded.
      ...(only.length === 0 ? {} : { only }),
    });
    const isHere = here || noStore || service === undefined || (yield* databaseOf(store)) === undefined;
    const refused = isHere ? undefined : onlyHere(options, only);
    if (refused !== undefined) return yield* failure(refused);
    const executed = isHere
      ? pipeline.run(values, options)
      : submitted(expandable(pipeline)!, values, service, { runId, file });
    const running = Effect.provideService(executed, RunOrigin, origin);
    const watching = reported(report, withServices(loaded, watched(loaded, running, isHere)));
    const outputs = yield* recorded(service, runId, watching);
    yield* printOutputs(outputs, json);
  }, Effect.scoped),
).pipe(
  Command.withDescription(
    "Run a pipeline. Progress goes to standard error, outputs to standard output. Ctrl-C stops the run cleanly.",
  ),
  Command.withShortDescription("Run a pipeline"),
  Command.withExamples([
    { command: "espalier run training.ts", description: "Run the default export of a file" },
    {
      command: "espalier run training.ts --input 'rates=[0.1,0.01]' --input config=@config.json",
      description: "Pass inputs as JSON, or from a JSON file",
    },
    {
      command: "espalier run training.ts --report report.html",
      description: "Write a page: the graph as it grew, a time line, values, errors",
    },
    {
      command: "espalier run training.ts --json | jq .bestModel",
      description: "Pass the outputs to another program",
    },
    {
      command: "espalier run jobs.ts --export nightly --concurrency 4",
      description: "A named export, four steps at once",
    },
  ]),
);
