/** The steps that are under way in a run, for watchers who join in the middle. */
import type { PipelineEvent } from "../events.ts";
import { isStep } from "./emitter.ts";
import type { Engine } from "./engine.ts";
import type { Job } from "./frame.ts";
import type { UnderWay } from "./seams.ts";

type Started = Extract<PipelineEvent, { readonly path: string; readonly attempt: number }>;

const eventsOf = (job: Job, runId: string, now: number): readonly [Started, ...ReadonlyArray<Started>] => {
  const { frame, index, call, child } = job;
  const path = frame.pathOf(index);
  const began = frame.began?.[index] ?? 0;
  const base = { path, attempt: call?.count ?? job.attempt, runId, time: began === 0 ? now : began };
  if (isStep(frame, index)) return [{ ...base, type: "step.started" }];
  const started = { ...base, type: "expansion.started" } as const;
  // The contenders of a race are not recorded before one has won.
  return child?.map?.type === "contenders"
    ? [started, { ...base, type: "expansion.expanded", plan: undefined, items: child.map.keys.length }]
    : [started];
};

/** The outer before the inner ones. */
const startedIn = ({ root, runId, clock }: Engine): ReadonlyArray<PipelineEvent> => {
  const now = clock.currentTimeMillisUnsafe();
  const events = new Map<string, ReturnType<typeof eventsOf>>();
  for (const job of root?.jobsWithin() ?? []) {
    const found = eventsOf(job, runId, now);
    const [{ path, attempt }] = found;
    const known = events.get(path);
    // A step with a policy has one job for the policy, and one for its attempt.
    if (known === undefined || known[0].attempt < attempt) events.set(path, found);
  }
  return [...events.values()].flat();
};

/** A run as its executor can query it. */
export const underWay = (engine: Engine): UnderWay => ({
  get runId() {
    return engine.runId;
  },
  get working() {
    return engine.jobs.active;
  },
  started: () => startedIn(engine),
});
