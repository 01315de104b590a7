/**
 * The graph: drawn as SVG, moved by dragging, zoomed by the wheel, and walked by Tab. Moving it moves one element; it is
 * redrawn when the visible part leaves the drawn part.
 */
import type { ComponentChildren } from "preact";
import type { UiElement } from "../elements.ts";
import { h } from "preact";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import type { PageProgress, PageState } from "../../data.ts";
import { button } from "../elements.ts";
import type { Look } from "../look.ts";
import type { PageModel } from "../page-model.ts";
import { canUnfold, stateAt } from "../page-model.ts";
import { count } from "../page-text.ts";
import type { Looks } from "./boxes.ts";
import type { Camera } from "./camera.ts";
import { besidePanel, centred, fitted, isInSight, smallest, zoomed } from "./camera.ts";
import type { FarScene } from "./far.ts";
import { farScene } from "./far.ts";
import type { Placed, PlacedBox } from "./place.ts";
import { place } from "./place.ts";
import type { Pointer } from "./pointer.ts";
import { usePointer } from "./pointer.ts";
import { isCriticalLine, isFar, sceneOf } from "./scene.ts";
import type { Beneath, View } from "./view.ts";
import { useView } from "./view.ts";

interface GraphProps {
  readonly model: PageModel;
  readonly look: Look;
  readonly onChoose: (step: number) => void;
  readonly onToggle: (step: number) => void;
  readonly onUnfoldAll: (isOpen: boolean) => void;
  /** The explanation below the graph. */
  readonly children?: ComponentChildren;
}

/** A step without a box is represented by the nearest box that contains it. */
const boxOfStep = ({ data: { steps } }: PageModel, placed: Placed, step: number): PlacedBox | undefined => {
  let at = step;
  while (at !== -1 && !placed.byStep.has(at)) at = steps[at]!.parent;
  return placed.byStep.get(at);
};

/** The camera moves that are not made by dragging or zooming: folding, going to a step, and the panel. */
const useMoves = (model: PageModel, look: Look, placed: Placed, view: View) => {
  const before = useRef<Placed>(placed);
  /** The minimum scale of the next fit; undefined if the graph stays where it is. */
  const least = useRef<number | undefined>(0.6);
  /** The camera of the last fit, and its minimum scale. */
  const whole = useRef<{ readonly camera: Camera; readonly least: number } | undefined>(undefined);
  const fit = (placed: Placed, smallest: number): void => {
    const camera = fitted(placed, view.size(), smallest);
    whole.current = { camera, least: smallest };
    view.move(camera);
  };
  useLayoutEffect(() => {
    const { x, y, k } = view.camera.current;
    const [from, to] = [before.current.byStep.get(look.toggled), placed.byStep.get(look.toggled)];
    before.current = placed;
    // A graph that grows, or whose space changes, stays in sight until the reader moves it.
    const isKept = look.toggled === -1 && view.camera.current === whole.current?.camera;
    if (least.current !== undefined) fit(placed, least.current);
    else if (isKept) fit(placed, whole.current!.least);
    // The clicked box stays under the pointer.
    else if (from !== undefined && to !== undefined) {
      view.move({ x: x + (from.x - to.x) * k, y: y + (from.y - to.y) * k, k });
    }
    least.current = undefined;
  }, [placed]);
  useLayoutEffect(() => {
    const box = look.revealed.times === 0 ? undefined : boxOfStep(model, placed, look.revealed.step);
    if (box !== undefined) view.move(centred(view.camera.current, box, view.size()));
  }, [look.revealed]);
  const latest = useRef({ placed, look });
  latest.current = { placed, look };
  useLayoutEffect(() => {
    const observer = new ResizeObserver(() => {
      if ((view.svg.current?.clientWidth ?? 0) === 0) return;
      const { placed, look } = latest.current;
      const box = placed.byStep.get(look.selected);
      const { current } = view.camera;
      if (box !== undefined) view.move(besidePanel(current, box, view.size()));
      else if (current === whole.current?.camera) fit(placed, whole.current.least);
      else view.move(current);
    });
    observer.observe(view.svg.current!);
    return () => observer.disconnect();
  }, []);
  return least;
};

/** Folding or unfolding a box replaces its element, and the new one takes over the focus. */
const useKeptFocus = (view: View): ((step: number) => void) => {
  const kept = useRef<number | undefined>(undefined);
  useLayoutEffect(() => {
    if (kept.current === undefined) return;
    view.svg.current!.querySelector<SVGGElement>(`g[data-step="${kept.current}"]`)?.focus();
    kept.current = undefined;
  });
  return (step) => {
    kept.current = step;
  };
};

