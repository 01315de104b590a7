import * as Effect from "effect/Effect";
import { dynamic, pipeline, step, type } from "espalier";
import { describe, expect, test } from "vitest";
import { failureOf, rejection, sleep, thrown, untyped, watched } from "./support.ts";

const sub = pipeline("sub").step("x", [], () => 5);

describe("A dynamic step", () => {
  const forms: ReadonlyArray<readonly [form: string, expand: () => unknown]> = [
    ["a pipeline", () => sub],
    ["a Promise of a pipeline", async () => sub],
    ["an Effect of a pipeline", () => Effect.succeed(sub)],
    ["a late Effect of a pipeline", () => Effect.as(Effect.sleep(1), sub)],
    ["a direct value", () => 5],
    ["a Promise of a direct value", async () => 5],
    ["an Effect of a direct value", () => Effect.succeed(5)],
    ["a pipeline with a dynamic step", () => pipeline("p").dynamic("x", [], () => sub)],
    [
      "a pipeline whose steps are asynchronous",
      () => pipeline("p").step("x", [], () => sleep(1).then(() => 5)),
    ],
  ];
  test.each(forms)("can return %s", async (_, expand) => {
    const p = untyped
      .pipeline("p")
      .dynamic("x", [], expand)
      .step("y", ["x"], ({ x }: any) => x + 1);
    expect(await p.runPromise({})).toEqual({ x: 5, y: 6 });
    expect(await p.runPromise({}, { concurrency: 1 })).toEqual({ x: 5, y: 6 });
    const { exit } = await watched<any, unknown>(p);
    expect(exit).toMatchObject({ value: { x: 5, y: 6 } });
  });

  test("looks at real data and takes the branch that the data requires", async () => {
    const p = pipeline("p")
      .input("n", type<number>())
      .dynamic("x", ["n"], ({ n }) => {
        if (n === 0) return "nothing";
        if (n < 10) return pipeline("few").step("x", [], () => n);
        return pipeline("many")
          .addAll(Array.from({ length: n }, (_, i) => step(`part_${i}`, [], () => i)))
          .step("x", ["part_*"], (found) => Object.values(found["part_*"]).length);
      });
    for (const [n, x] of [
      [0, "nothing"],
      [5, 5],
      [100, 100],
    ] as const) {
      expect((await p.runPromise({ n })).x).toBe(x);
    }
  });

  test("exposes only the outputs that it declares: the rest of its sub-pipeline stays inside", async () => {
    const p = pipeline("p").dynamic("x", [], () =>
      pipeline("sub")
        .step("hidden", [], () => 1)
        .step("x", ["hidden"], ({ hidden }) => hidden),
    );
    expect(await p.runPromise({})).toEqual({ x: 1 });
    expect(thrown(() => (p as any).step("y", ["hidden"], () => 1)).reason).toMatch(/reads "hidden"/);
  });

  test("exposes several outputs of a sub-pipeline or a record", async () => {
    for (const given of [
      () =>
        pipeline("sub")
          .step("a", [], () => 1)
          .step("b", [], async () => 2),
      () => ({ a: 1, b: 2 }),
    ]) {
      const p = untyped
        .pipeline("p")
        .dynamic("two", [], given, { outputs: ["a", "b"] })
        .step("sum", ["a", "b"], ({ a, b }: any) => a + b);
      expect(await p.runPromise({})).toEqual({ a: 1, b: 2, sum: 3 });
    }
  });

  test("can expose one output under a name other than its own", async () => {
    const p = pipeline("p").dynamic("search", [], () => pipeline("sub").step("best", [], () => 1), {
      outputs: ["best"],
    });
    expect(await p.runPromise({})).toEqual({ best: 1 });
  });

  test("runs each sub-step once, whether or not others read it", async () => {
    const ran: Array<string> = [];
    const p = pipeline("p").dynamic("x", [], () =>
      pipeline("sub")
        .step("unread", [], async () => void ran.push("unread"))
        .step("shared", [], async () => void ran.push("shared"))
        .step("one", ["shared"], () => void ran.push("one"))
        .step("x", ["shared", "one"], () => void ran.push("x")),
    );
    await p.runPromise({});
    expect([...ran].sort()).toEqual(["one", "shared", "unread", "x"]);
  });

  test("ends only when all of its sub-steps have ended", async () => {
    let ended = false;
    const p = pipeline("p")
      .dynamic("x", [], () =>
        pipeline("sub")
          .step("x", [], () => 1)
          .step("slow", [], async () => {
            await sleep(10);
            ended = true;
          }),
      )
      .step("after", ["x"], () => ended);
    expect((await p.runPromise({})).after).toBe(true);
  });

  test("can return the same pipeline value again and again", async () => {
    const p = pipeline("p")
      .step("items", [], () => [1, 2, 3])
      .dynamic("one", [], () => sub, { outputs: ["x"] })
      .map("x2", "items", [], () => pipeline("s").step("x2", [], () => 1));
    expect(await p.runPromise({})).toMatchObject({ x: 5, x2: [1, 1, 1] });
  });

  test("can add a family without members, which is read as an empty record", async () => {
    const sum = pipeline("p")
      .input("rates", type<ReadonlyArray<number>>())
      .dynamic("sum", ["rates"], ({ rates }) =>
        pipeline("sub")
          .addAll(rates.map((rate) => step(`model ${rate}`, [], () => rate)))
          .step("sum", ["model *"], (models) => Object.values(models["model *"]).reduce((a, b) => a + b, 0)),
      );
    expect((await sum.runPromise({ rates: [] })).sum).toBe(0);
    expect((await sum.runPromise({ rates: [1] })).sum).toBe(1);
    expect((await sum.runPromise({ rates: [1, 2] })).sum).toBe(3);
    const names: ReadonlyArray<string> = [];
    const family = pipeline("family").addAll(names.map((name) => step(`f ${name}`, [], () => 1)));
    const read = pipeline("host")
      .add(family)
      .step("count", ["f *"], (found) => Object.keys(found["f *"]).length)
      .returns("count");
    expect(await read.runPromise()).toEqual({ count: 0 });
    expect(read.plan().steps.map(({ name, inputs }) => [name, inputs])).toEqual([["count", []]]);
  });
  test("can expose one of its inputs unchanged", async () => {
    const p = pipeline("p")
      .step("a", [], () => 7)
      .dynamic("x", ["a"], ({ a }) => pipeline("sub").step("x", [], () => a));
    expect((await p.runPromise({})).x).toBe(7);
  });

  test("nests to any depth", async () => {
    const nest = (depth: number): any =>
      pipeline(`d${depth}`).dynamic("x", [], () => (depth === 0 ? 42 : nest(depth - 1)));
    expect((await nest(30).runPromise({})).x).toBe(42);
    expect((await nest(2000).runPromise({}, { maxDepth: 5000 })).x).toBe(42);
  });

  test("chooses a case by a string, a number or a boolean", async () => {
    const p = pipeline("p")
      .input("size", type<number>())
      .switch("text", ["size"], ({ size }) => (size > 1 ? "many" : "one"), { one: () => 1, many: () => 2 })
      .switch("number", ["size"], ({ size }) => (size > 1 ? 2 : 1), { 1: () => "one", 2: () => "two" })
      .switch("boolean", ["size"], async ({ size }) => size > 1, {
        true: ({ size }) => pipeline("sub").step("boolean", [], () => size),
        false: () => 0,
      });
    expect(await p.runPromise({ size: 1 })).toEqual({ size: 1, text: 1, number: "one", boolean: 0 });
    expect(await p.runPromise({ size: 7 })).toEqual({ size: 7, text: 2, number: "two", boolean: 7 });
  });
  test("holds maps and switches that hold dynamic steps", async () => {
    const p = pipeline("p")
      .input("sizes", type<ReadonlyArray<number>>())
      .map("rows", "sizes", [], (size) =>
        pipeline("row")
          .switch("kind", [], () => (size > 1 ? "many" : "one"), {
            many: () =>
              pipeline("many").dynamic("kind", [], () => pipeline("deep").step("kind", [], () => "M")),
            one: () => "1",
          })
          .step("cells", [], () => Array.from({ length: size }, (_, i) => i))
          .map("doubled", "cells", ["kind"], (cell, { kind }) => `${kind}${cell * 2}`)
          .step("rows", ["doubled"], ({ doubled }) => doubled.join(",")),
      )
      .step("all", ["rows"], ({ rows }) => rows.join(";"));
    expect((await p.runPromise({ sizes: [1, 0, 3] })).all).toBe("10;;M0,M2,M4");
  });
});

