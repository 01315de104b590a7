import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Schedule from "effect/Schedule";
import * as Schema from "effect/Schema";
import * as TestClock from "effect/testing/TestClock";
import { InvalidOutput, pipeline, StepFailed, StepTimedOut, step, type } from "espalier";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { failureOf, rejection, sleep, until, untilAborted, untyped, watched, within } from "./support.ts";

/** Runs on a clock that only `adjust` moves. */
const onTestClock = <Value, Failure>(effect: Effect.Effect<Value, Failure>): Promise<Value> =>
  Effect.runPromise(Effect.provide(effect, TestClock.layer()));

const failing = (times: number) => {
  const calls = { count: 0 };
  const run = async (): Promise<number> => {
    if (++calls.count <= times) throw new Error(`attempt ${calls.count}`);
    return calls.count;
  };
  return { calls, run };
};

describe("retry", () => {
  test("repeats as often as requested, and then fails with the last error", async () => {
    const { calls, run } = failing(10);
    const error = await rejection(
      pipeline("p")
        .step("a", [], run, { retry: { times: 2 } })
        .runPromise({}),
    );
    expect(error).toBeInstanceOf(StepFailed);
    expect(error.cause.message).toBe("attempt 3");
    expect(calls.count).toBe(3);
  });
  test("stops at the first success", async () => {
    const { calls, run } = failing(2);
    expect(
      await pipeline("p")
        .step("a", [], run, { retry: { times: 5 } })
        .runPromise({}),
    ).toEqual({ a: 3 });
    expect(calls.count).toBe(3);
  });
  test("without times continues until it succeeds", async () => {
    const { run } = failing(500);
    expect(await pipeline("p").step("a", [], run, { retry: {} }).runPromise({})).toEqual({ a: 501 });
  });
  test("times: 0 is one attempt", async () => {
    const { calls, run } = failing(1);
    await rejection(
      pipeline("p")
        .step("a", [], run, { retry: { times: 0 } })
        .runPromise({}),
    );
    expect(calls.count).toBe(1);
  });
  test("holds for values, Promises and Effects", async () => {
    for (const wrap of [
      (n: number) => {
        if (n < 3) throw new Error("no");
        return n;
      },
      async (n: number) => {
        if (n < 3) throw new Error("no");
        return n;
      },
      (n: number) => (n < 3 ? Effect.fail("no") : Effect.succeed(n)),
      (n: number) => Effect.andThen(Effect.sleep(1), n < 3 ? Effect.fail("no") : Effect.succeed(n)),
    ]) {
      const p = pipeline("p").step("a", [], (_, { attempt }) => wrap(attempt), { retry: { times: 3 } });
      expect(await p.runPromise({})).toEqual({ a: 3 });
    }
  });
  test("while decides which errors are retried", async () => {
    const { calls, run } = failing(5);
    const p = pipeline("p").step("a", [], run, {
      retry: { times: 5, while: (error: StepFailed) => (error.cause as Error).message !== "attempt 2" },
    });
    await rejection(p.runPromise({}));
    expect(calls.count).toBe(2);
  });
  test("a while that throws fails the step", async () => {
    const { run } = failing(5);
    const p = pipeline("p").step("a", [], run, {
      retry: {
        times: 5,
        while: () => {
          throw new Error("while broke");
        },
      },
    });
    const error = await rejection(p.runPromise({}));
    expect(error).toBeInstanceOf(StepFailed);
    expect(error.cause.message).toBe("while broke");
  });
  test.each([
    ["waits delay, times factor, by Effect's Clock", {}, [0, 10_000, 30_000, 70_000]],
    ["waits no longer than maxDelay", { maxDelay: "15 seconds" }, [0, 10_000, 25_000, 40_000]],
  ] as const)("%s", async (_, more, expected) => {
    const starts: Array<number> = [];
    const p = pipeline("p").step(
      "a",
      [],
      () =>
        Effect.andThen(
          Effect.clockWith((clock) => clock.currentTimeMillis),
          (now) => {
            starts.push(now);
            return Effect.fail("no");
          },
        ),
      { retry: { times: 3, delay: "10 seconds", factor: 2, ...more } },
    );
    await onTestClock(
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(Effect.exit(p.run({})));
        yield* TestClock.adjust("10 minutes");
        yield* Fiber.join(fiber);
      }),
    );
    expect(starts.map((at) => at - starts[0]!)).toEqual(expected);
  });
  test("spreads delays when jitter is set, by at most a fifth", async () => {
    const p = pipeline("p").step("a", [], () => Effect.fail("no"), {
      retry: { times: 4, delay: 1000, jitter: true },
    });
    const delays = await onTestClock(
      Effect.gen(function* () {
        const run = yield* p.start({});
        yield* TestClock.adjust("1 minute");
        yield* Effect.exit(run.await);
        const { runCollect } = yield* Effect.promise(() => import("effect/Stream"));
        return (yield* runCollect(run.events)).flatMap((e) =>
          e.type === "step.retried" ? [e.delayMillis] : [],
        );
      }),
    );
    expect(delays).toHaveLength(4);
    for (const delay of delays) expect(Math.abs(delay - 1000)).toBeLessThanOrEqual(200);
  });
  test("takes a Schedule", async () => {
    const { calls, run } = failing(10);
    await rejection(
      pipeline("p")
        .step("a", [], run, { retry: Schedule.recurs(3) })
        .runPromise({}),
    );
    expect(calls.count).toBe(4);
  });
  test("of a dynamic step runs its whole expansion again, and nothing of the failed one continues", async () => {
    const ran: Array<string> = [];
    let tries = 0;
    const p = pipeline("p").dynamic(
      "x",
      [],
      (_, { attempt }) =>
        pipeline("sub")
          .step("first", [], () => void ran.push(`first ${attempt}`))
          .step("slow", [], async (_, { signal }) => {
            await sleep(5);
            if (!signal.aborted) ran.push(`slow ${attempt}`);
          })
          .step("x", ["first"], async () => {
            if (++tries < 3) throw new Error("again");
            return tries;
          }),
      { retry: { times: 3 } },
    );
    expect(await p.runPromise({})).toEqual({ x: 3 });
    expect(ran).toEqual(["first 1", "first 2", "first 3", "slow 3"]);
  });
  test("of a map applies to each item separately", async () => {
    const tries = new Map<number, number>();
    const p = pipeline("p")
      .step("items", [], () => [1, 2, 3])
      .map(
        "m",
        "items",
        [],
        async (item) => {
          const count = (tries.get(item) ?? 0) + 1;
          tries.set(item, count);
          if (count < item) throw new Error("again");
          return count;
        },
        { retry: { times: 2 } },
      );
    expect((await p.runPromise({})).m).toEqual([1, 2, 3]);
  });
  test("does not happen after an interruption", async () => {
    let tries = 0;
    const p = pipeline("p").step(
      "a",
      [],
      () => {
        tries++;
        return Effect.never;
      },
      { retry: {} },
    );
    const run = await Effect.runPromise(p.start({}));
    await sleep(5);
    await Effect.runPromise(run.interrupt);
    expect(tries).toBe(1);
  });
  test("an attempt that waits for its turn does not start once its run, or the expansion that contains it, has ended", async () => {
    const ran: Array<string> = [];
    const retried = { retry: { times: 5, delay: 5 } };
    const build = (attempt: number): any =>
      pipeline("sub")
        .step(
          "flaky",
          [],
          () => {
            ran.push(`flaky ${attempt}`);
            return Effect.fail("again");
          },
          retried,
        )
        .step("one", [], () => Effect.never)
        .step("x", [], () => Effect.delay(Effect.fail("x"), 20));
    expect(await within(10_000, rejection(build(0).runPromise({}, { concurrency: 2 })))).toBe("x");
    const outer = untyped
      .pipeline("p")
      .dynamic("x", [], (_: unknown, { attempt }: any) => (attempt === 1 ? build(1) : 7), {
        retry: { times: 1 },
      });
    expect(await within(10_000, outer.runPromise({}, { concurrency: 2 }))).toEqual({ x: 7 });
    await sleep(20);
    expect(ran).toEqual(["flaky 0", "flaky 1"]);
  });
  test("a sub-step and its dynamic step can both retry: attempts multiply", async () => {
    let tries = 0;
    const p = pipeline("p").dynamic(
      "x",
      [],
      () =>
        pipeline("sub").step(
          "x",
          [],
          async () => {
            tries++;
            throw new Error("no");
          },
          { retry: { times: 1 } },
        ),
      { retry: { times: 2 } },
    );
    await rejection(p.runPromise({}));
    expect(tries).toBe(6);
  });
  test("the events report which attempt succeeded or failed", async () => {
    const { run } = failing(2);
    const { events } = await watched(pipeline("p").step("a", [], run, { retry: { times: 5 } }));
    expect(events.flatMap((e) => ("attempt" in e ? [`${e.type} ${e.attempt}`] : []))).toEqual([
      "step.started 1",
      "step.retried 1",
      "step.started 2",
      "step.retried 2",
      "step.started 3",
      "step.succeeded 3",
    ]);
    const { events: failed } = await watched(
      pipeline("p").step("a", [], failing(9).run, { retry: { times: 1 } }),
    );
    expect(failed.at(-2)).toMatchObject({ type: "step.failed", attempt: 2 });
  });
});

