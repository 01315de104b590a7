import * as Effect from "effect/Effect";
import { dynamic, GraphError, pipeline, pipelineOf, step, type } from "espalier";
import { describe, expect, test, vi } from "vitest";
import { thrown, untyped } from "./support.ts";

describe("A pipeline is a value", () => {
  test("each call returns a new pipeline and leaves the old one unchanged", async () => {
    const base = pipeline("base").step("a", [], () => 1);
    const left = base.step("b", ["a"], ({ a }) => a + 1);
    const right = base.step("b", ["a"], ({ a }) => a + 10).step("c", ["b"], ({ b }) => b + 10);
    expect(await base.runPromise({})).toEqual({ a: 1 });
    expect(await left.runPromise({})).toEqual({ a: 1, b: 2 });
    expect(await right.runPromise({})).toEqual({ a: 1, b: 11, c: 21 });
  });

  test("an output of one branch is unknown to the other", () => {
    const base = untyped.pipeline("base").step("a", [], () => 1);
    base.step("b", [], () => 2);
    expect(thrown(() => base.step("c", ["b"], () => 3))).toBeInstanceOf(GraphError);
    expect(() => base.step("b", [], () => 2)).not.toThrow();
  });

  test("a call that throws leaves no trace", async () => {
    const base = untyped.pipeline("base").step("a", [], () => 1);
    thrown(() => base.step("b", ["missing"], () => 2));
    thrown(() => base.step("b", [], () => 2, { outputs: ["x", "a"] }));
    thrown(() => base.addAll([step("y", [], () => 1), step("a", [], () => 1)]));
    expect(await base.step("x", [], () => 3).runPromise({})).toEqual({ a: 1, x: 3 });
    expect(await base.step("y", [], () => 4).runPromise({})).toEqual({ a: 1, y: 4 });
  });

  test("changing the arrays that it was built from has no effect", async () => {
    const inputs: Array<string> = ["a"];
    const outputs: Array<string> = ["x", "y"];
    const p = untyped
      .pipeline("p")
      .step("a", [], () => 1)
      .step("b", inputs, (given: unknown) => ({ x: given, y: 2 }), { outputs });
    inputs[0] = "b";
    outputs.pop();
    expect(await p.runPromise({})).toEqual({ a: 1, x: { a: 1 }, y: 2 });
  });

  test("its type and plan depend only on the order of its calls, and runs do not change it", async () => {
    const p = pipeline("p")
      .step("a", [], () => 1)
      .step("b", ["a"], ({ a }) => a);
    const before = p.plan();
    await Promise.all([p.runPromise({}), p.runPromise({}), p.runPromise({})]);
    expect(p.plan()).toEqual(before);
  });

  test("it can run any number of times, including concurrently", async () => {
    const p = pipeline("p")
      .input("n", type<number>())
      .step("double", ["n"], async ({ n }) => n * 2);
    const runs = await Promise.all(Array.from({ length: 50 }, (_, n) => p.runPromise({ n })));
    expect(runs.map(({ double }) => double)).toEqual(Array.from({ length: 50 }, (_, n) => n * 2));
  });
});

describe("Building is linear", () => {
  const build = (count: number): any => {
    let p: any = pipeline("long").step("s0", [], () => 0);
    for (let i = 1; i < count; i++) {
      const before = `s${i - 1}`;
      p = p.step(`s${i}`, [before], (inputs: any) => inputs[before] + 1);
    }
    return p;
  };
  test("10,000 calls copy no arrays except those of their own inputs", async () => {
    const slice = vi.spyOn(Array.prototype, "slice");
    const built = build(10_000);
    const copied = slice.mock.results.reduce(
      (sum, { value }) => sum + (value as ReadonlyArray<unknown>).length,
      0,
    );
    slice.mockRestore();
    expect(copied).toBeLessThanOrEqual(10_000);
    expect((await built.runPromise({})).s9999).toBe(9999);
  });
  test("a glob over 10,000 outputs is read in one pass", async () => {
    const family = Array.from({ length: 10_000 }, (_, i) => step(`feat_${i}`, [], () => i));
    const p = pipeline("p")
      .addAll(family)
      .step("sum", ["feat_*"], (found) => Object.values(found["feat_*"]).reduce((a, b) => a + b, 0));
    expect((await p.runPromise({})).sum).toBe(49_995_000);
  });
});

