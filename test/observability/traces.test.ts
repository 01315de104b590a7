import * as Cause from "effect/Cause";
import * as Data from "effect/Data";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Stream from "effect/Stream";
import * as Tracer from "effect/Tracer";
import type { RunOptions } from "espalier";
import { CurrentStep, pipeline, step, type } from "espalier";
import { describe, expect, test } from "vitest";
import { failureOf, sleep, untyped } from "../core/support.ts";
import type { Span } from "./collector.ts";
import { collected, treeOf } from "./collector.ts";

class NoFit extends Data.TaggedError("NoFit")<{ readonly message: string }> {}

/** A dynamic step with a family, a map of async functions, an Effect that is retried, and one that fails. */
const training = pipeline("training")
  .input("rates", type<ReadonlyArray<number>>())
  .step("dataset", [], () => Effect.withSpan(Effect.succeed([1, 2, 3]), "SELECT rows"))
  .map("scaled", "dataset", [], async (row) => {
    await sleep(1);
    return row * 2;
  })
  .dynamic("search", ["rates", "scaled"], ({ rates }) =>
    pipeline("hpSearch")
      .addAll(
        rates.map((rate) =>
          step(`model ${rate}`, [], () => Effect.as(Effect.withSpan(Effect.sleep(1), "fit"), rate)),
        ),
      )
      .step("search", ["model *"], (models) => Math.max(...Object.values(models["model *"]))),
  )
  .step(
    "saved",
    ["search"],
    () =>
      Effect.gen(function* () {
        const { attempt } = yield* CurrentStep;
        yield* Effect.withSpan(Effect.yieldNow, `put ${attempt}`);
        if (attempt < 3) return yield* new NoFit({ message: `attempt ${attempt}` });
        return true;
      }),
    { retry: { times: 4, delay: 2 } },
  )
  .step("told", ["saved"], () => Effect.fail(new NoFit({ message: "no one listens" })));

const traced = (options: RunOptions = {}) =>
  collected(training.run({ rates: [0.1, 0.2] }, { tracing: true, runId: "run-1", ...options }));

const at = (spans: ReadonlyArray<Span>, path: string): Span => {
  const found = spans.filter(({ attributes }) => attributes["espalier.path"] === path);
  expect({ path, spans: found.length }).toEqual({ path, spans: 1 });
  return found[0]!;
};

