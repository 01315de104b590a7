/** Steps that emit values while they run, by `context.emit` or as async generators, and readers of those values. */
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Stream from "effect/Stream";
import type { PipelineEvent, StepEmitted } from "espalier";
import { CurrentStep, pipeline, step, StepFailed } from "espalier";
import { Report } from "espalier/draw";
import { Simulation } from "espalier/testing";
import { describe, expect, expectTypeOf, test } from "vitest";
import { apply } from "../../src/fold/apply.ts";
import { RunState } from "../../src/fold/run-state.ts";
import { asText, frame } from "../../src/progress/frame.ts";
import { plainLines } from "../../src/progress/plain-lines.ts";
import { dataOf } from "../draw/page-data.ts";

const emittedIn = (events: Iterable<PipelineEvent>): ReadonlyArray<StepEmitted> =>
  [...events].filter((event) => event.type === "step.emitted");

const valuesIn = (events: Iterable<PipelineEvent>): ReadonlyArray<unknown> =>
  emittedIn(events).map(({ value }) => value);

interface Watched {
  readonly events: ReadonlyArray<PipelineEvent>;
  readonly outputs?: unknown;
  readonly error?: unknown;
}

const watched = async (p: any, options: object = {}): Promise<Watched> => {
  const run = await p.startPromise({}, options);
  const events: Array<PipelineEvent> = [];
  for await (const event of run.events) events.push(event);
  const result = await run.result.then(
    (outputs: unknown) => ({ outputs }),
    (error: unknown) => ({ error }),
  );
  return { events, ...result };
};

describe("context.emit", () => {
  test("sends a partial result to observers, with the step's path and attempt", async () => {
    const p = pipeline("p")
      .step("a", [], (_, { emit }) => {
        emit("to");
        emit("ken");
        return 1;
      })
      .step("b", ["a"], () =>
        Effect.map(CurrentStep, (context) => {
          context.emit({ part: 1 });
          return 2;
        }),
      );
    const heard: Array<PipelineEvent> = [];
    const outputs = await p.runPromise({}, { onEvent: (event) => void heard.push(event) });
    expect(outputs).toEqual({ a: 1, b: 2 });
    expect(emittedIn(heard).map(({ path, attempt, index, value }) => [path, attempt, index, value])).toEqual([
      ["a", 1, 0, "to"],
      ["a", 1, 1, "ken"],
      ["b", 1, 0, { part: 1 }],
    ]);
    expect(emittedIn((await watched(p)).events)).toHaveLength(3);
    // Without observers, nothing breaks.
    expect(await p.runPromise()).toEqual({ a: 1, b: 2 });
  });

  test("is dropped once its step, item or turn has its outcome", async () => {
    const left: Array<() => void> = [];
    const p = pipeline("p")
      .step("a", [], (_, { emit, progress }) => {
        emit("in time");
        left.push(() => (emit("late"), progress(1, "late")));
        return [1, 2];
      })
      .map("items", "a", [], (n, _, { emit }) => {
        left.push(() => emit(`item ${n}`));
        return n;
      })
      .loop(
        "turns",
        ["items"],
        () => 0,
        (turn, _, { emit }) => {
          for (const late of left) late();
          left.push(() => emit(`turn ${turn}`));
          return turn + 1;
        },
        { until: (turn) => turn === 3 },
      )
      .step("end", ["turns"], () => {
        for (const late of left) late();
      });
    const { events } = await watched(p);
    expect(valuesIn(events)).toEqual(["in time"]);
    expect(events.filter(({ type }) => type === "step.progressed")).toEqual([]);
  });

  test("comes between the start and the end of its step, in order", async () => {
    const p = pipeline("p").step("a", [], async (_, { emit }) => {
      for (let i = 0; i < 3; i++) {
        emit(i);
        await Promise.resolve();
      }
    });
    const { events } = await watched(p);
    expect(events.map(({ type }) => type)).toEqual([
      "run.started",
      "step.started",
      "step.emitted",
      "step.emitted",
      "step.emitted",
      "step.succeeded",
      "run.succeeded",
    ]);
    expect(JSON.parse(JSON.stringify(emittedIn(events)[2]))).toMatchObject({ path: "a", value: 2 });
  });
});

async function* words(text: string) {
  for (const word of text.split(" ")) {
    await Promise.resolve();
    yield word;
  }
  return text.length;
}

