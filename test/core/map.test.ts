import * as Effect from "effect/Effect";
import * as Result from "effect/Result";
import { ExpansionError, pipeline, StepFailed, step, TooFewSucceeded, type } from "espalier";
import { describe, expect, test } from "vitest";
import { failureOf, rejection, sleep, untyped, watched } from "./support.ts";

const over = <Item>(items: Iterable<Item>) => pipeline("p").step("items", [], () => items);

describe("A map", () => {
  test("returns each item's value, in the order of the items, whichever ends first", async () => {
    const p = over([30, 1, 10]).map("m", "items", [], async (millis) => {
      await sleep(millis);
      return millis;
    });
    expect((await p.runPromise({})).m).toEqual([30, 1, 10]);
  });
  test("of nothing returns an empty array", async () => {
    const p = over<number>([])
      .map("m", "items", [], (item) => item)
      .map("n", "m", [], (item) => item, { failures: "collect" })
      .step("after", ["n"], ({ n }) => n.length);
    expect(await p.runPromise({})).toEqual({ items: [], m: [], n: [], after: 0 });
  });
  test("of one item behaves like one of many", async () => {
    const build = (count: number) =>
      over(Array.from({ length: count }, (_, i) => i))
        .map("m", "items", [], (item) => pipeline("item").step("m", [], async () => item + 1))
        .map("n", "m", [], (item) => Effect.succeed(item + 1));
    expect((await build(1).runPromise({})).n).toEqual([2]);
    expect((await build(3).runPromise({})).n).toEqual([2, 3, 4]);
  });
  test("keeps undefined, null and duplicates among items and results", async () => {
    const p = over([undefined, null, 1, 1]).map("m", "items", [], (item) => item);
    expect((await p.runPromise({})).m).toEqual([undefined, null, 1, 1]);
  });
  const iterables: ReadonlyArray<readonly [kind: string, items: () => Iterable<number>]> = [
    ["an array", () => [1, 2]],
    ["a Set", () => new Set([1, 2])],
    ["a typed array", () => new Float64Array([1, 2])],
    [
      "a Map's values",
      () =>
        new Map([
          ["a", 1],
          ["b", 2],
        ]).values(),
    ],
    [
      "a generator",
      function* () {
        yield 1;
        yield 2;
      },
    ],
    ["a sparse array", () => Object.assign(Array.from<number>({ length: 2 }), { 0: 1, 1: 2 })],
  ];
  test.each(iterables)("runs over %s", async (_, items) => {
    const p = over(items()).map("m", "items", [], (item) => item * 2);
    expect((await p.runPromise({})).m).toEqual([2, 4]);
  });
  test.each([1, "text", null, undefined, {}, () => 1])("over %o fails as ExpansionError", async (value) => {
    const p = untyped
      .pipeline("p")
      .step("items", [], () => value)
      .map("m", "items", [], () => 1);
    const error = await rejection(p.runPromise({}));
    expect(error).toBeInstanceOf(ExpansionError);
    expect([error.path, error.reason]).toEqual(["m", expect.stringMatching(/not iterable|is a string/)]);
  });
  test("over an iterable that throws, or a revoked proxy, fails as ExpansionError", async () => {
    const { proxy, revoke } = Proxy.revocable([], {});
    revoke();
    const throwing = {
      [Symbol.iterator]: () => {
        throw new Error("broken");
      },
    };
    for (const value of [proxy, throwing]) {
      const p = pipeline("p")
        .step("items", [], () => Effect.succeed({ value }))
        .step("unwrapped", ["items"], ({ items }) => Effect.succeed(items.value))
        .map("m", "unwrapped", [], () => 1);
      expect(await rejection(p.runPromise({}))).toMatchObject({ _tag: "ExpansionError", path: "m" });
    }
  });
  test("runs over an input, and reads other inputs and globs", async () => {
    const p = pipeline("p")
      .input("numbers", type<ReadonlyArray<number>>())
      .addAll([step("f_a", [], () => 10), step("f_b", [], () => 20)])
      .map("m", "numbers", ["f_*", "f_a"], (n, inputs) => n + inputs["f_*"].f_b + inputs.f_a);
    expect((await p.runPromise({ numbers: [1, 2] })).m).toEqual([31, 32]);
  });
  test("can read the very output that it runs over", async () => {
    const p = over([1, 2]).map("m", "items", ["items"], (item, { items }) => item + [...items].length);
    expect((await p.runPromise({})).m).toEqual([3, 4]);
  });
  test("is not affected by an `each` that changes the array it runs over", async () => {
    const items = [1, 2, 3];
    const p = over(items).map(
      "m",
      "items",
      [],
      async (item) => {
        if (items.length < 50) items.push(99);
        await sleep(1);
        return item;
      },
      { concurrency: 1 },
    );
    expect((await p.runPromise({})).m).toEqual([1, 2, 3]);
  });
  test("reads the length of its array only once", async () => {
    let asked = 0;
    const fickle = new Proxy([1, 2, 3], {
      get: (items, key) => (key === "length" ? 3 + asked++ : Reflect.get(items, key)),
    });
    expect(
      (
        await over(fickle)
          .map("m", "items", [], (item) => item * 2)
          .runPromise({})
      ).m,
    ).toEqual([2, 4, 6]);
  });
  test("runs a pipeline for each item, which exposes the map's name", async () => {
    const p = over([1, 2, 3]).map("m", "items", [], (item) =>
      pipeline("item")
        .step("square", [], async () => item * item)
        .step("m", ["square"], ({ square }) => square + 1),
    );
    expect((await p.runPromise({})).m).toEqual([2, 5, 10]);
  });
  test("mixes pipelines and direct values", async () => {
    const p = over([1, 2]).map("m", "items", [], (item) =>
      item === 1 ? pipeline("one").step("m", [], () => "one") : Effect.succeed("other"),
    );
    expect((await p.runPromise({})).m).toEqual(["one", "other"]);
  });
  test("gives its pipelines the map's inputs by name, but not the item", async () => {
    const p = over([1, 2])
      .step("factor", [], () => 10)
      .map("m", "items", ["factor"], (item) =>
        pipeline("item")
          .input("factor", type<number>())
          .step("m", ["factor"], ({ factor }) => factor * item),
      );
    expect((await p.runPromise({})).m).toEqual([10, 20]);
  });
  test("can be nested in another map", async () => {
    const p = over([[1, 2], [], [3]]).map("m", "items", [], (row) =>
      pipeline("row")
        .step("cells", [], () => row)
        .map("m", "cells", [], (cell) => cell * 10),
    );
    expect((await p.runPromise({})).m).toEqual([[10, 20], [], [30]]);
  });
});

