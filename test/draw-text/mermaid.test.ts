import { Plan } from "espalier";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { visible } from "../../src/draw/escape.ts";
import { deepPlan, hostile, label, planOfLabels } from "./plans.ts";

const text = String.raw`"((?:[\p{L}\p{M}\p{N} _.,/()-]|#\d+;)*)"`;
const nodeLine = new RegExp(
  String.raw`^ *(n\d+)(?:\[${text}\]|\{\{${text}\}\}|\[\[${text}\]\]|\{${text}\}|\(\[${text}\]\)|\(${text}\))$`,
  "u",
);
const openLine = new RegExp(`^ *subgraph (c\\d+)\\[${text}\\]$`, "u");
const edgeLine = new RegExp(String.raw`^ {2}(n\d+) (?:-->|-\.->|-->\|${text}\|) (n\d+)$`, "u");

/** The text that Mermaid shows for a label. */
const decoded = (label: string): string =>
  label.replace(/#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));

/** Reads a flowchart line by line; throws at the first line that does not belong to one. */
const parse = (chart: string) => {
  const labels: Array<string> = [];
  const ids = new Set<string>();
  let depth = 0;
  const [first, ...lines] = chart.slice(0, -1).split("\n");
  expect(first).toBe("flowchart TD");
  for (const line of lines) {
    const node = nodeLine.exec(line);
    const open = openLine.exec(line);
    const edge = edgeLine.exec(line);
    if (node !== null) {
      ids.add(node[1]!);
      labels.push(decoded(node.slice(2).find((found) => found !== undefined)!));
    } else if (open !== null) {
      depth++;
      labels.push(decoded(open[2]!));
    } else if (/^ *end$/.test(line)) {
      if (--depth < 0) throw new Error("An end too many");
    } else {
      if (edge === null || !ids.has(edge[1]!) || !ids.has(edge[3]!)) {
        throw new Error(`No line of a flowchart: ${line}`);
      }
      if (edge[2] !== undefined) labels.push(decoded(edge[2]));
    }
  }
  expect(depth).toBe(0);
  return labels;
};

test("law: whatever the names, the chart is well-formed and shows each of them", () => {
  fc.assert(
    fc.property(label, label, label, (a, b, c) => {
      const shown = parse(Plan.toMermaid(planOfLabels(a, b, c)));
      for (const name of [a, b, c]) {
        expect(shown.some((text) => text.includes(visible(name).slice(0, 60)))).toBe(true);
      }
    }),
    { numRuns: 2000, examples: hostile.map((name) => [name, name, name]) },
  );
});

test("each kind has a different shape, and ordinary names stay readable", () => {
  const chart = Plan.toMermaid(planOfLabels("train", "Beak Length (mm)", "model_lr_0.1"));
  expect(chart).toBe(
    [
      "flowchart TD",
      '  n0(["Beak Length (mm)"])',
      '  subgraph c0["train"]',
      '    n1{{"train"}}',
      '    n3("direct value")',
      '    subgraph c1["train#58; model_lr_0.1"]',
      '      n4{"Beak Length (mm)"}',
      "    end",
      "  end",
      '  n2[["model_lr_0.1"]]',
      "  n0 --> n1",
      '  n1 -->|"model_lr_0.1x"| n2',
      "  n1 -.-> n3",
      "  n1 -.-> n4",
      "",
    ].join("\n"),
  );
});

test("ten thousand nested expansions are drawn without an overflow", () => {
  const labels = parse(Plan.toMermaid(deepPlan(10_000)));
  expect(labels.length).toBe(40_000);
});

test("a plan made by hand can name steps that it does not have", () => {
  const plan: Plan = {
    name: "p",
    inputs: [],
    steps: [
      {
        path: "a",
        name: "a",
        kind: "step",
        inputs: [
          { name: "x", from: "gone" },
          { name: "y", from: "" },
        ],
        outputs: [],
      },
    ],
    returns: [],
  };
  expect(parse(Plan.toMermaid(plan))).toEqual(["gone", "y", "a", "x"]);
});
