/**
 * Renews leases from a separate thread, so that a step that blocks the event loop does not lose its run. There is one
 * thread for all stores of a process; it starts when the first run is claimed, and ends when no store needs it.
 */
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import type { OwnerRow } from "./owners.ts";
import { beatSql } from "./owners.ts";

const everyMillis = 1_000;
/** Starting a thread takes a while: one that is not needed now may be needed soon. */
const keptMillis = 5_000;

/**
 * The program of the thread, as text, so that a bundler needs no second file. Its commits are not flushed to the disk, since a lease
 * need not survive a power loss; and it opens the file only if it exists.
 */
const program = `
"use strict";
process.removeAllListeners("warning");
process.on("warning", () => {});
const { parentPort } = require("node:worker_threads");
const { DatabaseSync } = require("node:sqlite");
const leases = new Map();
const close = (lease) => {
  try { lease.database?.close(); } catch {}
  lease.database = undefined;
};
const beat = (lease) => {
  try {
    if (lease.database === undefined) {
      lease.database = new DatabaseSync(new URL(lease.url + "?mode=rw"), { timeout: 200 });
      lease.database.exec("PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0");
      lease.statement = lease.database.prepare(lease.sql);
    }
    const { owner, host, pid, started, inode, since } = lease.row;
    const tick = Math.floor(Number(process.hrtime.bigint() / 1000000n));
    lease.statement.run(owner, host, pid, started, inode, since, Date.now(), tick);
  } catch {
    close(lease);
    setTimeout(() => { if (leases.has(lease.row.owner)) beat(lease); }, 100);
  }
};
setInterval(() => { for (const lease of leases.values()) beat(lease); }, ${everyMillis});
parentPort.on("message", ({ open, close: closed }) => {
  if (open !== undefined) leases.set(open.row.owner, open);
  else {
    const lease = leases.get(closed);
    leases.delete(closed);
    if (lease !== undefined) close(lease);
  }
});
`;

let thread: Worker | undefined;
let users = 0;
let ending: NodeJS.Timeout | undefined;

const start = (): Worker => {
  const started = new Worker(program, { eval: true, execArgv: [], env: {}, name: "espalier-lease" });
  started.unref();
  // Without the thread, leases are renewed only by commits: runs whose steps block the event loop may lose theirs.
  started.on("error", () => {
    if (thread === started) thread = undefined;
  });
  return started;
};

/** Renews the lease of a row until it is released, starting in one second, since a process that claims a run beats by itself. */
export const keepLease = (filename: string, row: OwnerRow): void => {
  clearTimeout(ending);
  users++;
  thread ??= start();
  thread.postMessage({ open: { url: pathToFileURL(filename).href, row, sql: beatSql } });
};

/** Stops renewing. */
export const dropLease = (owner: string): void => {
  users--;
  thread?.postMessage({ close: owner });
  if (users > 0) return;
  clearTimeout(ending);
  ending = setTimeout(() => {
    if (users > 0) return;
    void thread?.terminate();
    thread = undefined;
  }, keptMillis);
  ending.unref();
};
