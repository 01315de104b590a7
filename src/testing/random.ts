/** Random numbers from a seed, so that every draw is reproducible (Mulberry32, Tommy Ettinger, 2017). */
export const randomOf = (seed: number): (() => number) => {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** An independent seed for another use of the same seed: its draws reveal nothing about the other's. */
export const seedFor = (seed: number, use: number): number =>
  (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) + Math.imul(use + 1, 0xc2b2ae35)) | 0;

export const newSeed = (): number => Math.floor(Math.random() * 2 ** 31);

/** A number for a text, so that each input has its own draws, the same each time it is used. */
export const hashOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash | 0;
};
