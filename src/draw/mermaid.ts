/** A plan as a Mermaid flowchart, which GitHub, GitLab and most editors draw in Markdown. */
import type { Plan } from "../../types/plan.ts";
import { mermaid, shortened } from "./escape.ts";
import type { SceneNode, SceneShape } from "./scene.ts";
import { edgeLabel, indent, sceneOf } from "./scene.ts";

const shapes: Readonly<Record<SceneShape, readonly [before: string, after: string]>> = {
  step: ['["', '"]'],
  dynamic: ['{{"', '"}}'],
  map: ['[["', '"]]'],
  switch: ['{"', '"}'],
  loop: ['(("', '"))'],
  race: ['[/"', '"\\]'],
  await: ['[/"', '"/]'],
  sleep: ['[\\"', '"\\]'],
  when: ['{"', '"}'],
  finally: ['[/"', '"\\]'],
  input: ['(["', '"])'],
  value: ['("', '")'],
};

/** Mermaid refuses an empty label. */
const label = (text: string): string => (text === "" ? "#32;" : mermaid(shortened(text, 300)));

const node = ({ id, shape, label: text }: SceneNode): string => {
  const [before, after] = shapes[shape];
  return `${id}${before}${label(text)}${after}`;
};

/** The plan as the text of a Mermaid flowchart, which ends with a line break. */
export const toMermaid = (plan: Plan): string => {
  const scene = sceneOf(plan);
  const lines = ["flowchart TD"];
  let depth = 1;
  for (const item of scene.items) {
    if (item.type === "close") {
      lines.push(`${indent(--depth)}end`);
    } else if (item.type === "open") {
      lines.push(`${indent(depth++)}subgraph ${item.id}["${label(item.label)}"]`);
    } else {
      lines.push(`${indent(depth)}${node(item)}`);
    }
  }
  for (const { from, to, names, kind } of scene.edges) {
    const arrow =
      kind === "expands" ? "-.->" : names.length === 0 ? "-->" : `-->|"${label(edgeLabel(names))}"|`;
    lines.push(`  ${from} ${arrow} ${to}`);
  }
  return `${lines.join("\n")}\n`;
};
