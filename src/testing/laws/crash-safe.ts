import type { Law, LawTools, Verdict } from "../law.ts";
import { broken, held, settled, vacuous } from "../law.ts";
import type { Given, Observed, ObserveOptions, Subject } from "../observe.ts";
import { areSame, firstFailed, outcomeOf } from "../outcome.ts";
import { sending } from "../sending.ts";
import { crashedAt, newStore, pointsOf, refusalOf, resumed, withStore } from "../stored.ts";

/** Up to this many writes, there is a crash at each of them; beyond, at this many drawn ones. */
const mostPoints = 24;
/** The maximum number of crashes of two runs that share a store. */
const mostPointsOfTwo = 6;

const other = "other";

/** Answers each waiting step with a value sent to the run, as soon as it waits. */
const answered = (subject: Subject, given: Given, store: ReturnType<typeof newStore>): ObserveOptions => ({
  answering: (call, wait) => sending(store, given, subject, call).whileWaiting(wait),
});

/** One crash, right after a write, and the runs that resume from it. */
const afterCrash = async (
  subject: Subject,
  given: Given,
  base: Observed,
  point: number,
  beside: ReadonlyArray<string>,
  { same }: LawTools,
): Promise<Verdict> => {
  const store = newStore();
  const options = { ...answered(subject, given, store), beside };
  const crashed = await crashedAt(subject, given, store, point, options);
  const where = `after a crash at write ${point}${beside.length === 0 ? "" : " of two runs in one store"}`;
  const { after, verdict } = await resumed(subject, given, store, crashed, where, options);
  if (verdict !== undefined) return verdict;
  for (const ended of [after, ...after.beside.values()]) {
    if (areSame(base, ended, same)) continue;
    return broken(`without a crash, it ${outcomeOf(base)}`, `${where}, it ${outcomeOf(ended)}`, {
      path: firstFailed(after),
      plan: after.plan,
    });
  }
  return held;
};

export const crashSafe: Law = {
  name: "crashSafe",
  sentence:
    "After a crash at any write to the store, the resumed run returns the same result and repeats no recorded step.",
  check: async (subject, given, tools) => {
    const { same, seed } = tools;
    const store = newStore();
    const base = await settled(withStore(subject, store), given, answered(subject, given, store));
    const refusal = refusalOf(base);
    if (refusal !== undefined) return refusal;
    if (store.writes === 0) return vacuous("nothing is recorded");
    for (const point of pointsOf(store.writes, mostPoints, seed)) {
      const verdict = await afterCrash(subject, given, base, point, [], tools);
      if (verdict.type !== "held") return verdict;
    }
    const shared = newStore();
    const two = await settled(withStore(subject, shared), given, {
      ...answered(subject, given, shared),
      beside: [other],
    });
    for (const ended of [two, ...two.beside.values()]) {
      if (areSame(base, ended, same)) continue;
      return broken(
        `in a store of its own, it ${outcomeOf(base)}`,
        `beside another run in one store, it ${outcomeOf(ended)}`,
        { path: firstFailed(two), plan: two.plan },
      );
    }
    for (const point of pointsOf(shared.writes, mostPointsOfTwo, seed)) {
      const verdict = await afterCrash(subject, given, base, point, [other], tools);
      if (verdict.type !== "held") return verdict;
    }
    return held;
  },
};
