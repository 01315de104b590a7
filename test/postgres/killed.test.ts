/** A process that is killed: its records in Postgres are kept, and no recorded step runs again. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Layer from "effect/Layer";
import * as Scope from "effect/Scope";
import { Runs } from "espalier";
import { describe, expect, test } from "vitest";
import { built } from "../durable/built.ts";
import { buildWorker, killedToItsEnd } from "../durable/killed-to-its-end.ts";
import { storeOf } from "../sqlite/fixtures/store-of.ts";
import { temporary } from "../sqlite/support.ts";
import { newAddress } from "./support.ts";

const newFile = temporary();
const kills = process.env["ESPALIER_LONG"] === undefined ? 24 : 100;
const saga = "postgres/fixtures/saga.ts";

buildWorker();
const program = built(saga);

/** Keeps a store open, so that queries do not reconnect each time. Returns a function that closes it. */
const keptOpen = async (address: string): Promise<() => Promise<void>> => {
  const scope = Scope.makeUnsafe();
  await Effect.runPromise(Layer.buildWithScope(await storeOf(address), scope));
  return () => Effect.runPromise(Scope.close(scope, Exit.void));
};

describe("A process that is killed at any time", () => {
  test(`loses nothing that it recorded in Postgres, and runs none of it again: ${kills} kills`, {
    timeout: 600_000,
  }, async () => {
    const count = { killed: 0 };
    const address = await newAddress();
    const close = await keptOpen(address);
    const lane = async (_: unknown, index: number): Promise<void> => {
      for (let run = 0; count.killed < kills; run++) {
        await killedToItsEnd(address, newFile(), `run ${index}.${run}`, () => ++count.killed >= kills);
      }
    };
    // Most of the time is spent waiting for the server to notice that a process is gone.
    try {
      await Promise.all([1, 2, 3, 4].map(lane));
    } finally {
      await close();
    }
    expect(count.killed).toBeGreaterThanOrEqual(kills);
  });
});

/** Runs the saga and kills it in the call whose line starts with `beginning`. Returns all lines that it printed. */
const sagaUntil = async (address: string, beginning: string | undefined): Promise<ReadonlyArray<string>> => {
  const store = await storeOf(address);
  // The server notices only a moment later that the previous process is gone.
  while ((await Runs.listPromise({ store, status: "running" })).length > 0) await pause(50);
  const child = spawn(
    process.execPath,
    [program(saga), address, "r", ...(beginning === undefined ? [] : [beginning])],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const lines: Array<string> = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    if (beginning !== undefined && line.startsWith(beginning)) child.kill("SIGKILL");
  }
  return lines;
};

describe("A run in Postgres that compensates", () => {
  test("and whose process is killed within its steps and compensations undoes each once more at most, in order", {
    timeout: 300_000,
  }, async () => {
    const address = await newAddress();
    const close = await keptOpen(address);
    const undone = ["hotel[tue]", "hotel[mon]", "flight"].map(
      (path) => `undo ${path} ${path} r/${path}*compensate`,
    );
    const printed: Array<ReadonlyArray<string>> = [];
    for (const beginning of ["did hotel[mon]", "undo hotel[tue]", "undo flight", undefined]) {
      printed.push(await sagaUntil(address, beginning));
    }
    await close();
    // Once it compensates, no step runs, and the call that was under way at the kill runs again.
    expect(printed).toEqual([
      ["did flight", "did hotel[mon]"],
      ["did hotel[mon]", "did hotel[tue]", undone[0]],
      undone,
      [undone[2], "ended no money"],
    ]);
  });
});
