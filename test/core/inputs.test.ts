import { type as ark } from "arktype";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import * as Getter from "effect/SchemaGetter";
import { dynamic, InvalidInput, pipeline, step, type } from "espalier";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { failureOf, rejection, untyped } from "./support.ts";

describe("An input is decoded when a run starts", () => {
  test("by an Effect Schema", async () => {
    const p = pipeline("p")
      .input("n", Schema.NumberFromString)
      .step("next", ["n"], ({ n }) => n + 1);
    expect((await p.runPromise({ n: "41" })).next).toBe(42);
  });
  test("by zod, valibot and arktype", async () => {
    const p = pipeline("p")
      .input("z", z.string().transform(Number))
      .input("v", v.pipe(v.string(), v.transform(Number)))
      .input("a", ark("string.numeric.parse"))
      .step("sum", ["z", "v", "a"], ({ z, v, a }) => z + v + a);
    expect((await p.runPromise({ z: "1", v: "2", a: "3" })).sum).toBe(6);
  });
  test("by a schema that is asynchronous", async () => {
    const p = pipeline("p")
      .input(
        "n",
        z.string().transform(async (text) => Number(text)),
      )
      .step("next", ["n"], ({ n }) => n + 1);
    expect((await p.runPromise({ n: "41" })).next).toBe(42);
  });
  test("by a schema that needs a service, which the pipeline then needs too", async () => {
    class Offset extends Context.Service<Offset, number>()("Offset") {}
    const Shifted = Schema.Number.pipe(
      Schema.decodeTo(Schema.Number, {
        decode: Getter.transformEffect((n: number) => Effect.map(Offset, (offset) => n + offset)),
        encode: Getter.passthrough(),
      }),
    );
    const p = pipeline("p")
      .input("n", Shifted)
      .step("same", ["n"], ({ n }) => n);
    const outputs = await Effect.runPromise(p.run({ n: 1 }).pipe(Effect.provideService(Offset, 100)));
    expect(outputs.same).toBe(101);
  });
  test("except by type<T>(), which passes on the same value", async () => {
    const value = { deep: [1] };
    const p = pipeline("p").input("x", type<typeof value>());
    expect((await p.runPromise({ x: value })).x).toBe(value);
  });
  test("by defaults if it is omitted", async () => {
    const p = untyped.pipeline("p").input("n", z.number().default(3));
    expect((await p.runPromise({})).n).toBe(3);
  });
});

describe("An invalid input fails the run as InvalidInput before any step runs", () => {
  let ran = 0;
  const schemas: ReadonlyArray<readonly [vendor: string, schema: any]> = [
    ["an Effect Schema", Schema.Struct({ rates: Schema.Array(Schema.Number) })],
    ["zod", z.object({ rates: z.array(z.number()) })],
    ["valibot", v.object({ rates: v.array(v.number()) })],
    ["arktype", ark({ rates: "number[]" })],
  ];
  test.each(schemas)("%s", async (_, schema) => {
    const p = untyped
      .pipeline("p")
      .step("early", [], () => ++ran)
      .input("config", schema);
    const error = await failureOf<any>(p.run({ config: { rates: [1, "two"] } }));
    expect(error).toBeInstanceOf(InvalidInput);
    expect(error.input).toBe("config");
    expect(error.issuePath).toEqual(["rates", 1]);
    expect(error.path).toBe("");
    expect(error.message).toMatch(/^Input "config" at rates\.1 does not fit: ./);
    expect(ran).toBe(0);
  });
  test.each(schemas)("%s, including with start", async (_, schema) => {
    const p = untyped.pipeline("p").input("config", schema);
    expect(await failureOf(p.start({ config: 1 }))).toBeInstanceOf(InvalidInput);
  });
  test.each<readonly [string, any]>([...schemas, ["type<T>()", type()]])(
    "%s, if it is omitted",
    async (_, schema) => {
      const p = untyped.pipeline("p").input("config", schema);
      const error = await rejection(p.runPromise({}));
      expect(error).toBeInstanceOf(InvalidInput);
      expect(error.input).toBe("config");
    },
  );
  test("an inherited property does not count as an input", async () => {
    const p = untyped.pipeline("p").input("toString", type());
    expect(await rejection(p.runPromise({}))).toBeInstanceOf(InvalidInput);
  });
  test("undefined counts as an input", async () => {
    const p = pipeline("p").input("x", type<undefined>());
    expect(await p.runPromise({ x: undefined })).toEqual({ x: undefined });
  });
  const failing: ReadonlyArray<readonly [way: string, validate: () => unknown]> = [
    [
      "throws",
      () => {
        throw new Error("schema broke");
      },
    ],
    ["rejects", () => Promise.reject(new Error("schema broke"))],
    ["gives nonsense", () => null],
    ["gives no issue", () => ({ issues: [] })],
    ["gives nonsense later", async () => null],
  ];
  test.each(failing)("a schema that %s", async (_, validate) => {
    const p = untyped.pipeline("p").input("x", { "~standard": { version: 1, vendor: "bad", validate } });
    expect(await rejection(p.runPromise({ x: 1 }))).toBeInstanceOf(InvalidInput);
  });
  test("an Effect Schema that dies", async () => {
    const dying = Schema.Number.pipe(
      Schema.decodeTo(Schema.Number, {
        decode: Getter.transformEffect(() => Effect.die("schema broke")),
        encode: Getter.passthrough(),
      }),
    );
    const p = pipeline("p").input("x", dying);
    expect(await rejection(p.runPromise({ x: 1 }))).toBeInstanceOf(InvalidInput);
  });
});

