/** A runner in a separate process: `node runner.ts URL SCHEMA`, or `node runner.ts FILE`. It prints when it is ready. */
import * as Effect from "effect/Effect";
import { Cluster } from "espalier/cluster";
import { PostgresStore } from "espalier/postgres";
import { SqliteStore } from "espalier/sqlite";
import { asked, held, small, spread } from "./pipelines.ts";

const [url, schema] = process.argv.slice(2);
const runner = Cluster.runner({
  pipelines: [asked, spread, small, held],
  store:
    schema === undefined ? SqliteStore.layer({ filename: url! }) : PostgresStore.layer({ url: url!, schema }),
  drain: 0,
});
const program = Effect.andThen(
  Effect.sync(() => console.log("ready")),
  Effect.never,
);
const fiber = Effect.runFork(Effect.provide(program, runner));
process.on("SIGTERM", () => {
  fiber.addObserver(() => process.exit(0));
  fiber.interruptUnsafe();
});
