/**
 * Renews leases from a separate thread with a separate connection, so that a step that blocks the event loop does not
 * lose its run. There is one thread for all stores of a process; it starts when the first run is claimed, and ends a
 * little after the last store that needs it is closed.
 */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import type { PgClientConfig } from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import type { Owner } from "./owners.ts";

const everyMillis = 1_000;
/** Starting a thread takes a while: one that is not needed now may be needed soon. */
const keptMillis = 5_000;

/**
 * The program of the thread, as text, so that a bundler needs no second file. `cells[0]` is when it requested the last confirmed
 * beat, in milliseconds of the monotonic clock, and `cells[1]` how often there was none for so long that
 * the lease may have expired.
 */
const program = `
"use strict";
const { parentPort, workerData } = require("node:worker_threads");
const leases = new Map();
const now = () => process.hrtime.bigint() / 1000000n;
const modules = Promise.all(workerData.modules.map((url) => import(url)));
const keep = async (lease) => {
  const [Effect, Redacted, PgConnection] = await modules;
  const { id, owner, cells, lockSql, beatSql, row } = lease;
  const secret = (text) => text === undefined ? undefined : Redacted.make(text);
  const ask = (connection, sql, values) => Effect.timeout(connection.query(sql, values), 3000);
  const session = Effect.scoped(Effect.gen(function* () {
    const { url, password, ...config } = lease.config;
    const connection = yield* PgConnection.make({
      ...config, url: secret(url), password: secret(password), connectTimeout: 3000, applicationName: "espalier lease",
    });
    let isLocked = false;
    for (;;) {
      const asked = now();
      if (!isLocked) isLocked = (yield* ask(connection, lockSql, [String(owner)])).rows[0].held === true;
      yield* ask(connection, beatSql, [String(owner), row.host, String(row.pid), String(isLocked)]);
      if (asked - Atomics.load(cells, 0) > 4000n) Atomics.add(cells, 1, 1n);
      Atomics.store(cells, 0, asked);
      yield* Effect.sleep(${everyMillis});
    }
  }));
  const again = Effect.andThen(Effect.ignore(session), Effect.suspend(() => {
    Atomics.add(cells, 1, 1n);
    parentPort.postMessage({ lost: id });
    return Effect.sleep(200);
  }));
  if (leases.has(id)) lease.stop = Effect.runCallback(Effect.forever(again));
};
parentPort.on("message", ({ open, close, config }) => {
  if (open !== undefined) {
    leases.set(open.id, open);
    keep(open);
  } else if (config !== undefined) {
    const lease = leases.get(config.id);
    if (lease !== undefined) lease.config = config.value;
  } else {
    leases.get(close)?.stop?.();
    leases.delete(close);
  }
});
`;

/** Where to find the modules that the thread needs, wherever this one was loaded from. */
const modules = (): ReadonlyArray<string> => {
  const { resolve } = createRequire(import.meta.url);
  const names = ["effect/Effect", "effect/Redacted", "@effect/sql-pg/PgConnection"];
  return names.map((name) => pathToFileURL(resolve(name)).href);
};

/** The settings of a connection, if they can be sent to a thread; otherwise undefined. */
const plain = async (config: PgClientConfig): Promise<Record<string, unknown> | undefined> => {
  const { url, host, port, path, ssl, database, username, password, startupParameters, startupOptions } =
    config;
  if (config.stream !== undefined) return undefined;
  const secret =
    password === undefined || Redacted.isRedacted(password) ? password : await Effect.runPromise(password);
  const found = {
    host,
    port,
    path,
    ssl,
    database,
    username,
    startupParameters,
    startupOptions,
    url: url === undefined ? undefined : Redacted.value(url),
    password: secret === undefined ? undefined : Redacted.value(secret),
  };
  try {
    return structuredClone(found);
  } catch {
    return undefined; // TLS options that are functions.
  }
};

interface Kept {
  readonly config: PgClientConfig;
}

const kept = new Map<number, Kept>();
let leases = 0;
let thread: Worker | undefined;
let ending: NodeJS.Timeout | undefined;

const start = (): Worker => {
  const started = new Worker(program, {
    eval: true,
    execArgv: [],
    env: {},
    workerData: { modules: modules() },
    name: "espalier-lease",
  });
  started.unref();
  // Without the thread, the store renews its lease itself, as long as no step blocks the event loop.
  started.on("error", () => {
    if (thread === started) thread = undefined;
  });
  // A password may have changed: the next connection reads it again.
  started.on("message", ({ lost }: { readonly lost: number }) => {
    const lease = kept.get(lost);
    if (lease === undefined) return;
    void plain(lease.config)
      .then((value) => value && started.postMessage({ config: { id: lost, value } }))
      .catch(() => {});
  });
  return started;
};

/** A lease that a thread renews. */
export class Lease {
  readonly #cells = new BigInt64Array(new SharedArrayBuffer(16));
  readonly #id = ++leases;
  #gaps = 0n;

  private constructor() {
    Atomics.store(this.#cells, 0, now());
  }

  /** Starts to renew the lease of an owner that has just registered. */
  static async keep(
    owner: Owner,
    config: PgClientConfig,
    { lockSql, beatSql }: { readonly lockSql: string; readonly beatSql: string },
  ): Promise<Lease> {
    const lease = new Lease();
    const value = await plain(config);
    if (value === undefined) return lease;
    clearTimeout(ending);
    kept.set(lease.#id, { config });
    try {
      thread ??= start();
      thread.postMessage({
        open: {
          id: lease.#id,
          owner: owner.owner,
          row: owner,
          cells: lease.#cells,
          config: value,
          lockSql,
          beatSql,
        },
      });
    } catch {
      // The modules cannot be found: the store renews its lease itself.
    }
    return lease;
  }

  /** The time since the last confirmed beat was requested, in milliseconds. */
  get age(): number {
    return Number(now() - Atomics.load(this.#cells, 0));
  }

  /** Whether the lease may have expired since it was last verified. */
  get hadGap(): boolean {
    return Atomics.load(this.#cells, 1) !== this.#gaps;
  }

  /** How often it may have expired: passed to `verified` once it is known that no run was lost. */
  get gaps(): bigint {
    return Atomics.load(this.#cells, 1);
  }

  verified(gaps: bigint): void {
    this.#gaps = gaps;
  }

  /** The store itself has renewed the lease. */
  renewed(askedMillisAgo: number): void {
    Atomics.store(this.#cells, 0, now() - BigInt(Math.ceil(askedMillisAgo)));
  }

  /** Stops renewing. */
  drop(): void {
    if (!kept.delete(this.#id)) return;
    thread?.postMessage({ close: this.#id });
    if (kept.size > 0) return;
    clearTimeout(ending);
    ending = setTimeout(() => {
      if (kept.size > 0) return;
      void thread?.terminate();
      thread = undefined;
    }, keptMillis);
    ending.unref();
  }
}

const now = (): bigint => process.hrtime.bigint() / 1_000_000n;
