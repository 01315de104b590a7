import { Plan } from "espalier";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { dot, html, mermaid, shortened, visible } from "../../src/draw/escape.ts";
import { deepPlan, label, planOfLabels } from "./plans.ts";

test("law: the JSON is equal to the plan", () => {
  fc.assert(
    fc.property(label, label, label, (a, b, c) => {
      const plan = planOfLabels(a, b, c);
      expect(JSON.parse(Plan.toJson(plan))).toEqual(JSON.parse(JSON.stringify(plan)));
    }),
    { numRuns: 500 },
  );
});

test("the JSON has the layout of JSON.stringify", () => {
  const plan = planOfLabels("a", "b", "c");
  expect(Plan.toJson(plan)).toBe(`${JSON.stringify(plan, undefined, 2)}\n`);
});

test("ten thousand nested expansions are written without an overflow", () => {
  expect(Plan.toJson(deepPlan(10_000)).length).toBeLessThan(30_000_000);
});

test("invisible characters are spelled out, but not those that join letters", () => {
  expect(visible("a\nb\t\u202e\u200b\u0007\ud800\ufeff\u{e0041}")).toBe(
    "a\\nb\\t\\u202e\\u200b\\u0007\\ud800\\ufeff\\u{e0041}",
  );
  expect(visible("می\u200cخواهم 👨\u200d👩\u200d👧 é 漢字")).toBe("می\u200cخواهم 👨\u200d👩\u200d👧 é 漢字");
});

test("law: no escaped text contains syntax of its target", () => {
  fc.assert(
    fc.property(label, (text) => {
      expect(html(text)).not.toMatch(/[<>"']|&(?!amp;|lt;|gt;|quot;|#39;)/u);
      expect(dot(text)).not.toMatch(/(?<!\\)(?:\\\\)*"|(?<!\\)(?:\\\\)*\\$|\n/u);
      expect(mermaid(text)).not.toMatch(/["`<>%|[\]{}\\\n]|#(?!\d+;)/u);
    }),
    { numRuns: 2000 },
  );
});

test("a shortened text never ends with half a character", () => {
  expect(shortened("abc", 3)).toBe("abc");
  expect(shortened("abcd", 3)).toBe("ab…");
  expect(shortened("😀😀😀😀", 3)).toBe("😀😀…");
  expect(shortened("😀😀", 3)).toBe("😀😀");
});
