/** The page of a run: its graph as it grew, and what happened to each step of it. */
import { stepKinds } from "../../graph/kinds.ts";
import type { Became, PageStep, StepRun } from "../page/data.ts";
import { graphsOf, text } from "../page/graphs.ts";
import { pageOf } from "../page/shell.ts";
import type { Collected, StepRecord } from "./collect.ts";
import { grownPlan } from "./collect.ts";
import { criticalPath } from "./critical.ts";
import { lanesOf } from "./lanes.ts";
import { isItem, lastOf, stepOf } from "../../path.ts";

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

const plural = (count: number, one: string): string =>
  `${count.toLocaleString("en")} ${count === 1 ? one : `${one}s`}`;

const becameOf = (
  { expandedAt, items, became, gave }: StepRecord,
  step: PageStep,
  start: number,
): Became => ({
  at: expandedAt! - start,
  what:
    items !== undefined
      ? plural(items, "item")
      : became === undefined
        ? "a direct value"
        : text(`${plural(became.steps.length, "step")} of ${became.name}`),
  declared: step.outputs,
  ...(gave === undefined ? {} : { gave }),
});

const runOf = (record: StepRecord, step: PageStep, start: number): Writable<StepRun> => {
  const { state, began, ended, attempt, attempts, values, error, because, from, logs, expandedAt } = record;
  return {
    state,
    attempt,
    ...(began === undefined ? {} : { began: began - start }),
    ...(ended === undefined ? {} : { ended: ended - start }),
    ...(attempts.length === 0
      ? {}
      : {
          attempts: attempts.map((one) => ({ ...one, began: one.began - start, ended: one.ended - start })),
        }),
    ...(values === undefined ? {} : { values }),
    ...(error === undefined ? {} : { error }),
    ...(because === undefined ? {} : { because }),
    ...(from === undefined ? {} : { from }),
    ...(logs === undefined ? {} : { logs: logs.map(([time, text]) => [time - start, text] as const) }),
    ...(expandedAt === undefined ? {} : { became: becameOf(record, step, start) }),
  };
};

/** Items of maps that gave values: they are in no graph, and steps like any other in all lists. */
const withItems = (
  collected: Collected,
  known: ReadonlyArray<PageStep>,
  paths: ReadonlyArray<string>,
): { readonly steps: Array<Writable<PageStep>>; readonly records: Array<StepRecord | undefined> } => {
  const steps: Array<Writable<PageStep>> = [...known];
  const records = paths.map((path) => collected.records.get(path));
  const byPath = new Map(paths.map((path, i) => [path, i]));
  for (const record of collected.records.values()) {
    const { path } = record;
    if (byPath.has(path)) continue;
    const parent = byPath.get(isItem(path) ? stepOf(path) : "");
    if (parent === undefined) continue;
    const name = lastOf(path);
    const { outputs } = steps[parent]!;
    steps.push({ path: text(path), name: text(name), kind: "item", parent, inputs: [], outputs });
    records.push(record);
  }
  return { steps, records };
};

/** When all that a step reads was there: its sources have ended, and what it is inside of has expanded. */
const readyAt = (steps: ReadonlyArray<Writable<PageStep>>, step: PageStep): number => {
  let ready = steps[step.parent]?.run?.became?.at ?? 0;
  for (const [, from] of step.inputs) ready = Math.max(ready, steps[from]?.run?.ended ?? 0);
  return ready;
};

/** The report as the text of an HTML file. */
export const reportPage = (collected: Collected): string => {
  let { leftOut } = collected;
  const plan = grownPlan(collected, (steps) => {
    leftOut += steps;
  });
  const { graphs, forms, steps: known, paths } = graphsOf(plan);
  const { steps, records } = withItems(collected, known, paths);
  const start = collected.began ?? 0;
  const took = Math.max(0, collected.lastTime - start);

  const runs = records.map((record, i) =>
    record === undefined ? undefined : runOf(record, steps[i]!, start),
  );
  runs.forEach((run, i) => {
    steps[i]!.run = run ?? { state: "waiting", attempt: 0 };
  });
  const working: Array<number> = [];
  let summed = 0;
  runs.forEach((run, i) => {
    if (run?.began === undefined) return;
    const step = steps[i]!;
    run.ready = Math.min(run.began, readyAt(steps, step));
    // What is inside of an expansion counts by itself, and a map does nothing but its items.
    if (step.kind !== "item" && stepKinds[step.kind].returns === "items") return;
    working.push(i);
    const end = step.graph === undefined ? (run.ended ?? took) : (run.became?.at ?? run.began);
    summed += Math.max(0, end - run.began);
  });
  const spans = working.map((i) => {
    const { began, ended, became } = runs[i]!;
    return { began: began!, ended: steps[i]!.graph === undefined ? (ended ?? took) : (became?.at ?? began!) };
  });
  const { lanes, count } = lanesOf(spans);
  working.forEach((i, k) => {
    runs[i]!.lane = lanes[k]!;
  });
  const critical = criticalPath(steps, (step) => runs[step]);
  for (const step of critical) {
    for (let at = step; at !== -1; at = steps[at]!.parent) {
      const run = runs[at];
      if (run === undefined || run.isCritical === true) break;
      run.isCritical = true;
    }
  }
  return pageOf({
    title: text(plan.name),
    graphs,
    forms,
    steps,
    returns: plan.returns.map(text),
    run: {
      id: text(collected.runId),
      state: collected.state,
      began: start,
      took,
      summed,
      lanes: count,
      critical,
      ...(collected.error === undefined ? {} : { error: collected.error }),
      leftOut,
    },
  });
};
