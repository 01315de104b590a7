import * as Effect from "effect/Effect";
import { asEffect } from "../instrument.ts";
import type { Law, LawTools } from "../law.ts";
import { broken, held, settled, vacuous } from "../law.ts";
import type { Given, Observed, Subject } from "../observe.ts";
import { areSame, firstFailed, outcomeOf } from "../outcome.ts";
import { isAtOrUnderAny } from "../../path.ts";
import { hashOf, randomOf, seedFor } from "../random.ts";
import type { Schedule } from "../world.ts";
import { firstInFirstOut } from "../world.ts";

/** One possible course of a run: which of the ready tasks continues, and how much later steps begin. */
interface Order {
  readonly schedule: Schedule;
  /** The delays by path, in milliseconds of the run's clock. */
  readonly delays: ReadonlyMap<string, number>;
}

const usual: Order = { schedule: firstInFirstOut, delays: new Map() };

const runIn = (subject: Subject, given: Given, { delays, schedule }: Order): Promise<Observed> =>
  settled(subject, given, {
    schedule,
    around: (call, next) => {
      const delay = delays.get(call.path);
      if (delay === undefined || call.attempt > 1) return next(call);
      return Effect.andThen(
        Effect.sleep(delay),
        Effect.suspend(() => asEffect(next(call))),
      );
    },
  });

/** Steps whose delay must not affect the result: those without a time limit. */
const patientSteps = async (
  subject: Subject,
  given: Given,
): Promise<{ readonly run: Observed; readonly paths: ReadonlyArray<string>; readonly isOpen: boolean }> => {
  const hasty = new Set<string>();
  const seen = new Set<string>();
  let isOpen = false;
  const run = await settled(subject, given, {
    schedule: firstInFirstOut,
    around: (call, next) => {
      const { definition, path } = call;
      if ("timeout" in definition.options) hasty.add(path);
      if ((definition.kind as string) === "race" || definition.options.enough !== undefined) isOpen = true;
      seen.add(path);
      return next(call);
    },
  });
  return { run, paths: [...seen].filter((path) => !isAtOrUnderAny(path, hasty)), isOpen };
};

/** The drawn delay of each step, if any: up to twice the duration of the whole run, at least a second. */
const drawnDelays = (
  paths: ReadonlyArray<string>,
  time: number,
  seed: number,
): ReadonlyMap<string, number> => {
  const longest = Math.max(1000, 2 * time);
  const drawn = new Map<string, number>();
  for (const path of paths) {
    const next = randomOf(seedFor(seed, hashOf(path)));
    if (next() < 0.5) drawn.set(path, Math.ceil(next() * longest));
  }
  return drawn;
};

/**
 * The order that differs least from first in, first out, and still breaks the law: first with as few delays as possible,
 * then without its end, then with as few other choices as possible.
 */
const shrunk = async (
  found: { readonly order: Order; readonly run: Observed },
  breaks: (order: Order) => Promise<Observed | undefined>,
): Promise<{ readonly order: Order; readonly run: Observed }> => {
  const picks = found.run.choices.map(({ took }) => took);
  let best = { order: { ...found.order, schedule: { picks } }, run: found.run };
  const attempt = async (order: {
    readonly schedule: { readonly picks: Array<number> };
    readonly delays: ReadonlyMap<string, number>;
  }): Promise<boolean> => {
    const run = await breaks(order);
    if (run !== undefined) best = { order, run };
    return run !== undefined;
  };
  const withPicks = (picks: Array<number>): Promise<boolean> =>
    attempt({ ...best.order, schedule: { picks } });
  for (const path of found.order.delays.keys()) {
    const delays = new Map(best.order.delays);
    delays.delete(path);
    await attempt({ ...best.order, delays });
  }
  await withPicks([]);
  const picksNow = (): Array<number> => best.order.schedule.picks;
  while (picksNow().length > 1 && (await withPicks(picksNow().slice(0, picksNow().length >> 1))));
  for (let at = picksNow().length - 1; at >= 0; at--) {
    if (at >= picksNow().length || picksNow()[at] === 0) continue;
    await withPicks(picksNow().map((pick, i) => (i === at ? 0 : pick)));
  }
  const last = picksNow().findLastIndex((pick) => pick !== 0);
  return { ...best, order: { ...best.order, schedule: { picks: picksNow().slice(0, last + 1) } } };
};

export const orderIndependent: Law = {
  name: "orderIndependent",
  sentence: "The same input returns the same result in whatever order independent steps run.",
  check: async (subject, given, tools) => {
    const { interleavings, same, seed } = tools;
    const { isOpen, paths, run: base } = await patientSteps(subject, given);
    if (isOpen) return vacuous("a race, or a map with enough, is decided by the order");
    if (base.choices.length === 0) return vacuous("only one interleaving exists");
    for (let i = 0; i < interleavings; i++) {
      const use = seedFor(seed, i);
      const delays = i % 2 === 0 ? usual.delays : drawnDelays(paths, base.time, use);
      const order: Order = { schedule: { seed: use }, delays };
      const run = await runIn(subject, given, order);
      if (!areSame(base, run, same)) return explained(subject, given, base, { order, run }, tools);
    }
    return held;
  },
};

const explained = async (
  subject: Subject,
  given: Given,
  base: Observed,
  found: { readonly order: Order; readonly run: Observed },
  { same }: LawTools,
) => {
  const breaks = async (order: Order): Promise<Observed | undefined> => {
    const again = await runIn(subject, given, order);
    return areSame(base, again, same) ? undefined : again;
  };
  const { order, run } = await shrunk(found, breaks);
  const shown = (observed: Observed): string => observed.calls.join(", ");
  const { picks } = order.schedule as { readonly picks: ReadonlyArray<number> };
  const late = [...order.delays].map(([path, millis]) => `"${path}" begins ${millis} ms later`);
  const how = late.length === 0 ? "" : ` when ${late.join(" and ")}`;
  return broken(
    `run in the order ${shown(base)}, it ${outcomeOf(base)}`,
    `run in the order ${shown(run)}${how}, it ${outcomeOf(run)}`,
    {
      path: firstFailed(run) ?? firstOther(base, run) ?? [...order.delays.keys()][0],
      plan: run.plan,
      // Delays alone are not a choice.
      picks: picks.length === 0 && late.length > 0 ? undefined : picks,
    },
  );
};

/** The first call at a different position. */
const firstOther = (base: Observed, other: Observed): string | undefined =>
  other.calls.find((path, i) => base.calls[i] !== path);
