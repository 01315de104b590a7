/** What each program costs the compiler, against the committed counts: `node scripts/types-cost.ts --write` commits more. */
import { describe, expect, test } from "vitest";
import { measure, programs, readBudget } from "../../scripts/types-cost.ts";

const budget = readBudget();
// Each compiles, and its read that must fail does: `measure` throws where not.
const costs = measure("budget", programs);
const count = (name: string): number => costs[name]?.instantiations ?? Number.NaN;

describe("what the types cost", () => {
  test.each(programs.map(({ name }) => name))("%s has grown by at most 2 %%", (name) => {
    const was = budget[name];
    const is = costs[name];
    if (was === undefined || is === undefined) throw new Error(`test/types/budget.json has no ${name}`);
    expect(is.instantiations).toBeLessThanOrEqual(was.instantiations * 1.02);
    expect(is.types).toBeLessThanOrEqual(was.types * 1.02);
  });

  test("the budget names no other program", () => {
    expect(Object.keys(budget).toSorted()).toEqual(Object.keys(costs).toSorted());
  });

  test("with declared outputs a step costs as much in a pipeline of a thousand as in one of fifty", () => {
    const early = (count("chain-100-declared") - count("chain-50-declared")) / 50;
    const late = (count("chain-1000-declared") - count("chain-500-declared")) / 500;
    expect(late / early).toBeLessThan(1.2);
    expect(count("chain-1000-declared")).toBeLessThan(500_000);
  });

  test("a step in a pipeline of twenty, and a hundred steps in any order, stay under their limits", () => {
    for (const kind of ["declared", "literal"]) {
      expect(count(`chain-21-${kind}`) - count(`chain-20-${kind}`)).toBeLessThan(1500);
      expect(count(`pipelineOf-100-${kind}`)).toBeLessThan(150_000);
    }
  });
});
