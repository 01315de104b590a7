/** A process that is killed: its records are kept, and no recorded step runs again. */
import { rmSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { buildWorker, killedToItsEnd } from "../durable/killed-to-its-end.ts";
import { temporary } from "./support.ts";

const newFile = temporary();
// A run in continuous integration has 100 kills: these, and those of the test on Postgres.
const kills = process.env["ESPALIER_LONG"] === undefined ? 76 : 500;
const runsInAFile = 4;

buildWorker();

describe("A process that is killed at any time", () => {
  test(`loses nothing that it recorded or accepted, and runs none of it again: ${kills} kills`, {
    timeout: 60 * kills * 1000,
  }, async () => {
    const count = { killed: 0 };
    const lane = async (_: unknown, index: number): Promise<void> => {
      let file = newFile();
      for (let run = 0; count.killed < kills; run++) {
        await killedToItsEnd(file, newFile(), `run ${index}.${run}`, () => ++count.killed >= kills);
        if (run % runsInAFile !== runsInAFile - 1) continue;
        for (const suffix of ["", "-wal", "-shm"]) rmSync(file + suffix, { force: true });
        file = newFile();
      }
    };
    await Promise.all([1, 2, 3].map(lane));
    expect(count.killed).toBeGreaterThanOrEqual(kills);
  });
});
