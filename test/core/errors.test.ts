import * as Effect from "effect/Effect";
import * as espalier from "espalier";
import { pipeline, StepFailed, StepTimedOut, type } from "espalier";
import { describe, expect, expectTypeOf, test } from "vitest";
import { failureOf, rejection, untyped } from "./support.ts";

const classes = Object.entries(espalier).filter(
  ([, value]) => typeof value === "function" && value.prototype instanceof Error,
) as ReadonlyArray<
  readonly [name: string, make: new (fields: any) => Error & { _tag: string; code: string }]
>;

describe("Every error of the library", () => {
  test.each(classes)("%s has its name as its tag, and a code", (name, Make) => {
    const error = new Make({ path: "a/b", issuePath: [], missing: [], extra: [] });
    expect(error._tag).toBe(name);
    expect(error.code).toMatch(/^ESPALIER_[A-Z_]+$/);
    expect(error).toBeInstanceOf(Error);
  });
  test("has a code that no other error has", () => {
    const codes = classes.map(([, Make]) => new Make({ issuePath: [], missing: [], extra: [] }).code);
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes.length).toBeGreaterThanOrEqual(7);
  });
});

describe("A message", () => {
  const message = async (cause: unknown): Promise<string> =>
    (
      await rejection(
        untyped
          .pipeline("p")
          .step("bad", [], () => Effect.die(cause))
          .runPromise({}),
      )
    ).message;
  test.each([
    [null, "null"],
    [undefined, "undefined"],
    ["text", "text"],
    [5n, "5n"],
    [new Error("plain"), "plain"],
    [new TypeError("typed"), "TypeError: typed"],
    [{ _tag: "Mine", message: "tagged" }, "Mine: tagged"],
    [{ a: 1 }, '{"a":1}'],
    [Object.assign(new Error(""), { name: "Named" }), "Named"],
  ])("describes %o as: %s", async (cause, says) => {
    expect(await message(cause)).toBe(`Step "bad" failed: ${says}`);
  });
  test("is short, however long the cause", async () => {
    expect((await message("x".repeat(1_000_000))).length).toBeLessThan(600);
    expect((await message(new Error("x".repeat(1_000_000)))).length).toBeLessThan(600);
  });
  test("names the path of a step deep inside", async () => {
    const p = pipeline("p")
      .step("items", [], () => [1, 2])
      .map(
        "m",
        "items",
        [],
        (item) =>
          pipeline("item").dynamic("m", [], () =>
            pipeline("deep").step("m", [], () => {
              if (item === 2) throw new Error("two");
              return item;
            }),
          ),
        { key: (item) => `n${item}` },
      );
    expect((await rejection(p.runPromise({}))).message).toBe('Step "m[n2]/m/m" failed: two');
  });
});

describe("The errors of a run are typed", () => {
  class Refused {
    readonly _tag = "Refused";
  }
  const p = pipeline("p")
    .input("n", type<number>())
    .step("a", ["n"], ({ n }) => (n > 0 ? Effect.succeed(n) : Effect.fail(new Refused())));
  test("and can be caught by their tags", async () => {
    const caught = p.run({ n: -1 }).pipe(Effect.catchTag("Refused", () => Effect.succeed({ n: 0, a: 0 })));
    expectTypeOf<Effect.Error<typeof caught>>().toEqualTypeOf<espalier.RunError>();
    expect(await Effect.runPromise(caught)).toEqual({ n: 0, a: 0 });
  });
  test("and distinguish a timeout from an error that a step threw", async () => {
    const late = pipeline("q").step("a", [], () => Effect.never, { timeout: 1 });
    const broken = pipeline("q").step("a", [], () => Promise.reject(new Error("x")));
    expect(await failureOf(late.run({}))).toBeInstanceOf(StepTimedOut);
    expect(await failureOf(broken.run({}))).toBeInstanceOf(StepFailed);
  });
});
