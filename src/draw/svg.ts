/** A plan as a picture: SVG that any browser and most editors show, light or dark according to the reader's settings. */
import type { Plan } from "../../types/plan.ts";
import { isUsual, stepKinds } from "../graph/kinds.ts";
import type { Colours } from "./colours.ts";
import { dark, light } from "./colours.ts";
import { cornerOf } from "./corners.ts";
import { html } from "./escape.ts";
import { characterWidth, forcedLabel, forcedNote, padding } from "./label.ts";
import type { Layout, PlacedBox } from "./layout.ts";
import { layoutOf } from "./layout.ts";

/** The kinds that the legend explains: the usual ones, and rarer ones if the picture has them. */
const kindsOf = (boxes: ReadonlyArray<PlacedBox>): ReadonlyArray<readonly [PlacedBox["kind"], string]> => {
  const seen = new Set(boxes.map(({ kind }) => kind));
  const steps = (Object.keys(stepKinds) as Array<keyof typeof stepKinds>)
    .filter((kind) => isUsual(kind) || seen.has(kind))
    .map((kind) => [kind, stepKinds[kind].label] as const);
  return [["input", "input"], ...steps];
};

/** Plain rules without variables: many programs that show SVG support no more of CSS. */
const rules = (colours: Colours): string =>
  Object.entries(colours)
    .map(([name, [fill, edge]]) => `.espalier .${name}{fill:${fill};stroke:${edge}}`)
    .join("") + `.espalier .arrow{fill:${colours.line[1]}}`;

const style = `.espalier{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
${rules(light)}
@media (prefers-color-scheme:dark){${rules(dark)}}
.espalier .around{fill-opacity:.35;stroke-dasharray:5 3}
.espalier .line{stroke-width:1.2}
.espalier .middle{text-anchor:middle}
.espalier .note{font-size:10.5px;opacity:.8}`;

const number = (value: number): string => (Math.round(value * 10) / 10).toString();

const shapeOf = ({ kind, x, y, width, height, isAround, mayGrow }: PlacedBox): string => {
  const radius = cornerOf(kind, height);
  const around = isAround ? " around" : "";
  const rect = (off: number, wide: number, high: number): string =>
    `<rect class="${kind}${around}" x="${number(x + off)}" y="${number(y + off)}" width="${number(wide)}" height="${number(high)}" rx="${number(isAround ? 8 : radius)}"/>`;
  // A box that may become many, or may grow, is drawn as a stack.
  const behind = !mayGrow || isAround ? "" : rect(4, width - 4, height - 4);
  return behind + (behind === "" ? rect(0, width, height) : rect(0, width - 4, height - 4));
};

/** A text in a box. If fonts draw it differently, it is set to its computed width and clipped at the edge of the box. */
const textOf = (
  { x, y, width, height }: PlacedBox,
  text: string,
  classes: string,
  at: readonly [x: number, y: number],
  forced: number | undefined,
): string => {
  const write = (x: number, y: number, fit: string): string =>
    `<text class="text${classes}" x="${number(x)}" y="${number(y)}"${fit}>${html(text)}</text>`;
  if (forced === undefined) return write(at[0], at[1], "");
  const fit = ` textLength="${number(forced)}" lengthAdjust="spacingAndGlyphs"`;
  return `<svg x="${number(x)}" y="${number(y)}" width="${number(width)}" height="${number(height)}">${write(at[0] - x, at[1] - y, fit)}</svg>`;
};

const boxOf = (box: PlacedBox): string => {
  const { x, y, width, height, label, note, mayGrow, detail, isAround } = box;
  const middle = x + (mayGrow && !isAround ? width - 4 : width) / 2;
  const labelY = isAround || note !== "" ? y + 17 : y + height / 2 + 4.5;
  const [labelX, place] = isAround ? [x + 12, ""] : [middle, " middle"];
  const above = textOf(box, label, place, [labelX, labelY], forcedLabel(label));
  const below =
    note === "" || isAround ? "" : textOf(box, note, " middle note", [middle, y + 31], forcedNote(note));
  return `<g><title>${html(detail)}</title>${shapeOf(box)}${above}${below}</g>`;
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

const legendRow = 24;
/** A legend of one long column is hard to read. */
const leastWidth = 320;

/** The legend of colours, in as many rows as the width requires, starting at `y`. */
const legend = (
  kinds: ReturnType<typeof kindsOf>,
  width: number,
  y: number,
): { readonly text: string; readonly height: number } => {
  let x = padding;
  let row = 0;
  const entries: Array<string> = [];
  for (const [kind, text] of kinds) {
    const takes = 42 + text.length * characterWidth;
    if (x > padding && x + takes > width) {
      x = padding;
      row++;
    }
    const top = y + row * legendRow;
    entries.push(
      `<rect class="${kind}" x="${number(x)}" y="${number(top + 5)}" width="22" height="14" rx="${kind === "input" ? 7 : 3}"/>`,
      `<text class="text" x="${number(x + 28)}" y="${number(top + 16.5)}">${text}</text>`,
    );
    x += takes;
  }
  return { text: `<g class="legend">${entries.join("")}</g>`, height: (row + 1) * legendRow + padding };
};

const picture = ({ width, height, boxes, lines }: Layout, title: string): string => {
  const whole = Math.max(width, leastWidth);
  const { text: legendText, height: legendHeight } = legend(kindsOf(boxes), whole, height);
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
    legendText,
    "</svg>",
    "",
  ].join("\n");
};

/** The plan as the text of an SVG file. */
export const toSvg = (plan: Plan): string => picture(layoutOf(plan), plan.name);
