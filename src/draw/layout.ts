/**
 * The position of everything in a picture of a plan. Each graph is laid out in layers; an expanded step is a box around
 * the pictures of its expansions, and so on inward.
 *
 * Graphs are laid out innermost first, without recursion: plans can nest to any depth.
 */
import type { Plan, StepKind } from "../../types/plan.ts";
import { expandsMany } from "../graph/kinds.ts";
import type { Arranged } from "./arrange.ts";
import { arrange } from "./arrange.ts";
import { labelOf, padding, widthOf } from "./label.ts";
import type { OutlineBox } from "./outline.ts";
import { lineHeight, outlineOf } from "./outline.ts";
import type { Rows, Size } from "./rows.ts";
import { inRows } from "./rows.ts";
import type { Settled } from "./settle.ts";
import { settle } from "./settle.ts";
import { isItem, lastOf } from "../path.ts";

/** A step, an input, an item of a map, or a note on omitted boxes. */
export interface PlacedBox {
  readonly kind: StepKind | "input" | "item" | "value";
  readonly label: string;
  readonly note: string;
  readonly mayGrow: boolean;
  readonly detail: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** How deep it is nested. */
  readonly depth: number;
  /** Does it contain others? Its label is then at its top. */
  readonly isAround: boolean;
}

export interface PlacedLine {
  readonly points: ReadonlyArray<readonly [x: number, y: number]>;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** Boxes that contain others come first. */
  readonly boxes: ReadonlyArray<PlacedBox>;
  readonly lines: ReadonlyArray<PlacedLine>;
}

const header = 26;
const below = 14;
/** Sub-pipelines beyond this number, as in a map of many items, are counted and not drawn. */
const mostExpansions = 24;

/** A box of a graph, and the graphs drawn inside it. */
interface Cell {
  readonly box: OutlineBox;
  readonly label: string;
  readonly inner: ReadonlyArray<Graph>;
  /** The positions of those, below the label. */
  readonly rows: Rows;
  readonly moreLabel: string;
  readonly width: number;
  readonly height: number;
}

/** A graph: the one that is drawn, or one that a step or an item expanded to. */
interface Graph {
  readonly plan: Plan;
  /** The item that it belongs to, as text; empty if it belongs to a step. */
  readonly title: string;
  boxes: ReadonlyArray<OutlineBox>;
  inner: ReadonlyArray<ReadonlyArray<Graph>>;
  more: ReadonlyArray<number>;
  cells: ReadonlyArray<Cell>;
  arranged: Arranged;
  settled: Settled;
}

const graphOf = (plan: Plan, title = ""): Graph => ({
  plan,
  title,
  boxes: [],
  inner: [],
  more: [],
  cells: [],
  arranged: { layers: [], above: [], wished: [], lines: [] },
  settled: { x: [], y: [], heights: [], width: 0, height: 0 },
});

const fill = (graph: Graph): void => {
  graph.boxes = outlineOf(graph.plan);
  const grown = graph.boxes.map(({ step }) =>
    (step?.expansions ?? []).flatMap(({ path, plan }) => {
      if (plan === undefined) return [];
      const key = expandsMany(step!.kind) && isItem(path) ? lastOf(path) : "";
      return [graphOf(plan, key === "" ? "" : labelOf(`${key} ${plan.name}`))];
    }),
  );
  graph.inner = grown.map((inner) => inner.slice(0, mostExpansions));
  graph.more = grown.map((inner) => Math.max(0, inner.length - mostExpansions));
};

/** The size of an inner graph: an item of a map has a frame and a title of its own. */
const sizeOf = ({ settled, title }: Graph): Size =>
  title === ""
    ? settled
    : {
        width: Math.max(settled.width + 2 * padding, widthOf(title)),
        height: settled.height + header + padding,
      };

const cellOf = (box: OutlineBox, inner: ReadonlyArray<Graph>, more: number): Cell => {
  const moreLabel = more > 0 ? `and ${more.toLocaleString("en")} more` : "";
  const rows = inRows(inner.map(sizeOf));
  if (inner.length === 0) {
    return { box, label: box.label, inner, rows, moreLabel, width: box.width, height: box.height };
  }
  const only = inner.length === 1 && inner[0]!.title === "" ? inner[0]!.plan.name : undefined;
  const label = only === undefined ? box.label : labelOf(`${box.label} → ${only}`);
  return {
    box,
    label,
    inner,
    rows,
    moreLabel,
    width: Math.max(widthOf(label), rows.width + 2 * padding),
    height: header + rows.height + below + (more > 0 ? lineHeight + below : 0),
  };
};

