/** A cached output is found again only by a step that would compute the same. */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { pipeline, resume, Runs, step, type } from "espalier";
import { SqliteStore } from "espalier/sqlite";
import { test } from "vitest";
import { temporary } from "../sqlite/support.ts";

const newFile = temporary();
const store = () => SqliteStore.layer({ filename: newFile() });
const limit = { timeout: 10_000 };

test("a cached step in the body of a map does not get the value of another item", limit, async () => {
  const squares = pipeline("squares")
    .step("numbers", [], () => [1, 2, 3])
    .map("squared", "numbers", [], (n) => pipeline("one").step("squared", [], () => n * n, { cache: true }));
  assert.deepEqual((await squares.runPromise({}, { store: store() })).squared, [1, 4, 9]);
});

test("a cached step two expansions deep does not get the value of another item", limit, async () => {
  const grid = pipeline("grid")
    .step("rows", [], () => [1, 2])
    .map("sums", "rows", [], (row) =>
      pipeline("row")
        .step("columns", [], () => [10, 20])
        .map("cells", "columns", [], (column) =>
          pipeline("cell").step("cells", [], () => row + column, { cache: true }),
        )
        .step("sums", ["cells"], ({ cells }) => cells.join()),
    );
  assert.deepEqual((await grid.runPromise({}, { store: store() })).sums, ["11,21", "12,22"]);
});

test(
  "a cached step of a sub-pipeline is computed again if the dynamic step's inputs differ",
  limit,
  async () => {
    const doubled = pipeline("doubled")
      .input("factor", type<number>())
      .dynamic("out", ["factor"], ({ factor }) =>
        pipeline("inner").step("out", [], () => factor * 2, { cache: true }),
      );
    const shared = store();
    assert.equal((await doubled.runPromise({ factor: 5 }, { store: shared })).out, 10);
    assert.equal((await doubled.runPromise({ factor: 7 }, { store: shared })).out, 14);
  },
);

test("one helper that is expanded by two dynamic steps has two cached values", limit, async () => {
  const add = (y: number) => pipeline("add").step("total", [], () => 10 + y, { cache: true });
  const both = pipeline("both")
    .dynamic("a", [], () => add(0).step("a", ["total"], ({ total }) => total))
    .dynamic("b", ["a"], () => add(1).step("b", ["total"], ({ total }) => total))
    .returns("a", "b");
  assert.deepEqual(await both.runPromise({}, { store: store() }), { a: 10, b: 11 });
});

test("a cached step of one case of a switch is not that of another case", limit, async () => {
  const sized = pipeline("sized")
    .input("size", type<"small" | "large">())
    .switch("label", ["size"], ({ size }) => size, {
      small: () => pipeline("s").step("label", [], () => "S", { cache: true }),
      large: () => pipeline("l").step("label", [], () => "L", { cache: true }),
    });
  const shared = store();
  assert.equal((await sized.runPromise({ size: "small" }, { store: shared })).label, "S");
  assert.equal((await sized.runPromise({ size: "large" }, { store: shared })).label, "L");
});

test(
  "two pipelines that share a store do not share the cached outputs of steps with the same name",
  limit,
  async () => {
    const words = pipeline("words")
      .input("text", type<string>())
      .step("count", ["text"], ({ text }) => text.split(" ").length, { cache: true });
    const letters = pipeline("letters")
      .input("text", type<string>())
      .step("count", ["text"], ({ text }) => text.length, { cache: true });
    const shared = store();
    assert.equal((await words.runPromise({ text: "to be or not" }, { store: shared })).count, 4);
    assert.equal((await letters.runPromise({ text: "to be or not" }, { store: shared })).count, 12);
  },
);

test(
  "a search whose cached models close over the data fits them again when the data changes",
  limit,
  async () => {
    const search = pipeline("training")
      .input("seed", type<number>())
      .step("data", ["seed"], ({ seed }) => seed * 100)
      .dynamic("best", ["data"], ({ data }) =>
        pipeline("search")
          .addAll([1, 2].map((rate) => step(`model_${rate}`, [], () => data + rate, { cache: true })))
          .step("best", ["model_*"], (models) => Math.max(...Object.values(models["model_*"]))),
      );
    const shared = store();
    assert.equal((await search.runPromise({ seed: 1 }, { store: shared })).best, 102);
    assert.equal((await search.runPromise({ seed: 2 }, { store: shared })).best, 202);
  },
);

