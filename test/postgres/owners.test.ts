/** Several processes on one database: each run has one owner, and a process that loses a run can no longer write to it. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "espalier";
import { afterAll, describe, expect, test } from "vitest";
import { ownedRuns } from "../durable/owned-runs.ts";
import type { Fault } from "../durable/shared-runs.ts";
import { sharedRuns } from "../durable/shared-runs.ts";
import { temporary } from "../sqlite/support.ts";
import { PostgresServer } from "./server/postgres-server.ts";
import { newAddress, newSchema, sql, storeIn } from "./support.ts";

const few: ReadonlyArray<Fault> = [
  "freeze",
  "kill",
  "cut",
  "stop",
  "terminate",
  "block",
  "cut",
  "stop",
  "kill",
  "cut",
];
const isLong = process.env["ESPALIER_LONG"] !== undefined;
/** In the long form, which has its own server, each round also restarts that server. */
const faults = isLong
  ? Array.from({ length: 19 }, () => [...few, "restart" as const])
      .flat()
      .slice(0, 200)
  : [...few, ...few];
let server: PostgresServer | undefined;
if (isLong) {
  process.env["BLOCK_MILLIS"] = "10000";
  server = await PostgresServer.start(mkdtempSync(join(tmpdir(), "espalier-faults-")), ["fsync=off"]);
  afterAll(() => server?.remove());
}

ownedRuns(newAddress);
/** The database whose connections are cut: those of other tests must not be. Each attempt of a test has its own. */
let database = "";

sharedRuns({
  newAddress: async () => {
    database = newSchema();
    await sql(`CREATE DATABASE "${database}"`, server?.url());
    const url = new URL(server?.url() ?? (await newAddress()));
    url.searchParams.set("schema", newSchema());
    url.pathname = `/${encodeURIComponent(database)}`;
    return url.href;
  },
  newFile: temporary(),
  faults,
  cut: async () => {
    await sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}' AND application_name LIKE 'espalier%'`,
      server?.url(),
    );
  },
  restart: async () => {
    await server?.down("immediate");
    await server?.up();
  },
});

describe("A process", () => {
  test("holds the lock by which others see that it is killed before its first step starts", async () => {
    const schema = newSchema();
    // The thread that renews the lease takes the lock later, under the name "espalier lease".
    const locks = () =>
      sql(`SELECT o.locks, a.application_name AS name FROM "${schema}".espalier_owners AS o
        JOIN "${schema}".espalier_runs AS r ON r.owner = o.owner
        JOIN pg_locks AS l ON l.locktype = 'advisory' AND l.granted AND l.objid = o.owner::oid
        JOIN pg_stat_activity AS a ON a.pid = l.pid
        WHERE r.id = 'r' AND a.application_name = 'espalier'`);
    const asking = pipeline("asking").step("locks", [], locks).returns("locks");
    const asked = asking.runPromise({}, { store: await storeIn(schema), runId: "r" });
    expect((await asked).locks).toEqual([{ locks: true, name: "espalier" }]);
  });
});
