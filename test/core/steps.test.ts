import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import { CurrentStep, InvalidOutput, pipeline, step, type } from "espalier";
import { describe, expect, test } from "vitest";
import { failureOf, rejection, sleep, untyped } from "./support.ts";

describe("A step", () => {
  test("returns a value, a Promise or an Effect, and readers see no difference", async () => {
    const p = pipeline("p")
      .step("value", [], () => 1)
      .step("promise", [], async () => 2)
      .step("effect", [], () => Effect.succeed(3))
      .step("slow", [], () => Effect.as(Effect.sleep(1), 4))
      .step("exit", [], () => Exit.succeed(5))
      .step("sum", ["value", "promise", "effect", "slow", "exit"], (all) =>
        Object.values(all).reduce((a, b) => a + b, 0),
      );
    expect((await p.runPromise({})).sum).toBe(15);
  });

  test("starts as soon as its inputs are available, however far down it was declared", async () => {
    const order: Array<string> = [];
    const p = pipeline("p")
      .step("slow", [], () => sleep(30))
      .step("afterSlow", ["slow"], () => void order.push("afterSlow"))
      .step("fast", [], () => sleep(1))
      .step("afterFast", ["fast"], () => void order.push("afterFast"));
    await p.runPromise({});
    expect(order).toEqual(["afterFast", "afterSlow"]);
  });

  test("runs at the same time as all steps that are independent of it", async () => {
    let waiting = 0;
    let release = (): void => {};
    const all = new Promise<void>((resolve) => {
      release = resolve;
    });
    const meet = (): Promise<void> => {
      if (++waiting === 20) release();
      return all;
    };
    await pipeline("p")
      .addAll(Array.from({ length: 20 }, (_, i) => step(`s_${i}`, [], meet)))
      .runPromise({});
    expect(waiting).toBe(20);
  });

  test("runs exactly once in a run, however many steps read it", async () => {
    let ran = 0;
    const p = pipeline("p")
      .step("once", [], async () => ++ran)
      .step("a", ["once"], ({ once }) => once)
      .step("b", ["once", "a"], ({ once, a }) => once + a)
      .step("c", ["once", "b"], ({ once, b }) => once + b)
      .step("d", ["*"], (all) => Object.keys(all["*"]).length);
    expect(await p.runPromise({})).toEqual({ once: 1, a: 1, b: 2, c: 3, d: 4 });
    expect(ran).toBe(1);
  });

  test("that no step reads still runs", async () => {
    let ran = 0;
    await pipeline("p")
      .step("unread", [], () => ++ran)
      .step("answer", [], () => 1)
      .returns("answer")
      .runPromise({});
    expect(ran).toBe(1);
  });

  test("can name an input twice", async () => {
    const p = pipeline("p")
      .step("a", [], () => 1)
      .step("b", ["a", "a"], ({ a }) => a)
      .returns("b");
    expect(await p.runPromise({})).toEqual({ b: 1 });
  });

  test("an empty pipeline returns an empty record", async () => {
    expect(await pipeline("empty").runPromise()).toEqual({});
    expect(await Effect.runPromise(pipeline("empty").run())).toEqual({});
  });
});

describe("Services", () => {
  class Db extends Context.Service<Db, { readonly get: (id: string) => Effect.Effect<number> }>()("Db") {}
  const p = pipeline("p")
    .step("a", [], () =>
      Effect.gen(function* () {
        const db = yield* Db;
        return yield* db.get("a");
      }),
    )
    .step("items", [], () => [1, 2])
    .map("b", "items", ["a"], (item, { a }) => Effect.map(Db, () => item + a))
    .dynamic("c", ["a"], ({ a }) =>
      pipeline("sub").step("c", [], () => Effect.flatMap(Db, (db) => Effect.map(db.get("c"), (c) => c + a))),
    );
  test("are provided to the run and reach every step, item and sub-step", async () => {
    const outputs = await Effect.runPromise(
      p.run({}).pipe(Effect.provideService(Db, { get: (id) => Effect.succeed(id.length) })),
    );
    expect(outputs).toEqual({ a: 1, items: [1, 2], b: [2, 3], c: 2 });
  });
  test("one step's change of its context does not affect the next", async () => {
    const Level = Context.Reference<number>("Level", { defaultValue: () => 0 });
    const reads = pipeline("p")
      .step("a", [], () =>
        Effect.provideService(
          Effect.map(Level, (n) => n),
          Level,
          7,
        ),
      )
      .step("b", ["a"], () => Effect.map(Level, (n) => n));
    expect(await reads.runPromise({})).toEqual({ a: 7, b: 0 });
    expect(await Effect.runPromise(reads.run({}).pipe(Effect.provideService(Level, 3)))).toEqual({
      a: 7,
      b: 3,
    });
  });
});

