/**
 * Breaks layers that are much wider than a screen, such as a layer with a step for each of a thousand columns, into
 * rows. A line to a box in a lower row passes behind the boxes above it.
 */
import { gapAcross } from "./settle.ts";

/** The maximum width of a layer that is left unchanged, in pixels. */
const widest = 3_600;
/** The approximate height of a row with its gap, and the ratio of width to height of all rows of a layer. */
const rowHeight = 64;
const shape = 2;

interface Laid {
  readonly layers: ReadonlyArray<ReadonlyArray<number>>;
  readonly wished: ReadonlyArray<number>;
}

/** The same boxes in more layers. Bends of lines, which have no width, stay with their neighbours. */
export const wrapped = ({ layers, wished }: Laid, widths: ReadonlyArray<number>): Laid => {
  const takes = (item: number): number => (widths[item] ?? 0) + gapAcross;
  const widthOf = (layer: ReadonlyArray<number>): number => layer.reduce((sum, item) => sum + takes(item), 0);
  if (layers.every((layer) => widthOf(layer) <= widest)) return { layers, wished };
  // The rows are centred on the mean position of the items in layers that are too wide.
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