describe("The concurrency of a map", () => {
  test.each([1, 3, Infinity])("%f holds for its items, and each runs once", async (concurrency) => {
    let now = 0;
    let most = 0;
    const ran: Array<number> = [];
    const p = over(Array.from({ length: 20 }, (_, i) => i)).map(
      "m",
      "items",
      [],
      async (item) => {
        ran.push(item);
        most = Math.max(most, ++now);
        await sleep(1);
        now--;
        return item;
      },
      { concurrency },
    );
    expect((await p.runPromise({})).m).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(most).toBe(Math.min(20, concurrency));
    expect(ran).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });
  test("holds for items that are whole pipelines", async () => {
    let now = 0;
    let most = 0;
    const p = over(Array.from({ length: 10 }, (_, i) => i)).map(
      "m",
      "items",
      [],
      (item) =>
        pipeline("item")
          .step("in", [], () => void (most = Math.max(most, ++now)))
          .step("wait", ["in"], () => sleep(1))
          .step("m", ["wait"], () => (now--, item)),
      { concurrency: 2 },
    );
    expect((await p.runPromise({})).m).toHaveLength(10);
    expect(most).toBe(2);
  });
  test("holds after collected failures", async () => {
    let now = 0;
    let most = 0;
    const p = over(Array.from({ length: 12 }, (_, i) => i)).map(
      "m",
      "items",
      [],
      async (item) => {
        most = Math.max(most, ++now);
        await sleep(1);
        now--;
        if (item % 2 === 0) throw new Error("even");
        return item;
      },
      { concurrency: 2, failures: "collect" },
    );
    const { m } = await p.runPromise({});
    expect(m.map(Result.isSuccess)).toEqual(Array.from({ length: 12 }, (_, i) => i % 2 === 1));
    expect(most).toBe(2);
  });
});

