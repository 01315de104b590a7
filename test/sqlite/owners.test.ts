/** Several processes on one file: each run has one owner, and what an owner loses it cannot write. */
import { spawn } from "node:child_process";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import * as Effect from "effect/Effect";
import { pipeline, resume, Runs, Signal } from "espalier";
import { afterEach, describe, expect, test } from "vitest";
import { storeAt, temporary } from "./support.ts";

const newFile = temporary();
const fixture = fileURLToPath(new URL("fixtures/claimant.ts", import.meta.url));
const children: Array<ReturnType<typeof spawn>> = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** A process that executes the run "r" of a file. Its second step does what `how` says. */
const claimant = (file: string, how: string) => {
  const child = spawn(process.execPath, ["--conditions=espalier-source", fixture, file, how]);
  children.push(child);
  let printed = "";
  child.stdout.on("data", (data: Buffer) => (printed += String(data)));
  child.stderr.on("data", (data: Buffer) => (printed += String(data)));
  const closed = new Promise<string>((resolve) => {
    child.once("close", (code, signal) => resolve(signal ?? String(code)));
  });
  const says = async (what: string): Promise<void> => {
    while (!printed.includes(what)) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`It ended: ${printed}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return { child, says, closed, printed: () => printed };
};

/** As in the fixture; here its steps end at once. */
const ran: Array<string> = [];
const flow = pipeline("claimed")
  .step("a", [], () => {
    ran.push("a");
    return 1;
  })
  .step("b", ["a"], ({ a }) => {
    ran.push("b");
    return a + 1;
  })
  .step("c", ["b"], ({ b }) => b + 1);

const statusOf = async (file: string) => (await Runs.getPromise("r", { store: storeAt(file) })).status;

const resumed = (file: string) => Effect.runPromise(resume(flow, "r", { store: storeAt(file) }));

describe("A run of another process", { timeout: 120_000 }, () => {
  test("is crashed as soon as that process is killed, and can be resumed at once", async () => {
    const file = newFile();
    const owner = claimant(file, "wait");
    await owner.says("b began");
    expect(await statusOf(file)).toBe("running");
    await expect(resumed(file)).rejects.toMatchObject({ _tag: "RunExists" });
    owner.child.kill("SIGKILL");
    await owner.closed;
    expect(await statusOf(file)).toBe("crashed");
    ran.length = 0;
    expect(await resumed(file)).toEqual({ a: 1, b: 2, c: 3 });
    expect(ran).toEqual(["b"]);
  });

  test("is not lost by a step that blocks the event loop for longer than the lease", async () => {
    const file = newFile();
    const owner = claimant(file, "block");
    await owner.says("b began");
    const seen = new Set<string>();
    while (owner.child.exitCode === null) {
      seen.add(await statusOf(file));
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(seen).toContain("running");
    expect(seen).not.toContain("crashed");
    expect(await owner.closed).toBe("0");
    expect(owner.printed()).toContain('ended {"a":1,"b":2,"c":3}');
  });

  test("can be taken over from a frozen process, which writes nothing more when it wakes", async () => {
    const file = newFile();
    const owner = claimant(file, "wait");
    await owner.says("b began");
    owner.child.kill("SIGSTOP");
    const began = performance.now();
    while ((await statusOf(file)) === "running") await new Promise((resolve) => setTimeout(resolve, 50));
    expect(performance.now() - began).toBeLessThan(8_000);
    expect(await resumed(file)).toEqual({ a: 1, b: 2, c: 3 });
    owner.child.kill("SIGCONT");
    expect(await owner.closed).toBe("0");
    expect(owner.printed()).toContain("failed StoreError fenced");
    expect(owner.printed()).not.toContain("c began");
    expect(await statusOf(file)).toBe("succeeded");
    expect(await Runs.valuePromise("r", "b", { store: storeAt(file) })).toBe(2);
  });

  test("is released by SIGTERM", async () => {
    const file = newFile();
    const owner = claimant(file, "wait");
    await owner.says("b began");
    owner.child.kill("SIGTERM");
    expect(await owner.closed).toBe("SIGTERM");
    const database = new DatabaseSync(file);
    expect(database.prepare("SELECT status, owner FROM runs").get()).toEqual({
      status: "running",
      owner: null,
    });
    database.close();
    expect(await resumed(file)).toEqual({ a: 1, b: 2, c: 3 });
  });

  test("gets signals and cancels from here in time", async () => {
    const file = newFile();
    const owner = claimant(file, "ask");
    await owner.says("b began");
    const store = storeAt(file);
    const probe = { store };
    while ((await Runs.waitingPromise(probe)).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 20));
    await Effect.runPromise(Signal.send("r", "ok", "yes", { store }));
    await owner.says("ok is yes");
    await Runs.cancelPromise("r", { store });
    expect(await owner.closed).toBe("0");
    expect(owner.printed()).toContain("interrupted");
    expect(await statusOf(file)).toBe("interrupted");
  });
});

test("a run that kills its process three times in a row is failed, and can be resumed once it is fixed", {
  timeout: 120_000,
}, async () => {
  const file = newFile();
  for (let i = 0; i < 3; i++) expect(await claimant(file, "die").closed).toBe("SIGKILL");
  const last = claimant(file, "die");
  await last.closed;
  expect(last.printed()).toContain("failed RunCrashed");
  expect(await Runs.getPromise("r", { store: storeAt(file) })).toMatchObject({
    status: "failed",
    error: expect.stringContaining("3 times"),
  });
  expect(await resumed(file)).toEqual({ a: 1, b: 2, c: 3 });
});

test("several processes write to one file at once, and each run is recorded", {
  timeout: 120_000,
}, async () => {
  const file = newFile();
  const owners = [1, 2, 3].map((i) => claimant(file, `many ${i}`));
  expect(await Promise.all(owners.map(({ closed }) => closed))).toEqual(["0", "0", "0"]);
  const runs = await Runs.listPromise({ store: storeAt(file) });
  expect(runs.map(({ id, status }) => `${id} ${status}`).sort()).toEqual(
    [1, 2, 3].flatMap((i) => Array.from({ length: 5 }, (_, j) => `${i}.${j} succeeded`)),
  );
});
