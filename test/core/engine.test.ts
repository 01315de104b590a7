/** Behaviour of a run: pools, blocking work, fallbacks, iterators and contexts. */
import * as Effect from "effect/Effect";
import { pipeline } from "espalier";
import { assert, test } from "vitest";
import { encode, Unwritable } from "../../src/values/encode.ts";

const sleep = (millis: number) => new Promise<void>((done) => setTimeout(done, millis));

test("two dynamic steps, each in the pool that the other's steps need, both end", {
  timeout: 5000,
}, async () => {
  const crossed = pipeline("crossed")
    .dynamic(
      "a",
      [],
      async () => {
        await sleep(5);
        return pipeline("in a").step("a", [], async () => 1, { pool: "B" });
      },
      { pool: "A" },
    )
    .dynamic(
      "b",
      [],
      async () => {
        await sleep(5);
        return pipeline("in b").step("b", [], async () => 2, { pool: "A" });
      },
      { pool: "B" },
    );
  assert.deepStrictEqual(await crossed.runPromise({}, { pools: { A: 1, B: 1 } }), { a: 1, b: 2 });
});

test("maps of pipelines whose items and steps share two pools crosswise end", { timeout: 5000 }, async () => {
  const body =
    (name: "left" | "right", pool: string) =>
    (n: number): any =>
      (pipeline("body") as any).step(
        name,
        [],
        async () => {
          await sleep(1);
          return n;
        },
        { pool },
      );
  const crossed = pipeline("crossed")
    .step("xs", [], () => [1, 2, 3, 4])
    .map(
      "left",
      "xs",
      [],
      async (n) => {
        await sleep(1);
        return body("left", "B")(n);
      },
      { pool: "A" },
    )
    .map(
      "right",
      "xs",
      [],
      async (n) => {
        await sleep(1);
        return body("right", "A")(n);
      },
      { pool: "B" },
    );
  const out = await crossed.runPromise({}, { pools: { A: 2, B: 2 } });
  assert.deepStrictEqual(
    [out.left, out.right],
    [
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ],
  );
});

test("a step that waits for its next attempt holds no slot of a pool", {
  timeout: 5000,
}, async () => {
  let attempts = 0;
  let second = 0;
  let startedAt = 0;
  const both = pipeline("both")
    .step(
      "a",
      [],
      async () => {
        attempts++;
        if (attempts === 1) throw new Error("once");
        second = performance.now();
        return attempts;
      },
      { pool: "one", retry: { times: 1, delay: "600 millis" } },
    )
    .step(
      "b",
      [],
      async () => {
        startedAt = performance.now();
        return 1;
      },
      { pool: "one" },
    );
  await both.runPromise({}, { pools: { one: 1 } });
  assert.ok(startedAt < second - 200, "b started only after a's second attempt");
});

test("a step that waits for its next attempt holds no slot of the run's concurrency", {
  timeout: 5000,
}, async () => {
  const order: Array<string> = [];
  const both = pipeline("both")
    .step(
      "a",
      [],
      async () => {
        order.push("a");
        if (order.filter((one) => one === "a").length === 1) throw new Error("once");
        return 1;
      },
      { retry: { times: 1, delay: "300 millis" } },
    )
    .step("b", [], async () => {
      order.push("b");
      return 1;
    });
  await both.runPromise({}, { concurrency: 1 });
  assert.deepStrictEqual(order, ["a", "b", "a"]);
});

test("work that blocked the process for longer than its timeout counts as timed out", {
  timeout: 5000,
}, async () => {
  const block = (millis: number) => {
    const end = Date.now() + millis;
    while (Date.now() < end);
  };
  const ways: Record<string, () => unknown> = {
    "a value": () => {
      block(150);
      return "value";
    },
    "a promise": async () => {
      block(150);
      return "value";
    },
    "an effect": () =>
      Effect.sync(() => {
        block(150);
        return "value";
      }),
  };
  for (const [name, work] of Object.entries(ways)) {
    const result = await pipeline("blocking")
      .step("a", [], work as () => string, { timeout: "20 millis" })
      .runPromise()
      .then(
        (out) => out.a,
        (error) => error._tag,
      );
    assert.equal(result, "StepTimedOut", name);
  }
});

