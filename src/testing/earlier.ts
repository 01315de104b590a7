/** Other inputs from the same arbitrary, most of which differ from a given one in a single place. */
import * as fc from "fast-check";
import type { Given } from "./observe.ts";
import { hashOf, randomOf, seedFor } from "./random.ts";
import { copied } from "./values.ts";
import { textOf } from "./words.ts";

const mostNear = 3;
const mostDrawn = 2;
const attempts = 30;

/** A replacement for a leaf value. */
const other = (leaf: unknown, next: () => number): unknown => {
  switch (typeof leaf) {
    case "number":
      return leaf + (next() < 0.5 ? 1 : -1);
    case "bigint":
      return leaf + 1n;
    case "boolean":
      return !leaf;
    case "string":
      return next() < 0.5 || leaf === "" ? `${leaf}a` : leaf.slice(0, -1);
    default:
      return leaf;
  }
};

/** A position in a record or an array. */
type Slot = readonly [holder: Record<string, unknown>, key: string];

const slotsOf = (value: unknown, slots: Array<Slot> = []): ReadonlyArray<Slot> => {
  if (typeof value !== "object" || value === null) return slots;
  for (const key of Object.keys(value)) {
    const holder = value as Record<string, unknown>;
    slots.push([holder, key]);
    slotsOf(holder[key], slots);
  }
  return slots;
};

/** A copy with one value changed, or removed from an array. */
const changed = (given: Given, next: () => number): Given => {
  const copy = copied(given);
  const slots = slotsOf(copy);
  const slot = slots[Math.floor(next() * slots.length)];
  if (slot === undefined) return copy;
  const [holder, key] = slot;
  if (Array.isArray(holder) && next() < 0.3) holder.splice(Number(key), 1);
  else holder[key] = other(holder[key], next);
  return copy;
};

const isOwn = (values: fc.Arbitrary<unknown>, value: unknown): boolean => {
  try {
    return values.canShrinkWithoutContext(value);
  } catch {
    return false;
  }
};

/** Values that the arbitrary can draw, all different from the given one. */
export const earlierInputs = (
  values: fc.Arbitrary<Given>,
  given: Given,
  seed: number,
): ReadonlyArray<Given> => {
  const text = textOf(given);
  const own = seedFor(seed, hashOf(text));
  const next = randomOf(own);
  const found = new Map<string, Given>();
  for (let attempt = 0; attempt < attempts && found.size < mostNear; attempt++) {
    const near = changed(given, next);
    const nearText = textOf(near);
    if (nearText !== text && !found.has(nearText) && isOwn(values, near)) found.set(nearText, near);
  }
  for (const drawn of fc.sample(values, { seed: own, numRuns: mostDrawn })) {
    if (textOf(drawn) !== text) found.set(textOf(drawn), drawn);
  }
  return [...found.values()];
};
