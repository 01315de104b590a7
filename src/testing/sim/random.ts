/** Numbers from a seed: the same on every machine, since nothing but 32-bit integers is computed with. */
import type { Random } from "effect/Random";

/** Mulberry32 (Tommy Ettinger, 2017): numbers from 0 (inclusive) to 1 (exclusive). */
export const generator = (seed: number): (() => number) => {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** A seed made of a seed and a text: FNV-1a over both. */
export const mixed = (seed: number, text: string): number => {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  // Without this last round, short texts that differ in their last character give seeds that are near each other.
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
};

/** Effect's `Random` from a seed. */
export const randomOf = (seed: number): Random => {
  const next = generator(seed);
  return {
    nextDoubleUnsafe: next,
    nextIntUnsafe: () => Math.floor((next() - 0.5) * 2 * Number.MAX_SAFE_INTEGER),
  };
};
