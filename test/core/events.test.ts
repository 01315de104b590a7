import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import * as TestClock from "effect/testing/TestClock";
import { pipeline, step, type } from "espalier";
import { describe, expect, test } from "vitest";
import { failureOf, sleep, until, watched, within } from "./support.ts";

const told = async (built: any, options = {}): Promise<ReadonlyArray<string>> => {
  const { events } = await watched<any, any>(built, options);
  return events.map((event: any) => (event.path === undefined ? event.type : `${event.type} ${event.path}`));
};

describe("The events of a run", () => {
  test("report each step in the order of execution", async () => {
    const p = pipeline("p")
      .step("a", [], () => 1)
      .step("b", ["a"], async ({ a }) => a);
    expect(await told(p)).toEqual([
      "run.started",
      "step.started a",
      "step.succeeded a",
      "step.started b",
      "step.succeeded b",
      "run.succeeded",
    ]);
  });
  test("report the start, the plan and the success of expansions", async () => {
    const p = pipeline("p").dynamic("x", [], () => pipeline("sub").step("x", [], () => 1));
    expect(await told(p)).toEqual([
      "run.started",
      "expansion.started x",
      "expansion.expanded x",
      "step.started x/x",
      "step.succeeded x/x",
      "expansion.succeeded x",
      "run.succeeded",
    ]);
    const { events } = await watched(p);
    expect(events.find(({ type }) => type === "expansion.expanded")).toMatchObject({
      plan: { name: "sub", steps: [{ path: "x/x", name: "x" }] },
    });
  });
  test("report a map and its items, and a switch", async () => {
    const p = pipeline("p")
      .step("items", [], () => ["a"])
      .map("m", "items", [], (item) => item, { key: (item) => item })
      .switch("s", [], () => "k", { k: () => 1 });
    const all = await told(p);
    for (const event of [
      "expansion.started m",
      "expansion.expanded m",
      "step.started m[a]",
      "step.succeeded m[a]",
      "expansion.succeeded m",
      "expansion.started s",
      "expansion.expanded s",
      "expansion.succeeded s",
    ]) {
      expect(all.filter((one) => one === event)).toHaveLength(1);
    }
  });
  test("report a failure once for each step that has it, and the interrupted and skipped steps", async () => {
    const p = pipeline("p")
      .step("never", [], () => Effect.never)
      .step("bad", [], () => Effect.delay(Effect.fail("no"), 1))
      .step("reader", ["bad"], () => 1);
    expect(await told(p)).toEqual([
      "run.started",
      "step.started never",
      "step.started bad",
      "step.failed bad",
      "step.interrupted never",
      "step.skipped reader",
      "run.failed",
    ]);
  });
  test("contain outputs by name, including those of a step with several", async () => {
    const p = pipeline("p").step("two", [], () => ({ a: 1, b: 2 }), { outputs: ["a", "b"] });
    const { events } = await watched(p);
    expect(events.find(({ type }) => type === "step.succeeded")).toMatchObject({ outputs: { a: 1, b: 2 } });
  });
  test("contain a step's log lines and its progress", async () => {
    const p = pipeline("p").step("a", [], (_, { log, progress }) => {
      log("reading", { rows: 3 });
      progress(0.5, "half");
      progress(1);
    });
    const { events } = await watched(p);
    expect(events.filter(({ type }) => type === "step.logged")).toMatchObject([
      { path: "a", message: ["reading", { rows: 3 }] },
    ]);
    expect(events.filter(({ type }) => type === "step.progressed")).toMatchObject([
      { fraction: 0.5, note: "half" },
      { fraction: 1, note: undefined },
    ]);
  });
  test("all have the run's id and the time of Effect's Clock", async () => {
    const p = pipeline("p").step("a", [], () => Effect.sleep("1 hour"));
    const events = await Effect.runPromise(
      Effect.gen(function* () {
        const run = yield* p.start({}, { runId: "mine" });
        yield* TestClock.adjust("1 hour");
        yield* run.await;
        return yield* Stream.runCollect(run.events);
      }).pipe(Effect.provide(TestClock.layer())),
    );
    expect(new Set(events.map(({ runId }) => runId))).toEqual(new Set(["mine"]));
    expect(events.map(({ type, time }) => [type, time])).toEqual([
      ["run.started", 0],
      ["step.started", 0],
      ["step.succeeded", 3_600_000],
      ["run.succeeded", 3_600_000],
    ]);
  });
  test("begin with one run.started and finish with one end, and each step ends as often as it starts", async () => {
    const p = pipeline("p")
      .step("items", [], () => Array.from({ length: 50 }, (_, i) => i))
      .map(
        "m",
        "items",
        [],
        (i) => pipeline("item").step("m", [], () => (i % 3 === 0 ? Effect.fail("no") : Effect.sleep(1))),
        { failures: "collect" },
      )
      .dynamic("d", [], () =>
        pipeline("sub").step("d", [], (_, { attempt }) => (attempt < 2 ? Effect.fail("x") : Effect.void), {
          retry: { times: 3 },
        }),
      );
    const { events } = await watched(p);
    expect(events[0]!.type).toBe("run.started");
    expect(events.filter(({ type }) => type.startsWith("run."))).toHaveLength(2);
    const balance = new Map<string, number>();
    for (const event of events) {
      if (!("path" in event)) continue;
      const kind = event.type.split(".")[1]!;
      const change =
        kind === "started" ? 1 : ["succeeded", "failed", "interrupted", "retried"].includes(kind) ? -1 : 0;
      balance.set(event.path, (balance.get(event.path) ?? 0) + change);
      expect(balance.get(event.path)).toBeGreaterThanOrEqual(0);
    }
    expect([...balance.values()].every((value) => value === 0)).toBe(true);
  });
  test("can be watched while the run continues, by many readers, each from the first event", async () => {
    let go = (): void => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const p = pipeline("p")
      .step("a", [], () => gate)
      .step("b", ["a"], () => 1);
    const run = await Effect.runPromise(p.start({}));
    const seen: Array<string> = [];
    const early = Effect.runPromise(
      Stream.runForEach(run.events, ({ type }) => Effect.sync(() => void seen.push(type))),
    );
    await until(() => seen.length === 2);
    go();
    await within(10_000, early);
    const late = await Effect.runPromise(Stream.runCollect(run.events));
    expect(late.map(({ type }) => type)).toEqual(seen);
    expect(seen.at(-1)).toBe("run.succeeded");
  });
  test("do not delay the run if no one watches or a reader stops watching", async () => {
    const p = pipeline("p")
      .step("a", [], () => sleep(5))
      .step("b", ["a"], () => 1);
    const run = await Effect.runPromise(p.start({}));
    const some = await Effect.runPromise(Stream.runCollect(Stream.take(run.events, 1)));
    expect(some).toHaveLength(1);
    expect(await Effect.runPromise(run.await)).toMatchObject({ b: 1 });
  });
});

