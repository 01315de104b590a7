/** Pools as values: their concurrency, their rate, their scope, and invalid pools. */
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Fiber from "effect/Fiber";
import * as TestClock from "effect/testing/TestClock";
import type { InvalidInput, PipelineEvent, PoolOptions, RunOptions } from "espalier";
import { GraphError, pipeline, pool, step, type } from "espalier";
import { Simulation } from "espalier/testing";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MemoryStore } from "../../src/testing/memory-store.ts";

const untyped: { readonly pipeline: (name: string) => any } = { pipeline: pipeline as never };

/** The times when steps started, in milliseconds since the first event of the run. */
const startsIn = (
  events: ReadonlyArray<PipelineEvent>,
  isCounted: (path: string) => boolean = () => true,
): ReadonlyArray<number> =>
  events.flatMap((event) =>
    event.type === "step.started" && isCounted(event.path) ? [event.time - events[0]!.time] : [],
  );

const items = (count: number) => Array.from({ length: count }, (_, i) => i);

/** More than `limit` starts in less than `per`. */
const crowded = (starts: ReadonlyArray<number>, limit: number, per: number): ReadonlyArray<number> =>
  starts.toSorted((a, b) => a - b).filter((time, i, all) => i >= limit && time - all[i - limit]! < per);

/** Counts the calls under way. */
const counting = () => {
  const seen = { now: 0, most: 0, total: 0 };
  const work = () =>
    Effect.gen(function* () {
      seen.total++;
      seen.most = Math.max(seen.most, ++seen.now);
      yield* Effect.sleep(10);
      seen.now--;
      return 1;
    });
  return { seen, work };
};

