import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Plan } from "espalier/draw";
import { layoutOf } from "../../src/draw/layout.ts";
import type { PlacedBox } from "../../src/draw/layout.ts";

interface StepLike {
  readonly name: string;
  readonly reads: ReadonlyArray<number>;
  readonly subs: ReadonlyArray<ReadonlyArray<StepLike>>;
}

const planOf = (steps: ReadonlyArray<StepLike>, name: string, prefix = ""): Plan => ({
  name,
  inputs: [{ name: "given" }],
  returns: [],
  steps: steps.map((step, i) => ({
    path: `${prefix}s${i}`,
    name: step.name,
    kind: step.subs.length > 0 ? "dynamic" : "step",
    inputs: step.reads.map((read) =>
      i === 0 || read === 0 ? { name: "given", from: "" } : { name: "x", from: `${prefix}s${read % i}` },
    ),
    outputs: [step.name],
    ...(step.subs.length === 0
      ? {}
      : {
          expansions: step.subs.map((sub, k) => ({
            path: `${prefix}s${i}[${k}]`,
            plan: planOf(sub, "sub", `${prefix}s${i}[${k}]/`),
          })),
        }),
  })),
});

const label = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.constantFrom(
    "<script>alert(1)</script>",
    "\"&'<>]]>",
    "\u202eevil",
    "\0",
    "日本語の名前",
    "👩‍👩‍👧 family",
    "x".repeat(10_000),
  ),
);
const stepsOf = (depth: number): fc.Arbitrary<ReadonlyArray<StepLike>> =>
  fc.array(
    fc.record({
      name: label,
      reads: fc.array(fc.nat(9), { maxLength: 3 }),
      subs: depth === 0 ? fc.constant([]) : fc.array(stepsOf(depth - 1), { maxLength: 2 }),
    }),
    { minLength: 1, maxLength: 7 },
  );

const contains = (outer: PlacedBox, inner: PlacedBox): boolean =>
  inner.x >= outer.x - 0.1 &&
  inner.y >= outer.y - 0.1 &&
  inner.x + inner.width <= outer.x + outer.width + 0.1 &&
  inner.y + inner.height <= outer.y + outer.height + 0.1;

const overlap = (a: PlacedBox, b: PlacedBox): boolean =>
  a.x < b.x + b.width - 0.1 &&
  b.x < a.x + a.width - 0.1 &&
  a.y < b.y + b.height - 0.1 &&
  b.y < a.y + a.height - 0.1;

test("boxes never overlap: each is next to another, or wholly inside it and below its label", () => {
  fc.assert(
    fc.property(stepsOf(2), (steps) => {
      const { boxes } = layoutOf(planOf(steps, "plan"));
      for (let i = 0; i < boxes.length; i++) {
        for (let k = i + 1; k < boxes.length; k++) {
          const [a, b] = [boxes[i]!, boxes[k]!];
          if (!overlap(a, b)) continue;
          const [outer, inner] = a.depth < b.depth ? [a, b] : [b, a];
          expect(outer.isAround && contains(outer, inner) && inner.y >= outer.y + 20).toBe(true);
        }
      }
    }),
    { numRuns: 150 },
  );
});

/** A strict reader of the written XML: balanced tags, quoted attributes, no raw markup in text. */
const isWellFormed = (xml: string): boolean => {
  const open: Array<string> = [];
  let rest = xml.trim();
  while (rest !== "") {
    const tag = /^<(\/?)([a-zA-Z]+)((?:\s+[a-zA-Z:-]+="[^"<]*")*)\s*(\/?)>/.exec(rest);
    if (tag === null) {
      const text = /^[^<]+/.exec(rest);
      if (text === null || /&(?!(?:amp|lt|gt|quot|#\d+);)/.test(text[0])) return false;
      // oxlint-disable-next-line no-control-regex -- XML allows none of these
      if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text[0])) return false;
      rest = rest.slice(text[0].length);
      continue;
    }
    if (tag[1] === "/") {
      if (open.pop() !== tag[2]) return false;
    } else if (tag[4] !== "/") open.push(tag[2]!);
    rest = rest.slice(tag[0].length);
  }
  return open.length === 0;
};

test("any label results in well-formed SVG without a script", () => {
  fc.assert(
    fc.property(stepsOf(1), label, (steps, name) => {
      const svg = Plan.toSvg(planOf(steps, name));
      expect(isWellFormed(svg)).toBe(true);
      expect(svg).not.toContain("<script");
    }),
    { numRuns: 300 },
  );
});

test("items of a map are in rows, about as wide as a screen, and surplus items are counted", () => {
  const item = (i: number): Plan => ({
    name: "page",
    inputs: [],
    returns: [],
    steps: [
      { path: `m[${i}]/html`, name: "html", kind: "step", inputs: [], outputs: ["html"] },
      {
        path: `m[${i}]/m`,
        name: "m",
        kind: "step",
        inputs: [{ name: "html", from: `m[${i}]/html` }],
        outputs: ["m"],
      },
    ],
  });
  const { boxes, width, height } = layoutOf({
    name: "many",
    inputs: [],
    returns: [],
    steps: [
      {
        path: "m",
        name: "m",
        kind: "map",
        inputs: [],
        outputs: ["m"],
        expansions: Array.from({ length: 30 }, (_, i) => ({ path: `m[${i}]`, plan: item(i) })),
      },
    ],
  });
  const items = boxes.filter(({ kind }) => kind === "item");
  expect(items).toHaveLength(24);
  expect(new Set(items.map(({ y }) => y)).size).toBeLessThan(6);
  expect(width / height).toBeGreaterThan(1);
  expect(width / height).toBeLessThan(2.5);
  const more = boxes.find(({ label }) => label === "and 6 more")!;
  expect(more.y).toBeGreaterThan(Math.max(...items.map(({ y, height }) => y + height)));
});

test("a plan nested a thousand deep is drawn", () => {
  let plan: Plan = planOf([{ name: "leaf", reads: [], subs: [] }], "leaf");
  for (let depth = 0; depth < 1_000; depth++) {
    const [step] = planOf([{ name: "nest", reads: [], subs: [] }], "nest").steps;
    plan = {
      name: "nest",
      inputs: [],
      returns: [],
      steps: [{ ...step!, expansions: [{ path: "p", plan }] }],
    };
  }
  expect(Plan.toSvg(plan)).toContain("leaf");
});

test("a plan of 1,000 steps is laid out within three seconds", () => {
  const steps: Plan["steps"] = Array.from({ length: 1_000 }, (_, i) => ({
    path: `step ${i}`,
    name: `step ${i}`,
    kind: "step",
    inputs: [...new Set([Math.max(0, i - 10), Math.floor(i / 2)])]
      .filter((from) => from < i)
      .map((from) => ({ name: `step ${from}`, from: `step ${from}` })),
    outputs: [`step ${i}`],
  }));
  const began = process.cpuUsage();
  const { boxes, lines } = layoutOf({ name: "large", inputs: [], returns: [], steps });
  const { user, system } = process.cpuUsage(began);
  console.info(`1,000 steps, ${lines.length} lines: laid out in ${Math.round((user + system) / 1_000)} ms`);
  expect(boxes).toHaveLength(1_000);
  // The CPU time of this process, since others may use the machine.
  expect(user + system).toBeLessThan(3_000_000);
});