describe("The handle of a run", () => {
  test("returns the outputs to all who wait, before and after the end", async () => {
    const run = await Effect.runPromise(
      pipeline("p")
        .step("a", [], () => sleep(1).then(() => 1))
        .start({}),
    );
    const all = await Promise.all([Effect.runPromise(run.await), Effect.runPromise(run.await)]);
    expect([...all, await Effect.runPromise(run.await)]).toEqual([{ a: 1 }, { a: 1 }, { a: 1 }]);
  });
  test("fails with the run's typed failure", async () => {
    const run = await Effect.runPromise(
      pipeline("p")
        .step("a", [], () => Effect.fail("no" as const))
        .start({}),
    );
    expect(await failureOf(run.await)).toBe("no");
  });
  test("a failing run that no one waits for is not an unhandled rejection", async () => {
    const seen: Array<unknown> = [];
    const note = (error: unknown): void => void seen.push(error);
    process.on("unhandledRejection", note);
    await Effect.runPromise(
      pipeline("p")
        .step("a", [], () => Effect.fail("no"))
        .start({}),
    );
    await sleep(5);
    process.off("unhandledRejection", note);
    expect(seen).toEqual([]);
  });
  test("interrupting a wait for a run does not stop the run", async () => {
    let done = false;
    const run = await Effect.runPromise(
      pipeline("p")
        .step("a", [], async () => {
          await sleep(20);
          done = true;
        })
        .start({}),
    );
    await Effect.runPromiseExit(Effect.timeout(run.await, 1));
    await Effect.runPromise(run.await);
    expect(done).toBe(true);
  });
  test("has the run's id, provided or generated", async () => {
    const p = pipeline("p").step("a", [], (_, { idempotencyKey }) => idempotencyKey);
    const given = await Effect.runPromise(p.start({}, { runId: "mine" }));
    expect([given.id, await Effect.runPromise(given.await)]).toEqual(["mine", { a: "mine/a" }]);
    const made = await Effect.runPromise(p.start({}));
    expect(await Effect.runPromise(made.await)).toEqual({ a: `${made.id}/a` });
  });
});

