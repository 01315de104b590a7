import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Result from "effect/Result";
import { InvalidOutput, pipeline, step, StepFailed, type } from "espalier";
import { describe, expect, test } from "vitest";
import { rejection, untyped, within } from "./support.ts";

const hostile: ReadonlyArray<readonly [name: string, value: unknown]> = [
  ["null", null],
  ["undefined", undefined],
  ["a string", "no"],
  ["a symbol", Symbol("no")],
  ["a bigint", 1n],
  ["a function", () => {}],
  ["a frozen Error", Object.freeze(new Error("frozen"))],
  ["an Error with itself as its cause", cyclic()],
  ["an Error whose message throws when read", throwingMessage()],
  ["an object without prototype", Object.create(null)],
  ["a revoked Proxy", revoked()],
  ["an object whose toJSON throws", { toJSON: () => thrower() }],
];

function cyclic(): Error {
  const error = new Error("cyclic");
  error.cause = error;
  return error;
}

function throwingMessage(): Error {
  return Object.defineProperty(new Error("x"), "message", { get: thrower });
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function thrower(): never {
  throw new Error("a getter that throws");
}

describe.each(hostile)("%s", (_, value) => {
  const ways: ReadonlyArray<readonly [way: string, run: () => unknown]> = [
    [
      "thrown",
      () => {
        throw value;
      },
    ],
    ["rejected", () => Promise.reject(value)],
    [
      "thrown in an Effect",
      () =>
        Effect.sync(() => {
          throw value;
        }),
    ],
    ["died with", () => Effect.die(value)],
  ];
  for (const [way, run] of ways) {
    test(`${way} by a step is one StepFailed that has the path and keeps the cause`, async () => {
      const error = await within(10_000, rejection(pipeline("p").step("bad", [], run).runPromise({})));
      expect(error).toBeInstanceOf(StepFailed);
      expect(error.path).toBe("bad");
      expect(error.cause).toBe(value);
      expect(error.message).toMatch(/^Step "bad" failed: /);
    });
    test(`${way} by a dynamic step, an item and a case is StepFailed too`, async () => {
      const p = pipeline("p").step("items", [], () => [1]);
      const all = [
        p.dynamic("x", [], run),
        p.map("x", "items", [], run),
        untyped.pipeline("p").switch("x", [], () => "a", { a: run }),
        untyped.pipeline("p").switch("x", [], run, { a: () => 1 }),
      ];
      for (const built of all) {
        const error = await within(10_000, rejection(built.runPromise({})));
        expect(error).toBeInstanceOf(StepFailed);
        expect(error.path).toMatch(/^x/);
        expect(error.cause).toBe(value);
      }
    });
  }
});

describe("A value is passed on unchanged", () => {
  const values: ReadonlyArray<readonly [name: string, value: unknown]> = [
    ...hostile.filter(([name]) => name !== "a revoked Proxy"),
    ["an Option", Option.some(1)],
    ["a Result", Result.fail("no")],
    ["a Date", new Date(0)],
    ["a Map", new Map()],
    ["a Buffer", new Uint8Array(3)],
    ["a pipeline", pipeline("other")],
    ["a standalone step", step("s", [], () => 1)],
    ["false", false],
    ["NaN", NaN],
    ["an empty string", ""],
    ["an empty array", []],
    ["a sparse array", Array.from({ length: 3 })],
    ["a class", Date],
    ["an object with a `then` that is not a function", { then: 1 }],
    ["a generator", (function* () {})()],
    ["a Proxy whose has trap throws", new Proxy({}, { has: thrower })],
  ];
  test.each(values)("%s", async (_, value) => {
    const p = pipeline("p")
      .step("now", [], () => value)
      .step("later", ["now"], async ({ now }) => now)
      .step("effect", ["later"], ({ later }) => Effect.succeed(later))
      .step("same", ["now", "later", "effect"], (inputs) =>
        Object.values(inputs).every((v) => Object.is(v, value)),
      );
    expect((await p.runPromise({})).same).toBe(true);
  });
  // A pipeline is expanded, and a standalone step is refused: see returned-steps.test.ts.
  test.each(values.filter(([name]) => name !== "a pipeline" && name !== "a standalone step"))(
    "%s from a dynamic step, an item and a case",
    async (_, value) => {
      const p = pipeline("p")
        .step("items", [], () => [1])
        .dynamic("dynamic", [], () => value)
        .dynamic("later", [], async () => value)
        .map("mapped", "items", [], () => value)
        .switch("switched", [], () => "a", { a: () => value });
      const outputs = await p.runPromise({});
      expect(Object.is(outputs.dynamic, value)).toBe(true);
      expect(Object.is(outputs.later, value)).toBe(true);
      expect(Object.is(outputs.mapped[0], value)).toBe(true);
      expect(Object.is(outputs.switched, value)).toBe(true);
    },
  );
});

describe("Outputs that cannot be read", () => {
  const booby = {
    a: 1,
    get b() {
      return thrower();
    },
  };
  test("fail the step that returned them", async () => {
    const p = pipeline("p").step("two", [], () => booby as { a: number; b: number }, { outputs: ["a", "b"] });
    const error = await within(10_000, rejection(p.runPromise({})));
    expect(error).toBeInstanceOf(StepFailed);
    expect(error.path).toBe("two");
    expect(error.cause.message).toBe("a getter that throws");
  });
  test("fail it when they come from a Promise or from a dynamic step", async () => {
    const all = [
      pipeline("p").step("two", [], async () => booby, { outputs: ["a", "b"] }),
      pipeline("p").dynamic("two", [], () => booby, { outputs: ["a", "b"] }),
      pipeline("p").dynamic("two", [], async () => booby, { outputs: "all" }),
    ];
    for (const built of all) {
      const error = await within(10_000, rejection(built.runPromise({})));
      expect(error.path).toBe("two");
      expect(error).toBeInstanceOf(StepFailed);
    }
  });
  test("such as a revoked Proxy fail it too", async () => {
    for (const outputs of [["a", "b"], "all"]) {
      const built = untyped.pipeline("p").dynamic("two", [], () => Effect.succeed(revoked()), { outputs });
      const error = await within(10_000, rejection(built.runPromise({})));
      expect(error.path).toBe("two");
    }
  });
  test("can be inherited, such as getters of a class", async () => {
    class Split {
      get train() {
        return 1;
      }
      get test() {
        return 2;
      }
    }
    const p = pipeline("p").step("split", [], () => new Split(), { outputs: ["train", "test"] });
    expect(await p.runPromise({})).toEqual({ train: 1, test: 2 });
  });
  test("do not include properties that every object has", async () => {
    const p = untyped.pipeline("p").step("x", [], () => ({}), { outputs: ["toString", "constructor"] });
    expect(await rejection(p.runPromise({}))).toBeInstanceOf(InvalidOutput);
  });
});

describe("Inputs that cannot be read", () => {
  test("fail the run", async () => {
    const p = pipeline("p").input("a", type<number>());
    const given = {
      get a() {
        return thrower();
      },
    };
    const error = await rejection(p.runPromise(given));
    expect(error._tag).toBe("InvalidInput");
    expect(error.input).toBe("a");
  });
  test.each([null, 1, "x", []])("such as %o instead of the record fail it too", async (given) => {
    const p = untyped.pipeline("p").input("a", type<number>());
    expect((await rejection(p.runPromise(given)))._tag).toBe("InvalidInput");
  });
});

test("a choice that is not a literal fails the switch", async () => {
  for (const choice of [Object.create(null), Symbol("a"), revoked(), {}, null, undefined]) {
    const p = untyped.pipeline("p").switch("x", [], () => Effect.succeed(choice), { a: () => 1 });
    const error = await within(10_000, rejection(p.runPromise({})));
    expect(["ExpansionError", "StepFailed"]).toContain(error._tag);
    expect(error.path).toBe("x");
  }
});