describe("An untyped caller gets one GraphError", () => {
  const p = untyped.pipeline("p").step("a", [], () => 1);
  const mistakes: ReadonlyArray<
    readonly [mistake: string, build: () => unknown, step: string, says: RegExp]
  > = [
    [
      "an input that nothing provides",
      () => p.step("b", ["c"], () => 1),
      "b",
      /reads "c".*nothing provides.*"a"/,
    ],
    ["its own output as an input", () => p.step("b", ["b"], () => 1), "b", /reads "b"/],
    ["an output name used twice", () => p.step("a", [], () => 1), "a", /"a" is already provided/],
    ["an input with the name of an output", () => p.input("a", type()), "a", /"a" is already provided/],
    [
      "an output of another step among several",
      () => p.step("b", [], () => 1, { outputs: ["x", "a"] }),
      "b",
      /"a" is already/,
    ],
    [
      "the same output twice in one step",
      () => p.step("b", [], () => 1, { outputs: ["x", "x"] }),
      "b",
      /"x" is already provided/,
    ],
    ["no outputs at all", () => p.step("b", [], () => 1, { outputs: [] }), "b", /outputs must not be empty/],
    [
      "outputs that are not an array",
      () => p.step("b", [], () => 1, { outputs: "x" }),
      "b",
      /outputs must be an array of names; got "x"/,
    ],
    [
      'the outputs "all" of a plain step',
      () => p.step("b", [], () => 1, { outputs: "all" }),
      "b",
      /only for a dynamic step/,
    ],
    ["a map with outputs", () => p.map("b", "a", [], () => 1, { outputs: ["x"] }), "b", /one output/],
    ["a map over an output that nothing provides", () => p.map("b", "c", [], () => 1), "b", /reads "c"/],
    [
      "a switch with outputs",
      () => p.switch("b", [], () => "x", { x: () => 1 }, { outputs: ["x"] }),
      "b",
      /one output/,
    ],
    ["returns with an array", () => p.returns(["a"]), "", /^returns takes names; got an array/],
    ["add of a number", () => p.add(1), "", /^add takes a standalone step or a pipeline; got a number/],
    ["addAll of a number", () => p.addAll([1]), "", /^addAll takes a list of standalone steps; got a number/],
    [
      "a switch without cases",
      () => p.switch("b", [], () => "x"),
      "b",
      /cases must be a record of functions; got none/,
    ],
    [
      "a case that is not a function",
      () => p.switch("b", [], () => "x", { x: 1 }),
      "b",
      /case "x" must be a function; got a number/,
    ],
    ["a step without a function", () => p.step("b", []), "b", /run must be a function; got undefined/],
    ["a dynamic step without a function", () => p.dynamic("b", []), "b", /expand must be a function/],
    ["a map without a function", () => p.map("b", "a", []), "b", /each must be a function/],
    ["a switch without a function", () => p.switch("b", []), "b", /on must be a function/],
    [
      "inputs that are not an array",
      () => p.step("b", "a", () => 1),
      "b",
      /inputs must be an array of names; got a string/,
    ],
    ["inputs left out", () => p.step("b", () => 1), "b", /inputs must be an array of names; got a function/],
    ["an input that is undefined", () => p.step("b", [undefined], () => 1), "b", /only names; got undefined/],
    ["an input that is not a name", () => p.step("b", [1], () => 1), "b", /only names; got a number/],
    [
      "a glob that matches nothing",
      () => p.step("b", ["x_*"], () => 1),
      "b",
      /glob "x_\*" matches no output/,
    ],
    ["a returned name that nothing provides", () => p.returns("zzz"), "zzz", /cannot be returned/],
    ["an input without a schema", () => p.input("b"), "b", /schema must be .*; got undefined/],
    ["add of nothing", () => p.add(undefined), "", /add takes/],
    ["add of a function", () => p.add(() => 1), "", /add takes/],
    [
      "add of a step whose input is not there",
      () => p.add(step("b", ["c"], ({ c }: { c: 1 }) => c)),
      "b",
      /reads "c"/,
    ],
    ["add of a step whose name is taken", () => p.add(step("a", [], () => 1)), "a", /"a" is already/],
    [
      "add of a pipeline whose input is not there",
      () => p.add(pipeline("q").input("c", type<1>())),
      "q",
      /reads "c"/,
    ],
    [
      "add of a pipeline whose output is taken",
      () => p.add(pipeline("q").step("a", [], () => 1)),
      "q",
      /"a" is already/,
    ],
    ["addAll of things that are not steps", () => p.addAll([1]), "", /addAll takes/],
    [
      "pipelineOf with something that is not a step",
      () => untyped.pipelineOf("q", [pipeline("x")]),
      "",
      /pipelineOf takes/,
    ],
    [
      "a timeout that is not a duration",
      () => p.step("b", [], () => 1, { timeout: "soon" }),
      "b",
      /timeout is not a valid duration/,
    ],
    [
      "a timeout below zero",
      () => p.step("b", [], () => 1, { timeout: -1 }),
      "b",
      /timeout must not be negative; got -1/,
    ],
    [
      "a timeout that was computed wrongly",
      () => p.step("b", [], () => 1, { timeout: NaN }),
      "b",
      /timeout is not a valid duration/,
    ],
    [
      "a retry.factor that is not a number",
      () => p.step("b", [], () => 1, { retry: { factor: NaN } }),
      "b",
      /retry.factor/,
    ],
    [
      "a retry that is not a schedule",
      () => p.step("b", [], () => 1, { retry: 3 }),
      "b",
      /retry must be a Schedule or a record such as .*; got 3/,
    ],
    ["retry.times below zero", () => p.step("b", [], () => 1, { retry: { times: -1 } }), "b", /retry.times/],
    [
      "a retry.delay that is not a duration",
      () => p.step("b", [], () => 1, { retry: { delay: "x" } }),
      "b",
      /retry.delay/,
    ],
    ["a pool that is not a name", () => p.step("b", [], () => 1, { pool: 3 }), "b", /pool/],
    [
      "a map that runs no item at once",
      () => p.map("b", "a", [], () => 1, { concurrency: 0 }),
      "b",
      /concurrency/,
    ],
    ["minSuccess below zero", () => p.map("b", "a", [], () => 1, { minSuccess: -1 }), "b", /minSuccess/],
    [
      "an Effect as a fallback",
      () => p.step("b", [], () => 1, { fallback: Effect.succeed(1) }),
      "b",
      /fallback/,
    ],
    [
      "options that are not a record",
      () => p.step("b", [], () => 1, 5),
      "b",
      /options must be an object; got a number/,
    ],
    ["an invalid output schema", () => p.step("b", [], () => 1, { output: 5 }), "b", /output/],
    ["a key that is not a function", () => p.map("b", "a", [], () => 1, { key: 5 }), "b", /key/],
    [
      "failures that are neither fail nor collect",
      () => p.map("b", "a", [], () => 1, { failures: "x" }),
      "b",
      /failures/,
    ],
    [
      "a retry.while that is not a function",
      () => p.step("b", [], () => 1, { retry: { while: 1 } }),
      "b",
      /retry.while/,
    ],
  ];
  test.each(mistakes)("%s", (_, build, name, says) => {
    const error = thrown(build);
    expect(error).toBeInstanceOf(GraphError);
    expect(error.reason).toMatch(says);
    expect(error.step).toBe(name);
    expect(error.code).toBe("ESPALIER_GRAPH");
    expect(error.message).toContain(error.reason);
  });
});

