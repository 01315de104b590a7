/** The rule that decides which records count, the same for every store and reader; checked against a slow, plain version. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Entry } from "../../src/journal/records.ts";
import { Kind, newest } from "../../src/journal/records.ts";
import { lineOf, readLines } from "../../src/stores/lines.ts";

const paths = ["a", "a/b", "a/b/c", "m", "m[0]", "m[1]", "m[1]/b", "ab", "m[10]"];
const entry = fc.record({
  kind: fc.constantFrom(...Object.values(Kind)),
  path: fc.constantFrom(...paths),
  text: fc.nat().map(String),
});

/** Applies the records to a table, one after another. */
const played = (entries: ReadonlyArray<Entry>): ReadonlyArray<Entry> => {
  let table: Array<Entry> = [];
  const isBeneath = (path: string, above: string): boolean =>
    path === above || path.startsWith(`${above}/`) || path.startsWith(`${above}[`);
  const outcomes: ReadonlyArray<Kind> = [Kind.outcome, Kind.failure, Kind.asIs];
  const isOutcome = ({ kind }: Entry): boolean => outcomes.includes(kind);
  for (const next of entries) {
    if (next.kind === Kind.dropped) table = table.filter(({ path }) => !isBeneath(path, next.path));
    else if (next.kind === Kind.reopened)
      table = table.filter((one) => one.path !== next.path || !(isOutcome(one) || one.kind === Kind.chosen));
    else {
      table = table.filter(
        (one) =>
          one.path !== next.path ||
          isOutcome(one) !== isOutcome(next) ||
          (!isOutcome(one) && one.kind !== next.kind),
      );
      table.push(next);
    }
  }
  return table;
};

test("the newest record of a path counts, and what was dropped or reopened does not", () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 40 }), (some) => {
      const entries = some.map((one): Entry => ({ ...one, began: 0, ended: 0, attempt: 1 }));
      expect(newest(entries)).toEqual(played(entries));
    }),
    { numRuns: 500 },
  );
});

const deepPath = fc
  .tuple(fc.nat(40), fc.constantFrom("", "/score", "[3]/z", "[12]/z", "/s𝒳ore", "/s𝒴ore"))
  .map(([depth, end]) => `${Array.from({ length: depth }, () => "step").join("/")}x${end}`);

test("lines contain the whole records, however their paths are shortened and the lines are split into rows", () => {
  const some = fc.array(fc.tuple(deepPath, fc.boolean(), fc.boolean()), { maxLength: 30 });
  fc.assert(
    fc.property(some, (records) => {
      const written = records.map(([path]): Entry => {
        return { kind: Kind.outcome, path, text: "1", began: 5, ended: 7, attempt: 1 };
      });
      const rows: Array<{ lines: string; count: number }> = [{ lines: "", count: 0 }];
      let before = "";
      records.forEach(([path, isNewRow, isNewOwner], at) => {
        if (isNewRow) rows.push({ lines: "", count: 0 });
        const row = rows.at(-1)!;
        row.lines += lineOf(written[at]!, isNewOwner ? "" : before, 3, "1");
        row.count++;
        before = path;
      });
      const read: Array<Entry> = [];
      for (const { lines, count } of rows)
        read.push(...readLines(lines, read.at(-1)?.path ?? "", 3, count, "store"));
      expect(read).toEqual(written);
    }),
    { numRuns: 500 },
  );
});

test("lines as versions before wrote them, with whole paths, are read", () => {
  const lines = "1\t1\t0\t2\ttrain/fit[0]\t1\n1\t1\t0\t2\ttrain/fit[1]\t2\n";
  const paths = readLines(lines, "train/fit[0]/score", 3, 2, "store").map(({ path }) => path);
  expect(paths).toEqual(["train/fit[0]", "train/fit[1]"]);
});
