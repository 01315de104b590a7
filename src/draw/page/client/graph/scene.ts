/** The part of the graph near the visible area, as elements. */
import type { UiElement } from "../elements.ts";
import { h } from "preact";
import type { PageModel } from "../page-model.ts";
import type { BoxActions, Looks } from "./boxes.ts";
import { boxOf } from "./boxes.ts";
import type { Area } from "./camera.ts";
import type { Placed, PlacedBox, PlacedLine } from "./place.ts";

/** Beyond this number, there are too many boxes to read, and to have as elements. */
const mostElements = 1_200;
/** Beyond this number, lines are faint, or they would hide everything else. */
const manyLines = 500;

const round = (value: number): number => Math.round(value * 10) / 10;

/** Smooth from point to point, leaving and arriving straight down. */
const curve = ({ points }: PlacedLine): string => {
  let path = `M${round(points[0]![0])} ${round(points[0]![1])}`;
  for (let i = 1; i < points.length; i++) {
    const [fromX, fromY] = points[i - 1]!;
    const [toX, toY] = points[i]!;
    const middle = round((fromY + toY) / 2);
    path += `C${round(fromX)} ${middle} ${round(toX)} ${middle} ${round(toX)} ${round(toY)}`;
  }
  return path;
};

const arrow = ({ points }: PlacedLine): string => {
  const [x, y] = points.at(-1)!;
  return `M${round(x)} ${round(y)}l-3.5 -7h7z`;
};

const isBoxIn = (box: PlacedBox, area: Area): boolean =>
  box.x < area.right && box.x + box.width > area.left && box.y < area.bottom && box.y + box.height > area.top;

const isLineIn = ({ points }: PlacedLine, area: Area): boolean => {
  const xs = points.map(([x]) => x);
  const [start, end] = [points[0]![1], points.at(-1)![1]];
  return (
    Math.min(start, end) < area.bottom &&
    Math.max(start, end) > area.top &&
    Math.min(...xs) < area.right &&
    Math.max(...xs) > area.left
  );
};

const linesOf = (name: string, all: ReadonlyArray<PlacedLine>): UiElement | null =>
  all.length === 0
    ? null
    : h(
        "g",
        null,
        h("path", { class: `line ${name}`, d: all.map(curve).join("") }),
        h("path", { class: `arrow ${name}`, d: all.map(arrow).join("") }),
      );

interface Drawn {
  /** Boxes that contain others, drawn beneath the lines. */
  readonly around: ReadonlyArray<UiElement>;
  readonly above: ReadonlyArray<UiElement>;
}

const nearBoxes = (
  { data }: PageModel,
  near: ReadonlyArray<PlacedBox>,
  looks: Looks,
  actions: BoxActions,
): Drawn => {
  const around: Array<UiElement> = [];
  const above: Array<UiElement> = [];
  near.forEach((item, i) => {
    // An input has no step to identify it.
    const key = item.box.step === -1 ? `input ${i}` : `${item.box.step}`;
    (item.isOpen ? around : above).push(boxOf(data, item, key, looks, actions));
  });
  return { around, above };
};

/** Are there too many boxes in an area to have them as elements? */
export const isFar = ({ boxes }: Placed, area: Area): boolean => {
  let count = 0;
  for (const box of boxes) if (isBoxIn(box, area) && ++count > mostElements) return true;
  return false;
};

export const isCriticalLine = ({ critical, waitedFor }: PageModel, { from, to }: PlacedLine): boolean =>
  critical.has(to) && waitedFor.get(to) === from;

export interface SceneProps {
  readonly model: PageModel;
  readonly placed: Placed;
  readonly area: Area;
  readonly selected: number;
  readonly looks: Looks;
  readonly actions: BoxActions;
}

export const sceneOf = ({
  model,
  placed,
  area,
  selected,
  looks,
  actions,
}: SceneProps): ReadonlyArray<UiElement> => {
  const near = placed.boxes.filter((box) => isBoxIn(box, area));
  const lines = placed.lines.filter((line) => isLineIn(line, area));
  const { around, above } = nearBoxes(model, near, looks, actions);
  const ofCritical = lines.filter((line) => isCriticalLine(model, line));
  const ofSelected =
    selected === -1 ? [] : lines.filter(({ from, to }) => from === selected || to === selected);
  return [
    h("g", { key: "around" }, around),
    h(
      "g",
      { key: "lines" },
      linesOf(lines.length > manyLines ? "many" : "", lines),
      linesOf("critical", ofCritical),
      linesOf("selected", ofSelected),
    ),
    h("g", { key: "boxes" }, above),
  ];
};
