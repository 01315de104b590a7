import * as Exit from "effect/Exit";
import type { Fault, FaultKind } from "../cluster-faults.ts";
import { Cluster, leaseMillis } from "../cluster.ts";
import type { Law, LawTools, Verdict } from "../law.ts";
import { broken, held, settled, vacuous } from "../law.ts";
import type { Given, Observed, Subject } from "../observe.ts";
import { observe, observedRun } from "../observe.ts";
import { areSame, firstFailed, outcomeOf } from "../outcome.ts";
import { randomOf, seedFor } from "../random.ts";
import { sending } from "../sending.ts";
import { refusalOf } from "../stored.ts";

const processes = 3;
/** The maximum number of faults in one history. */
const mostFaults = 5;

const kinds: ReadonlyArray<FaultKind> = [
  "late",
  "late answer",
  "sent again",
  "cut",
  "cut",
  "kill",
  "kill after",
  "terminate",
  "clock",
];

/** The clocks of the processes differ by up to this much, in milliseconds. */
const mostSkew = 10 * 60_000;

export interface History {
  readonly seed: number;
  readonly faults: ReadonlyArray<Fault>;
  /** How far the clock of each process is ahead, in milliseconds. */
  readonly skews: ReadonlyArray<number>;
}

const noSkews: ReadonlyArray<number> = [];

/** Faults among the first requests, slightly more requests than an undisturbed run makes. */
const drawn = (seed: number, requests: number, hasDeadlines: boolean): History => {
  const next = randomOf(seed);
  const below = (count: number): number => Math.floor(next() * count);
  const faults = Array.from({ length: 1 + below(mostFaults) }, () => ({
    at: 1 + below(Math.ceil(requests * 1.5)),
    kind: kinds[below(kinds.length)]!,
    millis: 1 + below(3 * leaseMillis),
  }));
  // A deadline is a time, which comes early by a clock that is ahead.
  const skews =
    hasDeadlines || below(2) === 0 ? noSkews : Array.from({ length: processes }, () => below(mostSkew));
  return {
    seed,
    faults: faults.filter(({ kind }) => kind !== "clock" || !hasDeadlines).toSorted((a, b) => a.at - b.at),
    skews,
  };
};

export interface Played {
  readonly cluster: Cluster;
  readonly run: Observed;
}

/** Without workers, each process performs its steps itself. */
export const played = async (
  subject: Subject,
  given: Given,
  { seed, faults, skews }: History,
  hasWorkers = true,
): Promise<Played> => {
  const cluster = new Cluster(faults, skews, hasWorkers ? subject.graph : undefined);
  const run = await observe(subject, given, {
    schedule: { seed },
    answering: (call, wait) => sending(cluster.store, given, subject, call).whileWaiting(wait),
    around: (call, next) => {
      cluster.called(call);
      return next(call);
    },
    onEvent: (event) => {
      if (event.type === "step.retried") cluster.retried(event.path);
    },
    program: (running) => cluster.executed(running, processes),
  });
  return { cluster, run };
};

const clocksOf = (skews: ReadonlyArray<number>): string =>
  skews.length === 0 ? "" : ` and clocks that are ahead by ${skews.join(", ")} ms`;

const verdictOf = (
  base: Observed,
  { skews }: History,
  { cluster, run }: Played,
  { same }: LawTools,
): Verdict => {
  const details = ["What happened:", ...cluster.log];
  const where = { plan: run.plan, details };
  const { wrong } = cluster;
  if (wrong !== undefined) return broken(wrong.declared, wrong.actual, { ...where, path: wrong.path });
  // Each process gets the result; if the run is stuck, none may have got one.
  const seen =
    "stuck" in run.ended
      ? [run]
      : cluster.exits.map((exit) => ({ ended: { exit: exit as Exit.Exit<Given, unknown> } }));
  const other = seen.find((one) => !areSame(base, one, same));
  if (other === undefined) return held;
  return broken(
    `in one process, it ${outcomeOf(base)}`,
    `in three processes with these faults${clocksOf(skews)}, it ${outcomeOf(other)}`,
    { ...where, path: firstFailed(run) },
  );
};

/** The history without faults that are not needed to break the law. */
const smallest = async (
  history: History,
  found: Verdict,
  check: (history: History) => Promise<Verdict>,
): Promise<Verdict> => {
  if (history.skews.length > 0) {
    const less = { ...history, skews: noSkews };
    const verdict = await check(less);
    if (verdict.type === "broken") return smallest(less, verdict, check);
  }
  for (let i = 0; i < history.faults.length; i++) {
    const less = { ...history, faults: history.faults.filter((_, at) => at !== i) };
    const verdict = await check(less);
    if (verdict.type === "broken") return smallest(less, verdict, check);
  }
  return found;
};

export const clusterSafe: Law = {
  name: "clusterSafe",
  sentence:
    "A run executed by several processes has the same result and repeats no recorded step, whatever happens to the processes and their connections.",
  check: async (subject, given, tools) => {
    await Promise.all([import("../../run/open.ts"), import("../../workers/sending.ts")]);
    const calm: History = { seed: tools.seed, faults: [], skews: noSkews };
    const alone = await played(subject, given, calm, false);
    const base = alone.run;
    const refusal = refusalOf(base);
    if (refusal !== undefined) return refusal;
    // A run that fails without any fault is reported as for every law.
    if ("stuck" in base.ended || Exit.isFailure(base.ended.exit)) await settled(subject, given);
    if (alone.cluster.store.writes === 0) return vacuous("nothing is recorded");
    const check = async (history: History): Promise<Verdict> =>
      verdictOf(base, history, await played(subject, given, history), tools);
    const spread = await played(subject, given, calm);
    const elsewhere = verdictOf(base, calm, spread, tools);
    if (elsewhere.type !== "held") return elsewhere;
    const { requestsToEnd, store } = spread.cluster;
    const hasDeadlines = store.limitsOfWaits(observedRun).size > 0;
    for (let i = 0; i < tools.interleavings; i++) {
      const history = drawn(seedFor(tools.seed, i), requestsToEnd, hasDeadlines);
      const verdict = await check(history);
      if (verdict.type !== "held") return smallest(history, verdict, check);
    }
    return held;
  },
};
