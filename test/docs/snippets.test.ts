/**
 * Every TypeScript block of the documentation is a test. The info string after the fence has these meanings:
 *
 * - `ts`: compiles under the repository's strict settings, and runs to its end. Each block is a separate module:
 *   it imports everything it needs, including `espalier`, and cannot see earlier blocks.
 * - `ts no-run`: compiles, and is not run (it would need a database, or never end).
 * - `ts error`: must not compile. The next block must be a `text` block with the compiler's messages, without file
 *   names and positions: `error TS2345: …`, with the indented lines that belong to it.
 *
 * Any other word after `ts` is refused. The API reports in `docs/api` are generated and are left out.
 */
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sharedPostgres } from "../postgres/server/shared.ts";
import { extract, extractAll, root, tryOut } from "./snippets.ts";

// For the snippets of the guide to Postgres.
process.env["DATABASE_URL"] = await sharedPostgres();

const documents = [
  ...(existsSync(join(root, "README.md")) ? ["README.md"] : []),
  ...globSync("docs/**/*.md", { cwd: root, exclude: ["docs/api/**"] }).toSorted(),
];

describe("the snippets of the documentation", () => {
  const outcomes = tryOut(extractAll(documents), "documentation");

  test("README.md contains at least one program that is run", () => {
    expect(
      outcomes.filter(({ snippet }) => snippet.file === "README.md" && snippet.mode === "run"),
    ).not.toEqual([]);
  });

  test.each(outcomes.map((outcome) => [`${outcome.snippet.file}:${outcome.snippet.line}`, outcome] as const))(
    "%s behaves as its info string says",
    (_, { diagnostics, failure, snippet }) => {
      expect(diagnostics).toBe(snippet.expected ?? "");
      expect(failure).toBeUndefined();
    },
  );
});

describe("the check of snippets", () => {
  const sample = "test/docs/fixtures/sample.md";
  const outcomes = tryOut(extractAll([sample]), "sample");
  const under = (heading: string) => {
    const lines = readFileSync(join(root, sample), "utf8").split("\n");
    const line = lines.indexOf(`## ${heading}`) + 1;
    const found = outcomes.find(({ snippet }) => snippet.line > line);
    if (line === 0 || found === undefined) throw new Error(`${sample} has no block under "${heading}"`);
    return found;
  };

  test("a block that compiles and runs is accepted, even with names of another module or in a list", () => {
    for (const heading of ["Runs", "Has the same names", "Is in a list"]) {
      expect(under(heading)).toMatchObject({ diagnostics: "", failure: undefined });
    }
  });

  test("a block that throws, or rejects outside its own end, is reported with the error", () => {
    expect(under("Throws").failure).toContain("thrown by the sample");
    expect(under("Rejects unseen").failure).toContain("rejected by the sample");
  });

  test("a block that does not compile is reported with the compiler's message, and is not run", () => {
    expect(under("Does not compile")).toMatchObject({
      diagnostics: "error TS2322: Type 'string' is not assignable to type 'number'.",
      failure: undefined,
    });
  });

  test("a block marked no-run is only compiled", () => {
    expect(under("Would never end")).toMatchObject({ diagnostics: "", failure: undefined });
  });

  test("a block that must not compile carries the compiler's lines, including indented ones", () => {
    const { diagnostics, snippet } = under("Must not compile");
    expect(snippet.mode).toBe("error");
    expect(diagnostics.split("\n").length).toBeGreaterThan(1);
    expect(diagnostics).toBe(snippet.expected);
  });

  test("a block that must not compile but does is reported", () => {
    const { diagnostics, snippet } = under("Must not compile, and does");
    expect(diagnostics).toBe("");
    expect(snippet.expected).not.toBe("");
  });

  test("blocks in other languages, and fences inside a longer fence, are not snippets", () => {
    expect(extract("a.md", "```sh\nexit 1\n```\n\n````md\n```ts\nnonsense(\n```\n````\n")).toEqual([]);
  });

  test("an unknown word, a missing text block and an unclosed fence are refused with their position", () => {
    expect(() => extract("a.md", "\n```ts norun\n1;\n```")).toThrow('a.md:2: "ts norun" is none of');
    expect(() => extract("a.md", "```typescript\n1;\n```")).toThrow("a.md:1: write ```ts");
    expect(() => extract("a.md", "```ts error\n1;\n```\n\nprose")).toThrow("a.md:1: a ```ts error block");
    expect(() => extract("a.md", "```ts\n1;\n")).toThrow("never closed");
  });
});
