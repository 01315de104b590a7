/** A process that is killed: what it recorded in Postgres is there, and nothing of it runs again. */
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
