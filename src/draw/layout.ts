/**
 * Where everything of a plan stands in a picture. Each graph is laid out in layers by `d3-dag`; a step that expanded is
 * a box around the pictures of what it became, and so on inward.
 *
 * Graphs are laid out innermost first, without recursion: plans nest as deeply as data says.
 */
import {
  coordCenter,
  coordQuad,
  decrossDfs,
  decrossTwoLayer,
  graphStratify,
  layeringLongestPath,
  layeringSimplex,
  sugiyama,
} from "d3-dag";
import type { Plan, PlanExpansion, PlanStep, StepKind } from "../../types/plan.ts";
import { cells } from "./cells.ts";
import { shortened, visible } from "./escape.ts";

/** A step, an input, or a note on what is not drawn. */
export interface PlacedBox {
  readonly kind: StepKind | "input" | "value";
  readonly label: string;
  readonly detail: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** How deep it is nested. */
  readonly depth: number;
  /** Does it stand around others? Its label is then at its top. */
  readonly isAround: boolean;
}

export interface PlacedLine {
  readonly points: ReadonlyArray<readonly [x: number, y: number]>;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** Those around others come before the others. */
  readonly boxes: ReadonlyArray<PlacedBox>;
  readonly lines: ReadonlyArray<PlacedLine>;
}

const line = 30;
const padding = 12;
const header = 24;
const between = 14;
/** Labels are cut to so many characters, and each is taken to be as wide as a wide one of the font is. */
const longest = 34;
const characterWidth = 7.6;
/** Of more sub-pipelines than these, as a map of many items has, the rest are counted and not drawn. */
const mostExpansions = 12;

const labelOf = (name: string): string => shortened(visible(name), longest);
const widthOf = (label: string): number => Math.max(44, cells(label) * characterWidth + 2 * padding);

/** A graph before it has a place: what it holds, and how large that is. */
interface Cell {
  readonly id: string;
  readonly parents: ReadonlyArray<string>;
  readonly kind: PlacedBox["kind"];
  readonly label: string;
  readonly detail: string;
  readonly inner: ReadonlyArray<Graph>;
  readonly more: number;
  width: number;
  height: number;
  x: number;
  y: number;
}

interface Graph {
  readonly plan: Plan;
  readonly cells: Array<Cell>;
  lines: ReadonlyArray<PlacedLine>;
  width: number;
  height: number;
}

const emptyGraph = (plan: Plan): Graph => ({ plan, cells: [], lines: [], width: 0, height: 0 });

/** The cells of one graph; the graphs inside of them are empty still. */
const fillCells = (graph: Graph): ReadonlyArray<Graph> => {
  const inside: Array<Graph> = [];
  const ids = new Map<string, string>();
  graph.plan.steps.forEach((step, i) => ids.set(step.path, `s${i}`));
  const inputs = new Map<string, string>();
  const inputId = (name: string): string => {
    const known = inputs.get(name);
    if (known !== undefined) return known;
    const id = `i${inputs.size}`;
    inputs.set(name, id);
    graph.cells.push(plainCell(id, [], "input", name, `input ${name}`));
    return id;
  };
  for (const { name } of graph.plan.inputs) inputId(name);
  graph.plan.steps.forEach((step, i) => {
    const parents = step.inputs.map(({ name, from }) =>
      from === "" ? inputId(name) : (ids.get(from) ?? inputId(from)),
    );
    const cell = stepCell(`s${i}`, [...new Set(parents)], step);
    inside.push(...cell.inner);
    graph.cells.push(cell);
  });
  return inside;
};

const plainCell = (
  id: string,
  parents: ReadonlyArray<string>,
  kind: Cell["kind"],
  name: string,
  detail: string,
): Cell => {
  const label = labelOf(name);
  return {
    id,
    parents,
    kind,
    label,
    detail,
    inner: [],
    more: 0,
    width: widthOf(label),
    height: line,
    x: 0,
    y: 0,
  };
};

const hasPlan = (expansion: PlanExpansion): expansion is PlanExpansion & { readonly plan: Plan } =>
  expansion.plan !== undefined;

