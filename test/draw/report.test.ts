import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { pipeline } from "espalier";
import { Report } from "espalier/draw";
import type { PageData, PageStep } from "../../src/draw/page/data.ts";
import { lanesOf } from "../../src/draw/report/lanes.ts";
import { dataOf } from "./page-data.ts";

const stepOf = ({ steps }: PageData, path: string): PageStep => steps.find((step) => step.path === path)!;

test("concurrent steps are in separate rows, and there are as few rows as possible", () => {
  const span = fc.tuple(fc.nat(200), fc.nat(60)).map(([began, took]) => ({ began, ended: began + took }));
  fc.assert(
    fc.property(fc.array(span, { maxLength: 60 }), (spans) => {
      const { lanes, count } = lanesOf(spans);
      const overlapping = spans.flatMap((a, i) =>
        spans.filter((b, k) => k > i && lanes[i] === lanes[k] && a.ended > b.began && b.ended > a.began),
      );
      expect(overlapping).toEqual([]);
      // At the busiest moment; a span without duration counts at its beginning only if others continue.
      const busiest = Math.max(
        0,
        ...spans.map(({ began }) => spans.filter((b) => b.began <= began && b.ended > began).length),
      );
      expect(count).toBeGreaterThanOrEqual(busiest);
      expect(count).toBeLessThanOrEqual(busiest + (spans.some((a) => a.began === a.ended) ? 1 : 0));
    }),
    { numRuns: 500 },
  );
});

test("a report is the same whether it is made from a run or from its events, during the run or after it", async () => {
  const p = pipeline("same")
    .step("a", [], () => 1)
    .dynamic("b", ["a"], ({ a }) => pipeline("sub").step("b", [], () => a + 1));
  const [ofRun, ofEvents] = await Effect.runPromise(
    Effect.gen(function* () {
      const run = yield* p.start({});
      const ofRun = yield* Report.fromRun(run);
      const events = yield* Stream.runCollect(run.events);
      return [ofRun, Report.fromEvents(events)] as const;
    }),
  );
  expect(ofEvents).toBe(ofRun);
  const { run, steps } = dataOf(ofRun);
  expect(run?.state).toBe("done");
  expect(steps.map(({ path }) => path)).toEqual(["a", "b", "b/b"]);
});

test("the declared outputs of an expansion are shown next to the actual ones", async () => {
  const p = pipeline("declared")
    .dynamic("two", [], () => ({ x: 1, y: 2 }), { outputs: ["x", "y"] })
    .dynamic(
      "any",
      [],
      () =>
        pipeline("sub")
          .step("p", [], () => 1)
          .step("q", [], () => 2),
      { outputs: "all" },
    )
    .step("list", [], () => [1, 2])
    .map("items", "list", [], (n) => n);
  const data = dataOf(await Effect.runPromise(Effect.flatMap(p.start({}), Report.fromRun)));
  const became = (path: string) => stepOf(data, path).run?.became;
  expect(became("two")).toMatchObject({ what: "a direct value", declared: ["x", "y"], gave: ["x", "y"] });
  expect(became("any")).toMatchObject({ what: "2 steps of sub", declared: "all", gave: ["p", "q"] });
  expect(became("items")).toMatchObject({ what: "2 items", declared: ["items"], gave: ["items"] });
});

test("a retried expansion is drawn as its last attempt", async () => {
  let tries = 0;
  const p = pipeline("again").dynamic(
    "grow",
    [],
    () => {
      tries++;
      return tries === 1
        ? pipeline("first").step("grow", [], (): number => {
            throw new Error("not yet");
          })
        : pipeline("second")
            .step("other", [], () => 1)
            .step("grow", ["other"], ({ other }) => other);
    },
    { retry: { times: 1, delay: 1 } },
  );
  const data = dataOf(await Effect.runPromise(Effect.flatMap(p.start({}), Report.fromRun)));
  expect(data.run?.state).toBe("done");
  expect(data.graphs.map(({ name }) => name)).toEqual(["again", "second"]);
  expect(stepOf(data, "grow").run).toMatchObject({ state: "done", attempt: 2 });
  expect(stepOf(data, "grow").run?.attempts?.[0]?.error).toContain("not yet");
  expect(stepOf(data, "grow/grow").run?.state).toBe("done");
});

