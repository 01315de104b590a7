/** Computes the position of every box and line of the page for the current unfolding, in linear time and without recursion. */

import type { Rows, Size } from "../../../rows.ts";
import { inRows } from "../../../rows.ts";
import type { Settled } from "../../../settle.ts";
import { settle } from "../../../settle.ts";
import type { PageBox, PageData } from "../../data.ts";

export interface PlacedBox {
  readonly box: PageBox;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly isOpen: boolean;
}

export interface PlacedLine {
  readonly points: ReadonlyArray<readonly [x: number, y: number]>;
  /** The steps at its ends; -1 for an input. */
  readonly from: number;
  readonly to: number;
}

export interface Placed {
  /** A box that contains others comes before them. */
  readonly boxes: ReadonlyArray<PlacedBox>;
  readonly lines: ReadonlyArray<PlacedLine>;
  readonly byStep: ReadonlyMap<number, PlacedBox>;
  readonly width: number;
  readonly height: number;
}

const headerHeight = 30;
const padding = 12;

/** Places everything on the page. `unfolded` has the steps and items whose expansions are shown. */
export const place = (data: PageData, unfolded: ReadonlySet<number>): Placed => {
  const { graphs, forms, steps } = data;

  // From the outside inward: which graphs are visible.
  const isSeen = new Set<number>();
  const seenSteps = new Set<number>([-1]);
  graphs.forEach(({ owner, boxes }, graph) => {
    if (!seenSteps.has(owner) || (owner !== -1 && !unfolded.has(owner))) return;
    isSeen.add(graph);
    for (const { step } of boxes) {
      if (step === -1) continue;
      seenSteps.add(step);
      if (unfolded.has(step)) for (const item of steps[step]!.items ?? []) seenSteps.add(item);
    }
  });

  // From the inside outward: the size of each.
  const settled = new Map<number, Settled>();
  const rows = new Map<number, Rows>();
  const sizeOf = (box: PageBox): Size => {
    const step = steps[box.step];
    if (box.open === undefined || step === undefined || !unfolded.has(box.step)) return box;
    let inner: Size;
    if (step.items === undefined) inner = settled.get(step.graph!)!;
    else {
      const flow = inRows(step.items.map((item) => sizeOf(steps[item]!.box!)));
      rows.set(box.step, flow);
      inner = flow;
    }
    return {
      width: Math.max(box.open.width, inner.width + 2 * padding),
      height: headerHeight + inner.height + padding,
    };
  };
  const sizes = new Map<number, ReadonlyArray<Size>>();
  for (let graph = graphs.length - 1; graph >= 0; graph--) {
    if (!isSeen.has(graph)) continue;
    const own = graphs[graph]!.boxes.map(sizeOf);
    const form = forms[graphs[graph]!.form]!;
    sizes.set(graph, own);
    const widths = form.wished.map((_, item) => own[item]?.width ?? 0);
    const heights = form.wished.map((_, item) => own[item]?.height ?? 0);
    settled.set(graph, settle(form, widths, heights));
  }

  const boxes: Array<PlacedBox> = [];
  const lines: Array<PlacedLine> = [];
  const byStep = new Map<number, PlacedBox>();
  const tasks: Array<readonly [graph: number, x: number, y: number, depth: number]> = [[0, 0, 0, 0]];
  const put = (box: PageBox, { width, height }: Size, x: number, y: number, depth: number): void => {
    const isOpen = box.open !== undefined && unfolded.has(box.step);
    const placed = { box, x, y, width, height, depth, isOpen };
    boxes.push(placed);
    if (box.step === -1) return;
    byStep.set(box.step, placed);
    if (!isOpen) return;
    const { graph, items } = steps[box.step]!;
    if (items === undefined) {
      tasks.push([graph!, x + (width - settled.get(graph!)!.width) / 2, y + headerHeight, depth + 1]);
      return;
    }
    const { at, width: wide } = rows.get(box.step)!;
    const left = x + (width - wide) / 2;
    items.forEach((item, i) => {
      const inner = steps[item]!.box!;
      put(inner, sizeOf(inner), left + at[i]![0], y + headerHeight + at[i]![1], depth + 1);
    });
  };
  for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
    const [graph, left, top, depth] = task;
    const { boxes: own, form } = graphs[graph]!;
    const { layers, lines: links } = forms[form]!;
    const { x, y, heights } = settled.get(graph)!;
    const size = sizes.get(graph)!;
    const layerOf: Array<number> = [];
    layers.forEach((layer, i) => {
      for (const item of layer) layerOf[item] = i;
    });
    const topOf = (item: number): number => top + y[layerOf[item]!]! - heights[layerOf[item]!]! / 2;
    const bottomOf = (item: number): number => top + y[layerOf[item]!]! + heights[layerOf[item]!]! / 2;
    for (const line of links) {
      const source = line[0]!;
      const target = line.at(-1)!;
      const edge = topOf(source) + size[source]!.height;
      const points: Array<readonly [number, number]> = [[left + x[source]!, edge]];
      if (bottomOf(source) > edge + 1) points.push([left + x[source]!, bottomOf(source)]);
      for (const bend of line.slice(1, -1)) {
        points.push([left + x[bend]!, topOf(bend)], [left + x[bend]!, bottomOf(bend)]);
      }
      points.push([left + x[target]!, topOf(target)]);
      lines.push({ points, from: own[source]!.step, to: own[target]!.step });
    }
    own.forEach((box, item) => {
      put(box, size[item]!, left + x[item]! - size[item]!.width / 2, topOf(item), depth);
    });
  }
  const { width, height } = settled.get(0)!;
  return { boxes, lines, byStep, width, height };
};