describe("The key of an item", () => {
  test("names it in its path instead of by its index", async () => {
    const p = over([{ id: "a" }, { id: "b" }]).map(
      "m",
      "items",
      [],
      (_, __, { path, index }) => [path, index],
      {
        key: ({ id }, index) => `${id}-${index}`,
      },
    );
    expect((await p.runPromise({})).m).toEqual([
      ["m[a-0]", 0],
      ["m[b-1]", 1],
    ]);
  });
  test("is also computed for holes of an array", async () => {
    const holes = over(Array<number>(2)).map("m", "items", [], (_, __, { path }) => path, {
      key: (_, index) => index + 5,
    });
    expect((await holes.runPromise({})).m).toEqual(["m[5]", "m[6]"]);
  });
  test("can be a number", async () => {
    const p = over([7]).map("m", "items", [], (_, __, { path }) => path, { key: (item) => item });
    expect((await p.runPromise({})).m).toEqual(["m[7]"]);
  });
  test.each([
    ["that two items share", () => "same", /Two items have the key "same"/],
    ["that is not part of a path", () => "a/b", /cannot be part of a path/],
    ["that is empty", () => "", /cannot be part of a path/],
    [
      "that throws",
      () => {
        throw new Error("no key");
      },
      /no key/,
    ],
    ["that is not a text", () => Object.create(null), /could not be read/],
  ])("%s fails the map before its first item", async (_, key, says) => {
    let ran = 0;
    const p = pipeline("p")
      .step("items", [], () => [1, 2])
      .map("m", "items", [], () => ++ran, { key });
    const error = await rejection(p.runPromise({}));
    expect(error).toMatchObject({ _tag: "ExpansionError", path: "m", reason: expect.stringMatching(says) });
    expect(ran).toBe(0);
  });
});

describe("A failing item", () => {
  test("fails the map, and names the item", async () => {
    const p = over([1, 2, 3]).map("m", "items", [], (item) => {
      if (item === 2) throw new Error("two");
      return item;
    });
    const error = await rejection(p.runPromise({}));
    expect(error).toBeInstanceOf(StepFailed);
    expect(error.path).toBe("m[1]");
  });
  test("with typed errors fails the run with them", async () => {
    const p = over([1]).map("m", "items", [], () => Effect.fail("typed" as const));
    expect(await failureOf(p.run({}))).toBe("typed");
  });
  test("ends the other items, and no further one starts", async () => {
    const started: Array<number> = [];
    const p = over([1, 2, 3, 4, 5]).map(
      "m",
      "items",
      [],
      async (item) => {
        started.push(item);
        await sleep(1);
        if (item === 2) throw new Error("two");
      },
      { concurrency: 2 },
    );
    await rejection(p.runPromise({}));
    await sleep(5);
    expect(started.length).toBeLessThan(4);
  });
});

describe('failures: "collect"', () => {
  test("returns a Result for each item, in order", async () => {
    const p = over([1, 2, 3, 4]).map(
      "m",
      "items",
      [],
      (item) => {
        if (item === 2) throw new Error("thrown");
        if (item === 3) return Effect.fail("typed" as const);
        return Effect.succeed(item);
      },
      { failures: "collect" },
    );
    const [one, two, three, four] = (await p.runPromise({})).m;
    expect(one).toEqual(Result.succeed(1));
    expect(two).toMatchObject({ failure: { _tag: "StepFailed", path: "m[1]" } });
    expect(three).toEqual(Result.fail("typed"));
    expect(four).toEqual(Result.succeed(4));
  });
  test("collects failures inside an item's pipeline, and ends only that pipeline", async () => {
    let finished = 0;
    const p = over([1, 2]).map(
      "m",
      "items",
      [],
      (item) =>
        pipeline("item")
          .step("slow", [], async (_, { signal }) => {
            await sleep(5);
            if (!signal.aborted) finished++;
            return item;
          })
          .step("m", [], () => (item === 1 ? Effect.fail("one") : Effect.succeed(item))),
      { failures: "collect" },
    );
    expect((await p.runPromise({})).m).toEqual([Result.fail("one"), Result.succeed(2)]);
    expect(finished).toBe(1);
  });
  test("collects invalid expansions of items too", async () => {
    const p = untyped
      .pipeline("p")
      .step("items", [], () => [1, 2])
      .map("m", "items", [], (item: number) => (item === 1 ? pipeline("empty") : item), {
        failures: "collect",
      });
    const [one, two] = (await p.runPromise({})).m;
    expect(one).toMatchObject({ failure: { _tag: "ExpansionError", path: "m[0]" } });
    expect(two).toEqual(Result.succeed(2));
  });
  test("does not fail the run for a failed item", async () => {
    const p = over([1]).map("m", "items", [], () => Effect.fail("no"), { failures: "collect" });
    const { exit, types } = await watched(p);
    expect(exit._tag).toBe("Success");
    expect(types).toContain("step.failed");
    expect(types.at(-1)).toBe("run.succeeded");
  });
  test("with minSuccess fails as TooFewSucceeded when fewer succeed", async () => {
    const build = (minSuccess: number) =>
      over([1, 2, 3]).map(
        "m",
        "items",
        [],
        (item) => (item === 1 ? Effect.fail("no") : Effect.succeed(item)),
        {
          failures: "collect",
          minSuccess,
        },
      );
    expect((await build(2).runPromise({})).m).toHaveLength(3);
    const error = await rejection(build(3).runPromise({}));
    expect(error).toBeInstanceOf(TooFewSucceeded);
    expect(error).toMatchObject({ path: "m", succeeded: 2, total: 3, minSuccess: 3 });
  });
  test("10,000 items that fail asynchronously inside pipelines do not delay each other", async () => {
    const p = over(Array.from({ length: 10_000 }, (_, i) => i)).map(
      "m",
      "items",
      [],
      () => pipeline("item").step("m", [], () => Promise.reject(new Error("no"))),
      { failures: "collect" },
    );
    const { m } = await p.runPromise({});
    expect(m.every(Result.isFailure)).toBe(true);
  });
});

