import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import { expect, test } from "vitest";
import type { PipelineEvent, Plan } from "espalier";
import { pipeline } from "espalier";
import { apply } from "../../src/fold/apply.ts";
import { criticalPath } from "../../src/fold/critical-path.ts";
import { grownPlan } from "../../src/fold/grown-plan.ts";
import { partsText, RunState } from "../../src/fold/run-state.ts";

const event = (fields: Record<string, unknown>): PipelineEvent =>
  ({ runId: "r", time: 0, attempt: 1, ...fields }) as PipelineEvent;

const planOf = (name: string, reads: Readonly<Record<string, ReadonlyArray<string>>>): Plan => ({
  name,
  inputs: [],
  returns: [],
  steps: Object.entries(reads).map(([path, inputs]) => ({
    path,
    name: path.slice(path.lastIndexOf("/") + 1),
    kind: "step" as const,
    inputs: inputs.map((from) => ({ name: from, from })),
    outputs: [path],
  })),
});

const folded = (events: ReadonlyArray<Record<string, unknown>>, keepsItems = false): RunState => {
  const state = new RunState("", undefined, { keepsItems, mostSteps: Infinity });
  for (const fields of events) apply(state, event(fields));
  return state;
};

const ran = (path: string, began: number, ended: number): ReadonlyArray<Record<string, unknown>> => [
  { type: "step.started", path, time: began },
  { type: "step.succeeded", path, time: ended, outputs: {} },
];

const pathsOf = (state: RunState): ReadonlyArray<string> => criticalPath(state).map(({ path }) => path);

test("the critical path of a failed run leads to the failure, not to what was stopped after it", () => {
  const error = new Error("no");
  const plan = planOf("p", { load: [], check: ["load"], slow: [], report: ["check", "slow"] });
  const events = [
    { type: "run.started", pipeline: "p", plan },
    { type: "step.started", path: "slow", time: 0 },
    ...ran("load", 0, 10),
    { type: "step.started", path: "check", time: 10 },
    { type: "step.failed", path: "check", time: 20, error },
    { type: "step.interrupted", path: "slow", time: 300 },
    { type: "step.skipped", path: "report", time: 300, because: "check" },
    { type: "run.failed", time: 300, error },
  ];
  expect(pathsOf(folded(events))).toEqual(["load", "check"]);
  expect(pathsOf(folded(events, true))).toEqual(["load", "check"]);
});

test("the critical path of a failed run leads into the expansion and the item that failed", () => {
  const error = new Error("no");
  const inner = planOf("sub", { "m[1]/a": [], "m[1]/b": ["m[1]/a"], "m[1]/c": [] });
  const events = [
    { type: "run.started", pipeline: "p", plan: planOf("p", { list: [], m: ["list"], other: [] }) },
    ...ran("list", 0, 5),
    { type: "step.started", path: "other", time: 0 },
    { type: "expansion.started", path: "m", time: 5 },
    { type: "expansion.expanded", path: "m", time: 5, plan: undefined, items: 2 },
    ...ran("m[0]", 5, 900),
    { type: "expansion.started", path: "m[1]", time: 5 },
    { type: "expansion.expanded", path: "m[1]", time: 6, plan: inner },
    ...ran("m[1]/a", 6, 400),
    { type: "step.started", path: "m[1]/c", time: 6 },
    { type: "step.started", path: "m[1]/b", time: 400 },
    { type: "step.failed", path: "m[1]/b", time: 1000, error },
    { type: "step.interrupted", path: "m[1]/c", time: 1100 },
    { type: "expansion.failed", path: "m[1]", time: 1100, error },
    { type: "expansion.failed", path: "m", time: 1100, error },
    { type: "step.interrupted", path: "other", time: 1200 },
    { type: "run.failed", time: 1200, error },
  ];
  for (const keepsItems of [false, true]) {
    expect(pathsOf(folded(events, keepsItems))).toEqual(["list", "m[1]/a", "m[1]/b"]);
  }
});

test("a failure that a map collected is not the failure of the run", () => {
  const error = new Error("fatal");
  const state = folded([
    { type: "run.started", pipeline: "p", plan: planOf("p", { m: [], last: ["m"] }) },
    { type: "expansion.started", path: "m" },
    { type: "expansion.expanded", path: "m", plan: undefined, items: 2 },
    { type: "step.started", path: "m[0]", time: 1 },
    { type: "step.failed", path: "m[0]", time: 2, error: new Error("collected") },
    ...ran("m[1]", 2, 9),
    { type: "expansion.succeeded", path: "m", time: 9, outputs: {} },
    { type: "step.started", path: "last", time: 9 },
    { type: "step.failed", path: "last", time: 10, error },
    { type: "run.failed", time: 10, error },
  ]);
  expect(pathsOf(state)).toEqual(["m[1]", "last"]);
});

