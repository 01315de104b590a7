/** `espalier runs`: what has run, newest first. */

import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { visible, visibleJson } from "../../draw/escape.ts";
import type { RunInfo } from "../../../types/runs.ts";
import { Runs } from "../../run/runs.ts";
import { failure } from "../failure.ts";
import { table, took, when } from "../history.ts";
import { print } from "../output.ts";
import { inStore, storeFlags } from "../store.ts";
import { isStatus, unknownStatus } from "../../run/unknown-status.ts";

const optional = (name: string, metavar: string, description: string) =>
  Flag.String(name).pipe(
    Flag.withMetavar(metavar),
    Flag.withDescription(description),
    Flag.optional,
    Flag.map(Option.getOrUndefined),
  );

const asData = ({ id, pipeline, status, began, ended, error, origin }: RunInfo) => ({
  id,
  pipeline,
  status,
  began: new Date(began).toISOString(),
  ...(ended === undefined
    ? {}
    : { ended: new Date(ended).toISOString(), millis: Math.max(0, ended - began) }),
  ...(error === undefined ? {} : { error }),
  ...(origin?.file === undefined ? {} : { file: origin.file }),
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
      Flag.withDescription("The maximum number of runs to list, newest first"),
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
    if (status !== undefined && !isStatus(status)) return yield* failure(unknownStatus(status));
    const found = yield* inStore(
      store,
      Runs.list({
        ...(pipeline === undefined ? {} : { pipeline }),
        ...(status === undefined ? {} : { status }),
        ...(limit === undefined ? {} : { limit }),
      }),
    );
    if (json) {
      yield* print(`${visibleJson(JSON.stringify(found.map(asData)))}\n`);
    } else if (found.length > 0) {
      const rows = found.map((run) => [run.id, run.pipeline, run.status, when(run.began), took(run)]);
      yield* print(table(rows.map((row) => row.map(visible))));
    }
  }),
).pipe(
  Command.withDescription("List the recorded runs, newest first: id, pipeline, status, start and duration."),
  Command.withShortDescription("List recorded runs"),
);