describe("A step that is an async generator", () => {
  test("emits what it yields, and its return value is the output", async () => {
    const p = pipeline("p")
      .step("length", [], async function* () {
        yield "a";
        yield 2;
        return { total: 3 };
      })
      .step("read", ["length"], ({ length }) => {
        expectTypeOf(length).toEqualTypeOf<{ total: number }>();
        return length.total;
      })
      .add(step("standalone", ["read"], ({ read }: { read: number }) => words(`it is ${read}`)))
      .step("last", ["standalone"], ({ standalone }) => {
        expectTypeOf(standalone).toEqualTypeOf<number>();
        return standalone;
      });
    const { events, outputs } = await watched(p);
    expect(outputs).toEqual({ length: { total: 3 }, read: 3, standalone: 7, last: 7 });
    expect(valuesIn(events)).toEqual(["a", 2, "it", "is", "3"]);
    expect(await p.runPromise()).toMatchObject({ last: 7 });
  });

  test("can have several outputs, be an item of a map, and run within middleware", async () => {
    const p = pipeline("p")
      .step(
        "several",
        [],
        async function* () {
          yield 0;
          return { one: [1, 2], two: 2 };
        },
        { outputs: ["one", "two"] },
      )
      .map("items", "one", [], async function* (item) {
        yield `item ${item}`;
        return item * 10;
      });
    const { outputs, events } = await watched(p, { tracing: true });
    expect(outputs).toEqual({ one: [1, 2], two: 2, items: [10, 20] });
    expect(valuesIn(events).toSorted()).toEqual([0, "item 1", "item 2"]);
    const simulated = await Simulation.run(p, {});
    expect(valuesIn(simulated.events)).toHaveLength(3);
    expect(simulated.left).toEqual({ steps: [], fibers: 0 });
  });

  test("fails as StepFailed with the error that it throws, and is retried from its beginning", async () => {
    let left = 1;
    const p = (times: number) =>
      pipeline("p").step(
        "a",
        [],
        async function* (_, { attempt }) {
          yield attempt;
          if (left-- > 0) throw new Error("the model is overloaded");
          return "done";
        },
        { retry: { times } },
      );
    const { events, outputs } = await watched(p(1));
    expect(outputs).toEqual({ a: "done" });
    expect(emittedIn(events).map(({ value, index }) => [value, index])).toEqual([
      [1, 0],
      [2, 0],
    ]);
    left = 1;
    const exit = await Effect.runPromiseExit(p(0).run());
    const failure = Exit.isFailure(exit) ? (exit.cause.reasons[0] as { error?: unknown }).error : undefined;
    expect(failure).toBeInstanceOf(StepFailed);
    expect((failure as StepFailed).message).toContain("the model is overloaded");
  });

  test("is returned when it is interrupted, so that its finally runs before the run has ended", async () => {
    for (const waits of ["at a yield", "at a promise", "while it is read too slowly"] as const) {
      const seen: Array<string> = [];
      const controller = new AbortController();
      const p = pipeline("p").step("a", [], async function* (_, { signal }) {
        try {
          for (let i = 0; ; i++) {
            yield i;
            if (i === 3 && waits === "at a yield") controller.abort("enough");
            if (i === 3 && waits === "at a promise") {
              setImmediate(() => controller.abort("enough"));
              await new Promise((done) => signal.addEventListener("abort", done, { once: true }));
            }
          }
        } finally {
          await Promise.resolve();
          seen.push("closed");
        }
      });
      const run = await p.startPromise({}, { signal: controller.signal });
      const reading = (async () => {
        let count = 0;
        for await (const event of run.events) {
          if (event.type !== "step.emitted") continue;
          count++;
          if (waits === "while it is read too slowly" && count === 300) controller.abort("enough");
        }
      })();
      await expect(run.result).rejects.toBe("enough");
      expect(seen).toEqual(["closed"]);
      await reading;
    }
  });

  test("is returned when it has timed out", async () => {
    const seen: Array<string> = [];
    const p = pipeline("p").step(
      "a",
      [],
      async function* (_, { signal }) {
        try {
          yield 1;
          await new Promise((done) => signal.addEventListener("abort", done, { once: true }));
          yield 2;
        } finally {
          seen.push("closed");
        }
        return 1;
      },
      { timeout: 5 },
    );
    await expect(p.runPromise()).rejects.toMatchObject({ _tag: "StepTimedOut" });
    expect(seen).toEqual(["closed"]);
  });

  test("that yields in its finally still ends", async () => {
    const controller = new AbortController();
    const p = pipeline("p").step("a", [], async function* () {
      try {
        yield 1;
        controller.abort("stop");
        yield 2;
      } finally {
        yield 3;
        yield 4;
      }
    });
    await expect(p.runPromise({}, { signal: controller.signal })).rejects.toBe("stop");
  });

  test("is not assumed where a step returns its own stream as a value", async () => {
    const p = pipeline("p").step("a", [], () => ({
      async *[Symbol.asyncIterator]() {
        yield 1;
      },
    }));
    const { a } = await p.runPromise();
    expect(typeof a[Symbol.asyncIterator]).toBe("function");
  });
});

