import type { Law, Verdict } from "../law.ts";
import { broken, held, settled, vacuous } from "../law.ts";
import type { MemoryStore } from "../memory-store.ts";
import type { Given, Observed, Subject } from "../observe.ts";
import { observe } from "../observe.ts";
import type { Same } from "../outcome.ts";
import { areSame, firstFailed, outcomeOf } from "../outcome.ts";
import { newStore, refusalOf, withStore } from "../stored.ts";
import { shortText } from "../words.ts";

/** A run on a store with the cached outputs of others, but without their runs. */
const withCache = (subject: Subject, given: Given, store: MemoryStore): Promise<Observed> => {
  store.forgetRuns();
  return settled(withStore(subject, store), given);
};

const hitsOf = ({ events }: Observed) =>
  events.flatMap((event) => (event.type === "cache.hit" ? [event] : []));

const compared = (base: Observed, other: Observed, same: Same, how: string, earlier?: Given): Verdict => {
  const refusal = refusalOf(other);
  if (refusal !== undefined) return refusal;
  if (areSame(base, other, same)) return held;
  const hits = hitsOf(other);
  const shown = hits.slice(0, 6).map(({ path, fromPath }) => `"${path}" took the output of "${fromPath}"`);
  return broken(`without the cache, it ${outcomeOf(base)}`, `${how}, it ${outcomeOf(other)}`, {
    path: firstFailed(other) ?? hits[0]?.path,
    plan: other.plan,
    details: shown,
    ...(earlier === undefined ? {} : { earlier: [earlier] }),
  });
};

export const cacheTransparent: Law = {
  name: "cacheTransparent",
  sentence: "A run with a cache returns the same result as one without, whichever runs filled the cache.",
  check: async (subject, given, { earlier, same }) => {
    const base = await settled(subject, given);
    if (!base.hasCache) return vacuous('no step that ran has the option "cache"');
    let hits = 0;
    const store = newStore();
    for (const how of ["with an empty cache", "with what a run with the same input had cached"]) {
      const run = await withCache(subject, given, store);
      hits += hitsOf(run).length;
      const verdict = compared(base, run, same, how);
      if (verdict.type !== "held") return verdict;
    }
    for (const before of earlier(given)) {
      const filled = newStore();
      // Any result is fine: its input may be one that fails.
      await observe(withStore(subject, filled), before);
      const run = await withCache(subject, given, filled);
      hits += hitsOf(run).length;
      const how = `with a cache filled by a run with the input ${shortText(before)}`;
      const verdict = compared(base, run, same, how, before);
      if (verdict.type !== "held") return verdict;
    }
    return hits > 0 ? held : vacuous("no output was ever found in the cache");
  },
};
