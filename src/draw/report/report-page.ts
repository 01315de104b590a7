/** The page of a run: its graph as it grew, and what happened to each step of it. */
import { criticalPath, fatalStep } from "../../fold/critical-path.ts";
import { grownPlan } from "../../fold/grown-plan.ts";
import type { StepState } from "../../fold/run-state.ts";
import { partsText } from "../../fold/run-state.ts";
import { expandsMany } from "../../graph/kinds.ts";
import { lastOf } from "../../path.ts";
import type { Became, PageData, PageProgress, PageState, PageStep, StepRun } from "../page/data.ts";
import { graphsOf, text } from "../page/graphs.ts";
import { pageOf } from "../page/shell.ts";
import { lanesOf } from "./lanes.ts";
import { show } from "./shown-value.ts";
import type { ReportState, StepDetails } from "./report-state.ts";
import type { Writable } from "../../values/writable.ts";

/** The maximum length of the last value that a step emitted, in characters. */
const mostOfLast = 2_000;

const plural = (count: number, one: string): string =>
  `${count.toLocaleString("en")} ${count === 1 ? one : `${one}s`}`;

const becameOf = (
  step: StepState,
  gave: Became["gave"] | undefined,
  page: PageStep,
  start: number,
): Became => ({
  at: step.expandedAt! - start,
  what: text(
    partsText(step) ??
      (step.plan === undefined
        ? "a direct value"
        : `${plural(step.plan.steps.length, "step")} of ${step.plan.name}`),
  ),
  declared: page.outputs,
  ...(gave === undefined ? {} : { gave }),
});

const stateOf = ({ status, isRecalled }: StepState): PageState =>
  status === "done" && isRecalled ? "recalled" : status;

/** The items of a map that have ended, or what the step itself reported. */
const progressOf = (step: StepState): PageProgress | undefined => {
  const { kind, isActive, items, itemsDone, itemsFailed, itemsLeftOut, fraction, note } = step;
  if (!isActive) return undefined;
  if (kind === "map" && items !== undefined && items > 0) {
    const ended = itemsDone + itemsFailed + itemsLeftOut;
    return { fraction: ended / items, text: `${ended} of ${items}` };
  }
  if (fraction === undefined) return undefined;
  const percent = `${Math.round(fraction * 100)} %`;
  return { fraction, text: note === undefined ? percent : text(`${percent}, ${note}`) };
};

const runOf = (
  step: StepState,
  details: StepDetails | undefined,
  page: PageStep,
  start: number,
): Writable<StepRun> => {
  const { began, ended, attempt, because, expandedAt } = step;
  const { attempts = [], values, error, from, logs, gave } = details ?? {};
  const progress = progressOf(step);
  return {
    state: stateOf(step),
    attempt,
    ...(began === undefined ? {} : { began: began - start }),
    ...(ended === undefined ? {} : { ended: ended - start }),
    ...(attempts.length === 0
      ? {}
      : {
          attempts: attempts.map((one) => ({ ...one, began: one.began - start, ended: one.ended - start })),
        }),
    ...(values === undefined ? {} : { values }),
    ...(error === undefined || step.status !== "failed" ? {} : { error }),
    ...(because === undefined ? {} : { because: text(because) }),
    ...(from === undefined ? {} : { from }),
    ...(logs === undefined ? {} : { logs: logs.map(([time, text]) => [time - start, text] as const) }),
    ...(step.undone === undefined ? {} : { undone: step.undone }),
    ...(step.emitted === 0
      ? {}
      : { emitted: { count: step.emitted, last: show(step.lastEmitted, { left: mostOfLast }) } }),
    ...(progress === undefined ? {} : { progress }),
    ...(expandedAt === undefined ? {} : { became: becameOf(step, gave, page, start) }),
  };
};

interface PagedSteps {
  readonly pages: Array<Writable<PageStep>>;
  readonly states: Array<StepState | undefined>;
  /** The index of each step in these lists. */
  readonly index: ReadonlyMap<StepState, number>;
}