const stepCell = (id: string, parents: ReadonlyArray<string>, step: PlanStep): Cell => {
  const plans = (step.expansions ?? []).filter(hasPlan);
  const detail = step.description === undefined ? step.path : `${step.path}: ${step.description}`;
  const cell = plainCell(id, parents, step.kind, step.name, detail);
  return {
    ...cell,
    inner: plans.slice(0, mostExpansions).map(({ plan }) => emptyGraph(plan)),
    more: Math.max(0, plans.length - mostExpansions),
  };
};

/** Lays out one graph whose inner graphs have their sizes. */
const place = (graph: Graph): void => {
  const { cells } = graph;
  for (const cell of cells) {
    if (cell.inner.length === 0) continue;
    const widest = Math.max(...cell.inner.map(({ width }) => width));
    cell.width = Math.max(cell.width, widest + 2 * padding);
    cell.height =
      header +
      cell.inner.reduce((height, inner) => height + inner.height + between, 0) +
      (cell.more > 0 ? line : 0);
  }
  if (cells.length === 0) return;
  const dag = graphStratify()
    .id(({ id }: Cell) => id)
    .parentIds(({ parents }: Cell) => [...parents])(cells);
  const size = ({ data }: { readonly data: Cell }): [number, number] => [data.width, data.height];
  // The pretty ways take cubic time; a thousand steps are drawn plainly, in a second or two.
  const isSmall = cells.length <= 80;
  const { width, height } = isSmall
    ? sugiyama()
        .layering(layeringSimplex())
        .decross(decrossTwoLayer())
        .coord(coordQuad())
        .nodeSize(size)
        .gap([24, 36])(dag)
    : sugiyama()
        .layering(layeringLongestPath())
        .decross(decrossDfs())
        .coord(coordCenter())
        .nodeSize(size)
        .gap([24, 36])(dag);
  for (const { data, x, y } of dag.nodes()) {
    data.x = x - data.width / 2;
    data.y = y - data.height / 2;
  }
  graph.lines = Array.from(dag.links(), ({ source, target, points }) => ({
    points: ends(points, source.data, target.data),
  }));
  graph.width = width;
  graph.height = height;
};

/** A line begins at the lower edge of its source and ends at the upper edge of its target. */
const ends = (
  points: ReadonlyArray<[number, number]>,
  source: Cell,
  target: Cell,
): ReadonlyArray<readonly [number, number]> => [
  [source.x + source.width / 2, source.y + source.height],
  ...points.slice(1, -1),
  [target.x + target.width / 2, target.y],
];

/** The whole picture of a plan. */
export const layoutOf = (plan: Plan): Layout => {
  const root = emptyGraph(plan);
  const graphs = [root];
  for (let next = 0; next < graphs.length; next++) graphs.push(...fillCells(graphs[next]!));
  for (const graph of graphs.toReversed()) place(graph);

  const boxes: Array<PlacedBox> = [];
  const lines: Array<PlacedLine> = [];
  const tasks: Array<{
    readonly graph: Graph;
    readonly x: number;
    readonly y: number;
    readonly depth: number;
  }> = [{ graph: root, x: padding, y: padding, depth: 0 }];
  for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
    const { graph, x, y, depth } = task;
    for (const { points } of graph.lines)
      lines.push({ points: points.map(([px, py]) => [px + x, py + y] as const) });
    for (const cell of graph.cells) {
      const { kind, label, detail, width, height, inner, more } = cell;
      const left = cell.x + x;
      const top = cell.y + y;
      boxes.push({ kind, label, detail, x: left, y: top, width, height, depth, isAround: inner.length > 0 });
      let down = top + header;
      for (const graph of inner) {
        tasks.push({ graph, x: left + (width - graph.width) / 2, y: down, depth: depth + 1 });
        down += graph.height + between;
      }
      if (more > 0) {
        const note = `and ${more} more`;
        boxes.push({
          kind: "value",
          label: note,
          detail: note,
          x: left + padding,
          y: down - between / 2,
          width: width - 2 * padding,
          height: line,
          depth: depth + 1,
          isAround: false,
        });
      }
    }
  }
  return { width: root.width + 2 * padding, height: root.height + 2 * padding, boxes, lines };
};
