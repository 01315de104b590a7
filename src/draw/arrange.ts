/**
 * Assigns the boxes of one graph to layers, and orders each layer for few crossings, with `d3-dag`. The exact positions
 * are computed by `settle`, since they change whenever something is folded.
 */
import {
  coordCenter,
  decrossDfs,
  decrossTwoLayer,
  graphStratify,
  layeringLongestPath,
  layeringSimplex,
  sugiyama,
} from "d3-dag";
import type { Arrangement } from "./settle.ts";
import { gapAcross, straightened } from "./settle.ts";
import { wrapped } from "./wrap.ts";

export interface Arranged extends Arrangement {
  /** The lines, each from a box through its bends to another box. */
  readonly lines: ReadonlyArray<ReadonlyArray<number>>;
}

interface Box {
  readonly id: string;
  readonly parents: ReadonlyArray<string>;
  readonly index: number;
}

/** Up to this many boxes get the best layers, and the best order in them, that a short time allows. */
const fewBoxes = 120;
const someBoxes = 250;
/** More boxes than this are not passed to `d3-dag`, which takes a second for each ten thousand lines. */
const mostBoxes = 4_000;

/** For graphs too large to see as a whole: rows of boxes, children after their parents. */
const inRows = (parents: ReadonlyArray<ReadonlyArray<number>>): ReadonlyArray<number> => {
  const layer: Array<number> = parents.map(() => 0);
  // Parents come first, as plans list them; a plan made by hand that does not gets a line that points up.
  parents.forEach((above, box) => {
    layer[box] = above.reduce((most, parent) => Math.max(most, layer[parent]! + 1), 0);
  });
  return layer;
};

const withoutLibrary = (
  widths: ReadonlyArray<number>,
  parents: ReadonlyArray<ReadonlyArray<number>>,
): Arranged => {
  const perRow = Math.max(12, Math.ceil(Math.sqrt(parents.length)));
  const layers: Array<Array<number>> = [];
  const wished: Array<number> = [];
  const byLayer: Array<Array<number>> = [];
  inRows(parents).forEach((layer, box) => (byLayer[layer] ??= []).push(box));
  for (const layer of byLayer) {
    for (let from = 0; from < (layer?.length ?? 0); from += perRow) {
      const row = layer.slice(from, from + perRow);
      let x = 0;
      for (const box of row) {
        wished[box] = x + widths[box]! / 2;
        x += widths[box]! + gapAcross;
      }
      layers.push(row);
    }
  }
  return {
    layers,
    above: parents.map(() => []),
    wished,
    lines: parents.flatMap((above, box) => above.map((parent) => [parent, box])),
  };
};

/** The layers can come out from right to left: then everything is mirrored, which puts the boxes in their order. */
const inOrder = <Laid extends Arrangement>(laid: Laid, boxes: number): Laid => {
  let falls = 0;
  for (const layer of laid.layers) {
    const own = layer.filter((item) => item < boxes);
    own.forEach((item, i) => {
      if (i > 0) falls += item < own[i - 1]! ? 1 : -1;
    });
  }
  if (falls <= 0) return laid;
  const layers = laid.layers.map((layer) => layer.toReversed());
  return { ...laid, layers, wished: laid.wished.map((x) => -x) };
};

/** The arrangement of boxes with these widths and parents. */
export const arrange = (
  widths: ReadonlyArray<number>,
  parents: ReadonlyArray<ReadonlyArray<number>>,
): Arranged => {
  if (widths.length === 0) return { layers: [], above: [], wished: [], lines: [] };
  if (widths.length > mostBoxes) return withoutLibrary(widths, parents);
  const boxes = parents.map(
    (above, index): Box => ({ id: String(index), parents: above.map(String), index }),
  );
  const dag = graphStratify()
    .id(({ id }: Box) => id)
    .parentIds(({ parents }: Box) => [...parents])(boxes);
  // Every layer has a height of 1 here, so that the y position yields the layer number.
  const size = ({ data }: { readonly data: Box }): [number, number] => [widths[data.index]!, 1];
  const laid = sugiyama()
    .layering(boxes.length <= fewBoxes ? layeringSimplex() : layeringLongestPath())
    .decross(boxes.length <= someBoxes ? decrossTwoLayer() : decrossDfs())
    .coord(coordCenter())
    .nodeSize(size)
    .gap([gapAcross, 1]);
  laid(dag);
  const wished: Array<number> = [];
  const layerOf: Array<number> = [];
  for (const { data, x, y } of dag.nodes()) {
    wished[data.index] = x;
    layerOf[data.index] = Math.round((y - 0.5) / 2);
  }
  const above: Array<Array<number>> = boxes.map(() => []);
  const lines: Array<ReadonlyArray<number>> = [];
  for (const { source, target, points } of dag.links()) {
    const from = layerOf[source.data.index]!;
    const to = layerOf[target.data.index]!;
    const line = [source.data.index];
    for (let layer = from + 1; layer < to; layer++) {
      const bend = wished.length;
      wished.push(points.find(([, y]) => Math.round((y - 0.5) / 2) === layer)?.[0] ?? source.x);
      layerOf.push(layer);
      above.push([line.at(-1)!]);
      line.push(bend);
    }
    above[target.data.index]!.push(line.at(-1)!);
    line.push(target.data.index);
    lines.push(line);
  }
  const layers: Array<Array<number>> = [];
  layerOf.forEach((layer, item) => (layers[layer] ??= []).push(item));
  for (const layer of layers) layer.sort((a, b) => wished[a]! - wished[b]!);
  const allWidths = wished.map((_, item) => widths[item] ?? 0);
  const first = { layers, above, wished };
  const laidOut = { ...first, wished: straightened(first, allWidths), lines };
  // The order of a depth-first search can come out in either direction.
  const straight = boxes.length <= someBoxes ? laidOut : inOrder(laidOut, boxes.length);
  return { ...straight, ...wrapped(straight, allWidths) };
};
