import type { Law } from "../law.ts";
import { broken, held, settled, vacuous } from "../law.ts";
import type { Given, Observed, Subject } from "../observe.ts";
import { areSame, firstFailed, outcomeOf } from "../outcome.ts";
import { seedFor } from "../random.ts";
import { firstInFirstOut } from "../world.ts";

/**
 * The order that differs least from first in, first out, and still breaks the law: first without its end, then with
 * as few other choices as will do.
 */
const shrunk = async (
  picks: ReadonlyArray<number>,
  breaks: (picks: ReadonlyArray<number>) => Promise<Observed | undefined>,
  found: Observed,
): Promise<{ readonly picks: ReadonlyArray<number>; readonly run: Observed }> => {
  let best = { picks, run: found };
  const attempt = async (fewer: ReadonlyArray<number>): Promise<boolean> => {
    const run = await breaks(fewer);
    if (run !== undefined) best = { picks: fewer, run };
    return run !== undefined;
  };
  while (best.picks.length > 1 && (await attempt(best.picks.slice(0, best.picks.length >> 1))));
  for (let at = best.picks.length - 1; at >= 0; at--) {
    if (at >= best.picks.length || best.picks[at] === 0) continue;
    await attempt(best.picks.map((pick, i) => (i === at ? 0 : pick)));
  }
  const last = best.picks.findLastIndex((pick) => pick !== 0);
  return { ...best, picks: best.picks.slice(0, last + 1) };
};

export const orderIndependent: Law = {
  name: "orderIndependent",
  sentence: "The same input gives the same result in whatever order the steps run that wait for nothing.",
  check: async (subject, given, { interleavings, seed }) => {
    const base = await settled(subject, given, { schedule: firstInFirstOut });
    if (base.choices.length === 0) return vacuous("only one interleaving exists");
    for (let i = 0; i < interleavings; i++) {
      const run = await settled(subject, given, { schedule: { seed: seedFor(seed, i) } });
      if (!areSame(base, run)) return explained(subject, given, base, run);
    }
    return held;
  },
};

const explained = async (subject: Subject, given: Given, base: Observed, run: Observed) => {
  const breaks = async (picks: ReadonlyArray<number>): Promise<Observed | undefined> => {
    const again = await settled(subject, given, { schedule: { picks } });
    return areSame(base, again) ? undefined : again;
  };
  const found = await shrunk(
    run.choices.map(({ took }) => took),
    breaks,
    run,
  );
  const order = (observed: Observed): string => observed.calls.join(", ");
  return broken(
    `run in the order ${order(base)}, it ${outcomeOf(base)}`,
    `run in the order ${order(found.run)}, it ${outcomeOf(found.run)}`,
    { path: firstFailed(found.run) ?? firstOther(base, found.run), plan: found.run.plan, picks: found.picks },
  );
};

/** The first call that came at another place. */
const firstOther = (base: Observed, other: Observed): string | undefined =>
  other.calls.find((path, i) => base.calls[i] !== path);
