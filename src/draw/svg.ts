/** A plan as a picture: SVG that any browser and most editors show, light or dark as the reader has it. */
import type { Plan } from "../../types/plan.ts";
import { html } from "./escape.ts";
import type { Layout, PlacedBox } from "./layout.ts";
import { layoutOf } from "./layout.ts";

const kinds: ReadonlyArray<readonly [PlacedBox["kind"], string]> = [
  ["input", "given from outside"],
  ["step", "step"],
  ["dynamic", "dynamic step"],
  ["map", "map"],
  ["switch", "switch"],
];

type Colours = Readonly<
  Record<PlacedBox["kind"] | "ground" | "text" | "line", readonly [fill: string, edge: string]>
>;

const light: Colours = {
  ground: ["#ffffff", "none"],
  text: ["#1c2330", "none"],
  line: ["none", "#8a94a6"],
  step: ["#e8eefb", "#5b7bd5"],
  dynamic: ["#fdf0dc", "#d08a1d"],
  map: ["#e5f6ec", "#2f9e5f"],
  switch: ["#f6e8fa", "#a04fc0"],
  input: ["#f1f3f6", "#8a94a6"],
  value: ["#ffffff", "#c3c9d4"],
};

const dark: Colours = {
  ground: ["#12161e", "none"],
  text: ["#e4e8ef", "none"],
  line: ["none", "#6c778a"],
  step: ["#1d2a47", "#7c9af0"],
  dynamic: ["#3b2a10", "#e2a33f"],
  map: ["#123524", "#4cc485"],
  switch: ["#33193d", "#c67fe3"],
  input: ["#1f2530", "#6c778a"],
  value: ["#12161e", "#3b4454"],
};

/** Plain rules and no variables: many programs that show SVG know no more of CSS. */
const rules = (colours: Colours): string =>
  Object.entries(colours)
    .map(([name, [fill, edge]]) => `.espalier .${name}{fill:${fill};stroke:${edge}}`)
    .join("") + `.espalier .arrow{fill:${colours.line[1]}}`;

const style = `.espalier{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
${rules(light)}
@media (prefers-color-scheme:dark){${rules(dark)}}
.espalier .around{fill-opacity:.35;stroke-dasharray:5 3}
.espalier .line{stroke-width:1.2}`;

const number = (value: number): string => (Math.round(value * 10) / 10).toString();

const shapeOf = ({ kind, x, y, width, height, isAround }: PlacedBox): string => {
  const radius = kind === "input" ? height / 2 : kind === "dynamic" ? 10 : kind === "switch" ? 0 : 4;
  const around = isAround ? " around" : "";
  return `<rect class="${kind}${around}" x="${number(x)}" y="${number(y)}" width="${number(width)}" height="${number(height)}" rx="${number(isAround ? 8 : radius)}"/>`;
};

const boxOf = (box: PlacedBox): string => {
  const { x, y, width, height, label, detail, isAround } = box;
  const textX = isAround ? x + 12 : x + width / 2;
  const textY = isAround ? y + 16 : y + height / 2 + 4.5;
  const anchor = isAround ? "start" : "middle";
  return `<g><title>${html(detail)}</title>${shapeOf(box)}<text class="text" x="${number(textX)}" y="${number(textY)}" text-anchor="${anchor}">${html(label)}</text></g>`;
};

/** Smooth from point to point, leaving and arriving straight down. */
const curve = (points: ReadonlyArray<readonly [number, number]>): string => {
  let path = `M${number(points[0]![0])} ${number(points[0]![1])}`;
  for (let i = 1; i < points.length; i++) {
    const [fromX, fromY] = points[i - 1]!;
    const [toX, toY] = points[i]!;
    const middle = (fromY + toY) / 2;
    path += `C${number(fromX)} ${number(middle)} ${number(toX)} ${number(middle)} ${number(toX)} ${number(toY)}`;
  }
  return path;
};

const legendHeight = 34;

const legend = (width: number, y: number): string => {
  let x = 12;
  const entries: Array<string> = [];
  for (const [kind, text] of kinds) {
    if (x > 12 && x + 40 + text.length * 7.6 > Math.max(width, 560)) break;
    entries.push(
      `<rect class="${kind}" x="${x}" y="${number(y + 9)}" width="22" height="14" rx="${kind === "input" ? 7 : 3}"/>`,
      `<text class="text" x="${x + 28}" y="${number(y + 20.5)}" text-anchor="start">${text}</text>`,
    );
    x += 40 + text.length * 7.6 + 14;
  }
  return `<g class="legend">${entries.join("")}</g>`;
};

const picture = ({ width, height, boxes, lines }: Layout, title: string): string => {
  const whole = Math.max(width, 560);
  const around = boxes.filter(({ isAround }) => isAround);
  const others = boxes.filter(({ isAround }) => !isAround);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="espalier" role="img" aria-label="${html(title)}" viewBox="0 0 ${number(whole)} ${number(height + legendHeight)}" width="${number(whole)}" height="${number(height + legendHeight)}">`,
    `<style>${style}</style>`,
    `<defs><marker id="espalier-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0L8 4L0 8Z" class="arrow"/></marker></defs>`,
    '<rect class="ground" width="100%" height="100%"/>',
    ...around.map(boxOf),
    ...lines.map(
      ({ points }) => `<path class="line" marker-end="url(#espalier-arrow)" d="${curve(points)}"/>`,
    ),
    ...others.map(boxOf),
    legend(whole, height),
    "</svg>",
    "",
  ].join("\n");
};

/** The plan as the text of an SVG file. */
export const toSvg = (plan: Plan): string => picture(layoutOf(plan), plan.name);
