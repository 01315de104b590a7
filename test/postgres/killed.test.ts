/** A process that is killed: its records in Postgres are kept, and no recorded step runs again. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, test } from "vitest";
import { buildWorker, killedToItsEnd } from "../durable/killed-to-its-end.ts";
import { temporary } from "../sqlite/support.ts";
import { newAddress } from "./support.ts";

const newFile = temporary();
const kills = process.env["ESPALIER_LONG"] === undefined ? 6 : 100;

buildWorker();

describe("A process that is killed at any time", () => {
  test(`loses nothing that it recorded in Postgres, and runs none of it again: ${kills} kills`, {
    timeout: 600_000,
  }, async () => {
    let killed = 0;
    const lane = async (_: unknown, index: number): Promise<void> => {
      const address = await newAddress();
      for (let run = 0; killed < kills; run++) {
        killed += await killedToItsEnd(address, newFile(), `run ${index}.${run}`);
      }
    };
    await Promise.all([1, 2].map(lane));
    expect(killed).toBeGreaterThanOrEqual(kills);
  });
});

/** Runs the saga, and kills it in the call whose line begins like this. All lines that it printed. */
const sagaUntil = async (address: string, beginning: string | undefined): Promise<ReadonlyArray<string>> => {
  const file = join(import.meta.dirname, "fixtures/saga.ts");
  const child = spawn(
    process.execPath,
    ["--conditions=espalier-source", file, address, "r", ...(beginning === undefined ? [] : [beginning])],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const lines: Array<string> = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    if (beginning !== undefined && line.startsWith(beginning)) child.kill("SIGKILL");
  }
  // The server learns a moment later that the process before it is gone.
  return lines.at(-1) === "ended RunExists" ? sagaUntil(address, beginning) : lines;
};

describe("A run in Postgres that compensates", () => {
  test("and whose process is killed within its steps and compensations undoes each once more at most, in order", {
    timeout: 300_000,
  }, async () => {
    const address = await newAddress();
    const undone = ["hotel[tue]", "hotel[mon]", "flight"].map(
      (path) => `undo ${path} ${path} r/${path}*compensate`,
    );
    const printed: Array<ReadonlyArray<string>> = [];
    for (const beginning of ["did hotel[mon]", "undo hotel[tue]", "undo flight", undefined]) {
      printed.push(await sagaUntil(address, beginning));
    }
    // Once it compensates, no step runs, and what was under way when it was killed runs again.
    expect(printed).toEqual([
      ["did flight", "did hotel[mon]"],
      ["did hotel[mon]", "did hotel[tue]", undone[0]],
      undone,
      [undone[2], "ended no money"],
    ]);
  });
});