/** Lays out one graph whose inner graphs have their sizes. */
const place = (graph: Graph): void => {
  graph.cells = graph.boxes.map((box, i) => cellOf(box, graph.inner[i]!, graph.more[i]!));
  const { cells } = graph;
  graph.arranged = arrange(
    cells.map(({ width }) => width),
    cells.map(({ box }) => box.parents),
  );
  // A bend of a line has no size.
  const { wished } = graph.arranged;
  const widths = wished.map((_, item) => cells[item]?.width ?? 0);
  const heights = wished.map((_, item) => cells[item]?.height ?? 0);
  graph.settled = settle(graph.arranged, widths, heights);
};

type Points = PlacedLine["points"];

/** From the lower edge of a line's source, past the boxes of each layer between, to the upper edge of its target. */
const pointsOf = (
  items: ReadonlyArray<number>,
  { cells, settled: { x, y, heights } }: Graph,
  rows: ReadonlyArray<number>,
): Points => {
  const at = (item: number): { readonly top: number; readonly bottom: number } => {
    const row = rows[item]!;
    return { top: y[row]! - heights[row]! / 2, bottom: y[row]! + heights[row]! / 2 };
  };
  const [source, target] = [items[0]!, items.at(-1)!];
  const { top, bottom } = at(source);
  const edge = top + cells[source]!.height;
  const points: Array<readonly [number, number]> = [[x[source]!, edge]];
  if (bottom > edge + 1) points.push([x[source]!, bottom]);
  for (const bend of items.slice(1, -1)) points.push([x[bend]!, at(bend).top], [x[bend]!, at(bend).bottom]);
  points.push([x[target]!, at(target).top]);
  return points;
};

interface Task {
  readonly graph: Graph;
  readonly x: number;
  readonly y: number;
  readonly depth: number;
}

/** Draws the boxes and lines of one graph at its position; the graphs inside its boxes become tasks. */
const draw = (
  { graph, x, y, depth }: Task,
  boxes: Array<PlacedBox>,
  lines: Array<PlacedLine>,
): Array<Task> => {
  const { cells, arranged, settled } = graph;
  const inside: Array<Task> = [];
  const rows: Array<number> = [];
  arranged.layers.forEach((layer, row) => {
    for (const item of layer) rows[item] = row;
  });
  for (const line of arranged.lines) {
    lines.push({ points: pointsOf(line, graph, rows).map(([px, py]) => [px + x, py + y] as const) });
  }
  cells.forEach(({ box, label, inner, rows: within, moreLabel, width, height }, item) => {
    const left = x + settled.x[item]! - width / 2;
    const top = y + settled.y[rows[item]!]! - settled.heights[rows[item]!]! / 2;
    const { kind, note, mayGrow, detail } = box;
    const isAround = inner.length > 0;
    boxes.push({ kind, label, note, mayGrow, detail, x: left, y: top, width, height, depth, isAround });
    inner.forEach((graph, i) => {
      const size = sizeOf(graph);
      const x = left + (width - within.width) / 2 + within.at[i]![0];
      const y = top + header + within.at[i]![1];
      if (graph.title === "") {
        inside.push({ graph, x, y, depth: depth + 1 });
      } else {
        boxes.push({
          kind: "item",
          label: graph.title,
          note: "",
          mayGrow: false,
          detail: graph.title,
          isAround: true,
          x,
          y,
          width: size.width,
          height: size.height,
          depth: depth + 1,
        });
        const middle = x + (size.width - graph.settled.width) / 2;
        inside.push({ graph, x: middle, y: y + header, depth: depth + 2 });
      }
    });
    if (moreLabel !== "") {
      boxes.push({
        kind: "value",
        label: moreLabel,
        note: "",
        mayGrow: false,
        detail: moreLabel,
        isAround: false,
        x: left + (width - widthOf(moreLabel)) / 2,
        y: top + header + within.height + below,
        width: widthOf(moreLabel),
        height: lineHeight,
        depth: depth + 1,
      });
    }
  });
  return inside;
};

/** The whole picture of a plan. */
export const layoutOf = (plan: Plan): Layout => {
  const root = graphOf(plan);
  const graphs = [root];
  for (let next = 0; next < graphs.length; next++) {
    fill(graphs[next]!);
    for (const inner of graphs[next]!.inner) graphs.push(...inner);
  }
  for (const graph of graphs.toReversed()) place(graph);

  const boxes: Array<PlacedBox> = [];
  const lines: Array<PlacedLine> = [];
  const tasks: Array<Task> = [{ graph: root, x: padding, y: padding, depth: 0 }];
  for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
    for (const inside of draw(task, boxes, lines)) tasks.push(inside);
  }
  const { width, height } = root.settled;
  return { width: width + 2 * padding, height: height + 2 * padding, boxes, lines };
};
