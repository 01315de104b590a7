/** Several processes on one store: each run has one owner, and a process that loses a run can no longer write to it. */
import { spawn } from "node:child_process";
import { pipeline, resumePromise, Runs, Signal } from "espalier";
import { afterAll, describe, expect, test } from "vitest";
import { storeOf } from "../sqlite/fixtures/store-of.ts";
import { built } from "./built.ts";

const fixture = "sqlite/fixtures/claimant.ts";
let program: (fixture: string) => string = () => "";
const children: Array<ReturnType<typeof spawn>> = [];

/** A process that executes the run "r" of a store. `how` determines its second step. */
const claimant = (address: string, how: string) => {
  const child = spawn(process.execPath, [program(fixture), address, how]);
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
      await pause(20);
    }
  };
  return { child, says, closed, printed: () => printed };
};

/** As in the fixture; here its steps end at once, and add their names to a list. */
const flowOf = (ran: Array<string>) =>
  pipeline("claimed")
    .step("a", [], () => {
      ran.push("a");
      return 1;
    })
    .step("b", ["a"], ({ a }) => {
      ran.push("b");
      return a + 1;
    })
    .step("c", ["b"], ({ b }) => b + 1);

const statusOf = async (address: string) =>
  (await Runs.getPromise("r", { store: await storeOf(address) })).status;

const resumed = async (address: string, ran: Array<string> = []) =>
  resumePromise(flowOf(ran), "r", { store: await storeOf(address) });

const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis));

const timed = async (done: Promise<unknown>): Promise<number> => {
  const began = performance.now();
  await done;
  return performance.now() - began;
};

const median = (times: ReadonlyArray<number>): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!;

/** Waits until a run has crashed. */
const crashed = async (address: string): Promise<void> => {
  while ((await statusOf(address)) === "running") await pause(50);
  expect(await statusOf(address)).toBe("crashed");
};

/** The fixture's run that asks refuses values for a contender that does not exist and for a skipped step. */
const refusesWhatCannotCome = async (store: Awaited<ReturnType<typeof storeOf>>): Promise<void> => {
  for (const [path, reason] of [
    ["raced[three]/raced", "no step"],
    ["raced/raced", "no step"],
    ["skipped", "is skipped"],
    ["b", "waits for no value"],
  ] as const)
    await expect(Signal.sendPromise("r", path, 3, { store })).rejects.toMatchObject({
      _tag: "SignalRefused",
      reason: expect.stringContaining(reason),
    });
};