test("an output named then, even a function, does not make a run wait forever", {
  timeout: 5000,
}, async () => {
  assert.deepStrictEqual(
    await pipeline("p")
      .step("then", [], () => 1)
      .runPromise(),
    { then: 1 },
  );
  const late = new Promise<string>((done) => setTimeout(done, 1500, "never ended").unref());
  const ended = await Promise.race([
    Promise.resolve()
      .then(() =>
        pipeline("p")
          .step("then", [], () => () => 1)
          .runPromise(),
      )
      .then(
        () => "ended",
        () => "ended",
      ),
    late,
  ]);
  assert.equal(ended, "ended");
});

test("a fallback that returns a pipeline is expanded, for a dynamic step and for an item of a map", {
  timeout: 5000,
}, async () => {
  const fails = (): string => {
    throw new Error("no");
  };
  const recovered = () =>
    pipeline("recovery")
      .step("raw", [], () => "recovered")
      .step("out", ["raw"], ({ raw }) => raw);
  const one: any = pipeline("one").dynamic("out", [], () => pipeline("main").step("out", [], fails), {
    fallback: recovered as any,
  });
  assert.equal((await one.runPromise()).out, "recovered");
  const many: any = pipeline("many")
    .step("xs", [], () => [1, 2])
    .map(
      "out",
      "xs",
      [],
      (x) => {
        if (x === 1) return "fine";
        throw new Error("no");
      },
      { fallback: recovered as any },
    );
  assert.deepStrictEqual((await many.runPromise()).out, ["fine", "recovered"]);
});

test("an iterator that throws midway is kept as the cause", { timeout: 5000 }, async () => {
  const broken = new Error("half-way", { cause: "the disk" });
  const over = pipeline("over")
    .step("xs", [], () =>
      (function* () {
        yield 1;
        throw broken;
      })(),
    )
    .map("m", "xs", [], (x) => x);
  const error: any = await over.runPromise().then(
    () => undefined,
    (reason) => reason,
  );
  assert.match(error.message, /half-way/);
  const chain = [];
  for (let one = error; one instanceof Error; one = one.cause) chain.push(one);
  assert.ok(chain.includes(broken), "the error that was thrown is not among the causes");
});

test("the context can be spread and destructured with a rest", { timeout: 5000 }, async () => {
  const seen = pipeline("seen").step("a", [], (_, context) => {
    const copy: any = { ...context };
    const { path, ...rest }: any = context;
    return [
      copy.runId,
      copy.path,
      copy.attempt,
      copy.idempotencyKey,
      copy.signal instanceof AbortSignal,
      typeof copy.log,
      typeof copy.progress,
      path,
      rest.runId,
    ];
  });
  const { a } = await seen.runPromise({}, { runId: "r" });
  assert.deepStrictEqual(a.slice(0, 5), ["r", "a", 1, "r/a", true]);
  assert.ok(a[5] !== "undefined" && a[6] !== "undefined");
  assert.deepStrictEqual(a.slice(7), ["a", "r"]);
});

test("a value whose parts are shared many times over is encoded in linear time, or refused", {
  timeout: 10_000,
}, () => {
  let shared: unknown = { value: 1 };
  for (let i = 0; i < 40; i++) shared = { left: shared, right: [shared] };
  const refused = encode(shared);
  assert.instanceOf(refused, Unwritable);
  assert.match((refused as Unwritable).reason, /times over/);
  // An ordinary amount of sharing is written as before.
  const common = { unit: "°C", at: [1, 2, 3] };
  const rows = Array.from({ length: 50_000 }, (_, i) => ({ i, common }));
  const text = encode(rows);
  assert.strictEqual(text, JSON.stringify(rows));
});
