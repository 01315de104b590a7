import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import { asEffect } from "../instrument.ts";
import type { Law } from "../law.ts";
import { broken, held, Obstacle, settled, vacuous } from "../law.ts";
import type { Given, Observed, Subject } from "../observe.ts";
import { observe } from "../observe.ts";
import type { LeftOver } from "./leaves-nothing.ts";
import { areSame, outcomeOf } from "../outcome.ts";
import { drainMillis, leftOver } from "./leaves-nothing.ts";

const runUntil = (subject: Subject, given: Given, interruptAt?: number): Promise<Observed> =>
  observe(subject, given, {
    interruptAt,
    drain: drainMillis(subject),
    // There is a moment before each call at which it can be interrupted; a run of plain functions has none.
    around: (call, next) => Effect.flatMap(Effect.yieldNow, () => Effect.suspend(() => asEffect(next(call)))),
  });

/** The leftovers of an interrupted run, or undefined. */
const leftBehind = (run: Observed, isLeftAnyway: boolean): LeftOver | undefined => {
  const { events, unfinished } = run;
  for (const event of events) {
    if (event.type !== "step.leaked") continue;
    return { actual: `"${event.path}" ran longer than the grace period`, path: event.path };
  }
  const [path] = unfinished;
  if (path !== undefined) return { actual: `"${path}" was still running when the run had ended`, path };
  return isLeftAnyway ? undefined : leftOver(run);
};

export const interruptSafe: Law = {
  name: "interruptSafe",
  sentence: "A run interrupted at any moment ends, runs its finalizers, and leaves nothing behind.",
  check: async (subject, given, { interleavings, same }) => {
    const base = await settled(subject, given);
    if (base.calls.length === 0) return vacuous("no step was called");
    const whole = await runUntil(subject, given);
    const isLeftAnyway = leftOver(whole) !== undefined;
    const stride = Math.max(1, Math.ceil(whole.moments / interleavings));
    let interrupted = 0;
    for (let moment = 1; moment <= whole.moments; moment += stride) {
      const run = await runUntil(subject, given, moment);
      const { ended } = run;
      // Exceeding the limits on real waiting does not make a step unsafe.
      if ("stuck" in ended && ended.stuck.includes("limit on waiting"))
        throw new Obstacle(`Interrupted, the run never settled: ${ended.stuck}.`, true);
      if (!("stuck" in ended) && Exit.isFailure(ended.exit) && Cause.hasInterruptsOnly(ended.exit.cause))
        interrupted++;
      const left =
        "stuck" in ended
          ? { actual: `it never ended: ${ended.stuck}`, path: run.unfinished[0] }
          : leftBehind(run, isLeftAnyway);
      if (left === undefined) continue;
      return broken(
        "an interrupted run leaves nothing behind",
        `interrupted at moment ${moment}, ${left.actual}`,
        {
          path: left.path,
          plan: run.plan,
        },
      );
    }
    if (interrupted > 0 && leftOver(base) === undefined) {
      // A lock still held, a counter not reset: the next run finds the leftovers of the interrupted ones.
      const next = await settled(subject, given);
      if (!areSame(base, next, same))
        return broken(
          `after an interrupted run, the same input returns the same result: it ${outcomeOf(base)}`,
          `run again after an interruption, it ${outcomeOf(next)}: the interrupted step left something changed, such as a lock or a counter`,
          { plan: next.plan },
        );
    }
    return interrupted > 0 ? held : vacuous("the run was over before it could be interrupted");
  },
};
