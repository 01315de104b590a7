/** Arithmetic for the list of chunks in `outputs.ts`: the size of a chunk, and whether a union is small. */
import type { IntersectOf } from "ts-toolbelt/out/Union/IntersectOf.js";

type Increment = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24];
/** The next size; 24 is the maximum. */
export type Next<Size> = Size extends keyof Increment ? Increment[Size] : 24;

/**
 * Whether the union has fewer than sixteen members. The compiler infers from overloads in pairs, from the last one back, and from the
 * first one again where there are fewer: then the first two inferred names are one. Removing the members one at a time costs their
 * number squared.
 */
export type IsSmall<Union> =
  IntersectOf<Union extends unknown ? (name: Union) => void : never> extends {
    (name: infer First): void;
    (name: infer Second): void;
    (name: never): void;
    (name: never): void;
    (name: never): void;
    (name: never): void;
    (name: never): void;
    (name: never): void;
    (name: never): void;
    (name: never): void;
    (name: never): void;
    (name: never): void;
    (name: never): void;
    (name: never): void;
    (name: never): void;
    (name: never): void;
  }
    ? [First] extends [Second]
      ? true
      : false
    : true;

/** The sizes of a chunk that can take a record. The outputs of a record are not counted, but assumed to be eight. */
export type Half = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12;

/** The size plus eight. */
export type Later<Size> = Next<Next<Next<Next<Next<Next<Next<Next<Size>>>>>>>>;
