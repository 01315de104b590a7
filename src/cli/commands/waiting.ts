/** `espalier waiting`: the steps that wait for an answer, in all runs. */
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import { visible, visibleJson } from "../../draw/escape.ts";
import { Runs } from "../../run/runs.ts";
import { table, when } from "../history.ts";
import { print } from "../output.ts";
import { inStore, storeFlags } from "../store.ts";

export const waiting = Command.make(
  "waiting",
  {
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("Print the waiting steps as one JSON array"),
      Flag.withDefault(false),
    ),
    store: storeFlags,
  },
  Effect.fnUntraced(function* ({ json, store }) {
    const all = yield* inStore(store, Runs.waiting());
    if (json) {
      const data = all.map(({ since, deadline, ...wait }) => ({
        ...wait,
        since: new Date(since).toISOString(),
        ...(deadline === undefined ? {} : { deadline: new Date(deadline).toISOString() }),
      }));
      yield* print(`${visibleJson(JSON.stringify(data))}\n`);
    } else if (all.length > 0) {
      const rows = all.map(({ runId, path, since, ask }) => [
        runId,
        path,
        when(since),
        ask === undefined ? "" : JSON.stringify(ask),
      ]);
      yield* print(table(rows.map((row) => row.map(visible))));
    }
  }),
).pipe(
  Command.withDescription(
    "List the steps that wait for a value, longest wait first: run, path, time and question. Answer with espalier signal.",
  ),
  Command.withShortDescription("List steps that wait for an answer"),
);