describe("The plan", () => {
  const p = pipeline("p")
    .input("n", type<number>())
    .addAll([step("f_a", [], () => 1), step("f_b", [], () => 2)])
    .step("two", ["n"], () => ({ x: 1, y: 2 }), {
      outputs: ["x", "y"],
      description: "makes two",
      tags: ["t"],
    })
    .step("items", ["x"], () => [1])
    .map("m", "items", ["f_*"], (item) => item)
    .dynamic("d", ["y"], () =>
      pipeline("sub")
        .step("inner", [], () => 1)
        .step("d", ["inner"], () => 1),
    )
    .switch("s", ["m"], () => "k", { k: () => 1 })
    .returns("s", "d");
  test("before a run is the static graph as plain data", () => {
    const plan = p.plan();
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
    expect(plan.name).toBe("p");
    expect(plan.inputs).toEqual([{ name: "n" }]);
    expect(plan.returns).toEqual(["s", "d"]);
    expect(plan.steps.map(({ path, kind }) => `${kind} ${path}`)).toEqual([
      "step f_a",
      "step f_b",
      "step two",
      "step items",
      "map m",
      "dynamic d",
      "switch s",
    ]);
    expect(plan.steps[2]).toMatchObject({
      inputs: [{ name: "n", from: "" }],
      outputs: ["x", "y"],
      description: "makes two",
      tags: ["t"],
    });
    expect(plan.steps[4]!.inputs).toEqual([
      { name: "items", from: "items" },
      { name: "f_a", from: "f_a" },
      { name: "f_b", from: "f_b" },
    ]);
  });
  test("of a run includes its expansions, at every depth, during and after it", async () => {
    let go = (): void => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const growing = pipeline("p").dynamic("d", [], () =>
      pipeline("sub").dynamic("d", [], () =>
        pipeline("deep")
          .step("wait", [], () => gate)
          .step("d", ["wait"], () => 1),
      ),
    );
    const run = await Effect.runPromise(growing.start({}));
    await until(() => run.expansions.size === 2);
    const during = run.plan;
    go();
    await Effect.runPromise(run.await);
    expect(run.plan).toEqual(during);
    const [expansion] = run.plan.steps[0]!.expansions!;
    expect(expansion).toMatchObject({ path: "d", plan: { name: "sub" } });
    expect(expansion!.plan!.steps[0]!.expansions![0]!.plan!.steps.map(({ path }) => path)).toEqual([
      "d/d/wait",
      "d/d/d",
    ]);
    expect(expansion!.plan!.steps[0]!.expansions![0]!.plan!.steps[1]!.inputs).toEqual([
      { name: "wait", from: "d/d/wait" },
    ]);
  });
  test("of a run shows, for a retried dynamic step, its last expansion", async () => {
    const p = pipeline("p").dynamic(
      "x",
      [],
      (_, { attempt }) =>
        attempt === 1
          ? pipeline("one").step("x", [], () => Effect.fail("no"))
          : pipeline("two").step("x", [], () => 2),
      { retry: { times: 1 } },
    );
    const { handle } = await watched(p);
    expect(handle.plan.steps[0]!.expansions!.map(({ plan }) => plan?.name)).toEqual(["two"]);
    expect(handle.report.failed).toEqual([{ path: "x/x", error: "no" }]);
  });
  test("of a run shows item pipelines under their map, and a direct value as an expansion without a plan", async () => {
    const { handle } = await watched(
      pipeline("p")
        .step("items", [], () => [1, 2])
        .map("m", "items", [], (item) => pipeline(`item${item}`).step("m", [], () => item))
        .dynamic("d", [], () => 1),
    );
    expect(handle.plan.steps[1]!.expansions!.map(({ path, plan }) => [path, plan?.name])).toEqual([
      ["m[0]", "item1"],
      ["m[1]", "item2"],
    ]);
    expect(handle.plan.steps[2]!.expansions).toEqual([{ path: "d", plan: undefined }]);
  });
});
