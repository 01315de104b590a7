/** Runners in separate processes, on one Postgres, that execute single steps for each other. */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { StoreLayer } from "espalier";
import { Cluster } from "espalier/cluster";
import { rolldown } from "rolldown";
import type { TestContext } from "vitest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newAddress } from "../postgres/support.ts";
import { storeOf } from "../sqlite/fixtures/store-of.ts";
import { temporary } from "../sqlite/support.ts";

const newFile = temporary();
const root = fileURLToPath(new URL("../..", import.meta.url));
const source = join(root, "test/cluster/fixtures/runner-process.ts");
// Inside the repository, so that packages resolve from there.
const built = join(root, `temp/spread-${process.pid}`);

// The program bundled into one file, which starts in a quarter of the time.
beforeAll(async () => {
  const bundle = await rolldown({
    input: source,
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
  readonly says: (what: string) => Promise<void>;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<number | null>;
}

interface Note {
  readonly pid: number;
  readonly word: string;
  readonly path: string;
  readonly rest: string | undefined;
}

const until = async (isSo: () => boolean | Promise<boolean>, what: () => string): Promise<void> => {
  const end = performance.now() + 180_000;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`It did not happen in three minutes: ${what()}`);
    await new Promise((done) => setTimeout(done, 10));
  }
};

interface Starting {
  readonly env?: Readonly<Record<string, string>>;
  /** The time that steps have when the process is terminated, in seconds. */
  readonly drain?: number;
  readonly isBuilt?: boolean;
}

/** A database, its runners, and the notes of the steps that they run. */
const newCluster = async ({ onTestFinished }: Pick<TestContext, "onTestFinished">) => {
  const children = new Set<ChildProcess>();
  onTestFinished(() => children.forEach((child) => child.kill("SIGKILL")));
  const address = await newAddress();
  const log = newFile();
  writeFileSync(log, "");
  const store: StoreLayer = await storeOf(address);
  const client = Cluster.client({ store });
  const start = async ({ env = {}, drain = 30, isBuilt = true }: Starting = {}): Promise<RunnerProcess> => {
    const program = isBuilt ? join(built, "runner-process.js") : source;
    const child = spawn(process.execPath, ["--conditions=espalier-source", program, address, String(drain)], {
      env: { ...process.env, SPREAD_LOG: log, ...env },
    });
    children.add(child);
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (data: Buffer) => (said += String(data)));
    const ended = new Promise<number | null>((resolve) => {
      child.on("close", (code) => {
        children.delete(child);
        resolve(code);
      });
    });
    const says = (what: string) =>
      until(
        () => said.includes(what),
        () => `saying "${what}"; it said: ${said}`,
      );
    await says("ready");
    return { pid: child.pid!, says, kill: (signal) => child.kill(signal), ended };
  };
  const notes = (word: string): ReadonlyArray<Note> =>
    readFileSync(log, "utf8")
      .split("\n")
      .map((line) => line.split(" "))
      .filter((words) => words[1] === word)
      .map(([pid, , , path, rest]) => ({ pid: Number(pid), word, path: path!, rest }));
  const noted = (word: string, count: number, by?: RunnerProcess): Promise<void> =>
    until(
      () => notes(word).filter(({ pid }) => by === undefined || pid === by.pid).length >= count,
      () => `${count} notes "${word}"; the log has:\n${readFileSync(log, "utf8")}`,
    );
  /** A run that its owner has begun, and that waits for `go`. */
  const begin = async (name: string, inputs: Readonly<Record<string, unknown>>, owner: RunnerProcess) => {
    const { id } = await client.startPromise(name, inputs);
    await owner.says(`Run ${id}`);
    return { id, go: () => client.signalPromise(id, "go", true) };
  };
  /** The outputs of a run, once it has ended. */
  const outputsOf = async (
    name: "spread" | "slow" | "versioned",
    id: string,
    inputs: object,
  ): Promise<any> => {
    process.env["SPREAD_LOG"] ??= newFile();
    const pipelines = await import("./fixtures/spread.ts");
    return client.runPromise(pipelines[name] as never, inputs as never, { runId: id } as never);
  };
  return { client, start, notes, noted, begin, outputsOf };
};