describe("add(pipeline)", () => {
  const scaled = pipeline("scaled")
    .input("raw", type<number>())
    .step("factor", [], () => 10)
    .step("scaled", ["raw", "factor"], ({ raw, factor }) => raw * factor);

  test("wires its inputs to the host's outputs and exposes its own outputs", async () => {
    const p = pipeline("p")
      .step("raw", [], () => 2)
      .add(scaled)
      .step("after", ["scaled"], ({ scaled }) => scaled + 1);
    expect(await p.runPromise({})).toEqual({ raw: 2, factor: 10, scaled: 20, after: 21 });
  });

  test("exposes only what the pipeline returns, and hides the rest under its name", async () => {
    const p = pipeline("p")
      .step("raw", [], () => 2)
      .step("factor", [], () => 3)
      .add(scaled.returns("scaled"))
      .step("after", ["scaled", "factor"], ({ scaled, factor }) => scaled + factor);
    expect(await p.runPromise({})).toEqual({ raw: 2, factor: 3, scaled: 20, after: 23 });
    expect(p.plan().steps.map(({ path }) => path)).toContain("scaled/factor");
  });

  test("accepts two pipelines with hidden steps of the same name", async () => {
    const one = (name: string, value: number): any =>
      untyped
        .pipeline(name)
        .step("hidden", [], () => value)
        .step(`${name}_out`, ["hidden"], ({ hidden }: any) => hidden)
        .returns(`${name}_out`);
    const p = untyped.pipeline("p").add(one("l", 1)).add(one("r", 2));
    expect(await p.runPromise({})).toEqual({ l_out: 1, r_out: 2 });
  });

  test("decodes its inputs with its own schemas", async () => {
    const z = await import("zod");
    const sized = pipeline("sized")
      .input("size", z.string().transform(Number))
      .step("next", ["size"], ({ size }) => size + 1);
    const p = pipeline("p")
      .step("size", [], () => "41")
      .add(sized);
    expect(await p.runPromise({})).toEqual({ size: "41", next: 42 });
  });

  test("adds dynamic steps, maps and switches that still work", async () => {
    const inner = pipeline("inner")
      .input("n", type<number>())
      .dynamic("grown", ["n"], ({ n }) => pipeline("sub").step("grown", [], () => n + 1))
      .step("items", ["n"], ({ n }) => [n, n])
      .map("doubled", "items", ["grown"], (item, { grown }) => item + grown)
      .switch("kind", ["n"], ({ n }) => (n > 1 ? "big" : "small"), { big: () => "B", small: () => "S" });
    const p = pipeline("p")
      .step("n", [], () => 5)
      .add(inner);
    expect(await p.runPromise({})).toEqual({ n: 5, grown: 6, items: [5, 5], doubled: [11, 11], kind: "B" });
  });

  test('adds a pipeline with an "all" step, whose outputs later steps can read by name', async () => {
    const open = pipeline("open").dynamic(
      "grow",
      [],
      () =>
        pipeline("sub")
          .step("x", [], () => 1)
          .step("y", [], () => 2),
      { outputs: "all" },
    );
    const p = pipeline("p")
      .add(open)
      .step("sum", ["x", "y"], ({ x, y }) => x + y);
    expect(await p.runPromise({})).toEqual({ x: 1, y: 2, sum: 3 });
  });

  test('exposes, of an inner "all" step, only what the pipeline returns', async () => {
    const open = untyped
      .pipeline("open")
      .dynamic("grow", [], () => ({ x: 1, y: 2 }), { outputs: "all" })
      .returns("x");
    const p = untyped
      .pipeline("p")
      .add(open)
      .step("next", ["x"], ({ x }: any) => x + 1);
    expect(await p.runPromise({})).toEqual({ x: 1, next: 2 });
  });

  test("hides steps at every depth, under distinct paths", async () => {
    const a = untyped
      .pipeline("a")
      .step("h", [], () => 1)
      .step("out_a", ["h"], ({ h }: any) => h)
      .returns("out_a");
    const b = untyped
      .pipeline("b")
      .add(a)
      .step("h", ["out_a"], ({ out_a }: any) => out_a + 1)
      .step("out_b", ["h"], ({ h }: any) => h)
      .returns("out_b");
    const c = untyped
      .pipeline("c")
      .add(b)
      .step("h", ["out_b"], ({ out_b }: any) => out_b + 1);
    expect(await c.runPromise({})).toEqual({ out_b: 2, h: 3 });
    expect(c.plan().steps.map(({ path }: any) => path)).toEqual(["b/a/h", "b/out_a", "b/h", "out_b", "h"]);
    expect(thrown(() => c.add(b))).toBeInstanceOf(GraphError);
  });

  test("adds the same pipeline to many hosts", async () => {
    const hosts = [1, 2, 3].map((n) =>
      pipeline(`host${n}`)
        .step("raw", [], () => n)
        .add(scaled),
    );
    const outputs = await Promise.all(hosts.map((host) => host.runPromise({})));
    expect(outputs.map(({ scaled }) => scaled)).toEqual([10, 20, 30]);
  });

  test("exposes an input that it only returns with the host's value", async () => {
    const passing = pipeline("passing")
      .input("raw", type<number>())
      .step("more", ["raw"], ({ raw }) => raw + 1)
      .returns("raw", "more");
    const p = pipeline("p")
      .step("raw", [], () => 1)
      .add(passing);
    expect(await p.runPromise({})).toEqual({ raw: 1, more: 2 });
  });
});