test("a key does not merge the steps of two cases, or of two contenders", limit, async () => {
  const keyed = (value: string) =>
    pipeline("keyed").step("out", [], () => value, { cache: { key: () => "one key" } });
  const picked = pipeline("picked")
    .input("size", type<"small" | "large">())
    .switch("out", ["size"], ({ size }) => size, { small: () => keyed("s"), large: () => keyed("l") });
  const shared = store();
  assert.equal((await picked.runPromise({ size: "small" }, { store: shared })).out, "s");
  assert.equal((await picked.runPromise({ size: "large" }, { store: shared })).out, "l");

  const raced = (fails: string) =>
    pipeline("raced").race("out", [], {
      first: () => (fails === "first" ? Promise.reject(new Error("first")) : keyed("1")),
      second: () => (fails === "second" ? Promise.reject(new Error("second")) : keyed("2")),
    });
  assert.equal((await raced("second").runPromise({}, { store: shared })).out, "1");
  assert.equal((await raced("first").runPromise({}, { store: shared })).out, "2");
});

test("the same search over the same data takes its models from the cache", limit, async () => {
  let fits = 0;
  const search = pipeline("training")
    .input("data", type<number>())
    .dynamic("best", ["data"], ({ data }) =>
      pipeline("search")
        .addAll(
          [1, 2].map((rate) =>
            step(
              `model_${rate}`,
              [],
              () => {
                fits++;
                return data + rate;
              },
              { cache: true },
            ),
          ),
        )
        .step("best", ["model_*"], (models) => Math.max(...Object.values(models["model_*"]))),
    );
  const shared = store();
  await search.runPromise({ data: 1 }, { store: shared });
  await search.runPromise({ data: 1 }, { store: shared });
  assert.equal(fits, 2);
});

test("a cached dynamic step over a cached step with its own name and inputs does not wait for itself", {
  timeout: 4000,
}, async () => {
  const nested = pipeline("nested")
    .input("n", type<number>())
    .dynamic(
      "x",
      ["n"],
      () =>
        pipeline("inner")
          .input("n", type<number>())
          .step("x", ["n"], ({ n }) => n + 1, { cache: true }),
      { cache: true },
    );
  assert.equal((await nested.runPromise({ n: 1 }, { store: store() })).x, 2);
});

test("two runs whose cached steps need each other's keys both end", limit, async () => {
  const shared = store();
  const needs = (outer: string, inner: string): any =>
    (pipeline(`computes ${outer}`) as any).dynamic(
      "o",
      [],
      async () => {
        await new Promise((done) => setTimeout(done, 30));
        return (pipeline("inner") as any)
          .step("part", [], async () => `value of ${inner}`, { cache: { name: "shared", key: () => inner } })
          .step("o", ["part"], () => `value of ${outer}`);
      },
      { cache: { name: "shared", key: () => outer } },
    );
  const both = await Promise.all([
    needs("k1", "k2").runPromise({}, { store: shared }),
    needs("k2", "k1").runPromise({}, { store: shared }),
  ]);
  assert.deepEqual(both, [{ o: "value of k1" }, { o: "value of k2" }]);
});

test("the value of a fallback is never cached", limit, async () => {
  let up = false;
  const prices = pipeline("prices")
    .input("n", type<number>())
    .step(
      "price",
      ["n"],
      ({ n }) => {
        if (!up) throw new Error("down");
        return n * 10;
      },
      { cache: true, fallback: -1 },
    );
  const shared = store();
  assert.equal((await prices.runPromise({ n: 5 }, { store: shared })).price, -1);
  up = true;
  assert.equal((await prices.runPromise({ n: 5 }, { store: shared })).price, 50);
});

