/**
 * The costs and benefits of several processes, compared with other software that does the same work, on one Postgres that this
 * program starts. `npm run bench:cluster` prints one table; `-- owner spread small signals takeover sqlite peers` measures
 * only those parts. The peers are installed in their own folder on first use.
 */
import type { ChildProcess } from "node:child_process";
import { execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import * as PgClient from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import * as Scope from "effect/Scope";
import { Runs } from "espalier";
import { Cluster } from "espalier/cluster";
import { PostgresStore } from "espalier/postgres";
import { SqliteStore } from "espalier/sqlite";
import { PostgresServer } from "../../postgres/server/postgres-server.ts";
import { machine, table } from "../table.ts";
import { asked, chain, chainLength, fan, fanSize, held, small, spread } from "./pipelines.ts";

const folder = mkdtempSync(join(tmpdir(), "espalier-bench-"));
const server = await PostgresServer.start(folder);
const url = server.url();
const children = new Set<ChildProcess>();
const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1]!;

const millisOf = async (run: () => Promise<unknown>): Promise<number> => {
  const began = performance.now();
  await run();
  return performance.now() - began;
};

/** The median of `count` timings, after one warm-up run that is not counted. */
const middleOf = async (count: number, run: () => Promise<unknown>): Promise<number> => {
  await run();
  const times: Array<number> = [];
  for (let i = 0; i < count; i++) times.push(await millisOf(run));
  return median(times);
};

