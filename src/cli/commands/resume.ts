/** `espalier resume RUN [FILE]`: resumes a run that stopped. */
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { expandable } from "../../engine/graph.ts";
import { resumeGraph } from "../../run/run.ts";
import { failure } from "../failure.ts";
import { loadRunnable } from "../load.ts";
import { limits, limitsOf } from "../limits.ts";
import { reducedTo } from "../only.ts";
import { exportName, file } from "../parameters.ts";
import { report, reported } from "../report.ts";
import { withServices } from "../services.ts";
import { existingStore, findRun, storeFlags, told } from "../store.ts";
import { Store } from "../../journal/store.ts";
import { concurrency, json, printOutputs, recorded, watched } from "./run.ts";
import { runId } from "./show.ts";

const from = Flag.String("from").pipe(
  Flag.withMetavar("PATH"),
  Flag.withDescription("Rerun this path and everything that depends on it"),
  Flag.optional,
  Flag.map(Option.getOrUndefined),
);

const retryFailed = Flag.Boolean("retry-failed").pipe(
  Flag.withDescription(
    "Also rerun the failed items of maps that collect failures, and everything that depends on them",
  ),
  Flag.withDefault(false),
);

export const resume = Command.make(
  "resume",
  {
    runId,
    file: Argument.optional(file),
    from,
    retryFailed,
    concurrency,
    ...limits,
    json,
    exportName,
    store: storeFlags,
    report,
  },
  Effect.fnUntraced(function* ({
    runId,
    file,
    from,
    retryFailed,
    concurrency,
    json,
    exportName,
    store,
    report,
    ...limits
  }) {
    const service = yield* told(existingStore(store));
    const { id, origin } = yield* told(Effect.provideService(findRun(runId), Store, service));
    const source = Option.getOrUndefined(file) ?? origin?.file;
    if (source === undefined) {
      return yield* failure(
        `The run "${id}" was not started from a file. Add the file: espalier resume ${id} FILE.`,
      );
    }
    const loaded = yield* reducedTo(
      origin?.only ?? [],
      yield* loadRunnable(source, exportName ?? origin?.exportName),
    );
    const options = {
      ...(Option.isSome(concurrency) ? { concurrency: concurrency.value } : {}),
      ...limitsOf(limits),
      runId: id,
    };
    const running = resumeGraph(expandable(loaded.pipeline)!, options, { from, retryFailed });
    const outputs = yield* recorded(
      service,
      id,
      reported(report, withServices(loaded, watched(loaded, running))),
    );
    yield* printOutputs(outputs, json);
  }, Effect.scoped),
).pipe(
  Command.withDescription(
    "Resume a run that crashed, failed or was stopped. Recorded steps do not run again. FILE defaults to the one that the run was started from.",
  ),
  Command.withShortDescription("Resume a run"),
);