test(
  "a cached step of a pipeline that a fallback returned is not that of another failure",
  limit,
  async () => {
    let message = "no disk";
    const report = pipeline("report").dynamic(
      "text",
      [],
      () =>
        pipeline("first").step("text", [], (): string => {
          throw new Error(message);
        }),
      {
        fallback: (error) =>
          pipeline("second").step("text", [], () => `because: ${(error as Error).message}`, { cache: true }),
      },
    );
    const shared = store();
    assert.match((await report.runPromise({}, { store: shared })).text, /no disk/);
    message = "no network";
    assert.match((await report.runPromise({}, { store: shared })).text, /no network/);
    // The same failure again: its stack is not part of the key.
    const { text } = await report.runPromise({}, { store: shared, runId: "again" });
    assert.match(text, /no network/);
    const { events } = await Runs.getPromise("again", { store: shared });
    assert.ok(events.some(({ type }) => type === "cache.hit"));
  },
);

test("a failure is never cached", limit, async () => {
  let up = false;
  const prices = pipeline("prices").step(
    "price",
    [],
    async () => {
      if (!up) throw new Error("down");
      return 1;
    },
    { cache: true },
  );
  const shared = store();
  await assert.rejects(prices.runPromise({}, { store: shared }), { _tag: "StepFailed" });
  up = true;
  assert.equal((await prices.runPromise({}, { store: shared })).price, 1);
});

test("a step that waits for another run's computation of its key keeps its own timeout", limit, async () => {
  const shared = store();
  const slow = pipeline("quote").step("value", [], () => Effect.never as Effect.Effect<number>, {
    cache: true,
  });
  const quick = pipeline("quote").step("value", [], async () => 1, {
    cache: true,
    timeout: "100 millis",
    fallback: -1,
  });
  const controller = new AbortController();
  const owner = Effect.runPromise(slow.run({}, { store: shared }), { signal: controller.signal }).catch(
    () => "stopped",
  );
  await new Promise((done) => setTimeout(done, 60));
  const waiter = await Promise.race([
    quick.runPromise({}, { store: shared }),
    new Promise<string>((done) => setTimeout(done, 3000, "still waits")),
  ]);
  controller.abort();
  await owner;
  assert.notEqual(waiter, "still waits");
});

test("a cached value that no longer fits the step's output schema is computed again", limit, async () => {
  const shared = store();
  const five = (output: any, value: unknown) =>
    pipeline("five").step("a", [], () => value as any, { output, cache: true });
  assert.equal((await five(Schema.String, "five").runPromise({}, { store: shared })).a, "five");
  assert.equal((await five(Schema.Int, 5).runPromise({}, { store: shared })).a, 5);
});

test("resume from a cached step computes it again", limit, async () => {
  const shared = store();
  let value = "wrong";
  const report = pipeline("report")
    .step("a", [], () => value, { cache: true })
    .step("b", ["a"], ({ a }) => `${a}!`);
  await report.runPromise({}, { store: shared, runId: "r" });
  value = "right";
  assert.equal((await Effect.runPromise(resume(report, "r", { store: shared, from: "a" }))).b, "right!");
});

test("the order of a record's keys does not matter to the cache", limit, async () => {
  let calls = 0;
  const shared = store();
  const area = pipeline("area")
    .input("box", type<{ a: number; b: number }>())
    .step(
      "size",
      ["box"],
      ({ box }) => {
        calls++;
        return box.a * box.b;
      },
      { cache: true },
    );
  await area.runPromise({ box: { a: 1, b: 2 } }, { store: shared });
  await area.runPromise({ box: { b: 2, a: 1 } }, { store: shared });
  assert.equal(calls, 1);
});

test("the cache key of a map receives the item, then the inputs", limit, async () => {
  const calls: Array<string> = [];
  const greetings = pipeline("greetings")
    .input("names", type<ReadonlyArray<{ id: string; at: number }>>())
    .input("greeting", type<string>())
    .map(
      "texts",
      "names",
      ["greeting"],
      ({ id }, { greeting }) => {
        calls.push(id);
        return `${greeting} ${id}`;
      },
      {
        cache: { key: ((one: any, inputs: any) => [one.id, inputs.greeting]) as any },
      },
    )
    .returns("texts");
  const shared = store();
  const names = (at: number) => ["a1", "a2"].map((id) => ({ id, at }));
  assert.deepEqual(
    (await greetings.runPromise({ names: names(1), greeting: "Hi" }, { store: shared })).texts,
    ["Hi a1", "Hi a2"],
  );
  assert.deepEqual(
    (await greetings.runPromise({ names: names(2), greeting: "Hi" }, { store: shared })).texts,
    ["Hi a1", "Hi a2"],
  );
  assert.deepEqual(calls, ["a1", "a2"]);
});

