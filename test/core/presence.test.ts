/** A step with an optional input runs even if the input is missing, and then receives undefined. */
import * as Schema from "effect/Schema";
import { dynamic, ExpansionError, GraphError, pipeline, pipelineOf, step, type } from "espalier";
import { SqliteStore } from "espalier/sqlite";
import { describe, expect, test } from "vitest";
import * as z from "zod";

const untyped = (name = "p"): any => pipeline(name);
const anyStep = step as any;

const refusal = (build: () => unknown): string => {
  try {
    build();
  } catch (error) {
    expect(error).toBeInstanceOf(GraphError);
    return (error as GraphError).reason;
  }
  throw new Error("It was accepted.");
};

describe("An optional read", () => {
  const grown = untyped("grown")
    .input("rows", type<number>())
    .dynamic(
      "branch",
      ["rows"],
      ({ rows }: any) =>
        rows > 1
          ? pipeline("large")
              .step("mean", [], () => rows)
              .step("sample", [], () => "text")
          : pipeline("small").step("mean", [], () => rows),
      { outputs: "all" },
    )
    .step("seen", ["mean", "sample?"], ({ mean, sample }: any) => [mean, sample?.length ?? "none"])
    .returns("seen");

  test.each([false, true])(
    "of a name that only some branches of an all step provide (store: %s)",
    async (stored) => {
      const options = stored ? { store: SqliteStore.layer({ filename: ":memory:" }) } : {};
      expect(await grown.runPromise({ rows: 5 }, options)).toEqual({ seen: [5, 4] });
      expect(await grown.runPromise({ rows: 1 }, options)).toEqual({ seen: [1, "none"] });
    },
  );

  test.each([true, false])("of a step that a condition left out (there: %s)", async (flag) => {
    const base = untyped().step("a", [], () => 1);
    const extra = flag ? base.step("b", [], () => 2) : base;
    const seen = extra.step("seen", ["a", "b?"], (inputs: any) => [inputs.a, inputs.b, Object.keys(inputs)]);
    expect((await seen.runPromise()).seen).toEqual([1, flag ? 2 : undefined, ["a", "b"]]);
  });

  test.each([true, false])(
    "within a family, a map, a switch, a wait and a standalone step (there: %s)",
    async (flag) => {
      const base = flag ? untyped().step("b", [], () => 2) : untyped();
      const p = base
        .step("feat_x", [], () => 1)
        .step("family", ["feat_*", "b?"], ({ b, "feat_*": found }: any) => [b, found.feat_x])
        .step("items", [], () => [10, 20])
        .map("mapped", "items", ["b?"], (item: number, { b }: any) => [item, b])
        .switch("switched", ["b?"], ({ b }: any) => (b === undefined ? "no" : "yes"), {
          yes: ({ b }: any) => b,
          no: () => "none",
        })
        .sleep("slept", 0, { after: ["b?"] })
        .add(anyStep("alone", ["b?"], ({ b }: any) => b ?? "none"))
        .returns("family", "mapped", "switched", "alone");
      const b = flag ? 2 : undefined;
      expect(await p.runPromise()).toEqual({
        family: [b, 1],
        mapped: [
          [10, b],
          [20, b],
        ],
        switched: flag ? 2 : "none",
        alone: flag ? 2 : "none",
      });
    },
  );

  test("passes undefined on to a sub-pipeline that declares it", async () => {
    const p = untyped().dynamic("d", ["b?"], () =>
      untyped("inner")
        .input("b", type())
        .step("d", ["b"], ({ b }: any) => b ?? "none"),
    );
    expect(await p.runPromise()).toEqual({ d: "none" });
  });

  test("of a value that is undefined is undefined", async () => {
    const p = untyped()
      .step("b", [], () => undefined)
      .step("seen", ["b?"], (inputs: any) => "b" in inputs);
    expect((await p.runPromise()).seen).toBe(true);
  });

  test("waits for the steps that may provide it, in pipelineOf too", async () => {
    const p: any = (pipelineOf as any)("p", [
      anyStep("seen", ["b?", "c?"], ({ b, c }: any) => [b, c]),
      anyStep("b", [], async () => 2),
    ]);
    expect((await p.runPromise()).seen).toEqual([2, undefined]);
  });

  test("is an edge of the plan if a step may provide it, and otherwise none", () => {
    const plan = untyped()
      .step("a", [], () => 1)
      .step("seen", ["a?", "b?"], () => 1)
      .plan();
    expect(plan.steps[1].inputs).toEqual([{ name: "a", from: "a" }]);
    expect(grown.plan().steps[1].inputs.map((edge: any) => edge.name)).toEqual(["mean", "sample"]);
  });

  test("works inside a pipeline that is added whole", async () => {
    const inner = untyped("inner")
      .input("a", type())
      .step("seen", ["a", "b?"], ({ a, b }: any) => [a, b]);
    const host = untyped()
      .step("a", [], () => 1)
      .step("b", [], () => 2)
      .add(inner);
    expect((await host.runPromise()).seen).toEqual([1, undefined]);
  });
});