describe("timeout", () => {
  test("fails an attempt that takes longer, as StepTimedOut", async () => {
    const p = pipeline("p").step("a", [], (_, { signal }) => untilAborted(signal), { timeout: "20 millis" });
    const error = await within(10_000, rejection(p.runPromise({})));
    expect(error).toBeInstanceOf(StepTimedOut);
    expect(error).toMatchObject({ path: "a", timeoutMillis: 20 });
  });
  test("fires the signal, and waits for the step to clean up", async () => {
    let cleaned = false;
    const p = pipeline("p").step(
      "a",
      [],
      (_, { signal }) =>
        untilAborted(signal, 20).catch((error: unknown) => {
          cleaned = true;
          throw error;
        }),
      { timeout: 5 },
    );
    expect(await rejection(p.runPromise({}))).toBeInstanceOf(StepTimedOut);
    expect(cleaned).toBe(true);
  });
  test("runs the finalizers of an Effect", async () => {
    let cleaned = false;
    const p = pipeline("p").step(
      "a",
      [],
      () =>
        Effect.onInterrupt(Effect.never, () =>
          Effect.sync(() => {
            cleaned = true;
          }),
        ),
      { timeout: 5 },
    );
    expect(await failureOf(p.run({}))).toBeInstanceOf(StepTimedOut);
    expect(cleaned).toBe(true);
  });
  test("does not affect a faster step", async () => {
    const p = pipeline("p").step("a", [], () => sleep(1).then(() => 1), { timeout: "1 minute" });
    expect(await p.runPromise({})).toEqual({ a: 1 });
  });
  test("applies to each attempt", async () => {
    const p = pipeline("p").step(
      "a",
      [],
      (_, { attempt, signal }) => (attempt < 3 ? untilAborted(signal) : attempt),
      { timeout: 5, retry: { times: 3 } },
    );
    expect(await p.runPromise({})).toEqual({ a: 3 });
  });
  test("starts when an attempt begins, not while it waits for its turn", async () => {
    const p = pipeline("p")
      .step(
        "a",
        [],
        (_, { attempt }) => (attempt === 1 ? Effect.fail("no") : Effect.as(Effect.sleep(1), attempt)),
        {
          retry: { times: 1, delay: 5 },
          timeout: 40,
        },
      )
      .step("b", [], () => sleep(80));
    expect((await p.runPromise({}, { concurrency: 1 })).a).toBe(2);
  });
  test("abandons a step that ignores it after the grace period, and reports it as leaked", async () => {
    const p = pipeline("p").step("deaf", [], () => sleep(300), { timeout: 5 });
    const { exit, handle } = await within(10_000, watched(p, { gracePeriod: 20 }));
    expect(exit._tag).toBe("Failure");
    expect(handle.report.leaked).toEqual(["deaf"]);
    expect(handle.report.failed).toMatchObject([{ path: "deaf", error: { _tag: "StepTimedOut" } }]);
  });
  test("applies while a sub-pipeline's inputs are decoded", async () => {
    const slow = z.number().transform((n) => sleep(200).then(() => n));
    const p = pipeline("p")
      .step("n", [], () => 1)
      .dynamic(
        "x",
        ["n"],
        () =>
          pipeline("sub")
            .input("n", slow)
            .step("x", ["n"], ({ n }) => n),
        {
          timeout: 10,
          fallback: "late",
        },
      );
    expect((await within(10_000, p.runPromise({}))).x).toBe("late");
  });
  test("of a step that ignores it does not prevent a retry", async () => {
    const p = pipeline("p").step(
      "a",
      [],
      (_, { attempt }) => (attempt < 3 ? sleep(200).then(() => 0) : attempt),
      {
        timeout: 5,
        retry: { times: 3 },
      },
    );
    const { exit, handle } = await within(10_000, watched(p, { gracePeriod: 10 }));
    expect(exit).toMatchObject({ value: { a: 3 } });
    expect(handle.report.leaked).toEqual(["a", "a"]);
  });
  test("of a dynamic step ends its whole expansion", async () => {
    let aborted = 0;
    const slow = (_: unknown, { signal }: { signal: AbortSignal }) =>
      untilAborted(signal).catch((error: unknown) => {
        aborted++;
        throw error;
      });
    const p = pipeline("p").dynamic(
      "x",
      [],
      () =>
        pipeline("sub")
          .step("a", [], slow)
          .dynamic("x", [], () => pipeline("deep").step("x", [], slow)),
      { timeout: 10 },
    );
    const error = await within(10_000, rejection(p.runPromise({})));
    expect(error).toMatchObject({ _tag: "StepTimedOut", path: "x" });
    expect(aborted).toBe(2);
  });
  test("of a map applies to each item", async () => {
    const p = pipeline("p")
      .step("items", [], () => ["1 second", "40 seconds"] as const)
      .map("m", "items", [], (duration) => Effect.as(Effect.sleep(duration), duration), {
        timeout: "20 seconds",
        fallback: "late",
        concurrency: 1,
      });
    const outputs = await onTestClock(
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(p.run({}));
        yield* TestClock.adjust("21 seconds");
        return yield* Fiber.join(fiber);
      }),
    );
    expect(outputs.m).toEqual(["1 second", "late"]);
  });
  test("uses Effect's Clock, and can be longer than a timer's maximum", async () => {
    const p = pipeline("p").step("a", [], () => Effect.as(Effect.sleep("29 days"), 1), {
      timeout: "30 days",
    });
    const outputs = await onTestClock(
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(p.run({}));
        yield* TestClock.adjust("29 days");
        return yield* Fiber.join(fiber);
      }),
    );
    expect(outputs).toEqual({ a: 1 });
    expect(
      await pipeline("p")
        .step("a", [], () => sleep(2).then(() => 1), { timeout: "30 days" })
        .runPromise({}),
    ).toEqual({ a: 1 });
    expect(
      await pipeline("p")
        .step("a", [], () => sleep(2).then(() => 1), { timeout: Infinity })
        .runPromise({}),
    ).toEqual({ a: 1 });
  });
});