describe("returns", () => {
  const p = pipeline("p")
    .input("seed", type<number>())
    .step("a", ["seed"], ({ seed }) => seed + 1)
    .step("b", ["a"], ({ a }) => a + 1)
    .step("c", [], () => 0);
  test("narrows a run's outputs, in the requested order, while all steps still run", async () => {
    let ran = 0;
    const counted = p.step("d", [], () => ++ran).returns("b", "a");
    const outputs = await counted.runPromise({ seed: 1 });
    expect(outputs).toEqual({ b: 3, a: 2 });
    expect(Object.keys(outputs)).toEqual(["b", "a"]);
    expect(ran).toBe(1);
  });
  test("is optional: without it, a run returns all outputs and its inputs", async () => {
    expect(await p.runPromise({ seed: 1 })).toEqual({ seed: 1, a: 2, b: 3, c: 0 });
  });
  test("can be called again to narrow further, and outputs of steps added later are returned too", async () => {
    const narrowed = p.returns("a", "b").returns("b");
    expect(await narrowed.runPromise({ seed: 1 })).toEqual({ b: 3 });
    expect(await narrowed.step("e", ["b"], ({ b }) => b * 2).runPromise({ seed: 1 })).toEqual({ b: 3, e: 6 });
  });
  test("makes outputs that it leaves out unavailable to reads and later returns", () => {
    const narrowed = p.returns("b") as any;
    expect(thrown(() => narrowed.step("x", ["a"], () => 1)).reason).toMatch(/reads "a"/);
    expect(thrown(() => narrowed.returns("a")).reason).toMatch(/cannot be returned/);
  });
  test('can be followed by an "all" step, whose outputs are returned too', async () => {
    const open = pipeline("q")
      .step("a", [], () => 1)
      .step("b", [], () => 2)
      .returns("a")
      .dynamic("grow", [], () => ({ z: 3 }), { outputs: "all" });
    expect(await open.runPromise({})).toEqual({ a: 1, z: 3 });
  });
  test('of a name that only an "all" step can provide is unaffected by a step that adds that name later', async () => {
    const open = untyped.pipeline("q").dynamic("grow", [], () => ({ x: 1 }), { outputs: "all" });
    const returned = open.returns("x");
    returned.step("x", [], () => "another");
    expect(returned.plan().returns).toEqual([]);
    expect(await returned.runPromise({})).toEqual({ x: 1 });
  });
  test('of a name that no "all" step provided in this run is undefined', async () => {
    const open = untyped
      .pipeline("q")
      .dynamic("grow", [], () => ({ x: 1 }), { outputs: "all" })
      .returns("y");
    expect(await open.runPromise({})).toEqual({ y: undefined });
  });
  test("can name an output twice", async () => {
    expect(await p.returns("b", "b").runPromise({ seed: 1 })).toEqual({ b: 3 });
  });
});

