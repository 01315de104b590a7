/** File faults: each is actually caused, and reported as a typed error within five seconds. */
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import type { PipelineEvent, RunExists } from "espalier";
import { pipeline, resume, step, Store, StoreCorrupt, StoreError } from "espalier";
import { SqliteStore } from "espalier/sqlite";
import { describe, expect, test } from "vitest";
import { Listeners } from "../../src/engine/seams.ts";
import { failureOf, until } from "../core/support.ts";
import { applicationId, migrations } from "../../src/sqlite/schema.ts";
import { storeAt, temporary, withStore } from "./support.ts";

const newFile = temporary();
const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

const small = pipeline("small").step("a", [], () => 1);
/** A pipeline of the same shape as in the fixture. */
const owned = pipeline("p").step("a", [], () => 1);

describe("A file that cannot be opened", () => {
  test("since its folder is missing", async () => {
    const error = await failureOf(small.run({}, { store: storeAt(join(newFile(), "no", "runs.db")) }));
    expect(error).toMatchObject({ _tag: "StoreError", kind: "missing" });
    expect((error as StoreError).message).toMatch(/there is no folder ".*": create it first/);
  });

  test("since it is a folder", async () => {
    const folder = newFile();
    mkdirSync(folder);
    expect(await failureOf(small.run({}, { store: storeAt(folder) }))).toMatchObject({
      _tag: "StoreError",
      kind: "missing",
    });
  });

  test("because it is not a store", async () => {
    const file = newFile();
    writeFileSync(file, "a diary, not a database\n".repeat(1000));
    expect(await failureOf(small.run({}, { store: storeAt(file) }))).toBeInstanceOf(StoreCorrupt);
    const other = newFile();
    const database = new DatabaseSync(other);
    database.exec("CREATE TABLE diary (line TEXT)");
    database.close();
    expect(await failureOf(small.run({}, { store: storeAt(other) }))).toMatchObject({
      message: expect.stringContaining("not a store of Espalier"),
    });
  });

  test("since a newer Espalier wrote it", async () => {
    const file = newFile();
    await small.runPromise({}, { store: storeAt(file) });
    const database = new DatabaseSync(file);
    database.exec("PRAGMA user_version = 99");
    database.close();
    const error = await failureOf(small.run({}, { store: storeAt(file) }));
    expect(error).toMatchObject({ _tag: "StoreError", kind: "newer" });
    expect((error as StoreError).message).toContain("Update Espalier");
  });
});

/** The columns of every table, and every index. */
const tablesOf = (file: string): unknown => {
  const database = new DatabaseSync(file, { readOnly: true });
  const names = database.prepare("SELECT type, name FROM sqlite_schema ORDER BY name").all();
  const columns = names.map(({ name }) => database.prepare(`PRAGMA table_info("${String(name)}")`).all());
  database.close();
  return { names, columns };
};

