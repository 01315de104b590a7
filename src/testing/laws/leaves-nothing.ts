import { describe } from "../../values/describe.ts";
import type { Law } from "../law.ts";
import { broken, held, settled, vacuous } from "../law.ts";
import { nameOfWork } from "../machine.ts";
import type { Observed, Subject } from "../observe.ts";
import type { Unhandled } from "../place.ts";

/** A run's clock continues for the grace period, since work that ends by itself is not left behind. */
export const drainMillis = ({ options }: Subject): number => {
  const { gracePeriod } = options;
  return typeof gracePeriod === "number" ? gracePeriod : 5000;
};

export interface LeftOver {
  readonly actual: string;
  readonly path: string | undefined;
}

const by = (path: string | undefined): string => (path === undefined ? "a step" : `"${path}"`);

export const unhandledText = ({ kind, path, reason }: Unhandled): LeftOver => ({
  actual:
    kind === "rejection"
      ? `${by(path)} left a rejected promise that nothing handled: ${describe(reason)}`
      : `${by(path)} left a callback that threw an uncaught error: ${describe(reason)}`,
  path,
});

/** The leftovers of a run, once all work that ends by itself has ended. */
export const leftOver = (observed: Observed): LeftOver | undefined => {
  const { fibers, machineWork, sleeping, timers, unhandled } = observed;
  const [problem] = unhandled;
  if (problem !== undefined) return unhandledText(problem);
  const [timer] = timers;
  if (timer !== undefined) {
    const what = timer.repeats ? "an interval" : "a timer";
    return { actual: `${by(timer.path)} left ${what} of ${timer.millis} ms running`, path: timer.path };
  }
  const [work] = machineWork;
  if (work !== undefined)
    return { actual: `${by(work.path)} left ${nameOfWork(work)} open`, path: work.path };
  if (sleeping > 0) return { actual: "a fiber was still sleeping", path: undefined };
  if (fibers > 0)
    return {
      actual: `${fibers === 1 ? "a fiber was" : `${fibers} fibers were`} still running`,
      path: undefined,
    };
  return undefined;
};

export const leavesNothing: Law = {
  name: "leavesNothing",
  looksAtFirst: true,
  sentence: "Nothing outlives a run: no timer, interval, fiber, handle or unhandled rejection.",
  check: async (subject, given, { first }) => {
    const observed = await first();
    const left = leftOver(observed);
    if (left === undefined) return observed.calls.length > 0 ? held : vacuous("no step was called");
    // Resources that are opened once and kept, such as a connection pool, are not left behind by each run.
    const again = await settled(subject, given, { drain: drainMillis(subject) });
    const once = leftOver(again);
    if (once === undefined) return held;
    return broken("a run leaves nothing behind", once.actual, {
      path: once.path,
      plan: again.plan,
    });
  },
};
