/** A report's notes on untested behaviour: cases that no input reaches, fallbacks that every run uses, runs that fail. */
import * as Effect from "effect/Effect";
import { pipeline, type } from "espalier";
import { checkPipeline } from "espalier/testing";
import * as fc from "fast-check";
import { expect, test } from "vitest";

const input = fc.record({ items: fc.array(fc.nat(9)) });
const checked = async (
  made: any,
): Promise<{ readonly notes: ReadonlyArray<string>; readonly text: string }> => {
  const report = await checkPipeline(made, { input, seed: 1, runs: 20, laws: ["repeatable", "succeeds"] });
  return { notes: report.notes, text: String(report) };
};
const items = () => pipeline("noted").input("items", type<ReadonlyArray<number>>());

test("a case that no input reaches is named, by its static path inside items too", async () => {
  const made = items().map("sizes", "items", [], (item) =>
    (pipeline("item") as any).switch("sizes", [], () => (item >= 0 ? "positive" : "negative"), {
      positive: () => item,
      negative: () => -item,
    }),
  );
  const { notes, text } = await checked(made);
  expect(notes).toEqual(['The case "negative" of "sizes/sizes" was never taken.']);
  expect(text).toContain('! The case "negative" of "sizes/sizes" was never taken.');
});

test("no case is named if each is reached", async () => {
  const made = items().switch("size", ["items"], ({ items }) => (items.length > 2 ? "many" : "few"), {
    many: () => 1,
    few: () => 0,
  });
  expect((await checked(made)).notes).toEqual([]);
});

test("a step whose fallback every run uses is named", async () => {
  const made = items()
    .step("rate", ["items"], () => Effect.fail("no service" as const), { fallback: () => 1 })
    .step("sum", ["rate", "items"], ({ rate, items }) => rate * items.length);
  const { notes, text } = await checked(made);
  expect(notes).toEqual(['"rate" never succeeded: its fallback was used every time.']);
  expect(text).toContain('! "rate" never succeeded');
});

test("a step whose fallback only some runs use is not named", async () => {
  const made = items().step(
    "rate",
    ["items"],
    ({ items }) => (items.length > 2 ? Effect.fail("too many" as const) : Effect.succeed(1)),
    { fallback: () => 0 },
  );
  expect((await checked(made)).notes).toEqual([]);
});

test("failed runs are counted, with their errors", async () => {
  const made = items().step("rate", ["items"], ({ items }) =>
    items.length > 2 ? Effect.fail({ _tag: "TooMany" } as const) : Effect.succeed(1),
  );
  expect((await checked(made)).notes).toEqual([
    expect.stringMatching(/^\d+ of 20 runs failed: \d+ with .*TooMany/),
  ]);
});
