/**
 * Larger inputs for the law `bounded`: arrays as large as in real data, which fast-check does not draw. The arrays grow until
 * the expansion clearly grows in proportion to them, or until it exceeds its bound.
 */
import * as fc from "fast-check";
import type { Broken, LawTools } from "./law.ts";
import { broken } from "./law.ts";
import { grouped, sizeOf, tooLarge } from "./laws/bounded.ts";
import type { Given, Observed, Subject } from "./observe.ts";
import { observe } from "./observe.ts";
import { hasFailed } from "./outcome.ts";
import { textOf } from "./words.ts";

interface Grown {
  readonly given: Given;
  readonly observed: Observed;
  readonly steps: number;
}

export interface GrowOptions {
  readonly seed: number;
  readonly bound: LawTools["bound"];
  /** Receives each run. */
  readonly onRun: (observed: Observed, given: Given) => void;
}

const sampled = 60;
const firstLength = 4;
/** An expansion no larger than its input at this length grows in proportion to it. */
const longestLength = 64;
/** The total number of steps for all these runs. */
const stepsToSpend = 60_000;

/** For each array input: items that the arbitrary has drawn, the simplest first. */
const poolsOf = (samples: ReadonlyArray<Given>): ReadonlyMap<string, ReadonlyArray<unknown>> => {
  const pools = new Map<string, Map<string, unknown>>();
  for (const sample of samples) {
    for (const [name, value] of Object.entries(sample)) {
      if (!Array.isArray(value)) continue;
      const pool = pools.get(name) ?? new Map<string, unknown>();
      pools.set(name, pool);
      for (const item of value) pool.set(textOf(item), item);
    }
  }
  const simplest = (one: string, other: string): number =>
    one.length - other.length || (one < other ? -1 : one > other ? 1 : 0);
  return new Map(
    Array.from(pools, ([name, pool]) => [
      name,
      [...pool].toSorted(([one], [other]) => simplest(one, other)).map(([, item]) => item),
    ]),
  );
};

const isOwn = (values: fc.Arbitrary<unknown>, given: Given): boolean => {
  try {
    return values.canShrinkWithoutContext(given);
  } catch {
    return false;
  }
};

/** The growth counts as proportional if a larger input increases the steps per item by no more than this. */
const isInStep = (before: Grown, now: Grown, lengths: readonly [number, number]): boolean =>
  now.steps / lengths[1] <= 1.3 * (before.steps / lengths[0]);

const samplesOf = (values: fc.Arbitrary<Given>, seed: number): ReadonlyArray<Given> => {
  try {
    return fc.sample(values, { seed, numRuns: sampled });
  } catch {
    return [];
  }
};

/** The smallest input, as far as it was looked for, that outgrows the bound. */
export const outgrown = async (
  subject: Subject,
  values: fc.Arbitrary<Given>,
  { bound, onRun, seed }: GrowOptions,
): Promise<{ readonly input: Given; readonly verdict: Broken } | undefined> => {
  const samples = samplesOf(values, seed);
  const pools = poolsOf(samples);
  const [sample] = samples;
  if (sample === undefined || pools.size === 0) return undefined;
  let spent = 0;
  const ofLength = (length: number, itemAt: (pool: ReadonlyArray<unknown>, i: number) => unknown): Given => ({
    ...sample,
    ...Object.fromEntries(
      Array.from(pools, ([name, pool]) => [name, Array.from({ length }, (_, i) => itemAt(pool, i))]),
    ),
  });
  const ran = async (given: Given): Promise<Grown | undefined> => {
    if (!isOwn(values, given)) return undefined;
    const observed = await observe(subject, given);
    if (hasFailed(observed) && tooLarge(observed, bound(given)) === undefined) return undefined;
    return { given, observed, steps: sizeOf(observed).steps };
  };
  let before: Grown | undefined;
  let lengthBefore = 0;
  let length = firstLength;
  while (length <= longestLength && spent < stepsToSpend) {
    const given = ofLength(length, (pool, i) => pool[i % pool.length]);
    if ([...pools.values()].some((pool) => pool.length === 0)) return undefined;
    const now = await ran(given);
    if (now === undefined) return undefined;
    onRun(now.observed, given);
    spent += now.steps;
    const most = bound(given);
    if (before !== undefined && tooLarge(now.observed, most) !== undefined) {
      const same = await ran(ofLength(length, (pool) => pool[0]));
      const found = same !== undefined && tooLarge(same.observed, most) !== undefined ? same : now;
      const growth = `${grouped(found.steps)} steps for ${length} items, and ${grouped(before.steps)} for ${lengthBefore}`;
      const { actual, path } = tooLarge(found.observed, most)!;
      const declared = `at most ${grouped(most.steps)} steps, ${most.depth} deep`;
      return { input: found.given, verdict: broken(declared, actual, { path, details: [growth] }) };
    }
    const isPlain = before !== undefined && isInStep(before, now, [lengthBefore, length]);
    if (isPlain && length >= longestLength / 2) return undefined;
    // An expansion that grows faster than its input is followed item by item.
    const next = before === undefined || isPlain ? length * 2 : length + 1;
    [before, lengthBefore, length] = [now, length, next];
  }
  return undefined;
};
