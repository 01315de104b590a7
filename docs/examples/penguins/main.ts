/**
 * Runs the penguins pipeline, tells what it does as it does it, prints the leaderboard, and writes the graph as it grew
 * (as JSON, Mermaid, DOT and SVG) and a report of the run, which any browser opens. `npm start` runs this; an argument names another folder to write to.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as Console from "effect/Console";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import * as Stream from "effect/Stream";
import type { PipelineEvent } from "espalier";
import { Plan, Report } from "espalier/draw";
import { ThreadWorkers } from "espalier/threads";
import { leaderboardText } from "./compare.ts";
import { Settings } from "./data.ts";
import { penguins } from "./pipeline.ts";

const folder = process.argv[2] ?? "temp/penguins";

/** What an event says on a line, where it says something to a person. */
const told = (event: PipelineEvent): ReadonlyArray<string> => {
  switch (event.type) {
    case "step.logged":
      return [`  ${event.path}: ${event.message.join(" ")}`];
    case "expansion.expanded":
      return event.plan === undefined
        ? []
        : [`+ ${event.path} grew ${event.plan.steps.length} steps: ${event.plan.name}`];
    case "step.failed":
      return [`! ${event.path} failed: ${String(event.error)}`];
    default:
      return [];
  }
};

const settings = Effect.promise(async () =>
  Schema.decodeUnknownSync(Settings)(
    JSON.parse(await readFile(new URL("settings.json", import.meta.url), "utf8")),
  ),
);

const workers = ThreadWorkers.layer({ module: new URL("pipeline.ts", import.meta.url) });

/** How much was computed in which time, on all threads together: what they gained. */
const stopwatch = () => {
  const began = performance.now();
  const used = process.cpuUsage();
  return () => {
    const elapsed = (performance.now() - began) / 1e3;
    const { user, system } = process.cpuUsage(used);
    const computed = (user + system) / 1e6;
    return `The run computed ${computed.toFixed(1)} s in ${elapsed.toFixed(1)} s: the threads kept ${(computed / elapsed).toFixed(1)} cores busy.`;
  };
};

const program = Effect.gen(function* () {
  const taken = stopwatch();
  const run = yield* penguins.start({ settings: yield* settings }, { workers });
  yield* Stream.runForEach(run.events, (event) => Effect.forEach(told(event), (line) => Console.log(line)));
  const { guess, leaderboard } = yield* run.await;
  yield* Console.log(`\n${leaderboardText(leaderboard, guess)}\n`);
  yield* Console.log(taken());
  const report = yield* Report.fromRun(run);
  yield* Effect.promise(async () => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "graph.json"), Plan.toJson(run.plan));
    await writeFile(join(folder, "graph.mmd"), Plan.toMermaid(run.plan));
    await writeFile(join(folder, "graph.dot"), Plan.toDot(run.plan));
    await writeFile(join(folder, "graph.svg"), Plan.toSvg(run.plan));
    await writeFile(join(folder, "report.html"), report);
  });
  yield* Console.log(`The graph as it grew: ${join(folder, "graph.json")}, graph.mmd, graph.dot, graph.svg`);
  yield* Console.log(`What happened: ${join(folder, "report.html")}`);
});

await Effect.runPromise(program);