describe("fallback", () => {
  test("replaces the failed output", async () => {
    const p = pipeline("p")
      .step("a", [], () => Effect.fail("no"), { fallback: 1 })
      .step(
        "b",
        [],
        (): number => {
          throw new Error("no");
        },
        { fallback: (error) => error._tag },
      )
      .step("c", [], () => Effect.fail("no"), { fallback: undefined })
      .step("d", [], () => Effect.fail("no"), { fallback: null });
    expect(await p.runPromise({})).toEqual({ a: 1, b: "StepFailed", c: undefined, d: null });
  });
  test("comes after all retries, and after a timeout", async () => {
    const { calls, run } = failing(9);
    const p = pipeline("p")
      .step("a", [], run, { retry: { times: 2 }, fallback: 0 })
      .step("b", [], (_, { signal }) => untilAborted(signal), {
        timeout: 1,
        fallback: (error) => error._tag as string,
      });
    expect(await p.runPromise({})).toEqual({ a: 0, b: "StepTimedOut" });
    expect(calls.count).toBe(3);
  });
  test("that throws fails the step with the thrown error", async () => {
    const p = pipeline("p").step("a", [], () => Effect.fail("no"), {
      fallback: (): number => {
        throw new Error("fallback broke");
      },
    });
    expect(await rejection(p.runPromise({}))).toMatchObject({
      _tag: "StepFailed",
      path: "a",
      cause: { message: "fallback broke" },
    });
  });
  test("can take its time, as a Promise or an Effect, and need the same services as a step", async () => {
    class Defaults extends Context.Service<Defaults, { readonly count: number }>()("Defaults") {}
    const p = pipeline("p")
      .step("a", [], () => Effect.fail("no" as const), { fallback: async (error) => ["late", error] })
      .step("b", [], () => Effect.fail("no"), { fallback: () => Effect.map(Defaults, ({ count }) => count) })
      .step("c", [], () => Effect.fail("no"), { fallback: async () => Effect.succeed(3) })
      .input("e", type<ReadonlyArray<number>>())
      .map("d", "e", [], () => Effect.fail("no"), { fallback: async () => 4 });
    const given = Effect.provideService(p.run({ e: [1, 2] }), Defaults, { count: 2 });
    expect(await Effect.runPromise(given)).toMatchObject({ a: ["late", "no"], b: 2, c: 3, d: [4, 4] });
  });
  test("can be the error itself, as a value", async () => {
    const p = pipeline("p")
      .step("a", [], async () => Promise.reject(new Error("no")), { fallback: (error) => error })
      .step("b", [], async () => Promise.reject(new Error("no")), { fallback: async (error) => error })
      .step("c", ["a", "b"], ({ a, b }) => [a, b].map((error) => error._tag));
    expect((await p.runPromise({})).c).toEqual(["StepFailed", "StepFailed"]);
  });
  test("that fails late fails the step", async () => {
    const p = pipeline("p")
      .step("a", [], () => Effect.fail("no"), { fallback: () => Effect.fail("nor this" as const) })
      .returns("a");
    expect(await Effect.runPromise(Effect.flip(p.run({})))).toBe("nor this");
    const q = pipeline("q").step("a", [], () => Effect.fail("no"), {
      fallback: async (): Promise<number> => {
        throw new Error("gone");
      },
    });
    expect(await rejection(q.runPromise({}))).toMatchObject({
      _tag: "StepFailed",
      path: "a",
      cause: { message: "gone" },
    });
  });
  test("of several outputs is a record of them", async () => {
    const p = pipeline("p").step("two", [], () => Effect.fail("no"), {
      outputs: ["a", "b"],
      fallback: { a: 1, b: 2 },
    });
    expect(await p.runPromise({})).toEqual({ a: 1, b: 2 });
  });
  test("of a dynamic step replaces its expansion, including an invalid one", async () => {
    const p = untyped
      .pipeline("p")
      .dynamic("x", [], () => pipeline("sub").step("x", [], () => Effect.fail("no")), { fallback: 1 })
      .dynamic("y", [], () => pipeline("wrong"), { fallback: 2 });
    expect(await p.runPromise({})).toEqual({ x: 1, y: 2 });
  });
  test("does not replace a step that interrupts itself", async () => {
    const p = pipeline("p").step("a", [], () => Effect.interrupt, { fallback: 1 });
    expect((await Effect.runPromiseExit(p.run({})))._tag).toBe("Failure");
  });
  test("does not hide an interruption", async () => {
    const p = pipeline("p").step("a", [], () => Effect.never, { fallback: 1 });
    const run = await Effect.runPromise(p.start({}));
    await Effect.runPromise(run.interrupt);
    expect((await Effect.runPromiseExit(run.await))._tag).toBe("Failure");
  });
});

