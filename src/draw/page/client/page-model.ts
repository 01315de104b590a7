/** Values that the page's parts derive from its data, computed once. */
import type { PageData, PageState, PageStep } from "../data.ts";

export interface PageModel {
  readonly data: PageData;
  /** The steps that failed by themselves, not because something inside them failed; first the one that the run failed with. */
  readonly failed: ReadonlyArray<number>;
  /** The steps on the critical path, and those that contain them. */
  readonly critical: ReadonlySet<number>;
  /** For each of them, the step that it waited for longest. */
  readonly waitedFor: ReadonlyMap<number, number>;
}

const waitedForOf = ({ steps }: PageData, critical: ReadonlySet<number>): ReadonlyMap<number, number> => {
  const waitedFor = new Map<number, number>();
  const endOf = (step: number): number => steps[step]?.run?.ended ?? -1;
  for (const step of critical) {
    const from = steps[step]!.inputs.map(([, from]) => from).filter((from) => critical.has(from));
    if (from.length === 0) continue;
    waitedFor.set(
      step,
      from.reduce((last, next) => (endOf(next) >= endOf(last) ? next : last)),
    );
  }
  return waitedFor;
};

export const modelOf = (data: PageData): PageModel => {
  const { steps, run } = data;
  const around = new Set(steps.flatMap(({ run, parent }) => (run?.error === undefined ? [] : [parent])));
  const failed = steps.flatMap((step, i) => (step.run?.error === undefined || around.has(i) ? [] : [i]));
  const fatal = run?.fatal;
  const critical = new Set(steps.flatMap(({ run }, i) => (run?.isCritical === true ? [i] : [])));
  return {
    data,
    failed: fatal === undefined ? failed : [fatal, ...failed.filter((step) => step !== fatal)],
    critical,
    waitedFor: waitedForOf(data, critical),
  };
};

/** Does a step match the reader's search? */
export const matches = ({ path, outputs }: PageStep, query: string): boolean => {
  if (query === "") return true;
  const text = query.toLowerCase();
  return (
    path.toLowerCase().includes(text) ||
    (outputs !== "all" && outputs.some((name) => name.toLowerCase().includes(text)))
  );
};

export const canUnfold = (step: PageStep | undefined): boolean =>
  step?.graph !== undefined || step?.items !== undefined;

/** The state of a step at a time of the run; undefined if it did not exist yet. */
export const stateAt = ({ steps }: PageData, index: number, at: number): PageState | undefined => {
  const step = steps[index]!;
  const { run } = step;
  const born = step.parent === -1 ? 0 : (steps[step.parent]!.run?.became?.at ?? 0);
  if (run === undefined || born > at) return undefined;
  if (run.ended !== undefined && run.ended <= at) return run.state;
  return run.began !== undefined && run.began <= at ? "running" : "pending";
};
