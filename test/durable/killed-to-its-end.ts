/** A process that runs the worker is killed at any moment, again and again, whatever store it has. */
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { Store } from "espalier";
import { expect } from "vitest";
import { Kind } from "../../src/journal/records.ts";
import { storeOf } from "../sqlite/fixtures/store-of.ts";

const worker = fileURLToPath(new URL("../sqlite/fixtures/worker.ts", import.meta.url));

/** Runs the worker and kills it after so many milliseconds of work; gives what it printed. */
const killedAfter = (
  millis: number,
  parameters: ReadonlyArray<string>,
): Promise<{ readonly wasKilled: boolean; readonly printed: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, ["--conditions=espalier-source", worker, ...parameters]);
    let printed = "";
    child.stdout.on("data", (data: Buffer) => {
      if (printed === "") setTimeout(() => child.kill("SIGKILL"), millis);
      printed += String(data);
    });
    child.stderr.on("data", (data: Buffer) => (printed += String(data)));
    child.on("close", (_, signal) => resolve({ wasKilled: signal === "SIGKILL", printed }));
  });

/** The paths whose outcomes are recorded. */
const recorded = (address: string, runId: string): Promise<ReadonlySet<string>> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const layer = yield* Effect.promise(() => storeOf(address));
        const store = Context.get(yield* Layer.build(layer), Store);
        const run = yield* store.find(runId);
        return new Set(
          run?.entries.filter(({ kind }) => kind === Kind.outcome).map(({ path }) => path) ?? [],
        );
      }),
    ),
  );

const linesOf = (log: string): ReadonlyArray<string> => readFileSync(log, "utf8").split("\n").slice(0, -1);

const total = Array.from({ length: 60 }, (_, i) => i * i).reduce((a, b) => a + b, 0);
const squares = Array.from({ length: 60 }, (_, i) => `squares[${i}]`);

/** What a step has read. */
const readBy = (path: string): ReadonlyArray<string> => {
  if (path.startsWith("squares[")) return ["ids"];
  if (path.startsWith("sum/part_")) return squares;
  return path === "sum/sum/sum" ? ["sum/sum/half"] : [];
};

/** Kills a run and goes on with it, again and again until it ends by itself. How often it was killed. */
export const killedToItsEnd = async (address: string, log: string, runId: string): Promise<number> => {
  writeFileSync(log, "");
  let before: ReadonlySet<string> = new Set();
  let seen = 0;
  let inFlight = 0;
  let most = 150;
  for (let killed = 0; ; killed++) {
    const { wasKilled, printed } = await killedAfter(Math.random() * most, [address, log, runId]);
    // Where a store asks a server whether an owner lives, it is not told at once.
    if (!wasKilled && printed.includes("RunExists")) {
      killed--;
      continue;
    }
    const ran = linesOf(log).slice(seen);
    seen += ran.length;
    for (const path of ran) expect(before, `"${path}" ran again`).not.toContain(path);
    // One that was killed three times before its first commit is failed for that, once.
    if (!wasKilled && printed.includes("RunCrashed")) continue;
    if (!wasKilled) {
      expect(printed).toBe(`ready\nsum ${total}\n`);
      expect(seen - new Set(linesOf(log)).size).toBeLessThanOrEqual(inFlight);
      return killed;
    }
    const after = await recorded(address, runId);
    // Nothing that was recorded is gone, and what a step has read was recorded before it started.
    for (const path of before) expect(after).toContain(path);
    for (const path of ran.flatMap(readBy)) expect(after).toContain(path);
    const lost = ran.filter((path) => !after.has(path));
    // Eight ran at once, and what eight gave may have been under way to the disk.
    expect(lost.length).toBeLessThanOrEqual(16);
    inFlight += lost.length;
    // On a slow machine it takes longer until anything is recorded.
    if (after.size === before.size) most *= 1.5;
    before = after;
  }
};
