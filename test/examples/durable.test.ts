/** The example that is killed: the second process runs no step that the first one recorded. */
import { expect, test } from "vitest";
import { example } from "./example.ts";

test("resumes after SIGKILL where it stopped, and prints the leaderboard", { timeout: 60_000 }, async () => {
  const lines = (await example("durable/main.ts")).split("\n");
  const [, ranFirst] = /^the first process ran (\d+) steps and was killed$/.exec(lines[0]!)!;
  const [, recalled, ranSecond] = /^the second found (\d+) of them recorded and ran (\d+)$/.exec(lines[1]!)!;
  // Every step that the first process reported was recorded; it may have recorded more before it died.
  expect(Number(recalled)).toBeGreaterThanOrEqual(Number(ranFirst));
  expect(Number(ranSecond)).toBeGreaterThan(0);
  expect(lines[2]).toBe("run twice: none");
  expect(lines.join("\n")).toMatch(/nearest neighbours\s+neighbours 9/);
});
