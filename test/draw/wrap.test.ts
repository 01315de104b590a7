import { expect, test } from "vitest";
import type { Plan } from "espalier/draw";
import { layoutOf } from "../../src/draw/layout.ts";

/** A step for each of many columns, and one that reads them all. */
const star = (count: number): Plan => {
  const names = Array.from({ length: count }, (_, i) => `feature ${i}`);
  const read = { name: "table", from: "" };
  const step = { kind: "step" as const };
  return {
    name: "star",
    inputs: [{ name: "table" }],
    returns: ["best"],
    steps: [
      ...names.map((name) => ({ ...step, path: name, name, inputs: [read], outputs: [name] })),
      {
        ...step,
        path: "best",
        name: "best",
        inputs: names.map((name) => ({ name, from: name })),
        outputs: ["best"],
      },
    ],
  };
};

test("a layer much wider than a screen is broken into rows without overlaps, in order", () => {
  const { width, height, boxes, lines } = layoutOf(star(700));
  expect(boxes).toHaveLength(702);
  expect(lines).toHaveLength(1_400);
  expect(width).toBeLessThan(6_000);
  expect(height).toBeLessThan(4_000);
  const features = boxes.filter(({ label }) => label.startsWith("feature"));
  const rows = new Map(features.map(({ y }) => [y, features.filter((box) => box.y === y)]));
  expect(rows.size).toBeGreaterThan(5);
  for (const row of rows.values()) {
    const inPlace = row.toSorted((a, b) => a.x - b.x);
    const numbers = inPlace.map(({ label }) => Number(label.slice("feature ".length)));
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    const gaps = inPlace.slice(1).map((box, i) => box.x - inPlace[i]!.x - inPlace[i]!.width);
    expect(Math.min(...gaps)).toBeGreaterThan(0);
  }
  const tops = [...rows.keys()].toSorted((a, b) => a - b);
  const steps = tops.slice(1).map((top, i) => top - tops[i]! - features[0]!.height);
  expect(Math.min(...steps)).toBeGreaterThan(0);
  const [input, best] = [
    boxes.find(({ kind }) => kind === "input")!,
    boxes.find(({ label }) => label === "best")!,
  ];
  expect(input.y + input.height).toBeLessThan(tops[0]!);
  expect(best.y).toBeGreaterThan(tops.at(-1)!);
});

test("a layer that fits on a screen stays one row", () => {
  const { boxes } = layoutOf(star(20));
  expect(new Set(boxes.filter(({ label }) => label.startsWith("feature")).map(({ y }) => y)).size).toBe(1);
});