describe('A step with outputs "all"', () => {
  const open = pipeline("p")
    .input("wide", type<boolean>())
    .dynamic(
      "open",
      ["wide"],
      ({ wide }) =>
        wide
          ? pipeline("wide")
              .step("a", [], () => 1)
              .step("b", ["a"], ({ a }) => a + 1)
          : pipeline("narrow").step("a", [], () => 10),
      { outputs: "all" },
    );
  test("merges every output of the sub-pipeline that it returns into its parent", async () => {
    expect(await open.runPromise({ wide: true })).toEqual({ wide: true, a: 1, b: 2 });
    expect(await open.runPromise({ wide: false })).toEqual({ wide: false, a: 10 });
  });
  test("lets later steps read its outputs by name and by glob", async () => {
    const p = open
      .step("next", ["a"], ({ a }) => a + 100)
      .dynamic("family", [], () => pipeline("f").addAll([1, 2].map((i) => step(`f_${i}`, [], () => i))), {
        outputs: "all",
      })
      .step("sum", ["f_*"], (found) => Object.values(found["f_*"]).length);
    expect(await p.runPromise({ wide: true })).toMatchObject({ next: 101, sum: 2 });
  });
  test("fails the run as ExpansionError of the reader if no branch returned the name this time", async () => {
    const untyped: any = open;
    const p = untyped.step("reader", ["b"], ({ b }: any) => b);
    await expect(p.runPromise({ wide: false })).rejects.toMatchObject({
      _tag: "ExpansionError",
      path: "reader",
      reason: expect.stringContaining('"b"'),
    });
    expect((await p.runPromise({ wide: true })).reader).toBe(2);
  });
  test("leaves a name that no branch returned this time out of a glob", async () => {
    const p = open.step("reader", ["b*"], (found) => found["b*"].b ?? "none");
    expect((await p.runPromise({ wide: false })).reader).toBe("none");
    expect((await p.runPromise({ wide: true })).reader).toBe(2);
  });
  test("provides only what its sub-pipeline returns", async () => {
    const p = pipeline("p").dynamic(
      "open",
      [],
      () =>
        pipeline("sub")
          .step("a", [], () => 1)
          .step("b", ["a"], ({ a }) => a)
          .returns("b"),
      { outputs: "all" },
    );
    expect(await p.runPromise({})).toEqual({ b: 1 });
  });
  test("does not provide the inputs of its sub-pipeline", async () => {
    const p = pipeline("p")
      .step("n", [], () => 1)
      .dynamic(
        "open",
        ["n"],
        () =>
          pipeline("sub")
            .input("n", type<number>())
            .step("m", ["n"], ({ n }) => n + 1),
        { outputs: "all" },
      );
    expect(await p.runPromise({})).toEqual({ n: 1, m: 2 });
  });
  test("takes a record as a direct value", async () => {
    const p = pipeline("p")
      .dynamic("open", [], async () => ({ a: 1, b: "two" }), { outputs: "all" })
      .step("both", ["a", "b"], ({ a, b }) => `${a}${b}`);
    expect((await p.runPromise({})).both).toBe("1two");
  });
  test.each([1, null, undefined, "ab"])("refuses %o as a direct value", async (value) => {
    const p = pipeline("p").dynamic("open", [], () => value as unknown, { outputs: "all" });
    await expect(p.runPromise({})).rejects.toMatchObject({ _tag: "ExpansionError", path: "open" });
  });
  test("stays typed and works when nested in another one", async () => {
    const p = pipeline("p")
      .dynamic(
        "outer",
        [],
        () =>
          pipeline("sub").dynamic(
            "inner",
            [],
            () =>
              pipeline("deep")
                .step("a", [], () => 1)
                .step("b", [], () => 2),
            { outputs: "all" },
          ),
        { outputs: "all" },
      )
      .step("sum", ["a", "b"], ({ a, b }) => a + b);
    expect(await p.runPromise({})).toEqual({ a: 1, b: 2, sum: 3 });
  });
  test('exposes by name the outputs of an inner "all" step', async () => {
    const p = pipeline("p").dynamic("x", [], () =>
      pipeline("sub").dynamic("open", [], () => ({ x: 1, y: 2 }), { outputs: "all" }),
    );
    expect(await p.runPromise({})).toEqual({ x: 1 });
  });
  test("is not read by a step before it, however soon it ends", async () => {
    const p = pipeline("p")
      .dynamic("slow", [], () => sleep(5).then(() => ({ f_slow: 1 })), { outputs: "all" })
      .step("family", ["f_*"], (found) => Object.keys(found["f_*"]))
      .dynamic("quick", [], () => ({ f_quick: 1 }), { outputs: "all" });
    expect((await p.runPromise({})).family).toEqual(["f_slow"]);
    const q = untyped
      .pipeline("q")
      .dynamic("slow", [], () => sleep(5).then(() => ({ a: 1 })), { outputs: "all" })
      .step("reader", ["b"], ({ b }: any) => b)
      .dynamic("quick", [], () => ({ b: 1 }), { outputs: "all" });
    await expect(q.runPromise({})).rejects.toMatchObject({ _tag: "ExpansionError", path: "reader" });
  });
  test.each([
    [
      "a fallback that has a name of its parent",
      { fallback: { a: 1 } },
      () => Effect.fail("no"),
      /"a".*already/,
    ],
    [
      "a fallback with something that is not a name",
      { fallback: { "b/c": 1 } },
      () => Effect.fail("no"),
      /must not contain \/ \[/,
    ],
    ["a fallback that is not a record", { fallback: 5 }, () => Effect.fail("no"), /returned neither/],
    [
      'an "all" step inside that gives a name of its parent',
      {},
      () => pipeline("sub").dynamic("inner", [], () => ({ a: 1 }), { outputs: "all" }),
      /"a".*already/,
    ],
  ])("refuses %s", async (_, options, expand, says) => {
    const p = untyped
      .pipeline("p")
      .step("a", [], () => 0)
      .dynamic("open", [], expand, { outputs: "all", ...options });
    const error = await rejection(p.runPromise({}));
    expect(error).toMatchObject({
      _tag: "ExpansionError",
      path: "open",
      reason: expect.stringMatching(says),
    });
  });
  test("can have a record as its fallback", async () => {
    const p = untyped
      .pipeline("p")
      .dynamic("open", [], () => Effect.fail("no"), { outputs: "all", fallback: { a: 1 } })
      .step("next", ["a"], ({ a }: any) => a + 1);
    expect(await p.runPromise({})).toEqual({ a: 1, next: 2 });
  });
  test("that is retried provides what its last attempt returned", async () => {
    const p = pipeline("p")
      .dynamic(
        "open",
        [],
        (_, { attempt }) =>
          pipeline("sub")
            .step("a", [], () => attempt)
            .step("b", [], () => (attempt < 2 ? Effect.fail("no") : Effect.succeed(attempt))),
        { outputs: "all", retry: { times: 1 } },
      )
      .step("sum", ["a", "b"], ({ a, b }) => a + b);
    expect((await p.runPromise({})).sum).toBe(4);
  });
  test("can be narrowed by returns to names that only it provides", async () => {
    const p = open.step("c", [], () => 3).returns("a");
    expect(await p.runPromise({ wide: true })).toEqual({ a: 1 });
  });
  test("that fails with finish causes its readers to be skipped", async () => {
    const p = untyped
      .pipeline("p")
      .dynamic("open", [], () => Effect.fail("no"), { outputs: "all" })
      .step("reader", ["late"], () => 1)
      .step("other", [], () => 2);
    const { handle } = await watched(p, { onFailure: "finish" });
    expect(handle.report.failed).toEqual([{ path: "open", error: "no" }]);
    expect(handle.report.skipped).toEqual([{ path: "reader", because: "open" }]);
  });
  test("provides the list of a map, and members of a glob in addition to static ones", async () => {
    const p = pipeline("p")
      .step("f_static", [], () => 0)
      .dynamic("open", [], async () => ({ items: [1, 2], f_late: 1 }), { outputs: "all" })
      .map("m", "items", [], (item) => item * 2)
      .step("f", ["f_*"], (found) => found["f_*"]);
    expect(await p.runPromise({})).toMatchObject({ m: [2, 4], f: { f_static: 0, f_late: 1 } });
  });
});

describe("An expansion is checked before its first step starts", () => {
  let ran = 0;
  const noisy = () => ++ran;
  const bad: ReadonlyArray<readonly [mistake: string, build: (p: any) => any, says: RegExp]> = [
    [
      "an exposed output that it does not provide",
      (p) => p.dynamic("x", [], () => pipeline("s").step("y", [], noisy)),
      /does not provide the output "x"; it provides "y"/,
    ],
    [
      "an exposed output that it does not return",
      (p) => p.dynamic("x", [], () => pipeline("s").step("x", [], noisy).step("y", [], noisy).returns("y")),
      /does not provide the output "x"/,
    ],
    [
      "one of several that it does not provide",
      (p) => p.dynamic("two", [], () => pipeline("s").step("x", [], noisy), { outputs: ["x", "y"] }),
      /"y"/,
    ],
    ["an empty sub-pipeline", (p) => p.dynamic("x", [], () => pipeline("s")), /provides nothing/],
    [
      "an input that its step does not have",
      (p) => p.dynamic("x", ["a"], () => pipeline("s").input("b", type()).step("x", ["b"], noisy)),
      /reads the input "b".*only "a"/,
    ],
    [
      "a direct value that is not a record of several",
      (p) => p.dynamic("two", [], () => 5, { outputs: ["x", "y"] }),
      /must be a record of them. This one lacks "x"; the step did not return a record, but 5/,
    ],
    [
      "a record that lacks one of several",
      (p) => p.dynamic("two", [], () => ({ x: 1 }), { outputs: ["x", "y"] }),
      /"y"/,
    ],
    [
      'a name in "all" that the parent has',
      (p) => p.dynamic("open", [], () => pipeline("s").step("a", [], noisy), { outputs: "all" }),
      /"a".*already/,
    ],
    [
      'a name in "all" that a later step has',
      (p) =>
        p
          .dynamic("open", [], () => pipeline("s").step("z", [], noisy), { outputs: "all" })
          .step("z", [], () => 1),
      /"z".*already/,
    ],
    [
      'a direct name in "all" that the parent has',
      (p) => p.dynamic("open", [], () => ({ a: 1 }), { outputs: "all" }),
      /"a".*already/,
    ],
    [
      'an invalid direct name in "all"',
      (p) => p.dynamic("open", [], () => ({ "a/b": 1 }), { outputs: "all" }),
      /must not contain \/ \[ \]/,
    ],
    [
      "a sub-pipeline that cannot be built",
      (p) => p.dynamic("x", [], () => untyped.pipeline("s").step("x", ["zz"], noisy)),
      /reads "zz"/,
    ],
    [
      "a sub-pipeline that cannot be built, in an Effect",
      (p) => p.dynamic("x", [], () => Effect.sync(() => untyped.pipeline("s").step("x", ["zz"], noisy))),
      /reads "zz"/,
    ],
    [
      "a sub-pipeline that cannot be built, in a Promise",
      (p) => p.dynamic("x", [], async () => untyped.pipeline("s").step("x", ["zz"], noisy)),
      /reads "zz"/,
    ],
    [
      "a cycle in pipelineOf",
      (p) =>
        p.dynamic("x", [], () =>
          untyped.pipelineOf("s", [untyped.step("x", ["y"], noisy), untyped.step("y", ["x"], noisy)]),
        ),
      /form a cycle: .*Remove one/,
    ],
    [
      "an item that lacks the map's output",
      (p) => p.map("x", "items", [], () => pipeline("s").step("y", [], noisy)),
      /does not provide the output "x"/,
    ],
    [
      "a case that lacks the switch's output",
      (p) => p.switch("x", [], () => "k", { k: () => pipeline("s").step("y", [], noisy) }),
      /does not provide the output "x"/,
    ],
    [
      "a choice without a case",
      (p) => p.switch("x", [], () => "other", { k: () => 1 }),
      /choice is "other", but the cases are "k"/,
    ],
    [
      "a choice that is not the name of a case",
      (p) => p.switch("x", [], () => ({ kind: "k" }), { k: () => 1 }),
      /must be the name of a case .* and this is an object; the cases are "k"/,
    ],
  ];
  test.each(bad)("%s", async (_, build, says) => {
    ran = 0;
    const p = build(
      pipeline("p")
        .step("a", [], () => 1)
        .step("items", [], () => [1]),
    );
    for (const options of [{}, { concurrency: 1 }]) {
      const error = await rejection(p.runPromise({}, options));
      expect(error._tag).toBe("ExpansionError");
      expect(error.reason).toMatch(says);
      expect(error.path).toMatch(/^(x|two|open)/);
      expect(error.message).toContain(error.path);
    }
    expect(ran).toBe(0);
  });
  test('two "all" steps that provide the same name', async () => {
    const p = untyped
      .pipeline("p")
      .dynamic("one", [], () => ({ x: 1 }), { outputs: "all" })
      .dynamic("two", [], () => ({ x: 2 }), { outputs: "all" });
    await expect(p.runPromise({})).rejects.toMatchObject({ _tag: "ExpansionError", path: "two" });
  });
  test('two "all" steps whose sub-pipelines provide the same name run neither of them twice', async () => {
    const late = (): unknown => pipeline("s").step("x", [], () => sleep(1));
    const p = pipeline("p")
      .dynamic("one", [], late, { outputs: "all" })
      .dynamic("two", [], late, { outputs: "all" });
    expect((await rejection(p.runPromise({})))._tag).toBe("ExpansionError");
  });
});

describe("A standalone dynamic step", () => {
  const search = dynamic("best", ["rates"], ({ rates }: { rates: ReadonlyArray<number> }) =>
    pipeline("search")
      .addAll(rates.map((rate) => step(`model_${rate}`, [], () => rate)))
      .step("best", ["model_*"], (found) => Math.max(...Object.values(found["model_*"]))),
  );
  test("is added by name and runs", async () => {
    const p = pipeline("p")
      .step("rates", [], () => [1, 3, 2])
      .add(search);
    expect((await p.runPromise({})).best).toBe(3);
  });
  test("expands directly, for inspection without running", async () => {
    const expanded = search.expand({ rates: [1, 2] });
    expect(expanded.plan().steps.map(({ path }) => path)).toEqual(["model_1", "model_2", "best"]);
    expect((await expanded.runPromise({})).best).toBe(2);
  });
  test("passes a context to its function when called directly", () => {
    const d = dynamic("d", [], (_: {}, context) => {
      context.log("x");
      context.progress(1);
      return `${context.path} ${context.attempt} ${context.signal.aborted}`;
    });
    expect(d.expand({})).toBe("d 1 false");
  });
  test("can be added to many pipelines", async () => {
    const one = pipeline("one")
      .step("rates", [], () => [1])
      .add(search);
    const two = pipeline("two")
      .step("rates", [], () => [2])
      .add(search);
    expect([(await one.runPromise({})).best, (await two.runPromise({})).best]).toEqual([1, 2]);
  });
});

describe("The record of each expansion", () => {
  test("is reported by path, at every depth", async () => {
    const p = pipeline("p")
      .step("n", [], () => 3)
      .step("items", [], () => [1, 2])
      .dynamic("grown", ["n"], () =>
        pipeline("sub")
          .input("n", type<number>())
          .step("part", ["n"], ({ n }) => n + 1)
          .dynamic("grown", ["part"], ({ part }) => part * 2),
      )
      .map("each", "items", [], (item) => pipeline("item").step("each", [], () => item))
      .switch("kind", [], () => "a", { a: () => pipeline("case").step("kind", [], () => "A") });
    const { handle } = await watched(p);
    const { expansions } = handle;
    expect([...expansions.keys()].sort()).toEqual(["each[0]", "each[1]", "grown", "grown/grown", "kind"]);
    expect(expansions.get("grown")).toMatchObject({ expanded: true, results: { part: 4, grown: 8 } });
    expect(Object.keys(expansions.get("grown")!.results)).toEqual(["part", "grown"]);
    expect(expansions.get("grown")!.subPipeline!.name).toBe("sub");
    expect(expansions.get("grown/grown")).toEqual({
      subPipeline: undefined,
      expanded: false,
      results: { grown: 8 },
    });
    expect(expansions.get("each[1]")).toMatchObject({ expanded: true, results: { each: 2 } });
    expect(expansions.get("kind")).toMatchObject({ expanded: true, results: { kind: "A" } });
  });
  test("ignores what plain steps return", async () => {
    const { handle } = await watched(pipeline("p").step("a", [], () => pipeline("value")));
    expect(handle.expansions.size).toBe(0);
  });
});

describe("Limits", () => {
  const forever = (): any => pipeline("again").dynamic("x", [], () => forever());
  test("an endless expansion fails as ExpansionError at maxDepth", async () => {
    const error = await failureOf<any>(forever().run({}));
    expect(error._tag).toBe("ExpansionError");
    expect(error.path).toBe(Array.from({ length: 33 }, () => "x").join("/"));
    expect(error.reason).toMatch(/maxDepth is 32/);
  });
  test("maxDepth counts dynamic steps, maps with pipelines and switches alike", async () => {
    const two = pipeline("p")
      .step("items", [], () => [1])
      .map("x", "items", [], () =>
        pipeline("s").switch("x", [], () => "a", { a: () => pipeline("t").step("x", [], () => 1) }),
      );
    expect((await two.runPromise({}, { maxDepth: 2 })).x).toEqual([1]);
    expect((await rejection(two.runPromise({}, { maxDepth: 1 })))._tag).toBe("ExpansionError");
  });
  test("maxSteps counts expanded steps and items of the whole run, but no static ones", async () => {
    const p = pipeline("p")
      .step("items", [], () => [1, 2, 3])
      .step("other", [], () => 1)
      .map("m", "items", [], () => 1)
      .dynamic("d", [], () =>
        pipeline("s")
          .step("d", [], () => 1)
          .step("e", [], () => 1),
      );
    await p.runPromise({}, { maxSteps: 5 });
    const error = await rejection(p.runPromise({}, { maxSteps: 4 }));
    expect(error).toMatchObject({ _tag: "ExpansionError", path: "m" });
    expect(error.reason).toMatch(/maxSteps is 4/);
  });
  test("a map over an endless iterable fails at maxSteps instead of filling the memory", async () => {
    const p = pipeline("p")
      .step("items", [], () => ({
        *[Symbol.iterator]() {
          for (let i = 0; ; i++) yield i;
        },
      }))
      .map("m", "items", [], () => 1);
    const error = await rejection(p.runPromise({}, { maxSteps: 1000 }));
    expect(error).toMatchObject({ _tag: "ExpansionError", path: "m" });
  });
});
