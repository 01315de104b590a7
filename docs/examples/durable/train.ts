/**
 * Trains the models of the penguins example with a record: `node train.ts FILE` starts or resumes
 * the run "nightly". Prints a line for each step that runs or was recorded before.
 */
import { readFile } from "node:fs/promises";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import * as Stream from "effect/Stream";
import { SqliteStore } from "espalier/sqlite";
import { leaderboardText } from "../penguins/compare.ts";
import { Settings } from "../penguins/data.ts";
import { penguins } from "../penguins/pipeline.ts";

const [filename] = process.argv.slice(2) as [string];

const settings = Schema.decodeUnknownSync(Settings)(
  JSON.parse(await readFile(new URL("../penguins/settings.json", import.meta.url), "utf8")),
);

const program = Effect.gen(function* () {
  const run = yield* penguins.start({ settings }, { runId: "nightly" });
  // What expands is expanded again, and its steps are recorded by themselves: only they are counted.
  const notCounted = new Set<string>();
  yield* Stream.runForEach(run.events, (event) =>
    Effect.sync(() => {
      if (event.type === "expansion.expanded") notCounted.add(event.path);
      if (event.type === "step.recalled") {
        notCounted.add(event.path);
        console.log(`recalled ${event.path}`);
      }
      if (event.type === "step.succeeded" && !notCounted.has(event.path)) console.log(`ran ${event.path}`);
    }),
  );
  const { guess, leaderboard } = yield* run.await;
  console.log(`\n${leaderboardText(leaderboard, guess)}`);
});

await Effect.runPromise(Effect.provide(program, SqliteStore.layer({ filename })));
