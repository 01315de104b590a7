/** Penguins, and how they are divided into those to train on and those held out. */

/** What a column may hold; a gap is `null`. */
export type Cell = string | number | null;

export interface Penguin {
  readonly species: string;
  readonly cells: Readonly<Record<string, Cell>>;
}

/** Numbers from 0 to 1 that are the same on every run: Mulberry32, by Tommy Ettinger (public domain). */
const numbersFrom = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** The same items in an order that only the seed decides. */
const shuffled = <Item>(items: ReadonlyArray<Item>, seed: number): ReadonlyArray<Item> => {
  const next = numbersFrom(seed);
  return items
    .map((item) => ({ item, at: next() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
};

/** Holds the same share of each species out, so that the rows held out are like those to train on. */
export const heldOut = (penguins: ReadonlyArray<Penguin>, share: number, seed: number) => {
  const bySpecies = Map.groupBy(shuffled(penguins, seed), ({ species }) => species);
  const train: Array<Penguin> = [];
  const test: Array<Penguin> = [];
  for (const group of bySpecies.values()) {
    const cut = Math.round(group.length * share);
    test.push(...group.slice(0, cut));
    train.push(...group.slice(cut));
  }
  return { train: shuffled(train, seed), test };
};
