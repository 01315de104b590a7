/** `espalier runs`: what has run, newest first. */

import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { visible, visibleJson } from "../../draw/escape.ts";
import type { RunSummary } from "../../journal/store.ts";
import { runStatuses } from "../../journal/store.ts";
import { failure } from "../failure.ts";
import { table, took, when } from "../history.ts";
import { print } from "../output.ts";
import { existingStore, storeFlags, told } from "../store.ts";
import { didYouMean } from "../../values/nearest.ts";
import { listed } from "../words.ts";

const optional = (name: string, metavar: string, description: string) =>
  Flag.String(name).pipe(
    Flag.withMetavar(metavar),
    Flag.withDescription(description),
    Flag.optional,
    Flag.map(Option.getOrUndefined),
  );

const asData = ({ id, pipeline, status, began, ended, error, origin }: RunSummary) => ({
  id,
  pipeline,
  status,
  began: new Date(began).toISOString(),
  ...(ended === undefined
    ? {}
    : { ended: new Date(ended).toISOString(), millis: Math.max(0, ended - began) }),
  ...(error === undefined ? {} : { error }),
  ...(origin === undefined ? {} : { file: (JSON.parse(origin) as { readonly file: string }).file }),
});

export const runs = Command.make(
  "runs",
  {
    pipeline: optional("pipeline", "NAME", "Only runs of this pipeline"),
    status: optional(
      "status",
      "STATUS",
      "Only runs that are submitted, running, succeeded, failed, interrupted or crashed",
    ),
    limit: Flag.Int("limit").pipe(
      Flag.withMetavar("N"),
      Flag.withDescription("The most runs to list: the newest ones"),
      Flag.optional,
      Flag.map(Option.getOrUndefined),
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("Print the runs as one JSON array"),
      Flag.withDefault(false),
    ),
    store: storeFlags,
  },
  Effect.fnUntraced(function* ({ pipeline, status, limit, json, store }) {
    const known = runStatuses.find((one) => one === status);
    if (status !== undefined && known === undefined) {
      return yield* failure(
        `"${status}" is not a status: write ${listed(runStatuses)}.${didYouMean(status, runStatuses)}`,
      );
    }
    const open = yield* existingStore(store);
    const found = yield* told(open.runs({ pipeline, status: known, limit }));
    if (json) {
      yield* print(`${visibleJson(JSON.stringify(found.map(asData)))}\n`);
    } else if (found.length > 0) {
      const rows = found.map((run) => [run.id, run.pipeline, run.status, when(run.began), took(run)]);
      yield* print(table(rows.map((row) => row.map(visible))));
    }
  }, Effect.scoped),
).pipe(
  Command.withDescription("List the recorded runs, newest first: id, pipeline, status, start and duration."),
  Command.withShortDescription("List recorded runs"),
);