describe("A traced run", () => {
  test("is a tree of spans at the collector: the run, its steps, items and expansions, and the spans inside steps", async () => {
    const { spans } = await traced();
    expect(treeOf(spans)).toBe(
      `
training: error
  dataset: ok
    SELECT rows: ok
  scaled: ok
    scaled[0]: ok
    scaled[1]: ok
    scaled[2]: ok
  search: ok
    search/model 0.1: ok
      fit: ok
    search/model 0.2: ok
      fit: ok
    search/search: ok
  saved: ok
    put 1: ok
    put 2: ok
    put 3: ok
  told: error
`.trim(),
    );
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  });

  test("has attributes for the run, the step and its kind, and the size of an expansion", async () => {
    const { spans } = await traced();
    const base = { "espalier.run": "run-1", "espalier.pipeline": "training" };
    const [run] = spans.filter(({ parentSpanId }) => parentSpanId === undefined);
    expect(run).toMatchObject({ name: "training" });
    expect(run!.attributes).toEqual({ ...base, "espalier.kind": "run" });
    expect(at(spans, "dataset").attributes).toEqual({
      ...base,
      "espalier.step": "dataset",
      "espalier.path": "dataset",
      "espalier.kind": "step",
      "espalier.attempts": 1,
    });
    expect(at(spans, "scaled").attributes).toMatchObject({ "espalier.kind": "map", "espalier.items": 3 });
    expect(at(spans, "scaled[1]")).toMatchObject({
      name: "scaled[]",
      attributes: { ...base, "espalier.kind": "item", "espalier.step": "scaled" },
    });
    expect(at(spans, "search").attributes).toMatchObject({
      "espalier.kind": "dynamic",
      "espalier.expanded": true,
      "espalier.expansion": "hpSearch",
      "espalier.steps": 3,
    });
    expect(at(spans, "search/model 0.1")).toMatchObject({
      name: "model 0.1",
      attributes: { "espalier.kind": "step" },
    });
  });

  test("has one span for all attempts of a step, with an event for each failed one", async () => {
    const { spans } = await traced();
    const saved = at(spans, "saved");
    expect(saved.attributes["espalier.attempts"]).toBe(3);
    expect(saved.events).toEqual([
      {
        name: "espalier.retry",
        attributes: {
          "espalier.attempt": 1,
          "espalier.delay_ms": 2,
          "exception.message": "NoFit: attempt 1",
        },
      },
      {
        name: "espalier.retry",
        attributes: {
          "espalier.attempt": 2,
          "espalier.delay_ms": 2,
          "exception.message": "NoFit: attempt 2",
        },
      },
    ]);
    const inner = spans.filter(({ parentSpanId }) => parentSpanId === saved.spanId);
    expect(saved.start <= inner[0]!.start && inner.at(-1)!.end <= saved.end).toBe(true);
  });

  test("has the error of a failure at the step and at the run", async () => {
    const { spans } = await traced();
    const failed = [at(spans, "told"), spans.find(({ name }) => name === "training")!];
    for (const { events, status } of failed) {
      expect(status).toMatchObject({ code: 2, message: "no one listens" });
      expect(events.at(-1)).toMatchObject({
        name: "exception",
        attributes: { "exception.type": "NoFit", "exception.message": "no one listens" },
      });
    }
  });

  test("is a child of the caller's span, and a run inside a step is a child of that step's span", async () => {
    const inner = pipeline("inner").step("leaf", [], () => 1);
    const outer = pipeline("outer").step("calls", [], () => inner.run({}, { tracing: true }));
    const { spans } = await collected(Effect.withSpan(outer.run({}, { tracing: true }), "request"));
    expect(treeOf(spans)).toBe("request: ok\n  outer: ok\n    calls: ok\n      inner: ok\n        leaf: ok");
  });

  test("nests expansions, cases and items that expand, to any depth, and pipelines that were added whole", async () => {
    const leaf = () => Effect.withSpan(Effect.succeed(1), "work");
    const part = pipeline("part").step("hidden", [], leaf).step("shown", ["hidden"], leaf).returns("shown");
    const deep = pipeline("deep")
      .add(part)
      .step("items", [], () => ["a"])
      .map("m", "items", [], () => pipeline("each").step("m", [], leaf), { key: (item) => item })
      .switch("s", [], () => "k", {
        k: () => pipeline("k").dynamic("s", [], async () => pipeline("kk").step("s", [], leaf)),
      });
    const { spans } = await collected(deep.run({}, { tracing: true, concurrency: 1 }));
    for (const [path, parent] of [
      ["part/hidden", undefined],
      ["shown", undefined],
      ["m", undefined],
      ["m[a]", "m"],
      ["m[a]/m", "m[a]"],
      ["s", undefined],
      ["s/s", "s"],
      ["s/s/s", "s/s"],
    ] as const) {
      const above =
        parent === undefined ? spans.find(({ name }) => name === "deep")!.spanId : at(spans, parent).spanId;
      expect({ path, above: at(spans, path).parentSpanId }).toEqual({ path, above });
    }
    const workers = spans.filter(({ name }) => name === "work").map(({ parentSpanId }) => parentSpanId);
    expect(new Set(workers)).toEqual(
      new Set(["part/hidden", "shown", "m[a]/m", "s/s/s"].map((path) => at(spans, path).spanId)),
    );
    expect(at(spans, "s").attributes["espalier.kind"]).toBe("switch");
  });

  test("depends on the options of each call: run, runPromise and start", async () => {
    const small = pipeline("small").step("a", [], () =>
      Promise.resolve(Effect.withSpan(Effect.succeed(1), "late")),
    );
    const seen: Array<string> = [];
    const tracer = Tracer.make({
      span: (options) => {
        seen.push(options.name);
        return new Tracer.NativeSpan(options);
      },
    });
    const asked = Effect.gen(function* () {
      const run = yield* small.start({}, { tracing: true });
      yield* Stream.runDrain(run.events);
      return yield* run.await;
    });
    const through = <A, E>(effect: Effect.Effect<A, E>) =>
      Effect.runPromise(Effect.provideService(effect, Tracer.Tracer, tracer));
    expect(await through(asked)).toEqual({ a: 1 });
    expect(await through(small.run({}, { tracing: true }))).toEqual({ a: 1 });
    expect(seen).toEqual(["small", "a", "late", "small", "a", "late"]);
    expect(await small.runPromise({}, { tracing: true })).toEqual({ a: 1 });
  });

  test("ends the spans of interrupted and abandoned steps", async () => {
    const halted = pipeline("halted")
      .step("sleeps", [], () => Effect.never)
      .step("ignores", [], () => new Promise(() => {}));
    const { spans } = await collected(
      Effect.gen(function* () {
        const run = yield* halted.start({}, { tracing: true, gracePeriod: 5 });
        yield* Effect.sleep(10);
        yield* run.interrupt;
      }),
    );
    expect(treeOf(spans)).toBe("halted: unset\n  sleeps: unset\n  ignores: unset");
    expect(at(spans, "sleeps").attributes["effect.fiber.interrupted"]).toBe(true);
    expect(at(spans, "ignores").attributes["espalier.leaked"]).toBe(true);
  });

  test("counts skipped steps, and closes the spans that an attempt of an expansion left open", async () => {
    let attempts = 0;
    const again = pipeline("again")
      .dynamic(
        "grown",
        [],
        () => {
          attempts++;
          return pipeline("inside")
            .step("slow", [], () => Effect.sleep(attempts === 1 ? "1 minute" : 0))
            .step("grown", [], () => (attempts === 1 ? Effect.fail("once") : Effect.succeed(1)));
        },
        { retry: { times: 1 } },
      )
      .step("bad", ["grown"], () => Effect.fail("down"))
      .step("after", ["bad"], () => 1);
    const { spans } = await collected(again.run({}, { tracing: true }));
    const run = spans.find(({ name }) => name === "again")!;
    expect(run.attributes["espalier.skipped"]).toBe(1);
    const grown = at(spans, "grown");
    expect(grown.attributes["espalier.attempts"]).toBe(2);
    const inside = spans.filter(({ parentSpanId }) => parentSpanId === grown.spanId);
    expect(inside.map(({ name, status }) => `${name} ${status.code}`).toSorted()).toEqual([
      "grown 1",
      "grown 2",
      "slow 0",
      "slow 1",
    ]);
  });

  test.each([
    ["null", null],
    [
      "a proxy that throws",
      new Proxy(
        {},
        {
          get: () => {
            throw new Error("no");
          },
        },
      ),
    ],
    [
      "an error whose getters throw",
      Object.defineProperty(new Error("x"), "message", {
        get: () => {
          throw new Error("no");
        },
      }),
    ],
    ["a frozen error", Object.freeze(new Error("frozen"))],
  ])("fails in the same way, including its span, by %s", async (_, thrown) => {
    const bad = pipeline("bad").step("throws", [], () => Effect.fail(thrown));
    const { spans } = await collected(bad.run({}, { tracing: true }));
    expect(treeOf(spans)).toBe("bad: error\n  throws: error");
  });
});