describe("pipelineOf", () => {
  test("takes steps in any order", async () => {
    const p = pipelineOf("sum", [
      step("total", ["a", "b"], ({ a, b }: { a: number; b: number }) => a + b),
      step("b", ["a"], ({ a }: { a: number }) => a + 1),
      step("a", [], () => 1),
    ]);
    expect(await p.runPromise({})).toEqual({ total: 3, a: 1, b: 2 });
  });
  test("takes dynamic steps, and globs over the outputs of other steps", async () => {
    const p = pipelineOf("p", [
      step("sum", ["f_*"], (found: { "f_*": Record<string, number> }) =>
        Object.values(found["f_*"]).reduce((a, b) => a + b, 0),
      ),
      step("f_one", [], () => 1),
      dynamic("f_two", ["f_one"], ({ f_one }: { f_one: number }) =>
        pipeline("sub").step("f_two", [], () => f_one + 1),
      ),
    ] as const);
    expect((await p.runPromise({})).sum).toBe(3);
  });
  test('puts a step after the "all" steps that may provide its inputs', async () => {
    const p = untyped.pipelineOf("p", [
      untyped.step("next", ["late"], ({ late }: any) => late + 1),
      untyped.step("family", ["l*"], (found: any) => Object.keys(found["l*"])),
      dynamic("open", [], () => ({ late: 1 }), { outputs: "all" }),
    ]);
    expect(await p.runPromise({})).toEqual({ late: 1, next: 2, family: ["late"] });
  });
  test("spells out a cycle for an untyped caller", () => {
    const reading = (name: string, input: string): unknown => untyped.step(name, [input], () => 1);
    const error = thrown(() =>
      untyped.pipelineOf("round", [
        reading("c", "b"),
        reading("a", "c"),
        reading("b", "a"),
        reading("d", "c"),
      ]),
    );
    expect(error).toBeInstanceOf(GraphError);
    expect(error.reason).toMatch(/a → b → c → a|b → c → a → b|c → a → b → c/);
  });
  test("a step that reads itself is a cycle of one", () => {
    const error = thrown(() => untyped.pipelineOf("round", [untyped.step("a", ["a"], () => 1)]));
    expect(error.reason).toContain("a → a");
  });
  test("names a missing input, and a name used twice", () => {
    expect(thrown(() => untyped.pipelineOf("p", [untyped.step("a", ["b"], () => 1)])).reason).toMatch(
      /reads "b"/,
    );
    expect(
      thrown(() => untyped.pipelineOf("p", [untyped.step("a", [], () => 1), untyped.step("a", [], () => 1)]))
        .reason,
    ).toMatch(/already provided/);
  });
  test("accepts an empty list", async () => {
    expect(await pipelineOf("none", []).runPromise({})).toEqual({});
  });
  test("sorts 10,000 steps given in reverse", async () => {
    const parts: Array<unknown> = [step("s0", [], () => 0)];
    for (let i = 1; i < 10_000; i++) {
      const before = `s${i - 1}`;
      parts.unshift(untyped.step(`s${i}`, [before], (inputs: any) => inputs[before] + 1));
    }
    const p = untyped.pipelineOf("long", parts);
    expect((await p.runPromise({})).s9999).toBe(9999);
  });
});
