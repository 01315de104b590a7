/** Arithmetic for the list of chunks in `outputs.ts`: the size of a chunk, and whether a union is small. */
import type { Last } from "ts-toolbelt/out/Union/Last.js";

type Increment = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24];
/** The next size; 24 is the maximum. */
export type Next<Size> = Size extends keyof Increment ? Increment[Size] : 24;

type Sixteen = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1];

/** Whether the union has fewer than sixteen members. Removes them one at a time. */
export type IsSmall<Union, Left extends ReadonlyArray<unknown> = Sixteen> = Left extends readonly [
  unknown,
  ...infer Rest,
]
  ? [Union] extends [never]
    ? true
    : IsSmall<Exclude<Union, Last<Union>>, Rest>
  : false;

/** The sizes of a chunk that can take a record. The outputs of a record are not counted, but assumed to be eight. */
export type Half = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12;

/** The size plus eight. */
export type Later<Size> = Next<Next<Next<Next<Next<Next<Next<Next<Size>>>>>>>>;
