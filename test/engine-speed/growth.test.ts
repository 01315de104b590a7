/** Running, watching, recording, resuming and drawing cost the same for each item, however many there are. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

test("an item costs the same among 16 times as many", { timeout: 300_000 }, async () => {
  // A separate process: the test runner rewrites the sources, and uses CPU time itself.
  const linear = join(import.meta.dirname, "../bench/linear.ts");
  const options = ["--expose-gc", "--conditions=espalier-source", linear];
  const done = await promisify(execFile)(process.execPath, options).catch((error: unknown) => error);
  const lines = (done as { readonly stdout: string }).stdout.trim().split("\n");
  expect(lines.filter((line) => line.includes("at most"))).toEqual([]);
  expect(lines).toHaveLength(16);
});