describe("A switch", () => {
  const build = () =>
    pipeline("p")
      .input("n", type<number>())
      .switch("size", ["n"], ({ n }) => (n > 10 ? "large" : "small"), {
        large: ({ n }) => pipeline("large").step("size", [], async () => `L${n}`),
        small: ({ n }) => `S${n}`,
      })
      .step("after", ["size"], ({ size }) => size.toLowerCase());
  test("runs the chosen case, and no other", async () => {
    expect((await build().runPromise({ n: 20 })).after).toBe("l20");
    expect((await build().runPromise({ n: 2 })).after).toBe("s2");
  });
  test("can choose and return with Promises and Effects", async () => {
    for (const choose of [() => "a", async () => "a", () => Effect.succeed("a")]) {
      for (const answer of [
        () => 1,
        async () => 1,
        () => Effect.succeed(1),
        async () => pipeline("s").step("x", [], () => 1),
      ]) {
        const p = untyped.pipeline("p").switch("x", [], choose, { a: answer });
        expect(await p.runPromise({})).toEqual({ x: 1 });
      }
    }
  });
  test("takes numbers and booleans as literals", async () => {
    for (const literal of [1, true, -0]) {
      const p = untyped.pipeline("p").switch("x", [], () => literal, { [String(literal)]: () => "found" });
      expect(await p.runPromise({})).toEqual({ x: "found" });
    }
  });
  test("gives its case the inputs by name, including to a pipeline", async () => {
    const p = pipeline("p")
      .step("n", [], () => 3)
      .switch("x", ["n"], () => "a", {
        a: () =>
          pipeline("case")
            .input("n", type<number>())
            .step("x", ["n"], ({ n }) => n + 1),
      });
    expect((await p.runPromise({})).x).toBe(4);
  });
  test("keeps its options: retry, timeout, fallback", async () => {
    let tries = 0;
    const p = pipeline("p").switch(
      "x",
      [],
      () => "a",
      {
        a: () => {
          if (++tries < 3) throw new Error("again");
          return tries;
        },
      },
      { retry: { times: 3 } },
    );
    expect((await p.runPromise({})).x).toBe(3);
    const failing = untyped.pipeline("p").switch("x", [], () => "b", { a: () => 1 }, { fallback: "none" });
    expect((await failing.runPromise({})).x).toBe("none");
  });
});

describe("The items of a map that are pipelines", () => {
  const items = (
    count: number,
    options: object,
    seen: { alive: number; most: number; ended: Array<number> },
  ) =>
    pipeline("many")
      .step("list", [], () => Array.from({ length: count }, (_, i) => i))
      .map(
        "all",
        "list",
        [],
        (item) => {
          seen.alive++;
          seen.most = Math.max(seen.most, seen.alive);
          return pipeline("three")
            .step("a", [], () => item)
            .step("b", ["a"], ({ a }) => a + 1)
            .step("all", ["b"], ({ b }) => {
              seen.alive--;
              seen.ended.push(item);
              return b;
            });
        },
        options,
      );

  test("run depth first: only a few are under way at once, however many there are", async () => {
    for (const concurrency of [undefined, 1, 64]) {
      const seen = { alive: 0, most: 0, ended: [] as Array<number> };
      const options = concurrency === undefined ? {} : { concurrency };
      const { all } = await items(5_000, options, seen).runPromise({});
      expect(all).toEqual(Array.from({ length: 5_000 }, (_, i) => i + 1));
      expect(seen.most).toBeLessThan(10);
      expect(seen.ended[0]).toBe(0);
    }
  });

  test("still run at once when they wait", async () => {
    let running = 0;
    let allRun = (): void => {};
    const whenAllRun = new Promise<void>((resolve) => (allRun = resolve));
    const waiting = pipeline("waiting")
      .step("list", [], () => Array.from({ length: 50 }, (_, i) => i))
      .map("all", "list", [], (item) =>
        pipeline("one").step("all", [], async () => {
          if (++running === 50) allRun();
          await whenAllRun;
          return item;
        }),
      );
    expect((await waiting.runPromise({})).all).toHaveLength(50);
  });
});