describe("output", () => {
  test("decodes a step's output for its readers", async () => {
    const p = pipeline("p")
      .step("a", [], () => "41", { output: Schema.NumberFromString })
      .step("b", [], async () => "1", { output: z.string().transform(Number) })
      .step("sum", ["a", "b"], ({ a, b }) => a + b);
    expect((await p.runPromise({})).sum).toBe(42);
  });
  test("that is invalid is InvalidOutput, which is retried and has a fallback like any failure", async () => {
    const build = (options: object): any =>
      pipeline("p").step("a", [], (_, { attempt }) => (attempt < 2 ? { n: "x" } : { n: 1 }), {
        output: z.object({ n: z.number() }),
        ...options,
      });
    const error = await rejection(build({}).runPromise({}));
    expect(error).toBeInstanceOf(InvalidOutput);
    expect(error).toMatchObject({
      path: "a",
      reason: expect.stringMatching(/^It returns an object, which its output schema refuses at n: ./),
    });
    expect(await build({ retry: { times: 1 } }).runPromise({})).toEqual({ a: { n: 1 } });
    expect(await build({ fallback: 0 }).runPromise({})).toEqual({ a: 0 });
  });
  test("that is invalid is not shown: it may be what the schema was to hide", async () => {
    const output = Schema.RedactedFromValue(Schema.String.check(Schema.isMinLength(20)));
    const error = await rejection(
      pipeline("p")
        .step("key", [], () => "hunter2", { output })
        .runPromise({}),
    );
    expect(String(error)).toContain("It returns a string, which its output schema refuses");
    expect(JSON.stringify(error) + String(error)).not.toContain("hunter2");
    const several = untyped.pipeline("p").step("keys", [], () => "hunter2", { outputs: ["a", "b"] });
    const other = await rejection(several.runPromise({}));
    expect(String(other)).toContain("the step did not return a record, but a string");
    expect(String(other)).not.toContain("hunter2");
  });
  test("of a map applies to each item, of a dynamic step to its exposed output", async () => {
    const p = pipeline("p")
      .step("items", [], () => ["1", "2"])
      .map("m", "items", [], (item: string) => item, { output: Schema.NumberFromString })
      .dynamic("d", [], () => pipeline("sub").step("d", [], () => "3"), { output: Schema.NumberFromString });
    expect(await p.runPromise({})).toMatchObject({ m: [1, 2], d: 3 });
  });
});