describe("A step's Effect", () => {
  test("closes its own scope, and can leave resources to the run's scope", async () => {
    const closed: Array<string> = [];
    const acquire = (name: string) =>
      Effect.acquireRelease(Effect.succeed(name), () => Effect.sync(() => void closed.push(name)));
    const p = pipeline("p")
      .step("own", [], () => Effect.scoped(acquire("own")))
      .step("shared", ["own"], () => acquire("shared"))
      .step("seen", ["shared"], () => [...closed]);
    const { seen } = await Effect.runPromise(Effect.scoped(p.run({})));
    expect(seen).toEqual(["own"]);
    expect(closed).toEqual(["own", "shared"]);
  });
  test("ends together with the fibers that it forked", async () => {
    let alive = 0;
    const child = Effect.onExit(
      Effect.andThen(
        Effect.sync(() => alive++),
        Effect.never,
      ),
      () => Effect.sync(() => alive--),
    );
    const p = pipeline("p")
      .step("a", [], () => Effect.andThen(Effect.forkChild(child), Effect.sleep(1)))
      .step("b", ["a"], () => alive);
    expect((await p.runPromise({})).b).toBe(0);
  });
  test("can run another pipeline, and be part of one that cannot be interrupted", async () => {
    const inner = pipeline("inner").step("x", [], () => Effect.as(Effect.sleep(1), 1));
    const p = pipeline("p")
      .step("a", [], () => inner.run({}))
      .step("b", [], () => inner.runPromise({}))
      .step("late", [], () => Effect.never, { timeout: 5, fallback: 0 });
    expect(await Effect.runPromise(Effect.uninterruptible(p.run({}, { concurrency: 1 })))).toEqual({
      a: { x: 1 },
      b: { x: 1 },
      late: 0,
    });
  });
});

describe("Typed failures", () => {
  class Refused {
    readonly _tag = "Refused";
  }
  test("of an Effect fail the run unchanged", async () => {
    const error = new Refused();
    const p = pipeline("p").step("a", [], () => Effect.fail(error));
    expect(await failureOf(p.run({}))).toBe(error);
    expect(await rejection(p.runPromise({}))).toBe(error);
  });
  test("can be any value", async () => {
    for (const error of [null, undefined, 0, "", false]) {
      expect(
        await failureOf(
          pipeline("p")
            .step("a", [], () => Effect.fail(error))
            .run({}),
        ),
      ).toBe(error);
    }
  });
  test("stop their readers, and the readers of those", async () => {
    let ran = 0;
    const p = pipeline("p")
      .step("a", [], () => Effect.fail("no"))
      .step("b", ["a"], () => ++ran)
      .step("c", ["b"], () => ++ran);
    await failureOf(p.run({}));
    expect(ran).toBe(0);
  });
  test("are the first that happened, if there are several", async () => {
    const p = pipeline("p")
      .step("late", [], () => Effect.delay(Effect.fail("late"), 30))
      .step("early", [], () => Effect.delay(Effect.fail("early"), 1));
    expect(await failureOf(p.run({}))).toBe("early");
  });
});

