import * as Cause from "effect/Cause";
import * as Exit from "effect/Exit";
import { OutputNotEncodable } from "../../errors.ts";
import type { Law, Verdict } from "../law.ts";
import { broken, held, settled, vacuous } from "../law.ts";
import { MemoryStore } from "../memory-store.ts";
import type { Given, Observed, Subject } from "../observe.ts";
import { observe } from "../observe.ts";
import type { Same } from "../outcome.ts";
import { areSame, firstFailed, outcomeOf } from "../outcome.ts";
import { randomOf } from "../random.ts";

/** Up to so many writes, a crash at each of them; beyond, at as many that are drawn. */
const exhaustiveUpTo = 24;

/** Runs that are under way are known by the names of their stores, so that no two checks may share one. */
let stores = 0;

const newStore = (): MemoryStore => new MemoryStore(`check ${++stores}`);

const withStore = (subject: Subject, store: MemoryStore): Subject => ({
  ...subject,
  options: { ...subject.options, store: store.layer },
});

/** What cannot be recorded cannot be resumed. */
const refusalOf = ({ ended }: Observed): OutputNotEncodable | undefined => {
  if ("stuck" in ended || Exit.isSuccess(ended.exit)) return undefined;
  const error = Cause.squash(ended.exit.cause);
  return error instanceof OutputNotEncodable ? error : undefined;
};

/** Which writes to crash at. */
const pointsOf = (writes: number, seed: number): ReadonlyArray<number> => {
  const all = Array.from({ length: writes }, (_, i) => i + 1);
  if (writes <= exhaustiveUpTo) return all;
  const next = randomOf(seed);
  return Array.from({ length: exhaustiveUpTo }, () => 1 + Math.floor(next() * writes));
};

/** One crash, right after a write, and the run that goes on from there. */
const afterCrash = async (
  subject: Subject,
  given: Given,
  base: Observed,
  point: number,
  same: Same,
): Promise<Verdict> => {
  const store = newStore();
  const stored = withStore(subject, store);
  let crash = (): void => {};
  store.crashAfter(point, () => crash());
  await observe(stored, given, {
    onEvent: (_, interrupt) => {
      crash = () => queueMicrotask(interrupt);
    },
  });
  store.restart();
  const recorded = store.recorded("check");
  const resumed = await settled(stored, given);
  const where = `after a crash at write ${point}`;
  const again = resumed.calls.find((path) => recorded.has(path));
  if (again !== undefined) {
    return broken("no recorded step runs again", `${where}, "${again}" ran again`, {
      path: again,
      plan: resumed.plan,
    });
  }
  if (areSame(base, resumed, same)) return held;
  return broken(`without a crash, it ${outcomeOf(base)}`, `${where}, it ${outcomeOf(resumed)}`, {
    path: firstFailed(resumed),
    plan: resumed.plan,
  });
};

export const crashSafe: Law = {
  name: "crashSafe",
  sentence:
    "After a crash at whatever write of the store, the resumed run gives the same, and runs no recorded step again.",
  check: async (subject, given, { same, seed }) => {
    const store = newStore();
    const base = await settled(withStore(subject, store), given);
    const refusal = refusalOf(base);
    if (refusal !== undefined) {
      return broken("each output can be recorded", refusal.message, { path: refusal.path, plan: base.plan });
    }
    if (store.writes === 0) return vacuous("nothing is recorded");
    for (const point of pointsOf(store.writes, seed)) {
      const verdict = await afterCrash(subject, given, base, point, same);
      if (verdict.type !== "held") return verdict;
    }
    return held;
  },
};