const looksOf = ({ data, critical }: PageModel, { selected, found, at }: Look): Looks => {
  const marked = new Set(found);
  const stateOf = (step: number): PageState | undefined =>
    at === undefined ? data.steps[step]?.run?.state : stateAt(data, step, at);
  const progressOf = (step: number): PageProgress | undefined =>
    at === undefined ? data.steps[step]?.run?.progress : undefined;
  const classOf = ({ box: { step, kind } }: PlacedBox): string => {
    if (step === -1) return kind;
    const names: Array<string> = [kind];
    const state = stateOf(step);
    if (state !== undefined) names.push(`is-${state}`);
    else if (at !== undefined) names.push("later");
    if (step === selected) names.push("selected");
    if (marked.has(step)) names.push("marked");
    if (critical.has(step)) names.push("critical");
    return names.join(" ");
  };
  return { stateOf, progressOf, classOf };
};

const beneathOf = (
  model: PageModel,
  { selected }: Look,
  placed: Placed,
  looks: Looks,
  isAll: boolean,
): Beneath => {
  let made: FarScene | undefined;
  const scene = (): FarScene =>
    (made ??= farScene(placed, looks, (kind, line) =>
      kind === "critical"
        ? isCriticalLine(model, line)
        : selected !== -1 && (line.from === selected || line.to === selected),
    ));
  return { scene, isAll };
};

export const GraphView = ({
  model,
  look,
  onChoose,
  onToggle,
  onUnfoldAll,
  children,
}: GraphProps): UiElement => {
  const { data } = model;
  const view = useView();
  const placed = useMemo(() => place(data, look.unfolded), [look.unfolded]);
  const least = useMoves(model, look, placed, view);
  const looks = useMemo(() => looksOf(model, look), [model, look]);
  const tooMany = useMemo(() => view.area !== undefined && isFar(placed, view.area), [placed, view.area]);
  const beneath = useMemo(() => beneathOf(model, look, placed, looks, tooMany), [tooMany, placed, looks]);
  useLayoutEffect(() => view.lay(beneath), [beneath, view.area]);
  const pointer: Pointer = usePointer({ view, placed, onChoose, onToggle });
  const zoomMiddle = (factor: number): void => {
    const { width, height } = view.size();
    view.move(zoomed(view.camera.current, factor, width / 2, height / 2));
  };
  const setAll = (isOpen: boolean): void => {
    least.current = 0.4;
    onUnfoldAll(isOpen);
  };
  const keepFocus = useKeptFocus(view);
  const actions = {
    onFocus: (step: number): void => {
      const box = placed.byStep.get(step);
      if (box === undefined || pointer.isDown() || isInSight(view.camera.current, box, view.size())) return;
      view.move({ ...centred(view.camera.current, box, view.size()) });
    },
    onKey: (step: number, event: KeyboardEvent): void => {
      const isOpen = look.unfolded.has(step);
      const { key } = event;
      if (key === "Enter" || key === " ") onChoose(step);
      else if ((key === "ArrowRight" && !isOpen) || (key === "ArrowLeft" && isOpen)) {
        keepFocus(step);
        onToggle(step);
      } else return;
      event.preventDefault();
    },
  };
  const canFold = data.steps.some(canUnfold);
  return h(
    "div",
    { class: "graph-view" },
    h(
      "div",
      { class: "stage" },
      h("canvas", { ref: view.canvas, "aria-hidden": "true", hidden: true }),
      h(
        "svg",
        {
          class: "graph",
          ref: view.svg,
          role: "group",
          "aria-label": tooMany
            ? `The graph of the pipeline, ${count(placed.boxes.length, "box", "boxes")}: zoom in to reach them`
            : "The graph of the pipeline",
          ...pointer.handlers,
        },
        h(
          "g",
          { ref: view.scene },
          view.area === undefined || tooMany
            ? null
            : sceneOf({ model, placed, area: view.area, selected: look.selected, looks, actions }),
        ),
      ),
    ),
    h(
      "div",
      { class: "tools" },
      button("+", "Zoom in", () => zoomMiddle(1.4)),
      button("−", "Zoom out", () => zoomMiddle(1 / 1.4)),
      button("fit", "Show the whole graph", () => view.move(fitted(placed, view.size(), smallest))),
      canFold ? button("fold", "Fold all expansions", () => setAll(false)) : null,
      canFold ? button("unfold", "Unfold all expansions", () => setAll(true)) : null,
    ),
    h("div", { class: "foot" }, children),
  );
};
