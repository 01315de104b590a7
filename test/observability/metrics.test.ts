import * as Effect from "effect/Effect";
import * as ManagedRuntime from "effect/ManagedRuntime";
import * as Metric from "effect/Metric";
import { pipeline, resume, step } from "espalier";
import { SqliteStore } from "espalier/sqlite";
import { describe, expect, test } from "vitest";
import { sleep } from "../core/support.ts";
import type { Collected } from "./collector.ts";
import { collected, collectedFrom } from "./collector.ts";

/** The counter's series, as `kind state: count`. */
const countsOf = ({ points }: Collected): ReadonlyArray<string> =>
  points
    .filter(({ name }) => name === "espalier_steps")
    .map(({ attributes: { kind, state }, value }) => `${kind} ${state}: ${value}`)
    .toSorted();

const gauge = ({ points }: Collected, name: string): number | undefined =>
  points.find((point) => point.name === name)?.value;

/** Ten concurrent steps of a family. */
const many = (work: () => unknown) =>
  pipeline("many").addAll(Array.from({ length: 10 }, (_, i) => step(`w ${i}`, [], work, { pool: "w" })));

describe("A run with metrics", () => {
  test("counts the outcomes of steps and expansions at the collector", async () => {
    let attempts = 0;
    const mixed = pipeline("mixed")
      .step("items", [], () => [1, 2, 3])
      .map("m", "items", [], (item) => item * 2)
      .dynamic("d", ["m"], () => pipeline("sub").step("d", [], async () => 1))
      .step("again", ["d"], () => (++attempts < 3 ? Effect.fail("no") : attempts), { retry: { times: 5 } })
      .step("bad", ["again"], () => Effect.fail("down"))
      .step("after", ["bad"], () => 1)
      .step("later", ["after"], () => 1);
    const told = await collected(mixed.run({}, { metrics: true }));
    expect(countsOf(told)).toEqual([
      "expansion started: 2",
      "expansion succeeded: 2",
      "step failed: 1",
      "step retried: 2",
      "step skipped: 2",
      "step started: 7",
      "step succeeded: 6",
    ]);
    for (const { attributes } of told.points) expect(attributes["pipeline"]).toBe("mixed");
    expect(told.spans).toEqual([]);
  });

  test("reports durations in milliseconds, a step's attempts together", async () => {
    let attempts = 0;
    const slow = pipeline("slow").step(
      "a",
      [],
      async () => {
        await sleep(20);
        if (++attempts === 1) throw new Error("once");
      },
      { retry: { times: 1, delay: 20 } },
    );
    const { points } = await collected(slow.run({}, { metrics: true }));
    const duration = points.find(({ name }) => name === "espalier_step_duration_ms")!;
    expect(duration).toMatchObject({ count: 1, attributes: { pipeline: "slow", kind: "step" } });
    expect(duration.sum).toBeGreaterThanOrEqual(55);
    expect(duration.sum).toBeLessThan(5_000);
  });

  test.each([
    ["the limit", { concurrency: 3 }],
    ["a pool", { pools: { w: 3 } }],
  ])("reports how many steps run and how many wait for %s, and both are 0 at the end", async (_, limits) => {
    const seen = Effect.gen(function* () {
      const run = yield* many(() => sleep(60)).start({}, { metrics: true, ...limits });
      yield* Effect.sleep(10);
      const during = yield* Metric.snapshot;
      yield* run.await;
      return during;
    });
    let during: ReadonlyArray<Metric.Metric.Snapshot> = [];
    const told = await collected(
      Effect.map(seen, (snapshot) => {
        during = snapshot;
      }),
    );
    const valueOf = (name: string) => during.find(({ id }) => id === name)?.state;
    expect(valueOf("espalier_steps_running")).toMatchObject({ value: 3 });
    expect(valueOf("espalier_queue_depth")).toMatchObject({ value: 7 });
    expect(gauge(told, "espalier_steps_running")).toBe(0);
    expect(gauge(told, "espalier_queue_depth")).toBe(0);
  });

  test("reports them while the run continues, at the collector", async () => {
    const { told } = await collected(many(() => sleep(100)).run({}, { metrics: true, concurrency: 5 }), 20);
    const series = (name: string) =>
      told.flatMap((points) => points.filter((point) => point.name === name).map(({ value }) => value));
    expect(series("espalier_steps_running")).toContain(5);
    expect(series("espalier_steps_running").at(-1)).toBe(0);
    expect(series("espalier_queue_depth")).toContain(5);
    expect(series("espalier_queue_depth").at(-1)).toBe(0);
  });

  const slowly = (work: () => unknown) => many(work).step("more", ["w *"], () => 1);
  let tries = 0;
  const ends: ReadonlyArray<readonly [string, Effect.Effect<unknown, unknown>, string]> = [
    ["succeeds", slowly(() => sleep(5)).run({}, { metrics: true, concurrency: 2 }), "step succeeded: 11"],
    [
      "fails while others run and wait",
      slowly(() => (++tries === 3 ? Effect.fail("no") : Effect.never)).run(
        {},
        { metrics: true, concurrency: 5 },
      ),
      "step failed: 1",
    ],
    [
      "fails with an unexpected error",
      slowly(() => Effect.andThen(Effect.sleep(1), Effect.die("defect"))).run(
        {},
        { metrics: true, pools: { w: 4 } },
      ),
      "step failed: 1",
    ],
    [
      "fails at last, and finishes the rest",
      slowly(() => Effect.fail("no")).run({}, { metrics: true, onFailure: "finish", concurrency: 3 }),
      "step failed: 10",
    ],
    [
      "is interrupted by the caller that waits for it",
      Effect.timeoutOption(slowly(() => Effect.never).run({}, { metrics: true, concurrency: 4 }), 20),
      "step interrupted: 4",
    ],
    [
      "leaves behind a step that ignores its interruption",
      Effect.timeoutOption(
        slowly(() => new Promise(() => {})).run({}, { metrics: true, concurrency: 4, gracePeriod: 1 }),
        20,
      ),
      "step leaked: 4",
    ],
    [
      "fails in an expansion, within a run that has a store",
      pipeline("nest")
        .dynamic(
          "m",
          [],
          () => slowly(() => Effect.delay(Effect.fail("no"), 2)).step("m", ["more"], () => 1),
          {
            retry: { times: 2 },
          },
        )
        .run({}, { metrics: true, concurrency: 2, store: SqliteStore.layer({ filename: ":memory:" }) }),
      "expansion failed: 1",
    ],
  ];

  test.each(ends)("leaves nothing in the gauges when the run %s", async (_, run, counted) => {
    const told = await collected(run);
    expect(countsOf(told)).toContain(counted);
    expect(gauge(told, "espalier_steps_running")).toBe(0);
    expect(gauge(told, "espalier_queue_depth") ?? 0).toBe(0);
    const series = told.points.filter(({ name }) => name === "espalier_steps");
    const sum = (state: string) =>
      series
        .filter(({ attributes }) => attributes["kind"] === "step" && attributes["state"] === state)
        .reduce((total, { value }) => total + value, 0);
    // Everything that started has ended in exactly one way.
    expect(sum("started")).toBe(sum("succeeded") + sum("failed") + sum("interrupted") + sum("leaked"));
  });

  test("sums the gauges of concurrent runs, and leaves nothing when they are interrupted", async () => {
    const seen = Effect.gen(function* () {
      const p = many(() => Effect.never);
      const first = yield* p.start({}, { metrics: true, concurrency: 2 });
      const second = yield* p.start({}, { metrics: true, concurrency: 4 });
      yield* Effect.sleep(5);
      const during = yield* Metric.snapshot;
      expect(during.find(({ id }) => id === "espalier_steps_running")?.state).toMatchObject({ value: 6 });
      expect(during.find(({ id }) => id === "espalier_queue_depth")?.state).toMatchObject({ value: 14 });
      yield* first.interrupt;
      yield* second.interrupt;
      return "done";
    });
    let ended = "";
    const told = await collected(
      Effect.map(seen, (word) => {
        ended = word;
      }),
    );
    expect(ended).toBe("done");
    expect(gauge(told, "espalier_steps_running")).toBe(0);
    expect(gauge(told, "espalier_queue_depth")).toBe(0);
    expect(countsOf(told)).toContain("step interrupted: 6");
  });

  test("reports replayed and cached steps separately from steps that ran", async () => {
    let isUp = false;
    const report = pipeline("report")
      .step("rows", [], () => [1, 2])
      .step("cached", ["rows"], ({ rows }) => rows.length, { cache: true })
      .step("sent", ["cached"], ({ cached }) => (isUp ? cached : Effect.fail("down")));
    const store = SqliteStore.layer({ filename: ":memory:" });
    const both = Effect.gen(function* () {
      yield* Effect.exit(report.run({}, { runId: "one", tracing: true, metrics: true }));
      isUp = true;
      yield* resume(report, "one", { tracing: true, metrics: true });
      yield* report.run({}, { runId: "two", tracing: true, metrics: true });
    });
    const told = await collected(Effect.provide(both, store));
    expect(countsOf(told)).toEqual([
      "step cached: 1",
      "step failed: 1",
      "step replayed: 2",
      "step started: 6",
      "step succeeded: 5",
    ]);
    const recalled = told.spans.filter(({ attributes }) => attributes["espalier.recalled"] === true);
    expect(recalled.map(({ name }) => name).toSorted()).toEqual(["cached", "rows"]);
    const [hit] = told.spans.filter(({ attributes }) => attributes["espalier.cached"] === true);
    expect(hit!.attributes).toMatchObject({
      "espalier.run": "two",
      "espalier.cached.run": "one",
      "espalier.cached.path": "cached",
    });
  });

  test("reports runs of runPromise to an exporter anywhere in the program, and spans to one that runs it", async () => {
    const both = pipeline("by promise").step("a", [], async () => 1);
    const told = await collectedFrom(async (exporter) => {
      const collector = ManagedRuntime.make(exporter);
      expect(await both.runPromise({}, { tracing: true, metrics: true })).toEqual({ a: 1 });
      expect(await collector.runPromise(both.run({}, { tracing: true, metrics: true }))).toEqual({ a: 1 });
      await collector.dispose();
    });
    expect(countsOf(told)).toEqual(["step started: 2", "step succeeded: 2"]);
    expect(told.spans.map(({ name }) => name).toSorted()).toEqual(["a", "by promise"]);
  });

  test("counts nothing without the option", async () => {
    const { points } = await collected(many(() => 1).run({}, { tracing: true, metrics: false }));
    expect(points.filter(({ name }) => name.startsWith("espalier"))).toEqual([]);
  });
});