test("A generator that never waits lets the event loop take its turn", { timeout: 60_000 }, async () => {
  const controller = new AbortController();
  const p = pipeline("p").step("a", [], async function* () {
    for (let i = 0; ; i++) yield i;
  });
  const running = p.runPromise({}, { signal: controller.signal });
  setTimeout(() => controller.abort("enough"), 5);
  await expect(running).rejects.toBe("enough");
});

describe("The emitted values of a step", () => {
  const p = pipeline("p").step("answer", [], async function* () {
    for (let i = 0; i < 2_000; i++) yield `token ${i}`;
    return "done";
  });

  test("are in its report: the last value and the count", async () => {
    const run = await p.startPromise();
    const lines: Array<string> = [];
    const lineOf = plainLines((line) => lines.push(line));
    for await (const event of run.events) lineOf.event(event);
    expect(lines[1]).toBe("  answer: 1 value emitted, the last: token 0");
    expect(lines.find((line) => line.startsWith("✓ answer"))).toMatch(
      /2,000 values emitted, the last: token 1999$/,
    );
    const html = await Effect.runPromise(Effect.flatMap(p.start(), Report.fromRun));
    const { steps } = dataOf(html);
    expect(steps[0]!.run!.emitted).toEqual({ count: 2_000, last: '"token 1999"' });
  });

  test("are shown on a terminal while it runs", () => {
    const state = new RunState("p");
    const base = { runId: "r", path: "answer", attempt: 1 };
    apply(state, { ...base, type: "step.started", time: 0 });
    apply(state, { ...base, type: "step.emitted", time: 1, index: 41, value: "token" });
    const shown = () => frame(state, { columns: 80, rows: 10 }, 5).map(asText).join("\n");
    expect(shown()).toContain("42 values emitted: token");
    apply(state, { ...base, type: "step.started", attempt: 2, time: 6 });
    expect(shown()).not.toContain("emitted");
  });
});

describe("A slow reader", () => {
  test("receives every value of a generator, which waits for it and is never far ahead", async () => {
    const total = 3_000;
    let ahead = 0;
    let read = 0;
    const p = pipeline("p").step("a", [], async function* () {
      for (let i = 0; i < total; i++) {
        ahead = Math.max(ahead, i - read);
        yield i;
      }
      return total;
    });
    const run = await p.startPromise();
    const values: Array<unknown> = [];
    for await (const event of run.events) {
      if (event.type !== "step.emitted") continue;
      expect(event.dropped).toBeUndefined();
      values.push(event.value);
      read++;
      if (read % 16 === 0) await new Promise((done) => setImmediate(done));
    }
    expect(values).toEqual(Array.from({ length: total }, (_, i) => i));
    expect(ahead).toBeLessThan(700);
    expect(await run.result).toEqual({ a: total });
  });

  test("that stops reading does not stop the run", { timeout: 60_000 }, async () => {
    const p = pipeline("p").step("a", [], async function* () {
      for (let i = 0; i < 5_000; i++) yield i;
      return "done";
    });
    const run = await p.startPromise();
    const reading = run.events[Symbol.asyncIterator]();
    await reading.next();
    expect(await run.result).toEqual({ a: "done" });
  });

  test("learns how many values it missed from steps that cannot wait for it", async () => {
    const total = 10_000;
    const p = pipeline("p").step("a", [], (_, { emit }) => {
      for (let i = 0; i < total; i++) emit(i);
      return total;
    });
    const { events } = await watched(p);
    const emitted = emittedIn(events);
    expect(emitted.length).toBeLessThan(total);
    expect(emitted.at(-1)!.value).toBe(total - 1);
    expect(emitted.reduce((sum, { dropped = 0 }) => sum + dropped, emitted.length)).toBe(total);
    expect(emitted[0]!.dropped).toBe(total - emitted.length);
    expect(events.map(({ type }) => type).filter((type) => type !== "step.emitted")).toEqual([
      "run.started",
      "step.started",
      "step.succeeded",
      "run.succeeded",
    ]);
  });

  test("does not slow down a reader that uses an Effect", async () => {
    const p = pipeline("p").step("a", [], async function* () {
      for (let i = 0; i < 2_000; i++) yield i;
      return 1;
    });
    const collected = await Effect.runPromise(
      Effect.gen(function* () {
        const run = yield* p.start();
        return yield* Stream.runCollect(run.events);
      }),
    );
    expect(valuesIn(collected)).toHaveLength(2_000);
  });
});