describe("A pool's rate", () => {
  test("limits the starts in any window of its length, without bursts at the edges", async () => {
    const model = pool("model", { rate: { limit: 2, per: "1 second" } });
    const p = pipeline("p")
      .step("items", [], () => items(7))
      .map("answers", "items", [], (item) => item, { pool: model });
    const { events } = await Simulation.run(p, {});
    const starts = startsIn(events, (path) => path.startsWith("answers["));
    expect(starts).toEqual([0, 0, 1000, 1000, 2000, 2000, 3000]);
  });

  test("slides with the starts: a slow beginning allows no burst later", async () => {
    const one = pool("one", { rate: { limit: 2, per: 1000 } });
    const p = pipeline("p")
      .step("a", [], () => 1, { pool: one })
      .sleep("later", 900, { after: ["a"] })
      .addAll(
        items(4).map((i) =>
          step(`b_${i}`, ["later"], ({ later }: { later: undefined }) => later ?? i, { pool: one }),
        ),
      );
    const { events } = await Simulation.run(p, {});
    expect(startsIn(events, (path) => path !== "later")).toEqual([0, 900, 1000, 1900, 2000]);
  });

  test("is shared by steps, items, dynamic steps and their expansions, and counts every attempt", async () => {
    const rate = { limit: 3, per: 500 };
    const shared = { pool: pool("shared", { rate }) };
    const parameters = fc.record({
      seed: fc.integer({ min: 0, max: 1e6 }),
      count: fc.integer({ min: 0, max: 8 }),
      failures: fc.integer({ min: 0, max: 3 }),
      concurrency: fc.constantFrom(undefined, 1, 2, 5),
      delay: fc.constantFrom(0, 7, 499, 501, 700),
    });
    await fc.assert(
      fc.asyncProperty(parameters, async ({ seed, count, failures, concurrency, delay }) => {
        const calls: Array<number> = [];
        const called = (millis = 0) =>
          Effect.gen(function* () {
            calls.push(yield* Effect.clockWith((clock) => clock.currentTimeMillis));
            if (millis > 0) yield* Effect.sleep(millis);
            return 1;
          });
        let left = failures;
        const p = pipeline("p")
          .step("items", [], () => items(count))
          .map("plain", "items", [], (item) => called(item * delay), shared)
          .step(
            "flaky",
            [],
            () => Effect.andThen(called(delay), left-- > 0 ? Effect.fail("no") : Effect.succeed(1)),
            {
              ...shared,
              retry: { delay },
            },
          )
          .dynamic(
            "deep",
            ["items"],
            () =>
              Effect.as(
                called(),
                pipeline("in")
                  .input("items", type<ReadonlyArray<number>>())
                  .step("x", [], () => called(delay), shared)
                  .map("deep", "items", [], () => called(), shared),
              ),
            shared,
          );
        const options: RunOptions = concurrency === undefined ? {} : { concurrency };
        const { exit, stuck } = await Simulation.run(p, {}, { schedule: { seed }, run: options });
        expect(stuck).toBeUndefined();
        expect(exit !== undefined && Exit.isSuccess(exit)).toBe(true);
        expect(calls).toHaveLength(count * 2 + failures + 3);
        expect(crowded(calls, rate.limit, rate.per)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test("counts a start when the function is called, not while it waits for a slot of the run's concurrency", async () => {
    const calls: Array<number> = [];
    const one = pool("one", { rate: { limit: 1, per: 100 } });
    const now = Effect.clockWith((clock) => clock.currentTimeMillis);
    const noted = () => Effect.tap(now, (time) => Effect.sync(() => calls.push(time)));
    const p = pipeline("p")
      .step("a", [], noted, { pool: one })
      .sleep("pause", 50, { after: ["a"] })
      .step("holds", ["pause"], () => Effect.sleep(300))
      .addAll(
        items(3).map((i) =>
          step(`b_${i}`, ["a"], ({ a }: { a: number }) => Effect.map(noted(), (b) => a + b), {
            pool: one,
            retry: { times: 1 },
          }),
        ),
      );
    await Simulation.run(p, {}, { run: { concurrency: 1 } });
    expect(calls).toHaveLength(4);
    expect(crowded(calls, 1, 100)).toEqual([]);
  });

  test("leaves no timer behind if the run ends first", async () => {
    const slow = pool("slow", { rate: { limit: 1, per: "1 hour" } });
    const p = pipeline("p")
      .addAll(items(3).map((i) => step(`a_${i}`, [], () => i, { pool: slow })))
      .step("fails", [], () => Effect.andThen(Effect.sleep(50), Effect.fail("no")));
    const { exit, left, time } = await Simulation.run(p, {});
    expect(exit !== undefined && Exit.isFailure(exit)).toBe(true);
    expect(left).toEqual({ steps: [], fibers: 0 });
    expect(time).toBe(50);
  });

  test("that is NaN or at most 0, or has no length, is refused in one sentence", () => {
    const rate = (value: object) => ({ rate: value }) as PoolOptions;
    const cases: ReadonlyArray<readonly [PoolOptions, string]> = [
      [rate({ limit: 0, per: 1000 }), "rate.limit must be a whole number of at least 1, or Infinity; got 0."],
      [
        rate({ limit: Number.NaN, per: 1000 }),
        "rate.limit must be a whole number of at least 1, or Infinity; got NaN.",
      ],
      [
        rate({ limit: -3, per: 1000 }),
        "rate.limit must be a whole number of at least 1, or Infinity; got -3.",
      ],
      [
        rate({ limit: 1.5, per: 1000 }),
        "rate.limit must be a whole number of at least 1, or Infinity; got 1.5.",
      ],
      [rate({ limit: 1, per: 0 }), "rate.per must be longer than 0 and finite; got 0."],
      [rate({ limit: 1, per: Infinity }), "rate.per must be longer than 0 and finite; got Infinity."],
      [rate({ limit: 1, per: -5 }), "rate.per must not be negative; got -5."],
      [
        rate({ limit: 1, per: "soon" }),
        'rate.per is not a valid duration: "soon". Write "5 seconds" or a number of milliseconds.',
      ],
      [rate({ limit: 1 }), 'rate.per is missing. Write { limit: 60, per: "1 minute" }.'],
      [rate({ limit: 1, par: 5 }), 'rate has no option "par". Did you mean "per"?'],
      [{ concurrency: 0 }, "concurrency must be a whole number of at least 1, or Infinity; got 0."],
      [{ concurency: 2 } as PoolOptions, 'A pool has no option "concurency". Did you mean "concurrency"?'],
      [{ scope: "all" as never }, 'scope must be "run" or "process"; got "all".'],
    ];
    for (const [options, sentence] of cases) {
      const error = (() => {
        try {
          return pool("model", options);
        } catch (thrown) {
          return thrown;
        }
      })();
      expect(error).toBeInstanceOf(GraphError);
      expect((error as GraphError).message).toBe(`Pool "model": ${sentence}`);
    }
    expect(() => pool("a/b")).toThrow("A name must not contain");
  });
});

describe("A pool's concurrency", () => {
  test("limits every kind of step that has the pool, without options of the run", async () => {
    const { seen, work } = counting();
    const db = { pool: pool("db", { concurrency: 2 }) };
    const p = pipeline("p")
      .step("items", [], () => items(4))
      .addAll(items(3).map((i) => step(`s_${i}`, [], work, db)))
      .map("m", "items", [], work, db)
      .switch("w", [], () => "one" as const, { one: work }, db)
      .dynamic("d", [], () => pipeline("sub").step("d", [], work, db).step("e", [], work, db));
    await p.runPromise();
    expect(seen).toEqual({ now: 0, most: 2, total: 10 });
  });

  test("can be overridden by the run, in either direction, and a string names the same pool", async () => {
    const cases: ReadonlyArray<readonly [RunOptions["pools"], number]> = [
      [{}, 2],
      [{ db: 1 }, 1],
      [{ db: 5 }, 5],
      [{ db: Infinity }, 8],
      [{ db: { concurrency: 3 } }, 3],
      [{ db: undefined as never }, 2],
    ];
    for (const [pools, most] of cases) {
      const { seen, work } = counting();
      await pipeline("p")
        .step("first", [], () => 0, { pool: pool("db", { concurrency: 2 }) })
        .addAll(
          items(8).map((i) =>
            step(
              `s_${i}`,
              ["first"],
              ({ first }: { first: number }) => Effect.map(work(), (n) => n + first),
              { pool: "db" },
            ),
          ),
        )
        .runPromise({}, { pools: pools! });
      expect(seen.most).toBe(most);
    }
  });

  test("keeps its rate if the run overrides its concurrency, and vice versa", async () => {
    const model = pool("model", { concurrency: 1, rate: { limit: 2, per: 1000 } });
    const p = pipeline("p").addAll(
      items(4).map((i) => step(`s_${i}`, [], () => Effect.sleep(10), { pool: model })),
    );
    const startsWith = async (pools: RunOptions["pools"]) =>
      startsIn((await Simulation.run(p, {}, { run: { pools: pools! } })).events);
    expect(await startsWith({})).toEqual([0, 10, 1000, 1010]);
    expect(await startsWith({ model: 4 })).toEqual([0, 0, 1000, 1000]);
    expect(await startsWith({ model: { rate: { limit: 1, per: 50 } } })).toEqual([0, 50, 100, 150]);
    expect(await startsWith({ model: { rate: { limit: Infinity, per: 50 } } })).toEqual([0, 10, 20, 30]);
  });

  test("is not held between attempts, nor by a dynamic step that waits for its steps", async () => {
    const one = { pool: pool("one", { concurrency: 1 }) };
    let attempts = 0;
    const p = pipeline("p")
      .step("flaky", [], () => (attempts++ === 0 ? Effect.fail("no") : Effect.succeed(1)), {
        ...one,
        retry: { times: 1, delay: 1000 },
      })
      .dynamic("deep", [], () => pipeline("in").step("deep", [], () => Effect.sleep(100), one), one)
      .step("other", [], () => Effect.sleep(100), one);
    const { exit, time } = await Simulation.run(p, {});
    expect(exit !== undefined && Exit.isSuccess(exit)).toBe(true);
    expect(time).toBe(1000);
  });
});

/** Runs several at once with a shared clock, and records when the steps of each started. */
const startsTogether = (
  runs: (now: () => number) => ReadonlyArray<Effect.Effect<unknown, unknown>>,
): Promise<void> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const clock = yield* Effect.clockWith((clock) => Effect.succeed(clock));
      const fiber = yield* Effect.forkChild(
        Effect.all(
          runs(() => clock.currentTimeMillisUnsafe()),
          { concurrency: "unbounded" },
        ),
      );
      for (let i = 0; i < 200; i++) yield* TestClock.adjust(50);
      yield* Fiber.join(fiber);
    }).pipe(Effect.scoped, Effect.provide(TestClock.layer())),
  );

describe("A pool of the process", () => {
  const tenRuns = async (scope: "run" | "process", options: PoolOptions) => {
    const seen = { now: 0, most: 0 };
    const starts: Array<number> = [];
    await startsTogether((now) => {
      const once = (i: number) =>
        pipeline(`p ${i}`)
          .addAll(
            items(2).map((j) =>
              step(
                `s_${j}`,
                [],
                () =>
                  Effect.gen(function* () {
                    starts.push(now());
                    seen.most = Math.max(seen.most, ++seen.now);
                    yield* Effect.sleep(50);
                    seen.now--;
                  }),
                // Each run creates a separate value: they share only the name.
                { pool: pool("gpu", { ...options, scope }), ...(j === 0 ? {} : { retry: { times: 1 } }) },
              ),
            ),
          )
          .run();
      return items(10).map(once);
    });
    return { most: seen.most, starts };
  };

  test("is shared by all runs of the process, while a pool of the run is not", async () => {
    expect((await tenRuns("process", { concurrency: 3 })).most).toBe(3);
    expect((await tenRuns("run", { concurrency: 1 })).most).toBe(10);
  });

  test("limits the starts of all runs together", async () => {
    const { starts } = await tenRuns("process", { rate: { limit: 4, per: 200 } });
    expect(starts).toHaveLength(20);
    expect(crowded(starts, 4, 200)).toEqual([]);
    expect(Math.max(...starts) - Math.min(...starts)).toBe(800);
  });

  test("serves the runs in turn, so that a large one does not keep a small one waiting", async () => {
    const gpu = pool("gpu in turn", { concurrency: 1, scope: "process" });
    const ended: Array<string> = [];
    await startsTogether(() => {
      const run = (name: string, count: number) =>
        pipeline(name)
          .addAll(items(count).map((i) => step(`s_${i}`, [], () => Effect.sleep(50), { pool: gpu })))
          .run()
          .pipe(Effect.tap(() => Effect.sync(() => ended.push(name))));
      return [run("large", 30), run("small", 2)];
    });
    expect(ended).toEqual(["small", "large"]);
  });

  test("gets back the slots of an interrupted run", async () => {
    const gpu = pool("gpu given back", { concurrency: 1, scope: "process" });
    const p = (millis: number) =>
      pipeline("p").addAll(
        items(2).map((i) => step(`s_${i}`, [], () => Effect.sleep(millis), { pool: gpu })),
      );
    await Effect.runPromise(
      Effect.gen(function* () {
        const first = yield* Effect.forkChild(p(100_000).run());
        yield* Effect.sleep(5);
        const second = yield* Effect.forkChild(p(1).run());
        yield* Effect.sleep(5);
        yield* Fiber.interrupt(first);
        expect(Object.keys(yield* Fiber.join(second))).toEqual(["s_0", "s_1"]);
      }).pipe(Effect.scoped),
    );
  });
});

describe("An invalid pool", () => {
  const model = pool("model", { concurrency: 2 });
  const refusal = async (p: any, options: object = {}): Promise<string> => {
    const exit = await Effect.runPromiseExit(p.run({}, options) as Effect.Effect<unknown, InvalidInput>);
    return Exit.isFailure(exit) ? String((exit.cause.reasons[0] as any).error.message) : "it ran";
  };

  test("is refused before anything starts if its name is misspelt", async () => {
    const p = pipeline("p")
      .step("items", [], () => items(3))
      .map("m", "items", [], (item) => item, { pool: model });
    expect(await refusal(p, { pools: { modle: 1 } })).toBe(
      'Input "pools" at modle does not fit: no step has a pool "modle". Did you mean "model"?',
    );
    expect(
      await refusal(
        untyped
          .pipeline("p")
          .add(p)
          .step("b", [], () => 1, { pool: "modell" }),
      ),
    ).toBe(
      'Input "pools" does not fit: Step "b" names the pool "modell", which does not exist. Did you mean "model"?',
    );
    const named = pipeline("p").step("a", [], () => 1, { pool: "network" });
    expect(await refusal(named, { pools: { netwrok: 1 } })).toBe(
      'Input "pools" does not fit: Step "a" names the pool "network", which does not exist. Did you mean "netwrok"?',
    );
    expect(await refusal(named, { pools: { network: 1 } })).toBe("it ran");
    // Both exist.
    const both = p.step("b", [], () => 1, { pool: "modem" });
    expect(await refusal(both, { pools: { modem: 1 } })).toBe("it ran");
  });

  test("is refused in an expansion before its first step starts", async () => {
    const p = pipeline("p")
      .step("a", [], () => 1, { pool: model })
      .dynamic("d", ["a"], () => pipeline("in").step("d", [], () => 1, { pool: "modle" }));
    expect(await refusal(p)).toContain(
      'Step "d" names the pool "modle", which does not exist. Did you mean "model"?',
    );
  });

  test("is refused if two with the same name differ", async () => {
    const p = pipeline("p")
      .step("a", [], () => 1, { pool: model })
      .step("b", [], () => 1, { pool: pool("model", { concurrency: 3 }) });
    expect(await refusal(p)).toContain(
      'Two pools with the name "model" have different limits; step "b" uses the second.',
    );
    const same = pipeline("p")
      .step("a", [], () => 1, { pool: pool("m", { rate: { limit: 1, per: "1 second" } }) })
      .step("b", [], () => 1, { pool: pool("m", { rate: { limit: 1, per: 1000 } }) });
    expect(await refusal(same, { pools: { m: { rate: { limit: 9, per: 1 } } } })).toBe("it ran");
  });

  test("is refused as an option that is not a pool", () => {
    const build = (value: unknown) => () => untyped.pipeline("p").step("a", [], () => 1, { pool: value });
    expect(build({ name: "model" })).toThrow("pool must be a pool or the name of one; got an object.");
    expect(build(3)).toThrow("pool must be a pool or the name of one; got 3.");
    expect(build(model)).not.toThrow();
  });

  test("is refused among the run's pools if its limits are invalid", async () => {
    const p = pipeline("p").step("a", [], () => 1, { pool: model });
    expect(await refusal(p, { pools: { model: 0 } })).toContain(
      "pools.model must be a whole number of at least 1, or Infinity; got 0.",
    );
    expect(await refusal(p, { pools: { model: { rate: { limit: 0, per: 1 } } } })).toContain(
      "pools.model.rate.limit must be a whole number of at least 1, or Infinity; got 0.",
    );
    expect(await refusal(p, { pools: { model: "2" } })).toContain(
      "pools.model must be a whole number of at least 1",
    );
    expect(await refusal(p, { pools: { model: { concurency: 1 } } })).toContain(
      'Did you mean "concurrency"?',
    );
  });
});

describe("A resumed run", () => {
  test("counts the recorded starts of steps that succeeded, failed or were interrupted", async () => {
    const starts: Array<number> = [];
    const model = pool("model", { rate: { limit: 3, per: 10_000 } });
    let isSecond = false;
    const p = pipeline("p")
      .input("count", type<number>())
      .step("items", ["count"], ({ count }) => items(count))
      .map(
        "answers",
        "items",
        [],
        (item) =>
          Effect.gen(function* () {
            starts.push(yield* Effect.clockWith((clock) => clock.currentTimeMillis));
            if (item === 1 && !isSecond) return yield* Effect.fail("no" as const);
            if (item === 2 && !isSecond) return yield* Effect.never;
            return item;
          }),
        { pool: model },
      );
    const store = new MemoryStore("memory").layer;
    await Effect.runPromise(
      Effect.gen(function* () {
        yield* TestClock.adjust(5_000);
        yield* Effect.exit(p.run({ count: 5 }, { store, runId: "r" }));
        isSecond = true;
        yield* TestClock.adjust(1_000);
        const second = yield* Effect.forkChild(p.run({ count: 5 }, { store, runId: "r" }));
        for (let i = 0; i < 300; i++) yield* TestClock.adjust(100);
        yield* Fiber.join(second);
      }).pipe(Effect.scoped, Effect.provide(TestClock.layer())),
    );
    expect(starts.length).toBeGreaterThanOrEqual(6);
    expect(starts.slice(0, 2)).toEqual([5_000, 5_000]);
    expect(crowded(starts, 3, 10_000)).toEqual([]);
  });

  test("takes no slot and waits for no window for recorded steps", async () => {
    const model = pool("model", { concurrency: 1, rate: { limit: 1, per: 1_000 } });
    const calls: Array<string> = [];
    let isBroken = true;
    const p = pipeline("p")
      .addAll(items(3).map((i) => step(`a_${i}`, [], () => calls.push(`a_${i}`), { pool: model })))
      .step("last", ["a_*"], () => {
        if (isBroken) throw new Error("no");
        return 1;
      });
    const store = new MemoryStore("memory").layer;
    const took = await Effect.runPromise(
      Effect.gen(function* () {
        const now = Effect.clockWith((clock) => clock.currentTimeMillis);
        const first = yield* Effect.forkChild(Effect.exit(p.run({}, { store, runId: "r" })));
        for (let i = 0; i < 30; i++) yield* TestClock.adjust(100);
        yield* Fiber.join(first);
        isBroken = false;
        const began = yield* now;
        yield* p.run({}, { store, runId: "r" });
        return (yield* now) - began;
      }).pipe(Effect.scoped, Effect.provide(TestClock.layer())),
    );
    expect(took).toBe(0);
    expect(calls).toHaveLength(3);
  });
});
