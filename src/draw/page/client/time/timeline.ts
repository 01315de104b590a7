/**
 * The timeline: a row for each step that can run alongside others. A bar is run time; the thin line before it is the
 * time that a step was ready and waited. Only the visible rows and bars are in the page.
 */
import type { UiElement } from "../elements.ts";
import { h } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { PageData } from "../../data.ts";
import { button } from "../elements.ts";
import { count, time } from "../page-text.ts";
import type { Hit } from "./bars.ts";
import { axisHeight, barsOf, drawn, left, rowHeight } from "./bars.ts";

interface TimelineProps {
  readonly data: PageData;
  readonly selected: number;
  readonly onChoose: (step: number) => void;
}

const Legend = ({
  lanes,
  hasAttempts,
}: {
  readonly lanes: number;
  readonly hasAttempts: boolean;
}): UiElement =>
  h(
    "div",
    { class: "legend" },
    h("span", { class: "key run" }, "run time"),
    h("span", { class: "key queue" }, "ready, and waiting"),
    h("span", { class: "key critical" }, "critical path"),
    hasAttempts ? h("span", { class: "key tried" }, "failed attempt") : null,
    h("span", { class: "key failed" }, "failed"),
    h("span", { class: "key stopped" }, "stopped"),
    h("span", { class: "faint" }, `${count(lanes, "row")}: so many steps ran at once`),
  );

const mostInChain = 40;

const Chain = ({ data, onChoose }: Pick<TimelineProps, "data" | "onChoose">): UiElement => {
  const { critical, state } = data.run!;
  const more = critical.length - mostInChain;
  const title = state === "failed" ? "critical path to the failure: " : "critical path: ";
  return h(
    "div",
    { class: "chain" },
    h("span", { class: "faint" }, title),
    critical.slice(0, mostInChain).map((step, i) => {
      const { path, run } = data.steps[step]!;
      const took =
        run?.began === undefined || run.ended === undefined ? "" : ` ${time(run.ended - run.began)}`;
      return [i > 0 ? " → " : "", button(`${path}${took}`, `Show ${path}`, () => onChoose(step), "link")];
    }),
    more > 0 ? ` → ${count(more, "more step")}` : null,
  );
};

/** The size of the scrolled element, and its scroll position. */
const useScrolled = () => {
  const scroll = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState({ width: 0, height: 0, top: 0 });
  useLayoutEffect(() => {
    const element = scroll.current!;
    const look = (): void =>
      setSeen({ width: element.clientWidth, height: element.clientHeight, top: element.scrollTop });
    element.addEventListener("scroll", look, { passive: true });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    look();
    return () => observer.disconnect();
  }, []);
  return { scroll, ...seen };
};

interface Range {
  readonly from: number;
  readonly to: number;
}

/** A part of the run, no longer than the run and no shorter than is visible. */
const within = (whole: number, from: number, to: number): Range => {
  const long = Math.min(whole, Math.max(to - from, whole / 100_000, 0.01));
  const start = Math.min(Math.max(0, from), whole - long);
  return { from: start, to: start + long };
};

const zoomed = (whole: number, { from, to }: Range, factor: number, at: number): Range =>
  within(whole, at - (at - from) / factor, at + (to - at) / factor);

/** A drag moves the window, a click selects a bar, and the wheel zooms while Ctrl or Shift is held. */
const useTimePointer = (
  whole: number,
  width: number,
  range: Range,
  setRange: (change: (now: Range) => Range) => void,
  onClick: (x: number, y: number) => void,
) => {
  const drag = useRef<{ x: number; hasMoved: boolean } | undefined>(undefined);
  const perPixel = (range.to - range.from) / Math.max(1, width - left - 16);
  const latest = useRef({ perPixel });
  latest.current = { perPixel };
  return {
    onWheel: (event: WheelEvent) => {
      if (!event.ctrlKey && !event.shiftKey) return;
      event.preventDefault();
      const { left: edge } = (event.currentTarget as Element).getBoundingClientRect();
      const factor = Math.exp(-(event.deltaY || event.deltaX) * 0.003);
      const offset = (event.clientX - edge - left) * latest.current.perPixel;
      setRange((now) => zoomed(whole, now, factor, now.from + offset));
    },
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0) return;
      drag.current = { x: event.clientX, hasMoved: false };
      (event.currentTarget as Element).setPointerCapture(event.pointerId);
    },
    onPointerMove: ({ clientX }: PointerEvent) => {
      if (drag.current === undefined) return;
      const dx = clientX - drag.current.x;
      if (!drag.current.hasMoved && Math.abs(dx) < 5) return;
      drag.current = { x: clientX, hasMoved: true };
      const moved = dx * latest.current.perPixel;
      setRange((now) => within(whole, now.from - moved, now.to - moved));
    },
    onPointerUp: (event: PointerEvent) => {
      const isClick = drag.current?.hasMoved === false;
      drag.current = undefined;
      const box = (event.currentTarget as Element).getBoundingClientRect();
      if (isClick) onClick(event.clientX - box.left, event.clientY - box.top);
    },
  };
};

/** The last one drawn is on top. */
const hitAt = (hits: ReadonlyArray<Hit>, x: number, y: number): number =>
  hits.findLast((hit) => x >= hit.x - 2 && x <= hit.x + hit.width + 2 && y >= hit.y && y < hit.y + rowHeight)
    ?.step ?? -1;

export const Timeline = ({ data, selected, onChoose }: TimelineProps): UiElement => {
  const whole = Math.max(data.run!.took, 1);
  const lanes = useMemo(() => barsOf(data), [data]);
  const hasAttempts = useMemo(() => data.steps.some(({ run }) => run?.attempts !== undefined), [data]);
  const { scroll, width, height, top } = useScrolled();
  const [range, setRange] = useState<Range>({ from: 0, to: whole });
  const { elements, hits } =
    width === 0 ? { elements: [], hits: [] } : drawn(lanes, { ...range, top, width, height, selected });
  const pointer = useTimePointer(whole, width, range, setRange, (x, y) => {
    if (y >= axisHeight) onChoose(hitAt(hits, x, y));
  });
  const middle = (range.from + range.to) / 2;
  const picture = h(
    "svg",
    {
      class: "lanes",
      role: "img",
      "aria-label": "When each step ran",
      width,
      height,
      style: { top: `${top}px` },
      ...pointer,
    },
    elements,
  );
  const inside = { class: "inside", style: { height: `${axisHeight + lanes.length * rowHeight + 12}px` } };
  return h(
    "div",
    { class: "timeline" },
    h(Legend, { lanes: lanes.length, hasAttempts }),
    h(Chain, { data, onChoose }),
    h(
      "div",
      { class: "time-area" },
      h("div", { class: "time-scroll", ref: scroll }, h("div", inside, picture)),
      h(
        "div",
        { class: "tools" },
        button("+", "A shorter time, in more detail", () => setRange(zoomed(whole, range, 1.6, middle))),
        button("−", "A longer time", () => setRange(zoomed(whole, range, 1 / 1.6, middle))),
        button("all", "The whole run", () => setRange({ from: 0, to: whole })),
      ),
    ),
  );
};
