/**
 * Processes on any number of machines that share the runs of one database.
 *
 * @packageDocumentation
 */
import type { Layer } from "effect/Layer";
import type { RunnerFailed, StoreCorrupt, StoreError } from "../errors.ts";
import type { ClusterClient } from "./client.ts";
import { client } from "./client.ts";
import type { ClusterDatabase } from "./database.ts";
import type { RunnerOptions } from "./runner.ts";
import { runner } from "./runner.ts";

export { SubmittedRunFailed, RunnerFailed } from "../errors.ts";
export type { ClientParameters } from "../client/types.ts";
export type { ClusterClient, ClusterRun, ClusterStart, SubmitError } from "./client.ts";
export type { ClusterDatabase } from "./database.ts";
export type { RunnerOptions } from "./runner.ts";

/**
 * Runners execute runs; clients submit them. They share a database, and each run is executed by one runner at a time: a
 * runner that dies or freezes loses its runs to the others, and can no longer write to them.
 *
 * @example
 * ```ts
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import * as Effect from "effect/Effect";
 * import * as Layer from "effect/Layer";
 * import { pipeline, type } from "espalier";
 * import { Cluster } from "espalier/cluster";
 * import { SqliteStore } from "espalier/sqlite";
 *
 * const bill = pipeline("bill")
 *   .input("prices", type<ReadonlyArray<number>>())
 *   .step("total", ["prices"], ({ prices }) => prices.reduce((a, b) => a + b, 0));
 *
 * // On several machines: { database: "postgres://…" }, and the client in another process.
 * const store = SqliteStore.layer({ filename: join(mkdtempSync(join(tmpdir(), "runs-")), "runs.db") });
 * const runner = Cluster.runner({ pipelines: [bill], store });
 * const client = Cluster.client({ store });
 *
 * const program = client.run(bill, { prices: [1, 2, 3] }).pipe(Effect.provide(runner));
 * console.log((await Effect.runPromise(program)).total); // 6
 * ```
 *
 * @public
 */
export const Cluster: {
  /**
   * Executes runs: submitted runs, runs whose process is gone, and runs of schedules. It leaves runs of other pipelines
   * and of other versions to other runners. When its scope closes, it starts nothing more, waits for running steps,
   * and releases the runs that have not ended.
   */
  readonly runner: (options: RunnerOptions) => Layer<never, RunnerFailed | StoreError | StoreCorrupt>;
  /** Submits and controls runs. */
  readonly client: (database: ClusterDatabase) => ClusterClient;
} = { runner, client };
