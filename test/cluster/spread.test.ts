/** Runners that do single steps for each other: over one Postgres, in processes of their own. */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { StoreLayer } from "espalier";
import { Cluster } from "espalier/cluster";
import { rolldown } from "rolldown";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { newAddress } from "../postgres/support.ts";
import { storeOf } from "../sqlite/fixtures/store-of.ts";
import { temporary } from "../sqlite/support.ts";

const newFile = temporary();
const root = fileURLToPath(new URL("../..", import.meta.url));
// Beneath the repository, so that packages are found from there.
const built = join(root, `temp/spread-${process.pid}`);

// The program in one folder: a process starts with it in a fourth of the time.
beforeAll(async () => {
  const bundle = await rolldown({
    input: join(root, "test/cluster/fixtures/runner-process.ts"),
    platform: "node",
    external: (id, _, isResolved) => !isResolved && /^(node:|pg)/.test(id),
    resolve: { conditionNames: ["espalier-source", "node", "import", "default"] },
  });
  await bundle.write({ dir: built });
  await bundle.close();
});
afterAll(() => rmSync(built, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));

interface RunnerProcess {
  readonly pid: number;
  readonly said: () => string;
  readonly says: (what: string) => Promise<void>;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<void>;
}

const children = new Set<ChildProcess>();

const until = async (isSo: () => boolean | Promise<boolean>, what: string): Promise<void> => {
  const end = performance.now() + 60_000;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`For 60 s, not ${what}`);
    await new Promise((done) => setTimeout(done, 10));
  }
};

/** A database, and what its runners have noted. */
const newCluster = async () => {
  const address = await newAddress();
  const log = newFile();
  writeFileSync(log, "");
  const store: StoreLayer = await storeOf(address);
  const client = Cluster.client({ store });
  const start = async (env: Readonly<Record<string, string>> = {}, drain = 30): Promise<RunnerProcess> => {
    const child = spawn(process.execPath, [join(built, "runner-process.js"), address, String(drain)], {
      env: { ...process.env, SPREAD_LOG: log, ...env },
    });
    children.add(child);
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (data: Buffer) => (said += String(data)));
    const ended = new Promise<void>((resolve) => {
      child.on("close", () => {
        children.delete(child);
        resolve();
      });
    });
    const says = (what: string) => until(() => said.includes(what), `said "${what}", but: ${said}`);
    await says("ready");
    return { pid: child.pid!, said: () => said, says, kill: (signal) => child.kill(signal), ended };
  };
  const notes = (word: string): ReadonlyArray<{ readonly pid: number; readonly path: string }> =>
    readFileSync(log, "utf8")
      .split("\n")
      .map((line) => line.split(" "))
      .filter((words) => words[1] === word)
      .map(([pid, , , path]) => ({ pid: Number(pid), path: path! }));
  return { store, client, start, notes };
};

afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
});

describe("Steps with where: worker", () => {
  test("run in all runners, those of expansions too, and each once", async () => {
    const { client, start, notes } = await newCluster();
    const runners = await Promise.all([start(), start()]);
    const { id } = await client.startPromise("spread", { count: 60, millis: 10 });
    const { spread } = await pipelines();
    const outputs = await client.runPromise(spread, { count: 60, millis: 10 }, { runId: id });
    expect(outputs.sum).toBe(Array.from({ length: 60 }, (_, i) => i * i).reduce((a, b) => a + b, 0));
    const ended = notes("ended");
    expect(ended).toHaveLength(120);
    expect(new Set(ended.map(({ path }) => path)).size).toBe(120);
    for (const { pid } of runners)
      expect(ended.filter((note) => note.pid === pid).length).toBeGreaterThan(20);
  });
});

const pipelines = () => {
  process.env["SPREAD_LOG"] ??= newFile();
  return import("./fixtures/spread.ts");
};