test("a run with refresh computes cached steps again, and caches their new outputs", limit, async () => {
  const shared = store();
  let value = "old";
  const report = pipeline("report").step("a", [], () => value, { cache: true });
  await report.runPromise({}, { store: shared });
  value = "new";
  assert.equal((await report.runPromise({}, { store: shared })).a, "old");
  assert.equal((await report.runPromise({}, { store: shared, refresh: true })).a, "new");
  assert.equal((await report.runPromise({}, { store: shared })).a, "new");
});

test("a cache name shares an output between pipelines", limit, async () => {
  const shared = store();
  const of = (name: string, value: number) =>
    pipeline(name)
      .input("n", type<number>())
      .step("out", ["n"], ({ n }) => n * value, { cache: { name: "products" } });
  assert.equal((await of("one", 2).runPromise({ n: 3 }, { store: shared })).out, 6);
  assert.equal((await of("two", 5).runPromise({ n: 3 }, { store: shared })).out, 6);
});

test(
  "the context is not part of a key: a second attempt finds the cached output of the first, unless the key excludes it",
  limit,
  async () => {
    const computed: Array<string> = [];
    const trying = pipeline("trying").dynamic(
      "tried",
      [],
      (_, { attempt }) => {
        const once = () => computed.push(`once ${attempt}`);
        const each = () => computed.push(`each ${attempt}`);
        return pipeline("attempt")
          .step("once", [], once, { cache: true })
          .step("each", [], each, { cache: { key: () => attempt } })
          .step("tried", ["once", "each"], () => {
            if (attempt === 1) throw new Error("again");
            return attempt;
          });
      },
      { retry: { times: 1 } },
    );
    assert.equal((await trying.runPromise({}, { store: store() })).tried, 2);
    assert.deepEqual(computed.toSorted(), ["each 1", "each 2", "once 1"]);
  },
);

test(
  "a result of failures that were collected within a cached step is never cached, before or after a resume",
  limit,
  async () => {
    let up = false;
    let stop = true;
    const prices = pipeline("prices").dynamic(
      "prices",
      [],
      () =>
        pipeline("asking")
          .step("shops", [], () => [1, 2])
          .map(
            "asked",
            "shops",
            [],
            (shop) => {
              if (!up && shop === 2) throw new Error("down");
              return shop;
            },
            { failures: "collect" },
          )
          .step("prices", ["asked"], ({ asked }) => {
            if (stop) throw new Error("stop");
            return asked.map(({ _tag }) => _tag);
          }),
      { cache: true },
    );
    const shared = store();
    await assert.rejects(prices.runPromise({}, { store: shared, runId: "r" }));
    stop = false;
    const half = ["Success", "Failure"];
    assert.deepEqual((await Effect.runPromise(resume(prices, "r", { store: shared }))).prices, half);
    assert.deepEqual((await prices.runPromise({}, { store: shared })).prices, half);
    up = true;
    assert.deepEqual((await prices.runPromise({}, { store: shared })).prices, ["Success", "Success"]);
    up = false;
    assert.deepEqual((await prices.runPromise({}, { store: shared })).prices, ["Success", "Success"]);
  },
);

test(
  "a result of a fallback within a cached step is never cached, before or after a resume",
  limit,
  async () => {
    let up = false;
    let stop = true;
    const prices = pipeline("prices").dynamic(
      "price",
      [],
      () =>
        pipeline("asking")
          .step(
            "asked",
            [],
            () => {
              if (!up) throw new Error("down");
              return 1;
            },
            { fallback: -1 },
          )
          .step("price", ["asked"], ({ asked }) => {
            if (stop) throw new Error("stop");
            return asked;
          }),
      { cache: true },
    );
    const shared = store();
    await assert.rejects(prices.runPromise({}, { store: shared, runId: "r" }));
    stop = false;
    assert.equal((await Effect.runPromise(resume(prices, "r", { store: shared }))).price, -1);
    assert.equal((await prices.runPromise({}, { store: shared })).price, -1);
    up = true;
    assert.equal((await prices.runPromise({}, { store: shared })).price, 1);
    up = false;
    assert.equal((await prices.runPromise({}, { store: shared })).price, 1);
  },
);
