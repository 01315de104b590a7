/** `espalier runs`: what has run, newest first. */

import { existsSync } from "node:fs";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { visible } from "../../draw/escape.ts";
import type { RunSummary } from "../../journal/store.ts";
import { table, took, when } from "../history.ts";
import { print } from "../output.ts";
import { existingStore, fileOf, storeFile, told } from "../store.ts";

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
      "Only runs that are running, succeeded, failed, interrupted or crashed",
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("Print the runs as one JSON array"),
      Flag.withDefault(false),
    ),
    store: storeFile,
  },
  Effect.fnUntraced(function* ({ pipeline, status, json, store }) {
    const all = existsSync(fileOf(store))
      ? yield* told(Effect.flatMap(existingStore(store), (open) => open.runs()))
      : [];
    const found = all.filter(
      (run) =>
        (pipeline === undefined || run.pipeline === pipeline) &&
        (status === undefined || run.status === status),
    );
    if (json) {
      yield* print(`${JSON.stringify(found.map(asData))}\n`);
    } else if (found.length > 0) {
      const rows = found.map((run) => [run.id, run.pipeline, run.status, when(run.began), took(run)]);
      yield* print(table(rows.map((row) => row.map(visible))));
    }
  }, Effect.scoped),
).pipe(
  Command.withDescription(
    "List the runs that are recorded, newest first: id, pipeline, status, begin and duration.",
  ),
  Command.withShortDescription("List recorded runs"),
);
