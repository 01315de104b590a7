/**
 * The graph: drawn as SVG, moved by dragging, zoomed by the wheel. Only what is near the visible part is in the page,
 * and where that is too much to read, boxes without labels.
 */
import { cornerOf } from "../../corners.ts";
import type { PageBox, PageData, PageState } from "../data.ts";
import { button, el, soon, svgEl } from "./dom.ts";
import type { Placed, PlacedBox, PlacedLine } from "./place.ts";
import { place } from "./place.ts";

export interface GraphView {
  readonly element: HTMLElement;
  /** Below the graph, for what explains it. */
  readonly foot: HTMLElement;
  /** Shows a step: unfolds what is around it, and moves it to the middle. */
  readonly reveal: (step: number) => void;
  readonly select: (step: number) => void;
  readonly mark: (steps: ReadonlySet<number>) => void;
  /** Folds or unfolds a step. */
  readonly toggle: (step: number) => void;
  readonly isOpen: (step: number) => boolean;
  /** What each step is shown as; undefined where it was not there yet. */
  readonly showStates: (stateOf: ((step: number) => PageState | undefined) | undefined) => void;
}

/** More boxes than these are drawn without labels. */
const mostLabelled = 1_200;
/** More lines than these are faint, or nothing else would be seen. */
const manyLines = 500;
/** A page opens with about as many boxes as can be overlooked. */
const boxesAtFirst = 60;
const smallest = 0.004;
const largest = 4;
const margin = 24;

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

const boxPath = ({ x, y, width, height }: PlacedBox): string =>
  `M${round(x)} ${round(y)}h${round(width)}v${round(height)}h${round(-width)}z`;

/** Which steps are unfolded at first: from the outside inward, as long as the whole can be overlooked. */
const openAtFirst = ({ graphs, steps }: PageData): Set<number> => {
  const open = new Set<number>();
  let boxes = graphs[0]!.boxes.length;
  const queue = graphs[0]!.boxes.map(({ step }) => step);
  for (let next = 0; next < queue.length; next++) {
    const step = steps[queue[next]!];
    if (step === undefined) continue;
    const inner = step.graph === undefined ? step.items : graphs[step.graph]!.boxes.map(({ step }) => step);
    if (inner === undefined || boxes + inner.length > boxesAtFirst) continue;
    open.add(queue[next]!);
    boxes += inner.length;
    queue.push(...inner);
  }
  return open;
};

/** A text in a box. One that fonts draw differently is made as wide as it should be, and is cut where the box ends. */
const textOf = (
  { x, y, width, height }: PlacedBox,
  text: string,
  attributes: Readonly<Record<string, string>>,
  at: readonly [x: number, y: number],
  forced: number | undefined,
): SVGElement => {
  if (forced === undefined) return svgEl("text", { ...attributes, x: at[0], y: at[1] }, text);
  const fit = { textLength: forced, lengthAdjust: "spacingAndGlyphs" };
  const cut = svgEl("svg", { x, y, width, height });
  cut.append(svgEl("text", { ...attributes, ...fit, x: at[0] - x, y: at[1] - y }, text));
  return cut;
};