const by = (notes: ReadonlyArray<Note>, { pid }: RunnerProcess): ReadonlyArray<Note> =>
  notes.filter((note) => note.pid === pid);
const pathsOf = (notes: ReadonlyArray<Note>): ReadonlyArray<string> =>
  notes.map(({ path }) => path).toSorted();
const items = (name: string, count: number): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, i) => `${name}[${i}]`).toSorted();
const numbers = (count: number): ReadonlyArray<number> => Array.from({ length: count }, (_, i) => i);
const sumOfSquares = (count: number): number => numbers(count).reduce((sum, i) => sum + i * i, 0);

describe.concurrent("Steps with where: worker", { timeout: 400_000 }, () => {
  test("run on all runners, those of expansions too, and each once; a runner that lacks a service says so once", async (context) => {
    const { start, notes, begin, outputsOf } = await newCluster(context);
    const inputs = { count: 60, millis: 10 };
    const owner = await start();
    const { id, go } = await begin("spread", inputs, owner);
    const other = await start({ env: { SPREAD_LACKS: "yes" } });
    await go();
    expect(await outputsOf("spread", id, inputs)).toEqual({ sum: sumOfSquares(60) });
    const squares = notes("ended").filter(({ path }) => path.startsWith("squares"));
    expect(pathsOf(squares)).toEqual(items("squares", 60));
    for (const runner of [owner, other]) expect(by(squares, runner).length).toBeGreaterThan(10);
    const halves = notes("ended").filter(({ path }) => path.startsWith("sum/halves"));
    expect(new Set(pathsOf(by(halves, owner)))).toEqual(new Set(items("sum/halves", 60)));
    await owner.says(
      'does not perform the step "halves" of "spread", which runs elsewhere: the runner cannot run it',
    );
  });

  test("run alone where there is no other runner, which is said once", async (context) => {
    const { start, notes, begin, outputsOf } = await newCluster(context);
    const owner = await start();
    const { id, go } = await begin("spread", { count: 3, millis: 0 }, owner);
    await go();
    expect(await outputsOf("spread", id, { count: 3, millis: 0 })).toEqual({ sum: 5 });
    expect(by(notes("ended"), owner)).toHaveLength(6);
    await owner.says('No other runner takes steps with where: "worker" of "spread"');
  });

  test("are sent to another runner when theirs is killed, and end once more nowhere else", async (context) => {
    const { start, notes, noted, begin, outputsOf } = await newCluster(context);
    const inputs = { count: 40, millis: 3_000 };
    const owner = await start();
    const { id, go } = await begin("slow", inputs, owner);
    const other = await start();
    await go();
    await noted("began", 1, other);
    await noted("began", 40);
    other.kill("SIGKILL");
    expect(await outputsOf("slow", id, inputs)).toEqual({ waits: numbers(40) });
    expect(pathsOf(notes("ended"))).toEqual(items("waits", 40));
    const lost = by(notes("began"), other).length;
    expect(notes("began")).toHaveLength(40 + lost);
    await owner.says("is gone");
  });

  test("are joined by the next owner of their run when theirs is killed", async (context) => {
    const { start, notes, noted, begin, outputsOf } = await newCluster(context);
    const inputs = { count: 30, millis: 8_000 };
    const owner = await start();
    const { id, go } = await begin("slow", inputs, owner);
    const others = [await start(), await start()];
    await go();
    await noted("began", 30);
    for (const other of others) await noted("began", 1, other);
    owner.kill("SIGKILL");
    expect(await outputsOf("slow", id, inputs)).toEqual({ waits: numbers(30) });
    // The steps of the other runners continued; only the owner's own steps began again.
    const lost = by(notes("began"), owner).length;
    expect(lost).toBeLessThan(30);
    expect(notes("began")).toHaveLength(30 + lost);
    expect(pathsOf(notes("ended"))).toEqual(items("waits", 30));
  });

  test("of a frozen runner run elsewhere, and what it answers when it wakes counts no more", async (context) => {
    const { start, notes, noted, begin, outputsOf } = await newCluster(context);
    const inputs = { count: 20, millis: 1_000 };
    const owner = await start();
    const { id, go } = await begin("slow", inputs, owner);
    const other = await start();
    await go();
    await noted("began", 1, other);
    await noted("began", 20);
    other.kill("SIGSTOP");
    await owner.says("is gone: its lease has ended");
    other.kill("SIGCONT");
    expect(await outputsOf("slow", id, inputs)).toEqual({ waits: numbers(20) });
    expect(new Set(pathsOf(notes("ended")))).toEqual(new Set(items("waits", 20)));
  });

  test("end where they are when their runner is terminated, and those that take too long run elsewhere", async (context) => {
    const { start, notes, noted, begin, outputsOf } = await newCluster(context);
    const inputs = { count: 30, millis: 4_000 };
    const owner = await start();
    const { id, go } = await begin("slow", inputs, owner);
    const [patient, hasty] = [await start({ drain: 60 }), await start({ drain: 0 })];
    await go();
    await noted("began", 30);
    for (const runner of [patient, hasty]) await noted("began", 1, runner);
    for (const runner of [patient, hasty]) runner.kill("SIGTERM");
    expect(await outputsOf("slow", id, inputs)).toEqual({ waits: numbers(30) });
    expect(await Promise.all([patient.ended, hasty.ended])).toEqual([0, 0]);
    expect(pathsOf(by(notes("ended"), patient))).toEqual(pathsOf(by(notes("began"), patient)));
    expect(pathsOf(by(notes("interrupted"), hasty))).toEqual(pathsOf(by(notes("began"), hasty)));
    expect(pathsOf(notes("ended"))).toEqual(items("waits", 30));
  });

  test("are interrupted wherever they are when their run is cancelled", async (context) => {
    const { client, start, notes, noted, begin } = await newCluster(context);
    const owner = await start();
    const { id, go } = await begin("slow", { count: 20, millis: 600_000 }, owner);
    const other = await start();
    await go();
    await noted("began", 1, other);
    await noted("began", 20);
    await client.cancelPromise(id);
    await noted("interrupted", 20);
    expect(pathsOf(by(notes("interrupted"), other))).toEqual(pathsOf(by(notes("began"), other)));
    expect(notes("ended")).toEqual([]);
  });

  test("are not sent to a runner that has another version of the pipeline, which is said once", async (context) => {
    const { start, notes, begin, outputsOf } = await newCluster(context);
    const owner = await start();
    const { id, go } = await begin("versioned", { count: 50 }, owner);
    const same = await start();
    const other = await start({ env: { SPREAD_VERSION: "2" } });
    await go();
    expect(await outputsOf("versioned", id, { count: 50 })).toEqual({ items: numbers(50) });
    expect(new Set(notes("ended").map(({ rest }) => rest))).toEqual(new Set(["1"]));
    await owner.says(`:${other.pid} has another version of "versioned"`);
    expect(by(notes("ended"), other)).toEqual([]);
    void same;
  });

  test("run on the threads of runners that have some", async (context) => {
    const { start, notes, begin, outputsOf } = await newCluster(context);
    const module = pathToFileURL(join(root, "test/cluster/fixtures/spread.ts")).href;
    const starting = { env: { SPREAD_THREADS: module }, isBuilt: false };
    const inputs = { count: 40, millis: 20 };
    const owner = await start(starting);
    const { id, go } = await begin("spread", inputs, owner);
    const other = await start(starting);
    await go();
    expect(await outputsOf("spread", id, inputs)).toEqual({ sum: sumOfSquares(40) });
    expect(notes("ended")).toHaveLength(80);
    expect(notes("ended").every(({ rest }) => rest === "thread")).toBe(true);
    for (const runner of [owner, other]) expect(by(notes("ended"), runner).length).toBeGreaterThan(5);
  });
});