test("a file of each older version becomes one of this version", async () => {
  const newest = newFile();
  await small.runPromise({}, { store: storeAt(newest) });
  for (let version = 1; version < migrations.length; version++) {
    const file = newFile();
    const database = new DatabaseSync(file);
    for (const migration of migrations.slice(0, version)) database.exec(migration);
    database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${version}`);
    database.close();
    expect(await small.runPromise({}, { store: storeAt(file) })).toEqual({ a: 1 });
    expect(tablesOf(file), `version ${version}`).toEqual(tablesOf(newest));
  }
});

describe("A file that another process has", () => {
  test("takes runs of other processes, but not a second one of the same id", async () => {
    const file = newFile();
    const child = spawn(process.execPath, ["--conditions=espalier-source", fixture("owner.ts"), file]);
    try {
      await new Promise((resolve) => child.stdout.once("data", resolve));
      expect(await small.runPromise({}, { store: storeAt(file) })).toEqual({ a: 1 });
      const began = performance.now();
      const error = await failureOf(owned.run({}, { store: storeAt(file), runId: "owned" }));
      expect(performance.now() - began).toBeLessThan(5000);
      expect(error).toMatchObject({ _tag: "RunExists", runId: "owned" });
      expect((error as RunExists).message).toContain(`process ${child.pid}`);
    } finally {
      child.kill("SIGKILL");
    }
    await new Promise((resolve) => child.once("close", resolve));
    // After its owner is killed, the next process can take the run.
    expect(await owned.runPromise({}, { store: storeAt(file), runId: "owned" })).toEqual({ a: 1 });
  });

  test("is shared by all runs of one process", async () => {
    const file = newFile();
    const all = await Promise.all(
      Array.from({ length: 20 }, () => small.runPromise({}, { store: storeAt(file) })),
    );
    expect(all).toHaveLength(20);
    expect(readdirSync(dirname(file)).filter((name) => name.startsWith(basename(file)))).toEqual([
      basename(file),
    ]);
  });
});

describe("A file that is full", () => {
  test("pauses the run, which says so, and resumes it once there is space", async () => {
    const file = newFile();
    const large = (letter: string) => letter.repeat(400_000);
    const first = pipeline("first").step("a", [], () => large("a"));
    const second = pipeline("second")
      .step("b", [], () => large("b"))
      .step("c", ["b"], ({ b }) => b.length);
    const store = SqliteStore.layer({ filename: file, maxFileBytes: 700_000 });
    const events: Array<PipelineEvent> = [];
    await Effect.runPromise(
      Effect.gen(function* () {
        yield* first.run({});
        const began = performance.now();
        const run = yield* Effect.forkChild(
          Effect.provideService(second.run({}, { runId: "r" }), Listeners, [(event) => events.push(event)]),
        );
        yield* Effect.promise(() => until(() => events.some(({ type }) => type === "run.paused")));
        expect(performance.now() - began).toBeLessThan(5000);
        const paused = events.find((event) => event.type === "run.paused");
        expect(paused?.error).toMatchObject({ _tag: "StoreError", kind: "full" });
        // No other step reads an output that is not recorded.
        expect(events.some((event) => "path" in event && event.path === "c")).toBe(false);
        const service = yield* Store;
        expect(yield* service.prune({ before: Date.now() + 1, resumable: false })).toBe(1);
        const freed = performance.now();
        expect((yield* awaitFiber(run)).c).toBe(400_000);
        expect(performance.now() - freed).toBeLessThan(5000);
        expect(events.some(({ type }) => type === "run.resumed")).toBe(true);
      }).pipe(Effect.provide(store)) as Effect.Effect<void>,
    );
  });

  test("lets a paused run be interrupted, and resumed later", async () => {
    const file = newFile();
    const p = pipeline("p")
      .step("a", [], () => 1)
      .step("b", ["a"], () => "b".repeat(900_000));
    await Effect.runPromise(
      Effect.gen(function* () {
        const run = yield* p.start({}, { runId: "r" });
        yield* Effect.sleep(100);
        const began = performance.now();
        yield* run.interrupt;
        expect(performance.now() - began).toBeLessThan(1000);
        expect(Exit.isFailure(yield* Effect.exit(run.await))).toBe(true);
      }).pipe(Effect.provide(SqliteStore.layer({ filename: file, maxFileBytes: 300_000 }))),
    );
    expect((await Effect.runPromise(resume(p, "r", { store: storeAt(file) }))).b.length).toBe(900_000);
  });
});

/** The JSON values that a fixture prints, one per line. */
const printed = (command: string, args: ReadonlyArray<string>, uid?: number): Promise<ReadonlyArray<any>> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, uid === undefined ? {} : { uid });
    let [out, all] = ["", ""];
    child.stdout.on("data", (data: Buffer) => (out += String(data)));
    child.stderr.on("data", (data: Buffer) => (all += String(data)));
    child.on("close", () => {
      const lines = out.split("\n").filter((line) => line.startsWith("{"));
      if (lines.length === 0) reject(new Error(`Nothing printed: ${out}${all}`));
      else resolve(lines.map((line) => JSON.parse(line) as unknown));
    });
  });

/** Runs the fixture `full.ts` twice in one shell: on a disk with little space, and again once there is enough. */
const fillAndFree = async (little: string, enough: string, wrapper: ReadonlyArray<string> = []) => {
  const folder = newFile();
  mkdirSync(folder);
  const run = '"$0" --conditions=espalier-source "$1" "$2"/runs.db';
  const script = `${little}; ${run}; ${enough}; ${run}`;
  const [command, ...args] = [...wrapper, "sh", "-c", script, process.execPath, fixture("full.ts"), folder];
  const [first, second] = await printed(command!, args);
  expect(first).toMatchObject({
    recorded: [],
    paused: { _tag: "StoreError", kind: "full" },
    ended: "Failure",
  });
  expect(first.paused.message).toContain(join(folder, "runs.db"));
  expect(second.paused).toBe(undefined);
  expect(second.ended).toBe("Success");
  // Some items were recorded: none of those ran again, and all others did.
  expect(second.recorded.length).toBeGreaterThan(1);
  const texts = Array.from({ length: 40 }, (_, i) => `texts[${i}]`);
  const left = texts.filter((path) => !second.recorded.includes(path));
  expect(second.ran.toSorted()).toEqual(left.toSorted());
  return first.paused.message as string;
};

const canMount = spawnSync("unshare", ["--user", "--map-root-user", "--mount", "true"]).status === 0;

describe.skipIf(process.platform === "win32")("What the system refuses", () => {
  test.skipIf(!canMount)("because the disk is full", async () => {
    const message = await fillAndFree(
      'mount -t tmpfs -o size=1m none "$2"',
      'mount -o remount,size=64m "$2"',
      ["unshare", "--user", "--map-root-user", "--mount"],
    );
    expect(message).toContain("there is no space left for it: free some, and the run continues by itself.");
  });

  test("because a file would be larger than the system allows", async () => {
    const message = await fillAndFree("ulimit -S -f 1200", "ulimit -S -f unlimited");
    expect(message).toContain("a limit of the system on the size of files is reached: raise it (ulimit -f).");
  });

  test("because of permissions is said before a run, and costs a run nothing that has its files open", async () => {
    // Root can write everything, so the fixture runs as another user.
    const uid = process.getuid?.() === 0 ? 65534 : undefined;
    const args = ["--conditions=espalier-source", fixture("permissions.ts")];
    const [{ before, during }] = await printed(process.execPath, args, uid);
    for (const { file, run, read, after } of before) {
      const message = `Store "${file}": it cannot be written: make the file and its folder writable for you.`;
      expect([run, read]).toEqual([
        { tag: "StoreError", kind: "read-only", message },
        { tag: "StoreError", kind: "read-only", message },
      ]);
      expect(after).toEqual([["before", "succeeded"]]);
    }
    expect(before).toHaveLength(5);
    for (const { first, resumed, ran } of during) {
      expect(first).toMatchObject({ tag: "StepFailed" });
      expect(resumed).toEqual({ outputs: { a: 1, b: 2 } });
      expect(ran).toEqual(["a", "b", "c", "c"]);
    }
    expect(during).toHaveLength(3);
  });
});

const awaitFiber = (fiber: import("effect/Fiber").Fiber<any, any>): Effect.Effect<any, any> =>
  Effect.flatten(
    Effect.callback((resume) => {
      fiber.addObserver((exit) => resume(Effect.succeed(exit)));
    }),
  );

/** Mulberry32, so that the same bytes are damaged every time. */
const seeded = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

describe("A file with damaged bytes", () => {
  const files = 1000;
  test(`opens as it was, or is refused: ${files} files`, { timeout: 600_000 }, async () => {
    let isFirst = true;
    const p = pipeline("p")
      .step("ids", [], () => Array.from({ length: 30 }, (_, i) => i))
      .map("words", "ids", [], (id) => `word ${id * 7919}`)
      .dynamic("all", ["words"], ({ words }) =>
        pipeline("sub")
          .addAll(words.map((word, i) => step(`w_${i}`, [], () => word.length)))
          .step("all", ["w_*"], (found) => Object.values(found["w_*"]).join(",")),
      )
      .step("large", [], () => "x".repeat(300_000))
      .step("end", ["all", "large"], ({ all, large }) => {
        if (isFirst) throw new Error("once");
        return `${all} ${large.length}`;
      })
      .returns("end", "words");
    const whole = newFile();
    await withStore(
      whole,
      Effect.gen(function* () {
        yield* Effect.exit(p.run({}, { runId: "r" }));
        // The file and its log as a crash leaves them.
        copyFileSync(whole, `${whole}.copy`);
        copyFileSync(`${whole}-wal`, `${whole}.copy-wal`);
      }),
    );
    isFirst = false;
    const right = await Effect.runPromise(resume(p, "r", { store: storeAt(whole) }));
    const random = seeded(1);
    const counts = { right: 0, corrupt: 0, refused: 0 };
    for (let i = 0; i < files; i++) {
      const file = newFile();
      copyFileSync(`${whole}.copy`, file);
      copyFileSync(`${whole}.copy-wal`, `${file}-wal`);
      // For half of them, the log is first written into the file, where SQLite checks nothing.
      if (i % 2 === 0) {
        const database = new DatabaseSync(file);
        database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
        database.close();
      }
      const target = i % 2 === 0 ? file : `${file}-wal`;
      let bytes = readFileSync(target);
      if (i % 5 === 4) bytes = bytes.subarray(0, Math.floor(random() * bytes.length));
      else {
        for (let n = 1 + Math.floor(random() * 4); n > 0; n--) {
          const at = Math.floor(random() * bytes.length);
          bytes[at] = bytes[at]! ^ (1 << Math.floor(random() * 8));
        }
      }
      writeFileSync(target, bytes);
      const exit = await Effect.runPromiseExit(
        // A run with the same id: it resumes, or starts again if the log that held it is torn.
        p.run({}, { runId: "r", store: storeAt(file) }),
      );
      const error = Exit.isSuccess(exit) ? undefined : Cause.squash(exit.cause);
      const isKnown = error === undefined || error instanceof StoreCorrupt || error instanceof StoreError;
      expect(isKnown).toBe(true);
      expect(Exit.isSuccess(exit) ? exit.value : right).toEqual(right);
      if (error === undefined) counts.right++;
      else if (error instanceof StoreCorrupt) counts.corrupt++;
      else counts.refused++;
    }
    expect(counts.right + counts.corrupt + counts.refused).toBe(files);
    expect(counts.corrupt).toBeGreaterThan(0);
    expect(counts.right).toBeGreaterThan(0);
    // Only damage to the file's version number looks like a different problem.
    expect(counts.refused).toBeLessThanOrEqual(files / 50);
  });
});