test("a retried map counts the items of its last attempt", () => {
  const attempt = (attempt: number, failing: boolean): ReadonlyArray<Record<string, unknown>> => [
    { type: "expansion.started", path: "m", attempt, time: attempt },
    { type: "expansion.expanded", path: "m", attempt, time: attempt, plan: undefined, items: 3 },
    ...ran("m[0]", attempt, attempt),
    ...(failing
      ? [
          { type: "step.started", path: "m[1]", time: attempt },
          { type: "step.failed", path: "m[1]", time: attempt, error: "no" },
          { type: "step.retried", path: "m", attempt, time: attempt, error: "no", delayMillis: 1 },
        ]
      : [...ran("m[1]", attempt, attempt), ...ran("m[2]", attempt, attempt)]),
  ];
  for (const keepsItems of [false, true]) {
    const state = folded(
      [
        { type: "run.started", pipeline: "p", plan: planOf("p", { m: [] }) },
        ...attempt(1, true),
        ...attempt(2, false),
        { type: "expansion.succeeded", path: "m", attempt: 2, time: 3, outputs: {} },
      ],
      keepsItems,
    );
    expect(state.step("m")).toMatchObject({
      items: 3,
      itemsDone: 3,
      itemsFailed: 0,
      attempt: 2,
      status: "done",
    });
    expect(state.step("m")!.children).toHaveLength(keepsItems ? 3 : 0);
  }
});

test("a race that is reported after its contenders, as by the record of a run under way, keeps them", () => {
  const plan = planOf("p", { race: [] });
  const inner = planOf("inner", { "race[a]/asks": [] });
  const state = folded(
    [
      {
        type: "run.started",
        plan: { ...plan, steps: plan.steps.map((step) => ({ ...step, kind: "race" })) },
      },
      { type: "expansion.started", path: "race[a]", time: 1 },
      { type: "expansion.expanded", path: "race[a]", time: 2, plan: inner },
      { type: "step.started", path: "race[a]/asks", time: 3 },
      { type: "expansion.started", path: "race", time: 0 },
      { type: "expansion.expanded", path: "race", time: 0, items: 2 },
    ],
    true,
  );
  expect(grownPlan(state).steps[0]!.expansions?.map(({ path }) => path)).toEqual(["race[a]"]);
  expect(state.step("race[a]/asks")?.status).toBe("running");
});

test("every started step is shown as ended once the run has ended", () => {
  for (const end of ["run.failed", "run.interrupted", "run.succeeded"]) {
    const state = folded(
      [
        { type: "run.started", pipeline: "p", plan: planOf("p", { a: [], d: [], never: ["a"] }) },
        { type: "step.started", path: "a", time: 1 },
        { type: "expansion.started", path: "d", time: 1 },
        {
          type: "expansion.expanded",
          path: "d",
          time: 2,
          plan: planOf("sub", { "d/x": [], "d/y": ["d/x"] }),
        },
        { type: "step.started", path: "d/x", time: 2 },
        { type: end, time: 7, error: "no" },
      ],
      true,
    );
    for (const path of ["a", "d", "d/x"]) {
      expect(state.step(path)).toMatchObject({ status: "stopped", ended: 7 });
    }
    for (const path of ["never", "d/y"]) expect(state.step(path)!.status).toBe("pending");
  }
});

test("the grown plan of a state equals that of the run's handle", async () => {
  const p = pipeline("p")
    .step("items", [], () => [1, 2, 3])
    .map("m", "items", [], (n) => (n === 2 ? n : pipeline(`item${n}`).step("m", [], () => n)))
    .dynamic("d", ["items"], ({ items }) =>
      pipeline("sub")
        .dynamic("inner", [], () => pipeline("deep").step("inner", [], () => items.length))
        .step("d", ["inner"], ({ inner }) => inner),
    )
    .map("values", "items", [], (n) => n * 2)
    .dynamic("direct", [], () => 1);
  const { events, plan } = await Effect.runPromise(
    Effect.gen(function* () {
      const run = yield* p.start({});
      const events = yield* Stream.runCollect(run.events);
      return { events, plan: run.plan };
    }),
  );
  const state = new RunState("", undefined, { keepsItems: true, mostSteps: Infinity });
  for (const event of events) apply(state, event);
  expect(grownPlan(state)).toEqual(plan);
  expect(plan.steps[1]!.expansions!.map(({ path, plan }) => [path, plan?.name])).toEqual([
    ["m[0]", "item1"],
    ["m[2]", "item3"],
  ]);
});

