/** Effect's own workflow engine on Effect Cluster: every activity is a message in the database, and so is its reply. */
import * as NodeClusterSocket from "@effect/platform-node/NodeClusterSocket";
import * as NodeRuntime from "@effect/platform-node/NodeRuntime";
import * as PgClient from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";
import { ClusterWorkflowEngine, RunnerAddress } from "effect/cluster";
import { Activity, Workflow } from "effect/workflow";
import { chainLength, fanSize, measure, smallRuns, url } from "./measure.mjs";

const activity = (name, value) =>
  Activity.make({ name, success: Schema.Number, execute: Effect.succeed(value) });

const Graph = Workflow.make("Graph", {
  payload: { id: Schema.String, kind: Schema.String, size: Schema.Number },
  success: Schema.Number,
  idempotencyKey: ({ id }) => id,
});

const performed = Graph.toLayer(({ kind, size }) => {
  const all = Array.from({ length: size }, (_, i) => i);
  return kind === "chain"
    ? Effect.reduce(
        all,
        () => 0,
        (value, i) => activity(`s${i}`, value + 1),
      )
    : Effect.map(
        Effect.forEach(all, (i) => activity(`f${i}`, i), { concurrency: 512 }),
        (values) => values.length,
      );
});

const engine = ClusterWorkflowEngine.layer.pipe(
  Layer.provideMerge(
    NodeClusterSocket.layer({
      storage: "sql",
      runnerHealth: "ping",
      shardingConfig: {
        runnerAddress: Option.some(RunnerAddress.make("127.0.0.1", 34_999)),
        entityMessagePollInterval: 500,
        entityReplyPollInterval: 50,
        sendRetryInterval: 50,
        simulateRemoteSerialization: false,
      },
    }),
  ),
  Layer.provide(PgClient.layer({ url: Redacted.make(url), maxConnections: 10 })),
);

let runs = 0;
const main = Effect.gen(function* () {
  const context = yield* Effect.context();
  const run = (effect) => Effect.runPromiseWith(context)(effect);
  const execute = (kind, size) => Graph.execute({ id: `${kind}${runs++}`, kind, size });
  // Effect Cluster assigns its shards some seconds after the start.
  yield* Effect.sleep("6 seconds");
  yield* Effect.promise(() =>
    measure({
      chain: () => run(execute("chain", chainLength)),
      fan: () => run(execute("fan", fanSize)),
      small: () =>
        run(
          Effect.forEach(Array.from({ length: smallRuns }), () => execute("chain", 3), {
            concurrency: "unbounded",
          }),
        ),
    }),
  );
});
NodeRuntime.runMain(Effect.provide(main, performed.pipe(Layer.provideMerge(engine))));