describe("A plain read of a missing output is a mistake", () => {
  test("when the pipeline is built, if that can be known", () => {
    const base = untyped().step("a", [], () => 1);
    expect(refusal(() => base.step("seen", ["a", "b"], () => 0))).toContain('read "b?" if it may be missing');
  });

  test("in the run, if only the run can know", async () => {
    const p = untyped()
      .dynamic("d", [], () => pipeline("inner").step("x", [], () => 1), { outputs: "all" })
      .step("seen", ["y"], () => 0);
    const error = await p.runPromise().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ExpansionError);
    expect(error.message).toContain('read "y?"');
  });

  test("and a similar name is suggested", () => {
    const base = untyped().step("rates", [], () => 1);
    expect(refusal(() => base.step("seen", ["rate"], () => 0))).toContain('Did you mean "rates"?');
  });

  test("including the list of a map, which has no optional form", () => {
    expect(refusal(() => untyped().map("m", "b?", [], () => 0))).toContain('reads "b?"');
  });
});

describe("A returned output", () => {
  test("is undefined if a branch does not provide it", async () => {
    const p = untyped()
      .input("both", type())
      .dynamic(
        "d",
        ["both"],
        ({ both }: any) => {
          const made = pipeline("inner").step("x", [], () => 1);
          return both ? made.step("y", [], () => 2) : made;
        },
        { outputs: "all" },
      )
      .returns("x", "y");
    expect(await p.runPromise({ both: true })).toEqual({ x: 1, y: 2 });
    expect(await p.runPromise({ both: false })).toEqual({ x: 1, y: undefined });
  });

  test("is undefined if a list of steps turned out to be empty", async () => {
    const p = untyped()
      .step("a", [], () => 1)
      .addAll([])
      .returns("a", "b");
    expect(await p.runPromise()).toEqual({ a: 1, b: undefined });
  });
});

describe("Members of one addAll", () => {
  test("read each other in any order", async () => {
    const p = untyped()
      .step("base", [], () => 1)
      .addAll([
        anyStep("c", ["b", "base"], ({ b, base }: any) => b + base),
        anyStep("all", ["part_*"], (inputs: any) => Object.keys(inputs["part_*"]).toSorted()),
        anyStep("b", ["a"], ({ a }: any) => a + 1),
        anyStep("part_1", ["c"], ({ c }: any) => c),
        anyStep("a", [], () => 1),
        anyStep("part_2", ["missing?"], ({ missing }: any) => missing),
      ]);
    expect(await p.runPromise()).toEqual({
      base: 1,
      a: 1,
      b: 2,
      c: 3,
      part_1: 3,
      part_2: undefined,
      all: ["part_1", "part_2"],
    });
  });

  test("can include a dynamic step whose outputs are known only in the run", async () => {
    const p = untyped().addAll([
      anyStep("seen", ["x"], ({ x }: any) => x),
      dynamic("d", [], () => pipeline("inner").step("x", [], () => 1), { outputs: "all" }),
    ]);
    expect((await p.runPromise()).seen).toBe(1);
  });

  test("that form a cycle are one error, with the cycle", () => {
    const build = () =>
      untyped().addAll([
        anyStep("a", ["c"], () => 1),
        anyStep("b", ["a"], () => 1),
        anyStep("c", ["b"], () => 1),
        anyStep("d", ["c"], () => 1),
      ]);
    expect(refusal(build)).toBe("These steps form a cycle: a → b → c → a. Remove one of these inputs.");
    expect(refusal(() => untyped().addAll([anyStep("a", ["a"], () => 1)]))).toContain("a → a");
  });

  test("that provide one name twice are one error, which names the output", () => {
    const twice = [anyStep("a", [], () => 1), anyStep("b", [], () => 1, { outputs: ["a", "c"] })];
    const sentence = 'The output "a" is already provided: give this one another name.';
    expect(refusal(() => untyped().addAll(twice))).toBe(sentence);
    expect(refusal(() => (pipelineOf as any)("p", twice))).toBe(sentence);
    expect(refusal(() => untyped().step("b", [], () => 1, { outputs: ["a", "a"] }))).toBe(sentence);
    const hidden = untyped()
      .step("a", [], () => 1)
      .step("b", [], () => 1)
      .returns("b");
    expect(refusal(() => hidden.step("a", [], () => 1))).toBe(sentence.replace("output", "name"));
  });

  test("can be added in any order: 10,000 of them take no longer than as many steps", () => {
    const steps = Array.from({ length: 10_000 }, (_, i) =>
      anyStep(`s${i}`, i === 0 ? [] : [`s${i - 1}`], () => i),
    );
    expect(untyped().addAll(steps.toReversed()).plan().steps).toHaveLength(10_000);
  });
});

