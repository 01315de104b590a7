/** The bars of the timeline, row by row, and the subset that is drawn for a part of the run and of the rows. */
import type { UiElement } from "../elements.ts";
import { h } from "preact";
import type { PageData, PageStep, StepRun } from "../../data.ts";
import { count, time } from "../page-text.ts";

export interface Bar {
  readonly step: number;
  readonly of: PageStep;
  readonly run: StepRun;
  readonly ready: number;
  readonly began: number;
  readonly ended: number;
}

export const rowHeight = 22;
export const axisHeight = 26;
export const left = 44;
/** In the font of the labels. */
const characterWidth = 6.7;

/** The work that a step did itself: for an expanded step, the time until its expansion. */
export const barsOf = ({ steps, run }: PageData): ReadonlyArray<ReadonlyArray<Bar>> => {
  const lanes: Array<Array<Bar>> = Array.from({ length: run!.lanes }, () => []);
  steps.forEach((of, step) => {
    const mine = of.run;
    if (mine?.lane === undefined || mine.began === undefined) return;
    const ended = of.graph === undefined ? (mine.ended ?? run!.took) : (mine.became?.at ?? mine.began);
    const bar = { step, of, run: mine, ready: mine.ready ?? mine.began, began: mine.began, ended };
    lanes[mine.lane]!.push(bar);
  });
  for (const lane of lanes) lane.sort((a, b) => a.began - b.began || a.ended - b.ended);
  return lanes;
};

/** As much of the label of a step as fits this many characters; empty if that is too little to read. */
const fitting = ({ path, name, kind }: PageStep, characters: number): string => {
  if (kind === "item" && path.length <= characters) return path;
  if (name.length <= characters) return name;
  return characters < 5 ? "" : `${name.slice(0, characters - 1)}…`;
};

/** A round number of milliseconds, so that about `wanted` of them make `whole`. */
const tickOf = (whole: number, wanted: number): number => {
  const raw = Math.max(whole / wanted, 0.001);
  const power = 10 ** Math.floor(Math.log10(raw));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10);
};

/** The visible part of the timeline. Times are milliseconds since the run began, lengths are pixels. */
export interface Window {
  readonly from: number;
  readonly to: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly selected: number;
}

/** The area in which a bar can be clicked. */
export interface Hit {
  readonly x: number;
  readonly width: number;
  readonly y: number;
  readonly step: number;
}

const scaleOf = ({ from, to, width }: Window) => {
  const scale = (width - left - 16) / (to - from);
  return (at: number): number => left + (at - from) * scale;
};

/** The most attempts of one step that are marked. */
const mostMarked = 100;

/** A mark along a bar's lower edge for each attempt that failed; what is between them is the delay. */
const attemptsOf = (bar: Bar, window: Window, y: number): UiElement | null => {
  const { attempts } = bar.run;
  if (attempts === undefined) return null;
  const xOf = scaleOf(window);
  const marks = attempts.slice(0, mostMarked).flatMap(({ began, ended }) => {
    const from = Math.max(left, xOf(began));
    const to = Math.min(window.width - 14, xOf(ended));
    return to < from ? [] : [`M${from} ${y + 13}h${Math.max(1, to - from - 1)}v3H${from}z`];
  });
  return marks.length === 0 ? null : h("path", { class: "tried", d: marks.join("") });
};

const attemptsText = ({ run: { attempts = [] } }: Bar): string =>
  attempts.length === 0 ? "" : `, ${count(attempts.length, "failed attempt")}`;

