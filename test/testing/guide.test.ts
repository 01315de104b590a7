/** The violations in the guide must be the ones that its programs print. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const guide = readFileSync(join(root, "docs/guides/prove-an-expansion.md"), "utf8");

/** Each program that is followed by its output. */
const programs = [
  ...guide.matchAll(/```ts\n((?:(?!```)[^])*?)```\n\nIt prints:\n\n```text\n([^]*?)```/g),
].map(([, program = "", printed = ""], i) => ({
  name: (/\bdynamic\("(\w+)"/.exec(program) ?? /\bpipeline\("(\w+)"/.exec(program))?.[1],
  program,
  printed,
  i,
}));

test.each(programs)(
  "the program about $name prints the output in the guide",
  ({ i, printed, program }) => {
    const folder = join(root, "temp/guide");
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `prove-an-expansion-${i}.ts`);
    writeFileSync(file, program);
    const output = execFileSync(process.execPath, ["--conditions=espalier-source", file], {
      encoding: "utf8",
    });
    expect(output).toBe(printed);
  },
  60_000,
);

test("the guide has the first example, five bugs and a cache", () => {
  expect(programs).toHaveLength(7);
});
