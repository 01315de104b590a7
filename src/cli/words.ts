/** Words that several messages are made of. */

/** How many letters to change, add, drop or swap to make one word of the other. */
const distance = (a: string, b: string): number => {
  let before: Array<number> = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(change, row[j]! + 1, next[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, before[j - 2]! + 1);
      next.push(best);
    }
    before = row;
    row = next;
  }
  return row[b.length]!;
};

/** ` Did you mean "rates"?`: the name that a typing mistake was probably meant to be, or nothing where no name is near. */
export const didYouMean = (typed: string, names: ReadonlyArray<string>): string => {
  let nearest: string | undefined;
  let least = Math.max(1, Math.floor(typed.length / 3)) + 1;
  for (const name of names) {
    const steps = distance(typed.toLowerCase(), name.toLowerCase());
    if (steps < least) {
      least = steps;
      nearest = name;
    }
  }
  return nearest === undefined ? "" : ` Did you mean "${nearest}"?`;
};

/** `"a", "b" and "c"`. */
export const listed = (names: ReadonlyArray<string>): string => {
  const quoted = names.map((name) => `"${name}"`);
  return quoted.length < 2 ? quoted.join("") : `${quoted.slice(0, -1).join(", ")} and ${quoted.at(-1)!}`;
};

/** `1 step`, `2 steps`. */
export const counted = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`;
