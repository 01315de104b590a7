/** Several processes on one database: each run has one owner, and what an owner loses it cannot write. */
import { ownedRuns } from "../durable/owned-runs.ts";
import type { Fault } from "../durable/shared-runs.ts";
import { sharedRuns } from "../durable/shared-runs.ts";
import { temporary } from "../sqlite/support.ts";
import { newAddress, newSchema, sql } from "./support.ts";

const few: ReadonlyArray<Fault> = [
  "freeze",
  "kill",
  "cut",
  "stop",
  "terminate",
  "cut",
  "stop",
  "kill",
  "cut",
  "stop",
];
const rounds = process.env["ESPALIER_LONG"] === undefined ? 1 : 20;

ownedRuns(newAddress);
/** Its connections are cut: those of other tests must not be. Each try of a test has its own. */
let database = "";

sharedRuns({
  newAddress: async () => {
    database = newSchema();
    await sql(`CREATE DATABASE "${database}"`);
    const url = new URL(await newAddress());
    url.pathname = `/${encodeURIComponent(database)}`;
    return url.href;
  },
  newFile: temporary(),
  faults: Array.from({ length: rounds }, () => few).flat(),
  cut: async () => {
    await sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}' AND application_name LIKE 'espalier%'`,
    );
  },
});
