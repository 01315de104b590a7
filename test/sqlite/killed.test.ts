/** A process that is killed: what it recorded is there, and nothing of it runs again. */
import { describe, expect, test } from "vitest";
import { killedToItsEnd } from "../durable/killed-to-its-end.ts";
import { temporary } from "./support.ts";

const newFile = temporary();

describe("A process that is killed at any time", () => {
  test("loses nothing that it recorded, and runs none of it again: 100 kills", {
    timeout: 600_000,
  }, async () => {
    let killed = 0;
    const lane = async (_: unknown, index: number): Promise<void> => {
      const file = newFile();
      for (let run = 0; killed < 100; run++)
        killed += await killedToItsEnd(file, newFile(), `run ${index}.${run}`);
    };
    await Promise.all([1, 2, 3].map(lane));
    expect(killed).toBeGreaterThanOrEqual(100);
  });
});
