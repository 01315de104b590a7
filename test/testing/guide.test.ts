/** The guide shows what a violation prints: so it must. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

test("what the guide says that its program prints is what it prints", () => {
  const guide = readFileSync(join(root, "docs/guides/prove-an-expansion.md"), "utf8");
  const [, program = "", printed = ""] =
    /```ts\n([^`]*seed: 42[^]*?)```\n\nIt prints:\n\n```text\n([^]*?)```/.exec(guide) ?? [];
  const folder = join(root, "temp/guide");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "prove-an-expansion.ts");
  writeFileSync(file, program);
  const output = execFileSync(process.execPath, ["--conditions=espalier-source", file], { encoding: "utf8" });
  expect(output).toBe(printed);
});
