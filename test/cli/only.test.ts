/** `espalier run --only NAME`. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { shell } from "./shell.ts";

const command = shell();
const folder = mkdtempSync(join(tmpdir(), "espalier-only-"));
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));

test("runs the steps that the output needs and nothing else", async () => {
  const { code, stdout } = await command(["run", "wide.ts", "--only", "left", "--json"]);
  expect(stdout).toBe('{"left":2}\n');
  expect(code).toBe(0);
});

test("a reduced run stays reduced when it is resumed", async () => {
  const store = ["--store", join(folder, "runs.db")];
  const ready = join(folder, "ready");
  process.env["READY"] = ready;
  const failed = await command(["run", "wide.ts", "--only", "right", "--run-id", "r", ...store], {
    records: true,
  });
  expect(failed.stderr).toContain("not ready");
  expect(failed.code).toBe(1);
  writeFileSync(ready, "");
  const resumed = await command(["resume", "r", "--json", ...store]);
  expect(resumed.stdout).toBe('{"right":11}\n');
  expect(resumed.code).toBe(0);
});

test("an unknown output is refused, with the most similar name", async () => {
  const { code, stderr } = await command(["run", "wide.ts", "--only", "lef"]);
  expect(stderr).toContain('only cannot keep "lef", because nothing provides it');
  expect(stderr).toContain('Did you mean "left"?');
  expect(code).toBe(1);
});