describe("A pool", () => {
  const counting = () => {
    const seen = { now: 0, most: 0, total: 0 };
    const work = async (): Promise<number> => {
      seen.total++;
      seen.most = Math.max(seen.most, ++seen.now);
      await sleep(1);
      seen.now--;
      return 1;
    };
    return { seen, work };
  };
  test.each([1, 3])("of %i limits the steps that name it, wherever they are", async (size) => {
    const { seen, work } = counting();
    const pool = { pool: "db" };
    const p = pipeline("p")
      .step("items", [], () => [1, 2, 3, 4])
      .addAll([1, 2, 3].map((i) => step(`s_${i}`, [], work, pool)))
      .map("m", "items", [], work, pool)
      .dynamic("d", [], () => pipeline("sub").step("d", [], work, pool).step("e", [], work, pool));
    await within(10_000, p.runPromise({}, { pools: { db: size } }));
    expect(seen).toEqual({ now: 0, most: size, total: 9 });
  });
  test("does not limit the others", async () => {
    const { seen, work } = counting();
    const p = pipeline("p")
      .addAll(Array.from({ length: 5 }, (_, i) => step(`in_${i}`, [], work, { pool: "one" })))
      .addAll(Array.from({ length: 5 }, (_, i) => step(`out_${i}`, [], work)));
    await p.runPromise({}, { pools: { one: 1 } });
    expect(seen.most).toBe(6);
  });
  test("that the run does not name has no limit", async () => {
    const { seen, work } = counting();
    await pipeline("p")
      .addAll(Array.from({ length: 5 }, (_, i) => step(`s_${i}`, [], work, { pool: "unknown" })))
      .runPromise({}, { pools: { other: 1 } });
    expect(seen.most).toBe(5);
  });
  test("of one holds a dynamic step whose sub-steps are also in it, at any depth", async () => {
    const { seen, work } = counting();
    const pool = { pool: "db" };
    const nest = (depth: number): any =>
      untyped
        .pipeline("nest")
        .dynamic("x", [], async () => (depth === 0 ? work() : nest(depth - 1)), pool)
        .step("a", [], work, pool)
        .step("b", [], work, pool);
    await within(10_000, nest(5).runPromise({}, { pools: { db: 1 } }));
    expect(seen).toMatchObject({ now: 0, most: 1, total: 13 });
  });
  test("of one holds a map in a pool inside a dynamic step in it", async () => {
    const { seen, work } = counting();
    const pool = { pool: "db" };
    const p = pipeline("p")
      .dynamic(
        "x",
        [],
        () =>
          pipeline("sub")
            .step("items", [], () => [1, 2, 3])
            .map(
              "m",
              "items",
              [],
              () => pipeline("item").step("m", [], work, pool).step("n", [], work, pool),
              pool,
            )
            .step("x", ["m"], work, pool),
        pool,
      )
      .step("beside", [], work, pool);
    await within(10_000, p.runPromise({}, { pools: { db: 1 } }));
    expect(seen).toMatchObject({ now: 0, most: 1, total: 8 });
  });
  test("gets its slots back after failures, retries, timeouts and collected items", async () => {
    const { seen, work } = counting();
    const pool = { pool: "db" };
    let flaky = 0;
    const p = pipeline("p")
      .step("items", [], () => [1, 2, 3])
      .step(
        "flaky",
        [],
        async () => {
          await work();
          if (++flaky < 3) throw new Error("no");
        },
        { ...pool, retry: { times: 3 } },
      )
      .step("slow", [], (_, { signal }) => untilAborted(signal), {
        ...pool,
        timeout: 5,
        fallback: 0,
      })
      .map(
        "m",
        "items",
        [],
        async () => {
          await work();
          throw new Error("no");
        },
        { ...pool, failures: "collect" },
      )
      .step("after", ["m", "flaky", "slow"], work, pool);
    await within(10_000, p.runPromise({}, { pools: { db: 1 } }));
    expect(seen).toMatchObject({ now: 0, most: 1, total: 7 });
  });
  test("gets back the slot of a step that was woken and then never started", async () => {
    // b is woken with a slot when a ends; e, which is before b in the queue's turn, fails its frame; the next attempt needs the slot.
    const pool = { pool: "db" };
    const p = pipeline("p").dynamic(
      "x",
      [],
      (_, { attempt }) =>
        pipeline("sub")
          .step("a", [], () => sleep(5), pool)
          .step("b", [], () => sleep(1), pool)
          .step("c", [], () => sleep(attempt === 1 ? 30 : 1))
          .step("x", [], () => {
            if (attempt === 1) throw new Error("first");
            return attempt;
          }),
      { retry: { times: 1 } },
    );
    expect(await within(10_000, p.runPromise({}, { concurrency: 2, pools: { db: 1 } }))).toEqual({ x: 2 });
  });
  test("many pools and a limit of the run hold together", async () => {
    const { seen, work } = counting();
    const p = pipeline("p").addAll(
      Array.from({ length: 40 }, (_, i) => step(`s_${i}`, [], work, { pool: `pool${i % 4}` })),
    );
    await within(
      2000,
      p.runPromise({}, { concurrency: 5, pools: { pool0: 1, pool1: 2, pool2: 3, pool3: 4 } }),
    );
    expect(seen).toMatchObject({ now: 0, total: 40 });
    expect(seen.most).toBeLessThanOrEqual(5);
  });
});

