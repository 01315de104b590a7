/** The output in the README of the complete example is its real output. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { example, root } from "./example.ts";

test("each line of the output in the README is printed", { timeout: 60_000 }, async () => {
  const [, section = ""] = readFileSync(join(root, "README.md"), "utf8").split("## A real job");
  const [, shown = ""] = section.split(/```text\n|```/);
  const printed = new Set((await example("penguins/main.ts")).split("\n"));
  const lines = shown.split("\n").filter((line) => line !== "" && line !== "…");
  expect(lines.length).toBeGreaterThan(15);
  expect(lines.filter((line) => !printed.has(line))).toEqual([]);
});