describe("Invalid options of a run fail it before any step runs", () => {
  test.each([
    { concurrency: 0 },
    { concurrency: 1.5 },
    { concurrency: NaN },
    { concurrency: "2" },
    { pools: { db: 0 } },
    { maxSteps: -1 },
    { maxDepth: 0 },
    { gracePeriod: "soon" },
    { onFailure: "explode" },
  ])("%o", async (options) => {
    let ran = 0;
    const p = untyped.pipeline("p").step("a", [], () => ++ran);
    expect(await rejection(p.runPromise({}, options))).toBeInstanceOf(InvalidInput);
    expect(await failureOf(p.start({}, options))).toBeInstanceOf(InvalidInput);
    expect(ran).toBe(0);
  });
});

describe("A sub-pipeline's inputs", () => {
  test("are those of its dynamic step, by name", async () => {
    const p = pipeline("p")
      .step("n", [], () => 20)
      .dynamic("grown", ["n"], () =>
        pipeline("sub")
          .input("n", type<number>())
          .step("grown", ["n"], ({ n }) => n + 1),
      );
    expect((await p.runPromise({})).grown).toBe(21);
  });
  test("are decoded once it has expanded", async () => {
    const p = pipeline("p")
      .step("n", [], () => "20")
      .dynamic("grown", ["n"], () =>
        pipeline("sub")
          .input(
            "n",
            z.string().transform(async (text) => Number(text)),
          )
          .step("grown", ["n"], ({ n }) => n + 1),
      );
    expect((await p.runPromise({})).grown).toBe(21);
  });
  test("fail the run with their path if they are invalid", async () => {
    const p = untyped
      .pipeline("p")
      .step("n", [], () => 20)
      .dynamic("grown", ["n"], () =>
        pipeline("sub")
          .input("n", Schema.String)
          .step("grown", ["n"], () => 1),
      );
    const error = await rejection(p.runPromise({}));
    expect(error).toBeInstanceOf(InvalidInput);
    expect(error.path).toBe("grown");
    expect(error.message).toMatch(/of "grown"/);
  });
  test("that its step does not have are an ExpansionError that names them", async () => {
    const p = untyped
      .pipeline("p")
      .step("n", [], () => 20)
      .dynamic("grown", [], () =>
        pipeline("sub")
          .input("n", type<number>())
          .step("grown", ["n"], () => 1),
      );
    await expect(p.runPromise({})).rejects.toMatchObject({
      _tag: "ExpansionError",
      path: "grown",
      reason: expect.stringMatching(/reads the input "n".*no inputs/),
    });
  });
  test("can be exposed by the step", async () => {
    const p = pipeline("p")
      .step("n", [], () => 20)
      .dynamic("grown", ["n"], () => pipeline("sub").input("n", type<number>()).returns("n"), {
        outputs: ["m"] as any,
      })
      .returns();
    expect((await rejection(p.runPromise({})))._tag).toBe("ExpansionError");
  });
});

describe("A standalone step with schemas", () => {
  test("decodes its inputs", async () => {
    const parse = step(
      "parsed",
      { text: z.string().transform(Number), factor: type<number>() },
      ({ text, factor }) => text * factor,
    );
    const p = pipeline("p")
      .step("text", [], () => "21")
      .step("factor", [], () => 2)
      .add(parse);
    expect((await p.runPromise({})).parsed).toBe(42);
  });
  test("can be asynchronous, an Effect, and dynamic", async () => {
    const slow = z.string().transform(async (text) => Number(text));
    const p = pipeline("p")
      .step("text", [], () => "1")
      .add(step("promise", { text: slow }, async ({ text }) => text + 1))
      .add(step("effect", { text: slow }, ({ text }) => Effect.succeed(text + 2)))
      .add(dynamic("grown", { text: slow }, ({ text }) => pipeline("sub").step("grown", [], () => text + 3)));
    expect(await p.runPromise({})).toMatchObject({ promise: 2, effect: 3, grown: 4 });
  });
  test("fails as InvalidInput with its path if a value is invalid", async () => {
    const p = untyped
      .pipeline("p")
      .step("text", [], () => 21)
      .add(step("parsed", { text: z.string() }, ({ text }) => text));
    const error = await rejection(p.runPromise({}));
    expect(error).toBeInstanceOf(InvalidInput);
    expect([error.path, error.input]).toEqual(["parsed", "text"]);
  });
  test("fails as StepFailed if it throws", async () => {
    const p = pipeline("p")
      .step("text", [], () => "a")
      .add(
        step("parsed", { text: z.string() }, ({ text }): number => {
          throw new Error(text);
        }),
      );
    await expect(p.runPromise({})).rejects.toMatchObject({ _tag: "StepFailed", path: "parsed" });
  });
});