const barElement = (bar: Bar, x: number, y: number, wide: number, window: Window): UiElement => {
  const { selected } = window;
  const names = ["bar", bar.of.kind, bar.run.state];
  if (bar.run.isCritical === true) names.push("critical");
  if (bar.step === selected) names.push("selected");
  const label = fitting(bar.of, Math.floor((wide - 10) / characterWidth));
  return h(
    "g",
    { class: names.join(" "), "data-step": bar.step },
    h("title", null, `${bar.of.path}: ${time(bar.ended - bar.began)}${attemptsText(bar)}`),
    h("rect", { x, y: y + 2, width: wide, height: rowHeight - 8, rx: wide > 6 ? 3 : 0 }),
    attemptsOf(bar, window, y),
    // A nested drawing, so that no part of the label leaves the bar, however wide its letters are.
    label === ""
      ? null
      : h(
          "svg",
          { x: x + 5, y: y + 2, width: wide - 8, height: rowHeight - 8 },
          h("text", { x: 0, y: 11 }, label),
        ),
  );
};

const laneElements = (
  lane: ReadonlyArray<Bar>,
  y: number,
  window: Window,
  hits: Array<Hit>,
): Array<UiElement> => {
  const { from, to, width, selected } = window;
  const xOf = scaleOf(window);
  const parts: Array<UiElement> = [];
  // Bars narrower than a pixel that fall on the same pixel are merged.
  let filled = -Infinity;
  for (const bar of lane) {
    if (bar.ended < from || bar.ready > to) continue;
    const x = Math.max(xOf(bar.began), left);
    const end = Math.min(Math.max(xOf(bar.ended), xOf(bar.began) + 1.5), width - 14);
    const isMarked = bar.step === selected || bar.run.isCritical === true || bar.run.state === "failed";
    const wait = Math.max(xOf(bar.ready), left);
    if (x - wait > 1 && bar.began >= from) {
      const name = bar.step === selected ? "queue selected" : "queue";
      parts.push(h("rect", { class: name, x: wait, y: y + 17, width: x - wait, height: 3 }));
    }
    if (end < left || x > width || (end <= filled && !isMarked)) continue;
    filled = Math.max(filled, Math.max(end, Math.floor(x) + 1));
    const wide = Math.max(1.5, end - x);
    parts.push(barElement(bar, x, y, wide, window));
    hits.push({ x, width: wide, y, step: bar.step });
  }
  return parts;
};

const axisOf = (window: Window): { readonly ticks: Array<UiElement>; readonly heading: Array<UiElement> } => {
  const { from, to, width, height } = window;
  const xOf = scaleOf(window);
  const heading: Array<UiElement> = [h("rect", { class: "axis", x: 0, y: 0, width, height: axisHeight - 2 })];
  const ticks: Array<UiElement> = [];
  const tick = tickOf(to - from, Math.max(2, width / 130));
  for (let at = Math.ceil(from / tick) * tick; at <= to; at += tick) {
    const x = xOf(at);
    ticks.push(h("line", { class: "tick", x1: x, x2: x, y1: axisHeight - 6, y2: height }));
    if (x < width - 60) heading.push(h("text", { class: "tick", x: x + 4, y: 15 }, time(at)));
  }
  return { ticks, heading };
};

/** The visible elements, and the area in which each bar can be clicked. */
export const drawn = (
  lanes: ReadonlyArray<ReadonlyArray<Bar>>,
  window: Window,
): { readonly elements: ReadonlyArray<UiElement>; readonly hits: ReadonlyArray<Hit> } => {
  const { top, height } = window;
  const hits: Array<Hit> = [];
  const parts: Array<UiElement> = [];
  const first = Math.max(0, Math.floor((top - axisHeight) / rowHeight));
  const last = Math.min(lanes.length, Math.ceil((top + height) / rowHeight));
  for (let lane = first; lane < last; lane++) {
    const y = axisHeight + lane * rowHeight - top;
    parts.push(h("text", { class: "lane", x: left - 8, y: y + 15, "text-anchor": "end" }, String(lane + 1)));
    parts.push(...laneElements(lanes[lane]!, y, window, hits));
  }
  const { ticks, heading } = axisOf(window);
  return { elements: [...ticks, ...parts, ...heading], hits };
};
