/**
 * Computes the positions in a layered graph from its layers and the order in each: as near as possible to the desired
 * positions, without overlaps. It takes linear time, so that the page can repeat it whenever a reader folds or unfolds a
 * box; it is also part of the page's script, and therefore imports nothing.
 */

/** A graph of items: its boxes first, then the bends of its lines, which are items without a size. */
export interface Arrangement {
  /** The items of each layer from left to right. */
  readonly layers: ReadonlyArray<ReadonlyArray<number>>;
  /** The parents of each item, in the layer above. */
  readonly above: ReadonlyArray<ReadonlyArray<number>>;
  /** The desired middle of each item. */
  readonly wished: ReadonlyArray<number>;
}

export interface Settled {
  /** The middle of each item. */
  readonly x: Array<number>;
  /** The middle of each layer, and its height. */
  readonly y: Array<number>;
  readonly heights: Array<number>;
  readonly width: number;
  readonly height: number;
}

export const gapAcross = 24;
const gapDown = 34;

/**
 * Puts the items of one layer at their desired positions, in order and without overlaps: items that would overlap
 * become a block, at the mean of its members' desired positions (the pool-adjacent-violators algorithm).
 */
const placeLayer = (
  layer: ReadonlyArray<number>,
  wish: ReadonlyArray<number>,
  widths: ReadonlyArray<number>,
  x: Array<number>,
): void => {
  const offsets: Array<number> = [];
  const sums: Array<number> = [];
  const counts: Array<number> = [];
  let offset = 0;
  layer.forEach((item, i) => {
    if (i > 0) offset += (widths[layer[i - 1]!]! + widths[item]!) / 2 + gapAcross;
    offsets.push(offset);
    let sum = wish[item]! - offset;
    let count = 1;
    while (sums.length > 0 && sums.at(-1)! / counts.at(-1)! >= sum / count) {
      sum += sums.pop()!;
      count += counts.pop()!;
    }
    sums.push(sum);
    counts.push(count);
  });
  let next = 0;
  sums.forEach((sum, block) => {
    for (let i = 0; i < counts[block]!; i++, next++) x[layer[next]!] = sum / counts[block]! + offsets[next]!;
  });
};

/** The positions of all items. `widths` and `heights` are the items' current sizes; a bend has neither. */
export const settle = (
  { layers, above, wished }: Arrangement,
  widths: ReadonlyArray<number>,
  heights: ReadonlyArray<number>,
): Settled => {
  const x = [...wished];
  for (const layer of layers) {
    // An item moves by the mean offset of its parents.
    const wish: Array<number> = [];
    for (const item of layer) {
      const moved = above[item]!.reduce((sum, parent) => sum + x[parent]! - wished[parent]!, 0);
      wish[item] = wished[item]! + (above[item]!.length === 0 ? 0 : moved / above[item]!.length);
    }
    placeLayer(layer, wish, widths, x);
  }
  let left = Infinity;
  let right = -Infinity;
  x.forEach((middle, item) => {
    left = Math.min(left, middle - widths[item]! / 2);
    right = Math.max(right, middle + widths[item]! / 2);
  });
  let down = 0;
  const y: Array<number> = [];
  const tall: Array<number> = [];
  for (const layer of layers) {
    const height = layer.reduce((most, item) => Math.max(most, heights[item]!), 0);
    y.push(down + height / 2);
    tall.push(height);
    down += height + gapDown;
  }
  return {
    x: x.map((middle) => middle - left),
    y,
    heights: tall,
    width: layers.length === 0 ? 0 : right - left,
    height: Math.max(0, down - gapDown),
  };
};

/** Straightens the lines: moves each item towards its parents and its children, in a few passes down and up. */
export const straightened = (arrangement: Arrangement, widths: ReadonlyArray<number>): Array<number> => {
  const { layers, above, wished } = arrangement;
  const below: Array<Array<number>> = above.map(() => []);
  above.forEach((parents, item) => {
    for (const parent of parents) below[parent]!.push(item);
  });
  const x = [...wished];
  const pull = (layer: ReadonlyArray<number>, neighbours: ReadonlyArray<ReadonlyArray<number>>): void => {
    const wish: Array<number> = [];
    for (const item of layer) {
      const near = neighbours[item]!;
      wish[item] =
        near.length === 0 ? x[item]! : near.reduce((sum, other) => sum + x[other]!, 0) / near.length;
    }
    placeLayer(layer, wish, widths, x);
  };
  for (let pass = 0; pass < 6; pass++) {
    for (const layer of layers) pull(layer, above);
    for (const layer of layers.toReversed()) pull(layer, below);
  }
  for (const layer of layers) pull(layer, above);
  return x;
};
