import { spawnSync } from "node:child_process";
import { Plan } from "espalier";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { html, visible } from "../../src/draw/escape.ts";
import { deepPlan, hostile, label, planOfLabels } from "./plans.ts";

const quoted = /"(?:[^"\\\n]|\\.)*"/g;
const line =
  /^ *(?:digraph \{|subgraph cluster_c\d+ \{|\}|(?:label|labelloc)=Q;|(?:node|edge) \[fontname=Q\];|n\d+ \[shape=\w+, label=Q, tooltip=Q\];|n\d+ -> n\d+(?: \[style=dashed\]| \[label=Q\])?;)$/;

/** The text that Graphviz shows for a quoted string. */
const decoded = (text: string): string => text.slice(1, -1).replace(/\\(.)/g, "$1").replaceAll("&amp;", "&");

/** The labels of a digraph; throws if a line does not belong to one. */
const parse = (graph: string): ReadonlyArray<string> => {
  let depth = 0;
  for (const each of graph.slice(0, -1).split("\n")) {
    const bare = each.replace(quoted, "Q");
    if (!line.test(bare)) throw new Error(`No line of a digraph: ${each}`);
    if (bare.endsWith("{")) depth++;
    if (bare.trim() === "}") depth--;
    if (depth < 0) throw new Error("A bracket too many");
  }
  expect(depth).toBe(0);
  return (graph.match(quoted) ?? []).map(decoded);
};

test("law: whatever the names, the digraph is well-formed and shows each of them", () => {
  fc.assert(
    fc.property(label, label, label, (a, b, c) => {
      const shown = parse(Plan.toDot(planOfLabels(a, b, c)));
      for (const name of [a, b, c]) {
        expect(shown.some((text) => text.includes(visible(name)))).toBe(true);
      }
    }),
    { numRuns: 2000, examples: hostile.map((name) => [name, name, name]) },
  );
});

const graphviz = spawnSync("dot", ["-V"]).status === 0;

test.skipIf(!graphviz)("Graphviz draws every hostile name unchanged", () => {
  const names = hostile.filter((name) => name.trim() !== "");
  const steps: Plan["steps"] = names.map((name, i) => ({
    path: `${i}`,
    name,
    kind: "step",
    inputs: [],
    outputs: [],
  }));
  const dot = Plan.toDot({ name: "hostile", inputs: [], steps, returns: [] });
  const { status, stdout, stderr } = spawnSync("dot", ["-Tsvg"], { input: dot, encoding: "utf8" });
  expect(stderr).not.toContain("rror");
  expect(status).toBe(0);
  const shown = Array.from(stdout.matchAll(/<text[^>]*>([^<]*)<\/text>/g), ([, text]) =>
    text!.replaceAll("&#45;", "-").replaceAll("&#160;", " "),
  );
  for (const name of names) expect(shown).toContain(html(name).replaceAll("&#39;", "'"));
});

test("ten thousand nested expansions are drawn without an overflow", () => {
  expect(parse(Plan.toDot(deepPlan(10_000))).length).toBeGreaterThan(40_000);
});
