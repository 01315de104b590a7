/** One mistake in the middle of a program is one error, reported whole, however many outputs come before it. */
import { describe, expect, test } from "vitest";
import { compile, makeProject } from "../../../scripts/types-compiler.ts";
import { fixtures } from "../../../scripts/types-mistakes.ts";

const start = 'pipeline("quarterlyReport")';
const programs = fixtures.filter(({ name, text }) => name.startsWith("natural-") && text.includes(start));

/** Steps with names as long as people's, on the line of the pipeline's own, so that no line moves. */
const padding = (count: number): string =>
  Array.from(
    { length: count },
    (_, index) => `.step("monthlyRegionalSummary${index}", [], () => ${index})`,
  ).join("");

/** What TypeScript 7 says about each program, with so many outputs more. */
const said = (count: number): ReadonlyMap<string, ReadonlyArray<string>> => {
  const project = makeProject(`natural-${count}`);
  for (const { name, text } of programs)
    project.write(`${name}.ts`, text.replace(start, `${start}${padding(count)}`));
  const config = project.configure(
    "tsconfig.json",
    programs.map(({ name }) => `${name}.ts`),
  );
  const { text } = compile(7, ["-p", config, "--singleThreaded"], project.folder);
  const blocks = text.split(/\n(?=\S)/);
  return new Map(
    programs.map(({ name }) => [name, blocks.filter((block) => block.startsWith(`${name}.ts(`))]),
  );
};

test("there are programs of people", () => {
  expect(programs.length).toBeGreaterThanOrEqual(28);
});

describe.each([2, 12, 297])("with %i outputs more", (count) => {
  const found = said(count);

  test.each(programs)("$title", ({ at, name, text }) => {
    const errors = found.get(name) ?? [];
    expect(errors).toHaveLength(1);
    const [, line = "0", column = "0"] = /\((\d+),(\d+)\)/.exec(errors[0] ?? "") ?? [];
    expect((text.split("\n")[Number(line) - 1] ?? "").slice(Number(column) - 1)).toMatch(
      new RegExp(`^${RegExp.escape(at)}`),
    );
    // The sentence is whole: the list that holds it is closed.
    expect(errors[0]).toMatch(/\["(?:The |A |'\w+' cannot )[^"]+\."\]/);
  });
});