/** Starts a program of this folder, and waits until it has printed its first line. */
const started = async (file: string, ...args: ReadonlyArray<string>) => {
  const child = spawn(process.execPath, ["--conditions=espalier-source", here(file), ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  children.add(child);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const line = async (): Promise<string> => String((await lines.next()).value);
  await line();
  const ended = new Promise((resolve) => child.on("exit", resolve));
  return { child, line, ended };
};
type Started = Awaited<ReturnType<typeof started>>;

const stopped = async (runners: ReadonlyArray<Started>): Promise<void> => {
  for (const { child } of runners) child.kill("SIGKILL");
  await Promise.all(runners.map(({ ended }) => ended));
};

const newSchema = (): string => `bench_${randomUUID().slice(0, 8)}`;
const storeIn = (schema: string) => PostgresStore.layer({ url, schema });

const perSecond = (count: number, millis: number): number => (count / millis) * 1000;
const shown = (value: number): string => Math.round(value).toLocaleString("en");

type Row = readonly [what: string, measured: string, target: string];
const rows: Array<Row> = [];
const add = (...row: Row): void => {
  rows.push(row);
  console.log(row.join("  ·  "));
};

/** One owner: the rates that the others are compared with. */
const owner = async (): Promise<{ readonly fanRate: number; readonly chainRate: number }> => {
  const store = storeIn(newSchema());
  // A serving process keeps its store open, as the peers do: connecting takes as long as a thousand steps.
  const scope = Scope.makeUnsafe();
  await Effect.runPromise(Layer.buildWithScope(store, scope));
  const fanMillis = await middleOf(5, () => fan.runPromise({}, { store, runId: randomUUID() }));
  const chainMillis = await middleOf(5, () => chain.runPromise({}, { store, runId: randomUUID() }));
  const rates = { fanRate: perSecond(fanSize, fanMillis), chainRate: perSecond(chainLength, chainMillis) };
  const smallMillis = await middleOf(3, () =>
    Promise.all(Array.from({ length: 1_000 }, () => small.runPromise({}, { store, runId: randomUUID() }))),
  );
  await Effect.runPromise(Scope.close(scope, Exit.void));
  add(`one owner, fan-out of ${shown(fanSize)}`, `${shown(rates.fanRate)} steps/s`, "at least 50,000");
  add(`one owner, chain of ${chainLength}`, `${shown(rates.chainRate)} steps/s`, "at least 1,500");
  add("one owner, 1,000 small runs at once", `${(smallMillis / 1000).toFixed(2)} s`, "at most 1.5 s");
  return rates;
};

/** The steps of one run on one runner, and the same spread over two. */
const spreading = async (): Promise<number> => {
  const rates: Array<number> = [];
  for (const count of [1, 2]) {
    const schema = newSchema();
    const runners = [await started("runner.ts", url, schema)];
    if (count === 2) runners.push(await started("runner.ts", url, schema));
    const client = Cluster.client({ store: storeIn(schema) });
    const run = (inputs: { readonly count: number; readonly millis: number }) =>
      client.runPromise(spread, inputs, { runId: randomUUID() });
    await run({ count: 100, millis: 20 });
    const nothing = await middleOf(5, () => run({ count: fanSize, millis: 0 }));
    rates.push(perSecond(fanSize, nothing));
    const computing = await middleOf(3, () => run({ count: 400, millis: 20 }));
    const used = (400 * 20) / computing / count;
    const runnersText = count === 1 ? "one runner" : "two runners";
    add(
      `${runnersText}, ${shown(fanSize)} no-op steps`,
      `${shown(rates.at(-1)!)} steps/s`,
      count === 1 ? "" : "at least 8,000",
    );
    add(
      `${runnersText}, 400 steps of 20 ms of CPU`,
      `${Math.round(used * 100)} % of ${count === 1 ? "one core" : "two cores"}`,
      count === 1 ? "" : "at least 90 %",
    );
    await stopped(runners);
  }
  return rates[1]!;
};

/** Small runs, submitted by a client and executed by two runners. */
const smallRuns = async (): Promise<void> => {
  const schema = newSchema();
  const runners = [await started("runner.ts", url, schema), await started("runner.ts", url, schema)];
  const client = Cluster.client({ store: storeIn(schema) });
  const one = () => client.runPromise(small, {}, { runId: randomUUID() });
  const all = await middleOf(3, () => Promise.all(Array.from({ length: 1_000 }, one)));
  const single = await middleOf(25, one);
  await stopped(runners);
  add("1,000 small runs at once, submitted to two runners", `${(all / 1000).toFixed(2)} s`, "at most 1.5 s");
  add("one small run, from its submission to its outputs", `${single.toFixed(1)} ms`, "at most 25 ms");
};

/** The time from one process sending a value to a step of another process reading it. */
const signals = async (): Promise<void> => {
  const file = join(folder, "signals.db");
  const schema = newSchema();
  const stores = [
    ["Postgres", storeIn(schema), [url, schema]],
    ["SQLite", SqliteStore.layer({ filename: file }), [file]],
  ] as const;
  for (const [name, store, where] of stores) {
    const runner = await started("runner.ts", ...where);
    const client = Cluster.client({ store });
    const times: Array<number> = [];
    for (let i = 0; i < 25; i++) {
      const { id } = await client.startPromise(asked, {});
      const isWaiting = async () => (await Runs.waitingPromise({ store })).some(({ runId }) => runId === id);
      while (!(await isWaiting())) await sleep(10);
      const sent = performance.timeOrigin + performance.now();
      await client.signalPromise(id, "answer", i);
      const { came } = await client.runPromise(asked, {}, { runId: id });
      times.push(came - sent);
    }
    await stopped([runner]);
    const measured = `${median(times).toFixed(1)} ms (longest ${Math.max(...times).toFixed(1)} ms)`;
    add(`a signal from another process, ${name}`, measured, "at most 100 ms");
  }
};

const faults = [
  ["SIGKILL", 2],
  ["SIGSTOP", 8],
  ["SIGTERM", 2],
] as const;

/** The time until another runner has begun the step that was running. */
const takeover = async (): Promise<void> => {
  for (const [signal, most] of faults) {
    const times: Array<number> = [];
    for (let i = 0; i < 5; i++) {
      const schema = newSchema();
      const runners = [await started("runner.ts", url, schema), await started("runner.ts", url, schema)];
      const file = join(folder, `${schema}.log`);
      const owners = (): ReadonlyArray<string> =>
        existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
      await Cluster.client({ store: storeIn(schema) }).startPromise(held, { file });
      while (owners().length === 0) await sleep(5);
      const pid = Number(owners()[0]);
      // The owner has renewed its lease by then.
      await sleep(2_000);
      times.push(
        await millisOf(async () => {
          process.kill(pid, signal);
          while (owners().length < 2) await sleep(5);
        }),
      );
      await stopped(runners);
    }
    const measured = `${(median(times) / 1000).toFixed(2)} s (longest ${(Math.max(...times) / 1000).toFixed(2)} s)`;
    add(`takeover after ${signal}`, measured, `at most ${most} s`);
  }
};

interface Written {
  readonly rate: number;
  readonly longestWait: number;
}

/** Processes that write to one SQLite file at the same time. */
const writing = async (...shapes: ReadonlyArray<"fan" | "chain">): Promise<ReadonlyArray<Written>> => {
  const file = join(folder, `${randomUUID()}.db`);
  const writers: Array<Started> = [];
  for (const shape of shapes) writers.push(await started("writer.ts", file, shape, "5"));
  for (const { child } of writers) child.stdin.write("go\n");
  return Promise.all(writers.map(async ({ line }) => JSON.parse(await line()) as Written));
};

const sqlite = async (): Promise<void> => {
  const [alone] = await writing("fan");
  const both = await writing("fan", "fan");
  const [one] = await writing("chain");
  const chains = await writing("chain", "chain");
  const [, beside] = await writing("fan", "chain");
  const share = (of: ReadonlyArray<Written>, whole: number): string =>
    `${(of.reduce((sum, { rate }) => sum + rate, 0) / whole).toFixed(2)} of one process`;
  add("SQLite, two processes, fan-outs", share(both, alone!.rate), "at least 0.5");
  add("SQLite, two processes, chains", share(chains, one!.rate), "at least 0.5");
  add(
    "SQLite, longest wait of a chain beside fan-outs of another process",
    `${Math.round(beside!.longestWait)} ms`,
    "at most 500 ms",
  );
};

const peers = {
  DBOS: "dbos",
  "Effect's workflow engine": "effect-workflow",
  "graphile-worker": "graphile-worker",
  "pg-boss": "pg-boss",
};

interface Peer {
  readonly chainMillis: number | null;
  readonly fanMillis: number | null;
  readonly smallMillis: number | null;
}

/** Measures a peer in its own database. */
const peer = async (file: string): Promise<Peer> => {
  const database = `peer_${file.replaceAll("-", "_")}`;
  const client = PgClient.layer({ url: Redacted.make(url), maxConnections: 1 });
  const created = Effect.flatMap(PgClient.PgClient, (sql) => sql.unsafe(`CREATE DATABASE ${database}`));
  await Effect.runPromise(Effect.provide(created, client));
  const said = execFileSync(process.execPath, [here(`peers/${file}.mjs`), server.url(database)], {
    encoding: "utf8",
    maxBuffer: 100_000_000,
    timeout: 900_000,
  });
  return JSON.parse(said.trim().split("\n").at(-1)!) as Peer;
};

const others = async (): Promise<void> => {
  if (!existsSync(here("peers/node_modules")))
    execFileSync("npm", ["ci", "--prefix", here("peers")], { stdio: "inherit" });
  const rate = (count: number, millis: number | null): string =>
    millis === null ? "–" : `${shown(perSecond(count, millis))} steps/s`;
  for (const [name, file] of Object.entries(peers)) {
    const { chainMillis, fanMillis, smallMillis } = await peer(file);
    const smalls = smallMillis === null ? "" : `, 1,000 small runs in ${(smallMillis / 1000).toFixed(2)} s`;
    add(name, `fan-out ${rate(fanSize, fanMillis)}, chain ${rate(chainLength, chainMillis)}${smalls}`, "");
  }
};

const parts = { owner, spread: spreading, small: smallRuns, signals, takeover, sqlite, peers: others };
const wanted = process.argv.slice(2);
try {
  for (const [name, part] of Object.entries(parts)) {
    if (wanted.length === 0 || wanted.includes(name)) await part();
  }
  console.log(`\n${machine()}\n\n${table(["", "measured", "target"], rows)}`);
} finally {
  for (const child of children) child.kill("SIGKILL");
  await server.remove();
  rmSync(folder, { recursive: true, force: true });
}
