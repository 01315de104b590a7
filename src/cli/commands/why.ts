/** `espalier why RUN PATH`: why a step ran, or did not. */
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Effect from "effect/Effect";
import { visible } from "../../draw/escape.ts";
import type { RecordedNode, RunRecord } from "../../../types/runs.ts";
import { Runs } from "../../run/runs.ts";
import { failure } from "../failure.ts";
import { nodeAt, preview, took, when } from "../history.ts";
import { print } from "../output.ts";
import { findRun, inStore, storeFlags } from "../store.ts";
import { runId } from "./show.ts";

export const path: Argument.Argument<string> = Argument.String("path").pipe(
  Argument.withDescription("A path in the run, such as train/fit[3]/score"),
);

const explain = (run: RunRecord, node: RecordedNode): ReadonlyArray<string> => {
  const { path } = node;
  const said: Array<string> = [];
  const replaced = new Set(node.earlier);
  for (const event of run.events.filter((event) => event.path === path)) {
    const { time, type, detail } = event;
    const at = when(time);
    if (type === "cache.hit") said.push(`${at} taken from the cache: ${detail}`);
    else if (type === "cache.missed") said.push(`${at} ran: ${detail}`);
    else if (type === "step.retried") said.push(`${at} tried again: ${detail}`);
    else if (type === "step.fallback") said.push(`${at} its fallback was used: ${detail}`);
    else if (type.endsWith(".failed")) {
      said.push(`${at} ${replaced.has(event) ? "failed, in an earlier attempt" : "failed"}: ${detail}`);
    }
  }
  const entry = run.steps.find((step) => step.path === path);
  if (entry !== undefined) {
    const attempt = entry.attempt > 1 ? `, attempt ${entry.attempt}` : "";
    const hit = said.some((line) => line.includes("from the cache"));
    said.push(
      `${when(entry.ended)} recorded after ${took(entry)}${attempt}: ${preview(entry)}`,
      hit
        ? "It did not run, and will not when the run is resumed."
        : "It ran because nothing was recorded for it; it will not run again when the run is resumed.",
    );
  } else if (node.isExpanded || node.children.length > 0) {
    said.push("It expanded. Its steps have their own records: ask about one of them.");
  } else if (node.status === "waiting") {
    said.push(
      `${when(node.began!)} ${node.kind === "sleep" ? "It has been sleeping since then." : "It has been waiting for a value since then."}`,
    );
  } else if (node.kind === "await" && node.status !== "failed") {
    said.push("It waits for a value, or has not been reached.");
  } else if (said.length === 0) {
    said.push(
      run.status === "running"
        ? "It has not ended, or has not been reached."
        : "It did not end before the run stopped. It runs again when the run is resumed.",
    );
  } else {
    said.push("Nothing is recorded for it: it runs when the run is resumed.");
  }
  return said;
};

export const why = Command.make(
  "why",
  { runId, path, store: storeFlags },
  Effect.fnUntraced(function* ({ runId, path, store }) {
    const run = yield* inStore(
      store,
      Effect.flatMap(findRun(runId), ({ id }) => Runs.get(id, { values: true, graph: true })),
    );
    const node = nodeAt(run.graph, path);
    if (node === undefined) return yield* failure(`There is no path "${path}" in run "${run.id}" so far.`);
    yield* print(
      explain(run, node)
        .flatMap((line) => line.split("\n"))
        .map((line) => `${visible(line)}\n`)
        .join(""),
    );
  }),
).pipe(
  Command.withDescription(
    "Explain why a step of a run ran, was taken from the cache, failed, or did not run.",
  ),
  Command.withShortDescription("Why a step ran"),
);