test("folding and its critical path take time in proportion to the events", () => {
  const millis = (count: number): number => {
    const reads: Record<string, ReadonlyArray<string>> = {};
    for (let i = 0; i < count; i++) reads[`s${i}`] = i === 0 ? [] : [`s${i - 1}`];
    const events = [
      { type: "run.started", pipeline: "p", plan: planOf("p", reads) },
      ...Object.keys(reads).flatMap((path, i) => ran(path, i, i + 1)),
    ].map(event);
    let best = Infinity;
    for (let round = 0; round < 3; round++) {
      // CPU time: on a busy machine the clock also counts other programs.
      const began = process.cpuUsage();
      const state = new RunState("");
      for (const next of events) apply(state, next);
      expect(criticalPath(state)).toHaveLength(count);
      const { user, system } = process.cpuUsage(began);
      best = Math.min(best, (user + system) / 1000);
    }
    return best;
  };
  millis(1_000);
  // Four times as many: quadratic time would take sixteen times as long, every time. Garbage collection only sometimes takes
  // long.
  let [large, small] = [Infinity, Infinity];
  for (let round = 0; round < 5 && !(large / small < 11); round++) {
    small = Math.min(small, millis(5_000));
    large = Math.min(large, millis(20_000));
  }
  expect(large / small).toBeLessThan(11);
});

const flow = pipeline("flow")
  .loop(
    "grown",
    [],
    () => 0,
    (n) =>
      pipeline("turn")
        .step("add", [], () => n)
        .step("grown", ["add"], ({ add }) => add + 1),
    { until: (n) => n === 3 },
  )
  .loop(
    "plain",
    ["grown"],
    () => 0,
    (n) => n + 1,
    { until: (n) => n === 30 },
  )
  .race("first", ["plain"], {
    fast: async () => 1,
    slow: (_, { signal }) =>
      new Promise<number>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  })
  .race("sub", ["first"], { only: () => pipeline("contender").step("sub", [], () => 2) })
  .step("after", ["sub"], () => 3);

const flowEvents = async (): Promise<ReadonlyArray<PipelineEvent>> => {
  const events: Array<PipelineEvent> = [];
  await flow.runPromise({}, { onEvent: (event) => events.push(event) });
  return events;
};

test("turns of a loop and contenders of a race are folded into their step, which counts them", async () => {
  const events = await flowEvents();
  for (const keepsItems of [true, false]) {
    const state = new RunState("", undefined, { keepsItems, mostSteps: Infinity });
    for (const next of events) apply(state, next);
    const parts = ["grown", "plain", "first", "sub"].map((path) => partsText(state.step(path)!));
    expect(parts).toEqual(["3 turns", "30 turns", "2 contenders: fast won", "1 contender: only won"]);
    // 6 steps in the turns that are pipelines, 30 turns and a contender that are values, `sub/sub` and `after`.
    expect(state.steps).toBe(39);
    expect(state.summed).toBeLessThanOrEqual(2 * (state.root.ended! - state.root.began!));
  }
});

test("the critical path goes through all turns of a loop, and the winner of a race", async () => {
  const state = new RunState("", undefined, { keepsItems: true, mostSteps: Infinity });
  for (const next of await flowEvents()) apply(state, next);
  const turns = [0, 1, 2].flatMap((turn) => [`grown[${turn}]/add`, `grown[${turn}]/grown`]);
  const plain = Array.from({ length: 30 }, (_, turn) => `plain[${turn}]`);
  expect(pathsOf(state)).toEqual([...turns, ...plain, "first[fast]", "sub[only]/sub", "after"]);
});

test("the grown plan has each turn that is a graph, the number of others, and the winner of a race", async () => {
  const state = new RunState("", undefined, { keepsItems: true, mostSteps: Infinity });
  for (const next of await flowEvents()) apply(state, next);
  const became = grownPlan(state).steps.map(({ expansions = [] }) =>
    expansions.map(({ path, plan }) => [path, plan?.name]),
  );
  expect(became).toEqual([
    [0, 1, 2].map((turn) => [`grown[${turn}]`, "turn"]),
    Array.from({ length: 30 }, () => ["plain", undefined]),
    [["first[fast]", undefined]],
    [["sub[only]", "contender"]],
    [],
  ]);
});

test("a loop that fails although no turn failed counts as failed", async () => {
  const state = new RunState("");
  const p = pipeline("p").loop(
    "n",
    [],
    () => 0,
    (n) => n + 1,
    { until: () => false, maxTurns: 3 },
  );
  await p.runPromise({}, { onEvent: (next) => apply(state, next) }).catch(() => {});
  expect([state.failed, partsText(state.step("n")!)]).toEqual([1, "3 turns"]);
});
