/** The memory that a run holds while it continues, and anything that it leaves behind: each in a separate process. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

const run = async (fixture: string): Promise<any> => {
  const file = new URL(`fixtures/${fixture}.ts`, import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--conditions=espalier-source", "--expose-gc", file],
    {
      timeout: 50_000,
    },
  );
  return JSON.parse(stdout);
};

describe("However a run ends", () => {
  test("no timer and no listener is left, and every signal has fired", { timeout: 60_000 }, async () => {
    const { left, listeners, calls, unfired } = await run("leftovers");
    expect(left).toEqual({ succeeded: [], failed: [], interrupted: [], handle: [], finished: [] });
    expect(listeners).toBe(0);
    expect(calls).toBeGreaterThan(20);
    expect(unfired).toBe(0);
  });
});

describe("A run holds only what is live", () => {
  test("values are dropped as soon as nothing needs them", { timeout: 60_000 }, async () => {
    const dropped = await run("dropped");
    expect(dropped).toEqual(Object.fromEntries(Object.keys(dropped).map((what) => [what, true])));
    expect(Object.keys(dropped).length).toBeGreaterThan(8);
  });
  test("100,000 synchronous steps fan out and in under 400 MB", { timeout: 60_000 }, async () => {
    const { sum, megabytes } = await run("many-steps");
    expect(sum).toBe(5_000_050_000);
    expect(megabytes).toBeLessThan(400);
  });
  test("100,000 mapped pipelines of three steps take at most 160 MB", { timeout: 120_000 }, async () => {
    const { total, megabytes } = await run("many-pipelines");
    expect(total).toBe(100_000);
    expect(megabytes).toBeLessThan(160);
  });
  test("a million mapped items hold only their results", { timeout: 60_000 }, async () => {
    const { plain, promised, megabytes } = await run("many-items");
    expect([plain, promised]).toEqual([500_000_500_000, 1_000_000]);
    expect(megabytes).toBeLessThan(600);
  });
});
