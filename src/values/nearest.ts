/** Finds the name that was probably meant by a misspelt one. */

/** The number of letters to change, add, drop or swap to turn one word into the other. */
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

/** Longer names are not compared: the work grows with the product of the lengths. */
const longest = 64;

/** Words with the same beginning are near even if their endings differ, such as "retries" and "retry". */
const leastBeginning = 4;

/** The nearest of `names` to `typed`, or undefined if none is near. */
const nearest = (typed: string, names: Iterable<string>): string | undefined => {
  if (typed.length > longest) return undefined;
  let found: string | undefined;
  let least = Math.max(1, Math.floor(typed.length / 3)) + 1;
  for (const name of names) {
    if (name.length > longest) continue;
    const steps = distance(typed.toLowerCase(), name.toLowerCase());
    if (steps < least) {
      least = steps;
      found = name;
    }
  }
  const beginning = typed.toLowerCase().slice(0, leastBeginning);
  if (found !== undefined || beginning.length < leastBeginning) return found;
  for (const name of names) {
    if (name.length <= longest && name.toLowerCase().startsWith(beginning)) return name;
  }
  return undefined;
};

/** ` Did you mean "rates"?`, or an empty string if no name is near. */
export const didYouMean = (typed: string, names: Iterable<string>): string => {
  const found = nearest(typed, names);
  return found === undefined ? "" : ` Did you mean "${found}"?`;
};