/** The tests, on new stores at the addresses that a function returns. */
export const ownedRuns = (newAddress: () => string | Promise<string>): void => {
  program = built(fixture);
  afterAll(() => {
    for (const child of children) child.kill("SIGKILL");
  });

  // Most of their time passes until a lease expires, so they wait at the same time.
  describe.concurrent("A run of another process", { timeout: 120_000 }, () => {
    test("is crashed as soon as that process is killed, and can be resumed at once", async () => {
      const address = await newAddress();
      const owner = claimant(address, "wait");
      await owner.says("b began");
      expect(await statusOf(address)).toBe("running");
      await expect(resumed(address)).rejects.toMatchObject({ _tag: "RunExists" });
      owner.child.kill("SIGKILL");
      await owner.closed;
      await crashed(address);
      const ran: Array<string> = [];
      expect(await resumed(address, ran)).toEqual({ a: 1, b: 2, c: 3 });
      expect(ran).toEqual(["b"]);
    });

    test("is not lost by a step that blocks the event loop for longer than the lease", async () => {
      const address = await newAddress();
      const owner = claimant(address, "block");
      await owner.says("b began");
      // Without its thread, the lease would end 5 s after the block began, and the run would be crashed from then on.
      const began = performance.now();
      let lastRunning = 0;
      while (owner.child.exitCode === null) {
        const asked = performance.now() - began;
        if ((await statusOf(address)) === "running" && !owner.printed().includes("ended"))
          lastRunning = asked;
        await pause(50);
      }
      expect(lastRunning).toBeGreaterThan(5_500);
      expect(await owner.closed).toBe("0");
      expect(owner.printed()).toContain('ended {"a":1,"b":2,"c":3}');
    });

    test("can be taken over from a frozen process, which writes nothing more when it wakes", async () => {
      const address = await newAddress();
      const owner = claimant(address, "wait");
      await owner.says("b began");
      owner.child.kill("SIGSTOP");
      await crashed(address);
      expect(await resumed(address)).toEqual({ a: 1, b: 2, c: 3 });
      owner.child.kill("SIGCONT");
      expect(await owner.closed).toBe("0");
      expect(owner.printed()).toContain("failed StoreError fenced");
      expect(owner.printed()).not.toContain("c began");
      expect(await statusOf(address)).toBe("succeeded");
      expect(await Runs.valuePromise("r", "b", { store: await storeOf(address) })).toBe(2);
    });

    test("is released by SIGTERM", async () => {
      const address = await newAddress();
      const owner = claimant(address, "wait");
      await owner.says("b began");
      owner.child.kill("SIGTERM");
      expect(await owner.closed).toBe("SIGTERM");
      expect(await statusOf(address)).toBe("crashed");
      expect(await resumed(address)).toEqual({ a: 1, b: 2, c: 3 });
    });

    test("is failed if it kills its process three times in a row, and can be resumed once it is fixed", async () => {
      const address = await newAddress();
      for (let i = 0; i < 3; i++) {
        expect(await claimant(address, "die").closed).toBe("SIGKILL");
        await crashed(address);
      }
      const last = claimant(address, "die");
      await last.closed;
      expect(last.printed()).toContain("failed RunCrashed");
      expect(await Runs.getPromise("r", { store: await storeOf(address) })).toMatchObject({
        status: "failed",
        error: expect.stringContaining("3 times"),
      });
      expect(await resumed(address)).toEqual({ a: 1, b: 2, c: 3 });
    });
  });

  test("a run of another process gets signals and cancels from this process in time", {
    timeout: 120_000,
  }, async () => {
    const address = await newAddress();
    const owner = claimant(address, "ask");
    await owner.says("b began");
    const store = await storeOf(address);
    const probe = { store };
    while ((await Runs.waitingPromise(probe)).length < 12) await pause(20);
    await refusesWhatCannotCome(store);
    expect(await Signal.sendPromise("r", "raced[two]/raced", 2, { store })).toBe("delivered");
    await expect(Signal.sendPromise("r", "raced[one]/raced", 1, { store })).rejects.toMatchObject({
      reason: expect.stringContaining("too late"),
    });
    const reading: Array<number> = [];
    const sending: Array<number> = [];
    for (let i = 0; i < 9; i++) {
      reading.push(await timed(statusOf(address)));
      const sent = Signal.sendPromise("r", `more${i}`, i, { store });
      sending.push(await timed(sent));
      expect(await sent).toBe("delivered");
    }
    // They arrive at once. If the owner found them only by polling every second, half a second would be typical. On a
    // busy machine everything takes longer, including a plain read of the store.
    expect(median(sending)).toBeLessThan(500 + 10 * median(reading));
    await Signal.sendPromise("r", "ok", "yes", { store });
    await owner.says("ok is yes");
    await Runs.cancelPromise("r", { store });
    expect(await owner.closed).toBe("0");
    expect(owner.printed()).toContain("interrupted");
    expect(await statusOf(address)).toBe("interrupted");
    await refusesWhatCannotCome(store);
  });

  test("several processes write to one store at once: each run is recorded, and what they cache is computed once", {
    timeout: 120_000,
  }, async () => {
    const address = await newAddress();
    const owners = [1, 2, 3].map((i) => claimant(address, `many ${i}`));
    expect(await Promise.all(owners.map(({ closed }) => closed))).toEqual(["0", "0", "0"]);
    const runs = await Runs.listPromise({ store: await storeOf(address) });
    expect(runs.map(({ id, status }) => `${id} ${status}`).sort()).toEqual(
      [1, 2, 3].flatMap((i) => ["0", "1", "2", "3", "4", "cached"].map((j) => `${i}.${j} succeeded`)),
    );
    const made = owners.flatMap(({ printed }) =>
      [...printed().matchAll(/made (\d+)\./g)].map(([, i]) => Number(i)),
    );
    expect(made.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, i) => i));
  });
};
