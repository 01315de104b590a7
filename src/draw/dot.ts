/** A plan in DOT, the language of Graphviz. */
import type { Plan } from "../../types/plan.ts";
import { dot, shortened } from "./escape.ts";
import type { SceneShape } from "./scene.ts";
import { edgeLabel, indent, sceneOf } from "./scene.ts";

const shapes: Readonly<Record<SceneShape, string>> = {
  step: "box",
  dynamic: "hexagon",
  map: "box3d",
  switch: "diamond",
  loop: "doublecircle",
  race: "trapezium",
  await: "parallelogram",
  sleep: "octagon",
  when: "diamond",
  finally: "house",
  input: "ellipse",
  value: "note",
};

/** Graphviz refuses very long strings, which are also unreadable. */
const quoted = (text: string): string => `"${dot(shortened(text, 500))}"`;

/** The plan as the text of a DOT digraph, which ends with a line break. */
export const toDot = (plan: Plan): string => {
  const scene = sceneOf(plan);
  const lines = [
    "digraph {",
    `  label=${quoted(scene.name)};`,
    '  labelloc="t";',
    '  node [fontname="sans-serif"];',
    '  edge [fontname="sans-serif"];',
  ];
  let depth = 1;
  for (const item of scene.items) {
    if (item.type === "close") {
      lines.push(`${indent(--depth)}}`);
    } else if (item.type === "open") {
      lines.push(
        `${indent(depth++)}subgraph cluster_${item.id} {`,
        `${indent(depth)}label=${quoted(item.label)};`,
      );
    } else {
      const attributes = `shape=${shapes[item.shape]}, label=${quoted(item.label)}, tooltip=${quoted(item.detail)}`;
      lines.push(`${indent(depth)}${item.id} [${attributes}];`);
    }
  }
  for (const { from, to, names, kind } of scene.edges) {
    const attributes =
      kind === "expands"
        ? " [style=dashed]"
        : names.length === 0
          ? ""
          : ` [label=${quoted(edgeLabel(names))}]`;
    lines.push(`  ${from} -> ${to}${attributes};`);
  }
  lines.push("}");
  return `${lines.join("\n")}\n`;
};
