/**
 * Each fixture holds one mistake. The messages of both compilers are committed beside it: read each aloud.
 * `npx vitest run test/types/mistakes -u` writes the snapshots, `node scripts/types-mistakes.ts` the page.
 */
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../../../scripts/package.ts";
import { diagnose, fixtures, mistakesPage, pagePath } from "../../../scripts/types-mistakes.ts";

const seven = diagnose(7);
const six = diagnose(6);

/** The types that users can name: all others are ours alone, and belong in no message. */
const exported = new Set(
  globSync("src/**/index.ts", { cwd: root }).flatMap((file) =>
    [...readFileSync(join(root, file), "utf8").matchAll(/^export type \{([^}]*)\} from/gm)].flatMap(
      ([, names = ""]) => names.split(",").map((name) => name.trim()),
    ),
  ),
);
const whole = ["options", "run"];
const helpers = globSync("types/*.ts", { cwd: root })
  .filter((file) => !whole.some((name) => file === join("types", `${name}.ts`)))
  .flatMap((file) => [
    ...readFileSync(join(root, file), "utf8").matchAll(/^(?:export )?(?:type|interface) (\w+)/gm),
  ])
  .map(([, name = ""]) => name)
  .filter((name) => !exported.has(name));

describe.each(fixtures)("$title", (fixture) => {
  const said = [...(seven.get(fixture.name) ?? []), ...(six.get(fixture.name) ?? [])];

  test("is one error from each compiler, at the argument that is wrong", () => {
    expect(said.map(({ at }) => at.slice(0, fixture.at.length))).toEqual([fixture.at, fixture.at]);
  });

  test("is reported in at most ten lines, without a word of how the types are made", () => {
    for (const { text } of said) {
      expect(text.split("\n").length).toBeLessThanOrEqual(10);
      expect(helpers.filter((name) => new RegExp(`\\b${name}<`).test(text))).toEqual([]);
      expect(text).not.toMatch(/No overload matches|excessively deep|\[typesOf\](?!\[")|"type 'never'"/);
    }
  });

  test("is reported as before", async () => {
    const told = ([version, by]: readonly [number, typeof seven]): string =>
      (by.get(fixture.name) ?? [])
        .map(({ position, text }) => `TypeScript ${version}, ${position}: ${text}\n`)
        .join("");
    const text = [[7, seven] as const, [6, six] as const].map(told).join("");
    await expect(text).toMatchFileSnapshot(`snapshots/${fixture.name}.txt`);
  });
});

describe("what is said about a program does not depend on the programs that are compiled beside it", () => {
  test.each([
    [7, seven],
    [6, six],
  ] as const)(
    "TypeScript %i says the same when it compiles the fixtures in reverse",
    (version, forward) => {
      expect([...diagnose(version, "reverse")]).toEqual([...forward]);
    },
    600_000,
  );

  // The compiler orders such types by when it first met them in the whole program, and explains the first of them.
  test.each(fixtures)("$name shows no union of two object types", ({ name }) => {
    for (const { text } of [...(seven.get(name) ?? []), ...(six.get(name) ?? [])])
      expect(text).not.toMatch(/[>})] \| (?:\w+<|[{(])/);
  });
});

test("docs/reference/pairs.md has the words of both halves: else run npm run types:pairs", () => {
  const args = ["--conditions=espalier-source", "--disable-warning=ExperimentalWarning"];
  const { status, stderr } = spawnSync(process.execPath, [...args, "scripts/types-pairs.ts", "--check"], {
    cwd: root,
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
}, 120_000);

test("docs/reference/mistakes.md lists them as they are: else run node scripts/types-mistakes.ts", () => {
  expect(readFileSync(pagePath, "utf8")).toBe(mistakesPage(seven));
});
