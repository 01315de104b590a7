/** Steps are not 1.5 times slower, relative to hand-written fibers, than when the baseline was measured. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

test("the engine is as fast as when the baseline was measured", { timeout: 120_000 }, () => {
  // A separate process: the test runner rewrites the sources, and that costs the hot loop more than any mistake.
  const check = join(import.meta.dirname, "../bench/check.ts");
  const done = spawnSync(process.execPath, ["--conditions=espalier-source", check], { encoding: "utf8" });
  expect(done.status, `${done.stdout}${done.stderr}`).toBe(0);
});
