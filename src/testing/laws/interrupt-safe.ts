import * as Cause from "effect/Cause";
import * as Exit from "effect/Exit";
import { Obstacle } from "../law.ts";
import type { Law } from "../law.ts";
import { broken, held, settled, vacuous } from "../law.ts";
import type { Given, Observed, Subject } from "../observe.ts";
import { observe } from "../observe.ts";

const runUntil = (subject: Subject, given: Given, event: number): Promise<Observed> => {
  let told = 0;
  return observe(subject, given, {
    onEvent: (_, interrupt) => {
      // Not from within the event: the engine is in the middle of something then.
      if (++told === event) queueMicrotask(interrupt);
    },
  });
};

/** What was left of a run that was interrupted, or undefined. */
const leftOver = ({ ended, events, sleeping, unfinished }: Observed): { actual: string; path?: string } | undefined => {
  if ("stuck" in ended) {
    return { actual: `it never ended: ${ended.stuck}`, ...(unfinished[0] === undefined ? {} : { path: unfinished[0] }) };
  }
  for (const event of events) {
    if (event.type === "step.leaked") {
      return { actual: `"${event.path}" went on for longer than the grace period`, path: event.path };
    }
  }
  const [path] = unfinished;
  if (path !== undefined) return { actual: `"${path}" was still running when the run had ended`, path };
  if (sleeping > 0) return { actual: "a fiber was still sleeping when the run had ended" };
  return undefined;
};

export const interruptSafe: Law = {
  name: "interruptSafe",
  sentence: "Interrupted at whatever moment, the run ends, finalizers have run, and nothing of it is left.",
  check: async (subject, given, { interleavings }) => {
    const base = await settled(subject, given);
    const count = base.events.length;
    if (count <= 2) return vacuous("nothing happens between beginning and end");
    const stride = Math.max(1, Math.ceil(count / interleavings));
    let interrupted = 0;
    for (let event = 1; event <= count; event += stride) {
      const run = await runUntil(subject, given, event);
      const { ended } = run;
      const what = base.events[event - 1];
      const where = what === undefined ? "" : `${what.type}${"path" in what ? ` "${what.path}"` : ""}`;
      if ("stuck" in ended && run.unfinished.length === 0) throw new Obstacle(ended.stuck);
      if (!("stuck" in ended) && Exit.isFailure(ended.exit) && Cause.hasInterruptsOnly(ended.exit.cause)) interrupted++;
      const left = leftOver(run);
      if (left === undefined) continue;
      return broken("nothing is left of an interrupted run", `interrupted after event ${event} (${where}), ${left.actual}`, {
        path: left.path,
        plan: run.plan,
      });
    }
    return interrupted > 0 ? held : vacuous("the run was over before it could be interrupted");
  },
};
