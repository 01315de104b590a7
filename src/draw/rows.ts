/**
 * Arranges boxes of different sizes in rows, such as the items of a map. It is also part of the page's script, and
 * therefore imports nothing.
 */

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Rows extends Size {
  /** The upper left corner of each. */
  readonly at: ReadonlyArray<readonly [x: number, y: number]>;
}

const gap = 12;
/** The ratio of width to height, similar to that of screens. */
const ratio = 1.7;
/** Every screen has room for this width. */
const leastWidth = 640;

/** Arranges the sizes in rows, in their order. */
export const inRows = (sizes: ReadonlyArray<Size>): Rows => {
  const area = sizes.reduce((sum, { width, height }) => sum + (width + gap) * (height + gap), 0);
  const most = Math.max(leastWidth, Math.sqrt(area) * ratio);
  const at: Array<readonly [number, number]> = [];
  let x = 0;
  let y = 0;
  let row = 0;
  let widest = 0;
  for (const { width, height } of sizes) {
    if (x > 0 && x + width > most) {
      x = 0;
      y += row + gap;
      row = 0;
    }
    at.push([x, y]);
    x += width + gap;
    row = Math.max(row, height);
    widest = Math.max(widest, x - gap);
  }
  return { at, width: widest, height: y + row };
};