describe("The context", () => {
  test("contains path, attempt, key and signal", async () => {
    const p = pipeline("p").step("a", [], (_, context) => ({
      path: context.path,
      attempt: context.attempt,
      index: context.index,
      key: context.idempotencyKey,
      aborted: context.signal.aborted,
    }));
    expect((await p.runPromise({}, { runId: "run-1" })).a).toEqual({
      path: "a",
      attempt: 1,
      index: undefined,
      key: "run-1/a",
      aborted: false,
    });
  });
  test("contains the path of an item and of a sub-step", async () => {
    const p = pipeline("p")
      .step("items", [], () => ["x", "y"])
      .map("m", "items", [], (item, _, context) => `${item} ${context.path} ${context.index}`)
      .map(
        "keyed",
        "items",
        [],
        (_item, _, { path }) => pipeline("sub").step("keyed", [], (_, inner) => [path, inner.path]),
        { key: (item) => item },
      )
      .dynamic("d", [], () =>
        pipeline("sub").dynamic("d", [], () => pipeline("deep").step("d", [], (_, { path }) => path)),
      )
      .switch("s", [], () => "a", { a: (_, { path }) => path });
    expect(await p.runPromise({})).toMatchObject({
      m: ["x m[0] 0", "y m[1] 1"],
      keyed: [
        ["keyed[x]", "keyed[x]/keyed"],
        ["keyed[y]", "keyed[y]/keyed"],
      ],
      d: "d/d/d",
      s: "s",
    });
  });
  test("is the service CurrentStep of a step that returns an Effect", async () => {
    const where = Effect.map(CurrentStep, ({ path }) => path);
    const p = pipeline("p")
      .step("a", [], () => where)
      .step("later", [], () => Effect.andThen(Effect.sleep(1), where))
      .step("items", [], () => [1])
      .map("m", "items", [], () => where)
      .dynamic("d", [], () => pipeline("sub").step("d", [], () => where));
    expect(await p.runPromise({})).toMatchObject({ a: "a", later: "later", m: ["m[0]"], d: "d/d" });
  });
  test("has a different run id for every run, and the same one for all steps of a run", async () => {
    const p = pipeline("p")
      .step("a", [], (_, { idempotencyKey }) => idempotencyKey.split("/")[0])
      .step("b", [], (_, { idempotencyKey }) => idempotencyKey.split("/")[0]);
    const [one, two] = await Promise.all([p.runPromise({}), p.runPromise({})]);
    expect(one.a).toBe(one.b);
    expect(one.a).not.toBe(two.a);
    expect(one.a).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
  test("can be destructured, and used without observers", async () => {
    const p = pipeline("p").step("a", [], (_, { log, progress }) => {
      log("one", { two: 2 });
      progress(0.5, "half");
      return 1;
    });
    expect(await p.runPromise({})).toEqual({ a: 1 });
  });
});

describe("Several outputs", () => {
  test("are the members of the record that the step returns", async () => {
    const p = pipeline("p")
      .step("split", [], () => ({ train: [1, 2], test: [3], extra: "ignored" }), {
        outputs: ["train", "test"],
      })
      .step("sum", ["train", "test"], ({ train, test }) => train.length + test.length);
    expect(await p.runPromise({})).toEqual({ train: [1, 2], test: [3], sum: 3 });
  });
  test("one output can have a name other than its step's", async () => {
    const p = pipeline("p")
      .step("load", [], () => 5, { outputs: ["dataset"] })
      .step("size", ["dataset"], ({ dataset }) => dataset);
    expect(await p.runPromise({})).toEqual({ dataset: 5, size: 5 });
    expect(() =>
      pipeline("q")
        .step("load", [], () => 5, { outputs: ["x"] })
        // @ts-expect-error: a step has that name
        .step("load", [], () => 1),
    ).toThrow(/"load" is already/);
  });
  test("can be undefined, but not missing", async () => {
    const two = (given: unknown): any =>
      untyped.pipeline("p").step("two", [], () => given, { outputs: ["a", "b"] });
    expect(await two({ a: undefined, b: null }).runPromise({})).toEqual({ a: undefined, b: null });
    for (const given of [{ a: 1 }, {}, null, undefined, 1, "ab", []]) {
      const error = await rejection(two(given).runPromise({}));
      expect(error).toBeInstanceOf(InvalidOutput);
      expect(error.path).toBe("two");
      expect(error.message).toMatch(/"[ab]"/);
    }
  });
  test("undefined and null are values", async () => {
    const p = pipeline("p")
      .input("none", type<undefined>())
      .step("a", ["none"], ({ none }) => none)
      .step("b", ["a"], ({ a }) => (a === undefined ? null : 1))
      .step("c", ["a", "b"], (inputs) => Object.entries(inputs));
    expect(await p.runPromise({ none: undefined })).toEqual({
      none: undefined,
      a: undefined,
      b: null,
      c: [
        ["a", undefined],
        ["b", null],
      ],
    });
  });
});

describe("The concurrency of a run", () => {
  const counting = () => {
    const seen = { now: 0, most: 0, total: 0 };
    const work = async (): Promise<void> => {
      seen.total++;
      seen.most = Math.max(seen.most, ++seen.now);
      await sleep(1);
      seen.now--;
    };
    return { seen, work };
  };
  test.each([1, 2, 7])("%i holds for promises", async (concurrency) => {
    const { seen, work } = counting();
    await pipeline("p")
      .addAll(Array.from({ length: 30 }, (_, i) => step(`s_${i}`, [], work)))
      .runPromise({}, { concurrency });
    expect(seen).toEqual({ now: 0, most: concurrency, total: 30 });
  });
  test.each([1, 3])("%i holds for Effects, items, sub-steps and retries together", async (concurrency) => {
    const { seen, work } = counting();
    const effect = Effect.promise(work);
    let failures = 0;
    const p = pipeline("p")
      .step("items", [], () => [1, 2, 3, 4, 5])
      .step("e1", [], () => effect)
      .step("e2", [], () => effect)
      .step(
        "flaky",
        [],
        async () => {
          await work();
          if (++failures < 3) throw new Error("again");
        },
        { retry: { times: 5 } },
      )
      .map("m", "items", [], work)
      .map("n", "items", [], () =>
        pipeline("item")
          .step("n", [], work)
          .step("o", [], () => effect),
      )
      .dynamic("d", [], async () => {
        await work();
        return pipeline("sub")
          .addAll([1, 2, 3].map((i) => step(`d_${i}`, [], work)))
          .step("d", ["d_*"], work);
      });
    await p.runPromise({}, { concurrency });
    expect(seen.most).toBe(concurrency);
    expect(seen.total).toBe(2 + 3 + 5 + 10 + 5);
  });
  test("nesting deeper than the limit does not deadlock", async () => {
    const nest = (depth: number): any =>
      untyped
        .pipeline("nest")
        .dynamic("x", [], async () => (depth === 0 ? 1 : nest(depth - 1)))
        .step("slow", [], () => sleep(1));
    expect((await nest(20).runPromise({}, { concurrency: 1 })).x).toBe(1);
  });
});

describe("A long run of synchronous steps", () => {
  test("lets timers of other code fire", async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const burn = (): number => {
      const end = performance.now() + 1;
      let n = 0;
      while (performance.now() < end) n++;
      return n;
    };
    const p = pipeline("p").addAll(Array.from({ length: 300 }, (_, i) => step(`s_${i}`, [], burn)));
    await p.runPromise({});
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
  });
});
