/**
 * The time line: a row for each step that can run beside others. A bar is run time, the thin line before it the time that
 * a step was ready and waited. Only the rows and the bars that are seen are in the page.
 */
import type { PageData, PageStep, StepRun } from "../data.ts";
import { button, count, el, soon, svgEl, time } from "./dom.ts";

export interface Timeline {
  readonly element: HTMLElement;
  readonly select: (step: number) => void;
}

interface Bar {
  readonly step: number;
  readonly of: PageStep;
  readonly run: StepRun;
  readonly ready: number;
  readonly began: number;
  readonly ended: number;
}

const rowHeight = 22;
const axisHeight = 26;
const left = 44;
/** Of the font of the labels. */
const characterWidth = 6.7;

/** Work that a step did itself: of what expanded, the time until it had. */
const barsOf = ({ steps, run }: PageData): ReadonlyArray<ReadonlyArray<Bar>> => {
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

/** As much of the label of a step as stands in so many characters; nothing where that says nothing. */
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

export const timeline = (data: PageData, onSelect: (step: number) => void): Timeline => {
  const run = data.run!;
  const lanes = barsOf(data);
  const whole = Math.max(run.took, 1);
  let from = 0;
  let to = whole;
  let selected = -1;
  const svg = svgEl("svg", { class: "lanes", role: "img" });
  svg.setAttribute("aria-label", "When each step ran");
  const space = el("div", "inside", svg);
  const scroll = el("div", "time-scroll", space);
  space.style.height = `${axisHeight + lanes.length * rowHeight + 12}px`;
  let hits: Array<{ x: number; width: number; y: number; step: number }> = [];

  const draw = (): void => {
    const width = scroll.clientWidth;
    const height = scroll.clientHeight;
    if (width === 0) return;
    const scale = (width - left - 16) / (to - from);
    const xOf = (at: number): number => left + (at - from) * scale;
    const top = scroll.scrollTop;
    svg.style.top = `${top}px`;
    svg.setAttribute("width", String(width));
    svg.setAttribute("height", String(height));
    const parts: Array<SVGElement> = [];
    hits = [];
    const first = Math.max(0, Math.floor((top - axisHeight) / rowHeight));
    const last = Math.min(lanes.length, Math.ceil((top + height) / rowHeight));
    for (let lane = first; lane < last; lane++) {
      const y = axisHeight + lane * rowHeight - top;
      parts.push(
        svgEl("text", { class: "lane", x: left - 8, y: y + 15, "text-anchor": "end" }, String(lane + 1)),
      );
      // Bars narrower than a pixel that fall on one are one.
      let filled = -Infinity;
      for (const bar of lanes[lane]!) {
        if (bar.ended < from || bar.ready > to) continue;
        const x = Math.max(xOf(bar.began), left);
        const end = Math.min(Math.max(xOf(bar.ended), xOf(bar.began) + 1.5), width - 14);
        const isMarked = bar.step === selected || bar.run.isCritical === true || bar.run.state === "failed";
        const wait = Math.max(xOf(bar.ready), left);
        if (x - wait > 1 && bar.began >= from) {
          parts.push(
            svgEl("rect", {
              class: bar.step === selected ? "queue selected" : "queue",
              x: wait,
              y: y + 17,
              width: x - wait,
              height: 3,
            }),
          );
        }
        if (end < left || x > width || (end <= filled && !isMarked)) continue;
        filled = Math.max(filled, Math.max(end, Math.floor(x) + 1));
        const wide = Math.max(1.5, end - x);
        const names = ["bar", bar.of.kind, bar.run.state];
        if (bar.run.isCritical === true) names.push("critical");
        if (bar.step === selected) names.push("selected");
        const group = svgEl("g", { class: names.join(" "), "data-step": bar.step });
        group.append(
          svgEl("title", {}, `${bar.of.path}: ${time(bar.ended - bar.began)}`),
          svgEl("rect", { x, y: y + 2, width: wide, height: rowHeight - 8, rx: wide > 6 ? 3 : 0 }),
        );
        const label = fitting(bar.of, Math.floor((wide - 10) / characterWidth));
        if (label !== "") {
          // A drawing of its own, so that nothing of the label leaves the bar, however wide its letters are.
          const clip = svgEl("svg", { x: x + 5, y: y + 2, width: wide - 8, height: rowHeight - 8 });
          clip.append(svgEl("text", { x: 0, y: 11 }, label));
          group.append(clip);
        }
        parts.push(group);
        hits.push({ x, width: wide, y, step: bar.step });
      }
    }
    const heading: Array<SVGElement> = [
      svgEl("rect", { class: "axis", x: 0, y: 0, width, height: axisHeight - 2 }),
    ];
    const ticks: Array<SVGElement> = [];
    const tick = tickOf(to - from, Math.max(2, width / 130));
    for (let at = Math.ceil(from / tick) * tick; at <= to; at += tick) {
      const x = xOf(at);
      ticks.push(svgEl("line", { class: "tick", x1: x, x2: x, y1: axisHeight - 6, y2: height }));
      if (x < width - 60) heading.push(svgEl("text", { class: "tick", x: x + 4, y: 15 }, time(at)));
    }
    svg.replaceChildren(...ticks, ...parts, ...heading);
  };
  const drawSoon = soon(draw);

  const look = (newFrom: number, newTo: number): void => {
    const long = Math.min(whole, Math.max(newTo - newFrom, whole / 100_000, 0.01));
    from = Math.min(Math.max(0, newFrom), whole - long);
    to = from + long;
    drawSoon();
  };
  const zoom = (factor: number, at: number): void => look(at - (at - from) / factor, at + (to - at) / factor);
  const timeAt = (clientX: number): number => {
    const { left: edge } = scroll.getBoundingClientRect();
    return from + ((clientX - edge - left) / (scroll.clientWidth - left - 16)) * (to - from);
  };

  let drag: { x: number; hasMoved: boolean } | undefined = undefined;
  svg.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    drag = { x: event.clientX, hasMoved: false };
    svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener("pointermove", (event) => {
    if (drag === undefined) return;
    const dx = event.clientX - drag.x;
    if (!drag.hasMoved && Math.abs(dx) < 5) return;
    drag = { x: event.clientX, hasMoved: true };
    const moved = (dx / (scroll.clientWidth - left - 16)) * (to - from);
    look(from - moved, to - moved);
  });
  svg.addEventListener("pointerup", (event) => {
    const isClick = drag?.hasMoved === false;
    drag = undefined;
    if (!isClick) return;
    const box = svg.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    if (y < axisHeight) return;
    // The last one drawn is on top.
    const found = hits.findLast(
      (hit) => x >= hit.x - 2 && x <= hit.x + hit.width + 2 && y >= hit.y && y < hit.y + rowHeight,
    );
    onSelect(found?.step ?? -1);
  });
  scroll.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.shiftKey) return;
      event.preventDefault();
      zoom(Math.exp(-(event.deltaY || event.deltaX) * 0.003), timeAt(event.clientX));
    },
    { passive: false },
  );
  scroll.addEventListener("scroll", drawSoon, { passive: true });
  new ResizeObserver(drawSoon).observe(scroll);

  const tools = el(
    "div",
    "tools",
    button("+", "A shorter time, in more detail", () => zoom(1.6, (from + to) / 2)),
    button("−", "A longer time", () => zoom(1 / 1.6, (from + to) / 2)),
    button("all", "The whole run", () => look(0, whole)),
  );
  const legend = el(
    "div",
    "legend",
    el("span", "key run", "run time"),
    el("span", "key queue", "ready, and waiting"),
    el("span", "key critical", "critical path"),
    el("span", "key failed", "failed"),
    el("span", "faint", `${count(lanes.length, "row")}: so many steps ran at once`),
  );
  const chain = el("div", "chain", el("span", "faint", "critical path: "));
  const shown = run.critical.slice(0, 40);
  shown.forEach((step, i) => {
    const { path, run: mine } = data.steps[step]!;
    const took =
      mine?.began === undefined || mine.ended === undefined ? "" : ` ${time(mine.ended - mine.began)}`;
    if (i > 0) chain.append(" → ");
    chain.append(button(`${path}${took}`, `Show ${path}`, () => onSelect(step), "link"));
  });
  if (run.critical.length > shown.length) {
    chain.append(` → ${count(run.critical.length - shown.length, "more step")}`);
  }
  return {
    element: el("div", "timeline", legend, chain, el("div", "time-area", scroll, tools)),
    select: (step) => {
      selected = step;
      drawSoon();
    },
  };
};