const throwing = () => {
  throw new Error("trap");
};
const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};

test.each<readonly [string, () => unknown]>([
  ["undefined", () => undefined],
  ["a function", () => throwing],
  ["an exit", () => Exit.succeed(1)],
  ["a failed exit", () => Exit.fail("no")],
  ["an error that is an Effect", () => new NoFit({ message: "as a value" })],
  ["a promise of an Effect", async () => Effect.succeed(2)],
  ["a promise of a promise", async () => Promise.resolve(3)],
  ["a rejected promise", async () => Promise.reject(new Error("rejected"))],
  ["a thenable", () => ({ then: (resolve: (value: number) => void) => resolve(4) })],
  ["a proxy that throws", () => new Proxy({}, { get: throwing, getPrototypeOf: throwing, has: throwing })],
  ["a revoked proxy", revoked],
  ["an object whose then throws", () => Object.defineProperty({}, "then", { get: throwing })],
])("A step ends in the same way with tracing and without: %s", async (_, give) => {
  const p = untyped.pipeline("p").step("a", [], give);
  const endOf = async (tracing: boolean) => {
    const exit: Exit.Exit<any, any> = await Effect.runPromise(
      Effect.exit(p.run({}, { tracing }) as Effect.Effect<unknown, unknown>),
    );
    return Exit.isSuccess(exit)
      ? { succeeded: typeof exit.value.a === "function" ? "function" : exit.value.a }
      : { failed: String(Cause.squash(exit.cause)) };
  };
  expect(await endOf(true)).toEqual(await endOf(false));
});

describe("A run without tracing", () => {
  test("creates no spans, whatever the tracer, and steps keep their own", async () => {
    for (const options of [{}, { tracing: false }]) {
      const { spans } = await collected(
        Effect.withSpan(training.run({ rates: [0.1] }, { ...options }), "request"),
      );
      expect(new Set(spans.map(({ name }) => name))).toEqual(
        new Set(["request", "SELECT rows", "fit", "put 1", "put 2", "put 3"]),
      );
      const [request] = spans.filter(({ name }) => name === "request");
      const others = spans.filter((span) => span !== request);
      expect(new Set(others.map(({ parentSpanId }) => parentSpanId))).toEqual(new Set([request!.spanId]));
    }
  });

  test("is the result of tracing with Effect's tracing switched off", async () => {
    const { spans } = await collected(
      Effect.withTracerEnabled(training.run({ rates: [0.1] }, { tracing: true }), false),
    );
    expect(spans).toEqual([]);
  });
});

describe.each(["tracing", "metrics"])("The option %s", (option) => {
  test.each(["yes", 1, null, {}])(
    "must be true or false: %j is refused before anything runs",
    async (value) => {
      const small = untyped.pipeline("small").step("a", [], () => 1);
      for (const asked of [small.run({}, { [option]: value }), small.start({}, { [option]: value })]) {
        expect(await failureOf(asked)).toMatchObject({
          _tag: "InvalidInput",
          input: option,
          reason: expect.stringMatching(`^${option} must be true or false; got `),
        });
      }
    },
  );
});