export const graphView = (data: PageData, onSelect: (step: number) => void): GraphView => {
  const { steps } = data;
  const unfolded = openAtFirst(data);
  let placed: Placed = place(data, unfolded);
  let selected = -1;
  let marked: ReadonlySet<number> = new Set();
  let stateOf: ((step: number) => PageState | undefined) | undefined = undefined;
  const critical = new Set(steps.flatMap(({ run }, i) => (run?.isCritical === true ? [i] : [])));

  // For each of them, what it waited for longest.
  const lastOf = new Map<number, number>();
  const endOf = (step: number): number => steps[step]?.run?.ended ?? -1;
  for (const step of critical) {
    const from = steps[step]!.inputs.map(([, from]) => from).filter((from) => critical.has(from));
    if (from.length > 0)
      lastOf.set(
        step,
        from.reduce((last, next) => (endOf(next) >= endOf(last) ? next : last)),
      );
  }

  const around = svgEl("g");
  const lines = svgEl("g");
  const boxes = svgEl("g");
  const scene = svgEl("g");
  scene.append(around, lines, boxes);
  const svg = svgEl("svg", { class: "graph", role: "img" });
  svg.setAttribute("aria-label", "The graph of the pipeline");
  svg.append(scene);

  // The screen shows the graph moved by (x, y) and enlarged by k.
  let x = 0;
  let y = 0;
  let k = 1;
  const size = (): readonly [width: number, height: number] => [
    svg.clientWidth || 800,
    svg.clientHeight || 600,
  ];

  /** What of the graph is in the page. */
  let drawn: { left: number; top: number; right: number; bottom: number; k: number } | undefined = undefined;

  const classOf = (box: PageBox): string => {
    const { step } = box;
    const names: Array<string> = [box.kind];
    if (step === selected && step !== -1) names.push("selected");
    if (marked.has(step)) names.push("marked");
    if (critical.has(step)) names.push("critical");
    if (stateOf !== undefined && step !== -1 && stateOf(step) === undefined) names.push("later");
    return names.join(" ");
  };

  const stateNow = (step: number): PageState | undefined =>
    stateOf === undefined ? steps[step]?.run?.state : stateOf(step);

  const drawBox = (item: PlacedBox): SVGGElement => {
    const { box, x, y, width, height, isOpen } = item;
    const group = svgEl("g", { class: classOf(box), "data-step": box.step });
    const detail = box.step === -1 ? `input ${box.label}` : steps[box.step]!.path;
    group.append(svgEl("title", {}, detail));
    const radius = cornerOf(box.kind, height);
    const rect = (off: number, less: number): SVGRectElement =>
      svgEl("rect", {
        x: x + off,
        y: y + off,
        width: width - less,
        height: height - less,
        rx: isOpen ? 8 : radius,
        ...(isOpen ? { class: "open" } : {}),
      });
    // What may grow, or is folded, has something behind it.
    const hasBehind = !isOpen && (box.mayGrow || box.open !== undefined);
    if (hasBehind) group.append(rect(4, 4));
    group.append(rect(0, hasBehind ? 4 : 0));
    const wide = hasBehind ? width - 4 : width;
    const sign = box.open === undefined ? 0 : 18;
    const middle = x + sign + (wide - sign) / 2;
    const hasNote = box.note !== "" && !isOpen;
    const centred = { "text-anchor": "middle" };
    if (isOpen) {
      group.append(textOf(item, box.open!.label, {}, [x + 28, y + 19], box.open!.labelWidth));
    } else {
      const above = hasNote ? y + 17 : y + (hasBehind ? height - 4 : height) / 2 + 4.5;
      group.append(textOf(item, box.label, centred, [middle, above], box.labelWidth));
    }
    if (hasNote) {
      group.append(textOf(item, box.note, { ...centred, class: "note" }, [middle, y + 31], box.noteWidth));
    }
    if (sign > 0) {
      const [sx, sy] = [x + 15, y + (isOpen ? 15 : (height - (hasBehind ? 4 : 0)) / 2)];
      const d = isOpen ? `M${sx - 5} ${sy - 3}h10l-5 7z` : `M${sx - 3} ${sy - 5}v10l7 -5z`;
      group.append(svgEl("path", { class: "sign", d }));
    }
    const state = stateNow(box.step);
    if (state !== undefined && state !== "done") {
      group.append(svgEl("circle", { class: `state ${state}`, cx: x + wide - 1, cy: y + 1, r: 5 }));
    }
    return group;
  };

  const drawAll = (): void => {
    const [width, height] = size();
    scene.setAttribute("transform", `translate(${x} ${y}) scale(${k})`);
    const left = -x / k;
    const top = -y / k;
    const right = left + width / k;
    const bottom = top + height / k;
    if (
      drawn !== undefined &&
      left >= drawn.left &&
      top >= drawn.top &&
      right <= drawn.right &&
      bottom <= drawn.bottom &&
      k < drawn.k * 2.5
    )
      return;
    const [wider, higher] = [(right - left) / 3, (bottom - top) / 3];
    drawn = { left: left - wider, top: top - higher, right: right + wider, bottom: bottom + higher, k };
    const area = drawn;
    const near = placed.boxes.filter(
      (box) =>
        box.x < area.right &&
        box.x + box.width > area.left &&
        box.y < area.bottom &&
        box.y + box.height > area.top,
    );
    const nearLines = placed.lines.filter(({ points }) => {
      const xs = points.map(([x]) => x);
      const end = points.at(-1)![1];
      return (
        Math.min(points[0]![1], end) < area.bottom &&
        Math.max(points[0]![1], end) > area.top &&
        Math.min(...xs) < area.right &&
        Math.max(...xs) > area.left
      );
    });
    const isFar = near.length > mostLabelled;
    const underneath: Array<SVGElement> = [];
    const above: Array<SVGElement> = [];
    if (isFar) {
      const paths = new Map<string, Array<string>>();
      for (const item of near) {
        const state = stateNow(item.box.step);
        const name = `${classOf(item.box)}${item.isOpen ? " open" : ""}${state === "failed" ? " failed" : ""}`;
        const list = paths.get(name);
        if (list === undefined) paths.set(name, [boxPath(item)]);
        else list.push(boxPath(item));
      }
      for (const [name, list] of paths) {
        const group = svgEl("g", { class: name });
        group.append(svgEl("path", { class: "boxes", d: list.join("") }));
        (name.includes("open") ? underneath : above).push(group);
      }
    } else {
      for (const item of near) (item.isOpen ? underneath : above).push(drawBox(item));
    }
    const path = (name: string, all: ReadonlyArray<PlacedLine>): ReadonlyArray<SVGElement> =>
      all.length === 0
        ? []
        : [
            svgEl("path", { class: `line ${name}`, d: all.map(curve).join("") }),
            svgEl("path", { class: `arrow ${name}`, d: all.map(arrow).join("") }),
          ];
    const ofSelected = (line: PlacedLine): boolean =>
      selected !== -1 && (line.from === selected || line.to === selected);
    const ofCritical = (line: PlacedLine): boolean =>
      critical.has(line.to) && lastOf.get(line.to) === line.from;
    around.replaceChildren(...underneath);
    lines.replaceChildren(
      ...path(nearLines.length > manyLines ? "many" : "", nearLines),
      ...path("critical", nearLines.filter(ofCritical)),
      ...path("selected", nearLines.filter(ofSelected)),
    );
    boxes.replaceChildren(...above);
  };
  const drawSoon = soon(drawAll);
  const redraw = (): void => {
    drawn = undefined;
    drawSoon();
  };

  const zoom = (factor: number, atX: number, atY: number): void => {
    const next = Math.min(largest, Math.max(smallest, k * factor));
    x = atX - ((atX - x) * next) / k;
    y = atY - ((atY - y) * next) / k;
    k = next;
    drawSoon();
  };
  const zoomMiddle = (factor: number): void => {
    const [width, height] = size();
    zoom(factor, width / 2, height / 2);
  };
  /** The whole graph; at first, no smaller than can be read. */
  const fit = (least: number): void => {
    const [width, height] = size();
    const whole = Math.min((width - 2 * margin) / placed.width, (height - 2 * margin) / placed.height);
    k = Math.min(1, Math.max(least, whole));
    // What is too wide is shown where it begins: around the boxes of its first layer.
    const first = placed.boxes.filter((box) => box.depth === 0 && box.y < 40);
    const sum = first.reduce((total, box) => total + box.x + box.width / 2, 0);
    const middle = placed.width * k > width && first.length > 0 ? sum / first.length : placed.width / 2;
    x = width / 2 - middle * k;
    y = Math.max(margin, (height - placed.height * k) / 2);
    redraw();
  };

  const layOut = (): void => {
    placed = place(data, unfolded);
    redraw();
  };
  const toggle = (step: number): void => {
    if (steps[step]?.graph === undefined && steps[step]?.items === undefined) return;
    const before = placed.byStep.get(step);
    if (!unfolded.delete(step)) unfolded.add(step);
    layOut();
    // What was clicked stays under the pointer.
    const after = placed.byStep.get(step);
    if (before !== undefined && after !== undefined) {
      x += (before.x - after.x) * k;
      y += (before.y - after.y) * k;
    }
  };
  const select = (step: number): void => {
    selected = step;
    redraw();
  };
  const reveal = (step: number): void => {
    let isChanged = false;
    for (let at = steps[step]?.parent ?? -1; at !== -1; at = steps[at]!.parent) {
      if (unfolded.has(at)) continue;
      unfolded.add(at);
      isChanged = true;
    }
    if (isChanged) layOut();
    // An item that is no box is shown by its map.
    let at = step;
    while (at !== -1 && !placed.byStep.has(at)) at = steps[at]!.parent;
    const box = placed.byStep.get(at);
    if (box === undefined) return;
    const [width, height] = size();
    k = Math.max(k, 0.7);
    x = width / 2 - (box.x + Math.min(box.width, width / k) / 2) * k;
    y = height / 2 - (box.y + Math.min(box.height, height / k) / 2) * k;
    drawSoon();
  };
  const setAll = (isOpen: boolean): void => {
    unfolded.clear();
    if (isOpen) {
      steps.forEach(({ graph, items }, step) => {
        if (graph !== undefined || items !== undefined) unfolded.add(step);
      });
    }
    layOut();
    fit(0.4);
  };

  const at = (clientX: number, clientY: number): readonly [number, number] => {
    const { left, top } = svg.getBoundingClientRect();
    return [clientX - left, clientY - top];
  };
  const hit = (screenX: number, screenY: number): PlacedBox | undefined => {
    const px = (screenX - x) / k;
    const py = (screenY - y) / k;
    let found: PlacedBox | undefined = undefined;
    for (const box of placed.boxes) {
      const isIn = px >= box.x && px <= box.x + box.width && py >= box.y && py <= box.y + box.height;
      if (isIn && (found === undefined || box.depth >= found.depth)) found = box;
    }
    return found;
  };
  /** Is this the sign of a box, by which it is folded? */
  const isSign = (item: PlacedBox, screenX: number, screenY: number): boolean =>
    item.box.open !== undefined &&
    (screenX - x) / k - item.x < 28 &&
    (!item.isOpen || (screenY - y) / k - item.y < 30);
  const click = (screenX: number, screenY: number): void => {
    const item = hit(screenX, screenY);
    if (item === undefined || item.box.step === -1) {
      onSelect(-1);
      return;
    }
    if (isSign(item, screenX, screenY)) toggle(item.box.step);
    else onSelect(item.box.step);
  };

  let drag: { fromX: number; fromY: number; hasMoved: boolean } | undefined = undefined;
  svg.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    drag = { fromX: event.clientX, fromY: event.clientY, hasMoved: false };
    svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener("pointermove", (event) => {
    if (drag === undefined) return;
    const [dx, dy] = [event.clientX - drag.fromX, event.clientY - drag.fromY];
    if (!drag.hasMoved && Math.abs(dx) + Math.abs(dy) < 5) return;
    drag = { fromX: event.clientX, fromY: event.clientY, hasMoved: true };
    x += dx;
    y += dy;
    drawSoon();
  });
  svg.addEventListener("pointerup", (event) => {
    const isClick = drag?.hasMoved === false;
    drag = undefined;
    if (isClick) click(...at(event.clientX, event.clientY));
  });
  svg.addEventListener("pointercancel", () => {
    drag = undefined;
  });
  svg.addEventListener("dblclick", (event) => {
    const where = at(event.clientX, event.clientY);
    const item = hit(...where);
    if (item?.box.open !== undefined && !isSign(item, ...where)) toggle(item.box.step);
  });
  svg.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 16 : 1;
      zoom(
        Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0015)),
        ...at(event.clientX, event.clientY),
      );
    },
    { passive: false },
  );

  const canFold = steps.some(({ graph, items }) => graph !== undefined || items !== undefined);
  const tools = el(
    "div",
    "tools",
    button("+", "Zoom in", () => zoomMiddle(1.4)),
    button("−", "Zoom out", () => zoomMiddle(1 / 1.4)),
    button("fit", "Show the whole graph", () => fit(smallest)),
    ...(canFold
      ? [
          button("fold", "Fold all expansions", () => setAll(false)),
          button("unfold", "Unfold all expansions", () => setAll(true)),
        ]
      : []),
  );
  const foot = el("div", "foot");
  const element = el("div", "graph-view", svg, tools, foot);
  /** The panel may have come to stand over the box that was chosen. */
  const keepInSight = (): void => {
    const box = placed.byStep.get(selected);
    if (box === undefined) return;
    const over = x + (box.x + box.width) * k + margin - size()[0];
    if (over > 0 && x + box.x * k < size()[0] + 400) x -= Math.min(over, Math.max(0, x + box.x * k - margin));
  };
  let isFitted = false;
  new ResizeObserver(() => {
    if (svg.clientWidth === 0) return;
    keepInSight();
    if (!isFitted) fit(0.6);
    isFitted = true;
    redraw();
  }).observe(svg);
  return {
    element,
    foot,
    reveal,
    select,
    toggle,
    isOpen: (step) => unfolded.has(step),
    mark: (steps) => {
      marked = steps;
      redraw();
    },
    showStates: (states) => {
      stateOf = states;
      redraw();
    },
  };
};
