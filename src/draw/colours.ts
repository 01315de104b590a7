/** The colours of each kind of box, in pictures and on pages, light and dark. */
import type { StepKind } from "../../types/plan.ts";

export type Colours = Readonly<
  Record<
    StepKind | "input" | "item" | "value" | "ground" | "text" | "line",
    readonly [fill: string, edge: string]
  >
>;

export const light: Colours = {
  ground: ["#ffffff", "none"],
  text: ["#1c2330", "none"],
  line: ["none", "#8a94a6"],
  step: ["#e8eefb", "#5b7bd5"],
  dynamic: ["#fdf0dc", "#d08a1d"],
  map: ["#e5f6ec", "#2f9e5f"],
  switch: ["#f6e8fa", "#a04fc0"],
  loop: ["#fde8ea", "#cf5563"],
  race: ["#f3efd9", "#96862a"],
  await: ["#e2f4f6", "#2a8a9c"],
  sleep: ["#e2f4f6", "#2a8a9c"],
  when: ["#f6e8fa", "#a04fc0"],
  finally: ["#eceaf6", "#6f63b5"],
  input: ["#f1f3f6", "#8a94a6"],
  item: ["#ffffff", "#9aa4b5"],
  value: ["#ffffff", "#c3c9d4"],
};

export const dark: Colours = {
  ground: ["#12161e", "none"],
  text: ["#e4e8ef", "none"],
  line: ["none", "#6c778a"],
  step: ["#1d2a47", "#7c9af0"],
  dynamic: ["#3b2a10", "#e2a33f"],
  map: ["#123524", "#4cc485"],
  switch: ["#33193d", "#c67fe3"],
  loop: ["#3d1a20", "#e8808c"],
  race: ["#34300f", "#c9b84d"],
  await: ["#0f2f36", "#4db6c9"],
  sleep: ["#0f2f36", "#4db6c9"],
  when: ["#33193d", "#c67fe3"],
  finally: ["#231f3d", "#9d92e0"],
  input: ["#1f2530", "#6c778a"],
  item: ["#12161e", "#5d6879"],
  value: ["#12161e", "#3b4454"],
};

/** Their names in a page's style: kinds that look alike share a name. */
const variables = {
  ground: "ground",
  text: "text",
  line: "line",
  step: "step",
  dynamic: "dynamic",
  map: "map",
  switch: "switch",
  loop: "loop",
  race: "race",
  finally: "finally",
  wait: "await",
  input: "input",
  item: "item",
} as const;

const declared = (colours: Colours): string =>
  Object.entries(variables)
    .map(([name, kind]) => {
      const [fill, edge] = colours[kind];
      if (kind === "line") return `--${name}:${edge};`;
      return edge === "none" ? `--${name}:${fill};` : `--${name}:${fill};--${name}-edge:${edge};`;
    })
    .join("");

/** The colours as variables for the style of a page. */
export const colourVariables = `:root{${declared(light)}}@media(prefers-color-scheme:dark){:root{${declared(dark)}}}`;
