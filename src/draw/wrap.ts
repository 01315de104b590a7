/**
 * Layers that are much wider than a screen, as a step for each of a thousand columns makes one, are broken into rows. A
 * line to a box in a lower row passes behind the boxes above it.
 */
import { gapAcross } from "./settle.ts";

/** A layer of no more than this is left as it is, in pixels. */
const widest = 3_600;
/** A row with its gap is about so high, and the rows of a layer together this much wider than high. */
const rowHeight = 64;
const shape = 2;

interface Laid {
  readonly layers: ReadonlyArray<ReadonlyArray<number>>;
  readonly wished: ReadonlyArray<number>;
}

/** The same boxes in more layers. Bends of lines, which have no width, go where their neighbours go. */
export const wrapped = ({ layers, wished }: Laid, widths: ReadonlyArray<number>): Laid => {
  const takes = (item: number): number => (widths[item] ?? 0) + gapAcross;
  const widthOf = (layer: ReadonlyArray<number>): number => layer.reduce((sum, item) => sum + takes(item), 0);
  if (layers.every((layer) => widthOf(layer) <= widest)) return { layers, wished };
  // All rows stand around the middle of what is read and what reads, where those are narrower.
  const places = layers.flatMap((layer) =>
    widthOf(layer) > widest ? [] : layer.map((item) => wished[item]!),
  );
  const middle = places.length === 0 ? 0 : places.reduce((sum, x) => sum + x, 0) / places.length;
  const x = [...wished];
  const rows = layers.flatMap((layer) => {
    const width = widthOf(layer);
    if (width <= widest) return [layer];
    const most = Math.max(widest / 2, Math.sqrt(width * rowHeight * shape));
    const count = Math.ceil(width / most);
    const row: Array<Array<number>> = Array.from({ length: count }, () => []);
    let at = 0;
    for (const item of layer) {
      row[Math.min(count - 1, Math.floor((at / width) * count))]!.push(item);
      at += takes(item);
    }
    for (const items of row) {
      let left = middle - widthOf(items) / 2;
      for (const item of items) {
        x[item] = left + takes(item) / 2;
        left += takes(item);
      }
    }
    return row.filter((items) => items.length > 0);
  });
  return { layers: rows, wished: x };
};