describe("Steps that fail and are retried at once, thousands of times,", () => {
  const times = 20_000;
  const ways: ReadonlyArray<readonly [way: string, fail: () => unknown]> = [
    ["by rejecting", () => Promise.reject(new Error("no"))],
    ["by an Effect", () => Effect.fail("no")],
    [
      "by throwing",
      () => {
        throw new Error("no");
      },
    ],
    ["after a while", () => sleep(1).then(() => Promise.reject(new Error("no")))],
  ];
  const limits = [1, 2, 8];
  test.each(ways.flatMap(([way, fail]) => limits.map((limit) => [way, limit, fail] as const)))(
    "%s, %i at once: other steps and timers get their turn, and the run can be stopped",
    async (_, concurrency, fail) => {
      let tries = 0;
      let triesAtTimer = 0;
      const retried = (name: string): unknown =>
        untyped.step(
          name,
          [],
          () => {
            tries++;
            return fail();
          },
          { retry: { times } },
        );
      const others: Array<number> = [];
      const p = untyped
        .pipeline("p")
        .add(retried("first"))
        .add(retried("second"))
        .step("a", [], async () => others.push(tries))
        .step("b", ["a"], async () => others.push(tries))
        .step("c", ["b"], async () => others.push(tries));
      const timer = sleep(5).then(() => (triesAtTimer = tries));
      const fiber = Effect.runFork(p.run({}, { concurrency }) as Effect.Effect<unknown, unknown>);
      await until(() => others.length === 3);
      await timer;
      await within(10_000, Effect.runPromise(Fiber.interrupt(fiber)));
      expect(triesAtTimer).toBeLessThan(2 * times);
      expect(tries).toBeLessThan(2 * times);
    },
  );
});
