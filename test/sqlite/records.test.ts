/** Which records count, by one rule for every store and reader; checked against a rule that is slow and plain. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Entry } from "../../src/journal/records.ts";
import { Kind, newest } from "../../src/journal/records.ts";

const paths = ["a", "a/b", "a/b/c", "m", "m[0]", "m[1]", "m[1]/b", "ab", "m[10]"];
const entry = fc.record({
  kind: fc.constantFrom(...Object.values(Kind)),
  path: fc.constantFrom(...paths),
  text: fc.nat().map(String),
});

/** Plays the records one after another on a table. */
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