describe("An input whose schema accepts undefined can be omitted", () => {
  const schemas = {
    "a Standard Schema with a default": [z.number().default(5), 5],
    "an optional Standard Schema": [z.number().optional(), undefined],
    "an Effect Schema of a union with undefined": [Schema.UndefinedOr(Schema.Number), undefined],
    "an optional Effect Schema": [Schema.optional(Schema.Number), undefined],
  } as const;

  test.each(Object.entries(schemas))("of a run: %s", async (_, [schema, expected]) => {
    const p = untyped()
      .input("limit", schema)
      .step("seen", ["limit"], ({ limit }: any) => limit);
    expect((await p.runPromise({})).seen).toBe(expected);
    expect((await p.runPromise({ limit: 7 })).seen).toBe(7);
  });

  test.each(Object.entries(schemas))(
    "of a sub-pipeline, returned or added: %s",
    async (_, [schema, expected]) => {
      const inner = untyped("inner")
        .input("limit", schema)
        .step("seen", ["limit"], ({ limit }: any) => limit);
      expect(
        (
          await untyped()
            .dynamic("seen", [], () => inner)
            .runPromise()
        ).seen,
      ).toBe(expected);
      expect((await untyped().add(inner).runPromise()).seen).toBe(expected);
      expect(
        (
          await untyped()
            .step("limit", [], () => 7)
            .add(inner)
            .runPromise()
        ).seen,
      ).toBe(7);
    },
  );

  test.each(Object.entries(schemas))("of a standalone step: %s", async (_, [schema, expected]) => {
    const seen = anyStep("seen", { limit: schema }, ({ limit }: any) => limit);
    expect((await (pipelineOf as any)("p", [seen]).runPromise()).seen).toBe(expected);
    expect(
      (
        await untyped()
          .step("limit", [], () => 7)
          .add(seen)
          .runPromise()
      ).seen,
    ).toBe(7);
  });

  test("unlike one whose schema does not accept it, or that has only a type", async () => {
    for (const schema of [z.number(), Schema.Number, type<number>()]) {
      const inner = untyped("inner")
        .input("limit", schema)
        .step("seen", ["limit"], ({ limit }: any) => limit);
      await expect(inner.runPromise({})).rejects.toMatchObject({ _tag: "InvalidInput", input: "limit" });
      expect(refusal(() => untyped().add(inner))).toContain('reads "limit"');
    }
  });
});

describe("A name must", () => {
  test.each([
    ["not end with a question mark", "b?", 'must not end with "?"'],
    ["not be __proto__", "__proto__", "reserved"],
    ["not have half of a surrogate pair, high", "a\ud800b", "well-formed"],
    ["not have half of a surrogate pair, low", "\udc00", "well-formed"],
    ["not have half of a surrogate pair at its end", "a\ud83d", "well-formed"],
    ["not have a slash", "a/b", "must not contain / [ ] *"],
    ["not be empty", "", "must not be empty"],
    ["not be too long", "x".repeat(257), "at most 256 characters; this one has 257"],
  ])("%s", (_, name, sentence) => {
    expect(refusal(() => untyped().step(name, [], () => 1))).toContain(sentence);
    expect(refusal(() => untyped().input(name, type()))).toContain(sentence);
    expect(refusal(() => untyped(name))).toContain(sentence);
    expect(refusal(() => untyped().step("ok", [], () => 1, { outputs: ["x", name] }))).toContain(sentence);
  });

  test("but can have a question mark elsewhere, and whole surrogate pairs", async () => {
    const p = untyped()
      .step("what?now 😀", [], () => 1)
      .step("seen", ["what?now 😀?"], (inputs: any) => inputs);
    expect((await p.runPromise()).seen).toEqual({ "what?now 😀": 1 });
  });

  test("the keys of a map must be well-formed too, but can end in any way", async () => {
    const keyed = (key: string) =>
      untyped()
        .step("xs", [], () => [1])
        .map("m", "xs", [], (_: number, __: object, context: any) => context.path, { key: () => key });
    expect((await keyed("why?").runPromise()).m).toEqual(["m[why?]"]);
    expect((await keyed("then").runPromise()).m).toEqual(["m[then]"]);
    await expect(keyed("a\ud800").runPromise()).rejects.toThrow("well-formed");
  });
});