/** The steps of the graphs, and the items of maps that returned values: those are in no graph, but in all lists. */
const pagedSteps = (
  { run }: ReportState,
  known: ReadonlyArray<PageStep>,
  paths: ReadonlyArray<string>,
): PagedSteps => {
  const pages: Array<Writable<PageStep>> = [...known];
  const states = paths.map((path) => run.step(path));
  const index = new Map<StepState, number>();
  states.forEach((state, i) => {
    if (state !== undefined) index.set(state, i);
  });
  for (const state of run.all) {
    if (index.has(state)) continue;
    const parent = index.get(state.parent!);
    if (parent === undefined) continue;
    const { path } = state;
    const kind = state.kind === "run" ? "item" : state.kind;
    const { outputs } = pages[parent]!;
    pages.push({ path: text(path), name: text(lastOf(path)), kind, parent, inputs: [], outputs });
    index.set(state, states.push(state) - 1);
  }
  return { pages, states, index };
};

/** When all of a step's inputs were available: its sources have ended, and its parent has expanded. */
const readyAt = (steps: ReadonlyArray<Writable<PageStep>>, step: PageStep): number => {
  let ready = steps[step.parent]?.run?.became?.at ?? 0;
  for (const [, from] of step.inputs) ready = Math.max(ready, steps[from]?.run?.ended ?? 0);
  return ready;
};

/** Assigns the steps that did work themselves to rows of the timeline; returns the number of rows. */
const putInLanes = (
  pages: ReadonlyArray<PageStep>,
  runs: ReadonlyArray<Writable<StepRun> | undefined>,
  took: number,
): number => {
  const working: Array<number> = [];
  runs.forEach((run, i) => {
    if (run?.began === undefined) return;
    const step = pages[i]!;
    run.ready = Math.min(run.began, readyAt(pages, step));
    // Steps inside an expansion count separately: a map does no work except its items, a loop none except its turns.
    if (step.kind === "item" || !expandsMany(step.kind)) working.push(i);
  });
  const spans = working.map((i) => {
    const { began, ended, became } = runs[i]!;
    return { began: began!, ended: pages[i]!.graph === undefined ? (ended ?? took) : (became?.at ?? began!) };
  });
  const { lanes, count } = lanesOf(spans);
  working.forEach((i, k) => {
    runs[i]!.lane = lanes[k]!;
  });
  return count;
};

/** The content of the run's page, as plain data. */
export const reportData = (report: ReportState): PageData => {
  const { run } = report;
  const plan = grownPlan(run);
  const { graphs, forms, steps: known, paths } = graphsOf(plan);
  const { pages, states, index } = pagedSteps(report, known, paths);
  const start = report.began ?? 0;
  const took = Math.max(0, run.time - start);

  const runs = states.map((state, i) =>
    state === undefined ? undefined : runOf(state, report.detailsOf(state), pages[i]!, start),
  );
  runs.forEach((run, i) => {
    pages[i]!.run = run ?? { state: "pending", attempt: 0 };
  });
  const lanes = putInLanes(pages, runs, took);
  const fatal = index.get(fatalStep(run) ?? run.root);
  const critical = criticalPath(run).flatMap((step) => index.get(step) ?? []);
  for (const step of critical) {
    for (let at = step; at !== -1; at = pages[at]!.parent) {
      const run = runs[at];
      if (run === undefined || run.isCritical === true) break;
      run.isCritical = true;
    }
  }
  return {
    title: text(plan.name),
    graphs,
    forms,
    steps: pages,
    returns: plan.returns.map(text),
    run: {
      id: text(run.runId),
      state: stateOf(run.root),
      began: start,
      took,
      summed: run.summed,
      lanes,
      critical,
      ...(report.error === undefined ? {} : { error: report.error }),
      ...(fatal === undefined ? {} : { fatal }),
      leftOut: run.leftOut,
    },
  };
};

/** The report as the text of an HTML file. */
export const reportPage = (report: ReportState): string => pageOf(reportData(report));