test("a report holds no value of the run", async () => {
  const { event, toHtml } = Report.collector();
  const value = { large: "x".repeat(100_000), when: "at first" };
  const base = { runId: "r", attempt: 1, path: "a" };
  const plan = {
    name: "p",
    inputs: [],
    returns: [],
    steps: [{ path: "a", name: "a", kind: "step" as const, inputs: [], outputs: ["a"] }],
  };
  event({ type: "run.started", runId: "r", time: 0, pipeline: "p", plan });
  event({ type: "step.started", ...base, time: 1 });
  event({ type: "step.succeeded", ...base, time: 2, outputs: { a: value } });
  value.when = "later";
  const html = toHtml();
  expect(JSON.stringify(stepOf(dataOf(html), "a").run?.values)).toContain('when: \\"at first\\"');
  expect(html.length).toBeLessThan(100_000);
});

test("the values of a long run take a few megabytes in total, however many and large they are", () => {
  const { event, toHtml } = Report.collector();
  const names = Array.from({ length: 10_000 }, (_, i) => `s${i}`);
  const steps = names.map((name) => ({
    path: name,
    name,
    kind: "step" as const,
    inputs: [],
    outputs: [name],
  }));
  event({
    type: "run.started",
    runId: "r",
    time: 0,
    pipeline: "p",
    plan: { name: "p", inputs: [], returns: [], steps },
  });
  for (const path of names) {
    event({
      type: "step.succeeded",
      runId: "r",
      attempt: 1,
      path,
      time: 1,
      outputs: { [path]: "y".repeat(100_000) },
    });
  }
  expect(toHtml().length).toBeLessThan(12_000_000);
});

test("of a run of more than 50,000 steps the rest are only counted, but failures are still there", () => {
  const { event, toHtml } = Report.collector();
  const plan = {
    name: "p",
    inputs: [],
    returns: [],
    steps: [{ path: "m", name: "m", kind: "map" as const, inputs: [], outputs: ["m"] }],
  };
  const base = { runId: "r", attempt: 1, time: 1 };
  event({ type: "run.started", runId: "r", time: 0, pipeline: "p", plan });
  event({ type: "expansion.started", ...base, path: "m" });
  event({ type: "expansion.expanded", ...base, path: "m", plan: undefined, items: 60_000 });
  for (let i = 0; i < 60_000; i++) {
    event({ type: "step.started", ...base, path: `m[${i}]` });
    if (i === 59_999) event({ type: "step.failed", ...base, path: `m[${i}]`, error: new Error("the last") });
    else event({ type: "step.succeeded", ...base, path: `m[${i}]`, outputs: { m: i } });
  }
  const data = dataOf(toHtml());
  expect(data.steps).toHaveLength(50_001);
  expect(data.run?.leftOut).toBe(10_000);
  expect(stepOf(data, "m[59999]").run?.error).toEqual([{ text: "the last" }]);
});

test("a report shows the undone steps, and the number of turns and contenders", async () => {
  const p = pipeline("undone")
    .step("kept", [], () => 1)
    .step("booked", ["kept"], () => 2, { compensate: () => {} })
    .step("sent", ["booked"], () => 3, {
      compensate: () => {
        throw new Error("it has left");
      },
    })
    .loop(
      "turns",
      ["sent"],
      () => 0,
      (n) => n + 1,
      { until: (n) => n === 5 },
    )
    .race("first", ["turns"], { fast: () => 1, slow: () => new Promise<number>(() => {}) })
    .step("paid", ["first"], () => {
      throw new Error("refused");
    });
  const collector = Report.collector();
  const options = { onFailure: "compensate", gracePeriod: 0, onEvent: collector.event } as const;
  await expect(p.runPromise({}, options)).rejects.toThrow("refused");
  const data = dataOf(collector.toHtml());
  const undone = ["kept", "booked", "sent"].map((path) => stepOf(data, path).run?.undone);
  expect(undone).toEqual([undefined, "done", "failed"]);
  expect(stepOf(data, "turns").run?.became).toMatchObject({ what: "5 turns", gave: ["turns"] });
  expect(stepOf(data, "first").run?.became).toMatchObject({ what: "2 contenders: fast won" });
  const notes = data.graphs[0]!.boxes.map(({ label, note }) => [label, note]);
  expect(notes).toContainEqual(["turns", "5 turns"]);
  expect(notes).toContainEqual(["first", "fast was the first"]);
  // A loop itself does nothing but run its turns.
  expect(stepOf(data, "turns").run?.lane).toBeUndefined();
});
