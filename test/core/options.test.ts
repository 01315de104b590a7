/** Options that do not exist or have invalid values are refused, with a suggestion of the intended option. */
import { describe, expect, it } from "@effect/vitest";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Schedule from "effect/Schedule";
import type { StepKind } from "espalier";
import { GraphError, pipeline, type } from "espalier";
import { stepOptions } from "../../src/graph/options.ts";
import { runOptions } from "../../src/run/options.ts";

const untyped = (): any => pipeline("untyped");
const withItems = (): any => untyped().step("xs", [], () => []);

const refusal = (build: () => unknown): string => {
  try {
    build();
  } catch (error) {
    expect(error).toBeInstanceOf(GraphError);
    return (error as GraphError).reason;
  }
  throw new Error("It was accepted.");
};

describe("An option that does not exist is refused when the pipeline is built, and the intended one is named", () => {
  it.each<readonly [string, string, () => unknown]>([
    ["retry of a step", "retry", () => untyped().step("a", [], () => 1, { retries: 3 })],
    ["timeout of a step", "timeout", () => untyped().step("a", [], () => 1, { timeuot: 5 })],
    ["fallback of a dynamic step", "fallback", () => untyped().dynamic("a", [], () => 1, { falback: 5 })],
    ["concurrency of a map", "concurrency", () => withItems().map("a", "xs", [], () => 1, { concurency: 5 })],
    [
      "minSuccess of a map",
      "minSuccess",
      () => withItems().map("a", "xs", [], () => 1, { failures: "collect", minSucess: 5 }),
    ],
    ["tags of a switch", "tags", () => untyped().switch("a", [], () => "x", { x: () => 1 }, { tag: [] })],
    [
      "after of a sleep",
      "after",
      () =>
        untyped()
          .step("a", [], () => 1)
          .sleep("b", "1 second", { afer: ["a"] }),
    ],
    ["timeout of an await", "timeout", () => untyped().await("a", type(), { timeOut: 5 })],
    ["times of retry", "times", () => untyped().step("a", [], () => 1, { retry: { tiems: 3 } })],
    ["ttl of cache", "ttl", () => untyped().step("a", [], () => 1, { cache: { tll: "1 hour" } })],
  ])("%s", (_, meant, build) => {
    expect(refusal(build)).toContain(`Did you mean "${meant}"?`);
  });

  it("if none is similar, all are listed", () => {
    expect(refusal(() => untyped().sleep("a", 5, { zzzzzz: 1 }))).toBe(
      'A sleep has no option "zzzzzz". Its options are after, description, tags.',
    );
  });

  it("even if it is undefined, so that the mistake does not depend on a condition", () => {
    expect(refusal(() => untyped().step("a", [], () => 1, { timeuot: undefined }))).toContain("timeout");
  });

  it("if another kind has it", () => {
    expect(refusal(() => untyped().step("a", [], () => 1, { concurrency: 5 }))).toBe(
      'A step has no option "concurrency"; only map can have it. Remove it.',
    );
  });
});

describe("An undefined option counts as omitted", () => {
  const builds: Partial<Record<StepKind, (given: object) => unknown>> = {
    step: (given) => untyped().step("a", [], () => 1, given),
    map: (given) => withItems().map("a", "xs", [], () => 1, given),
    sleep: (given) => untyped().sleep("a", 1, given),
  };
  const cases = Object.entries(stepOptions).flatMap(([option, { kinds }]) =>
    kinds.flatMap((kind) => {
      const build = builds[kind];
      return build === undefined ? [] : [[option, kind, build] as const];
    }),
  );

  it.each(cases)("%s of a %s", (option, _, build) => {
    expect(() => build({ [option]: undefined })).not.toThrow();
  });
});

const durations: ReadonlyArray<readonly [string, (duration: unknown) => unknown]> = [
  ["sleep", (duration) => untyped().sleep("a", duration)],
  ["timeout", (timeout) => untyped().step("a", [], () => 1, { timeout })],
  ["timeout of an await", (timeout) => untyped().await("a", type(), { timeout })],
  ["cache.ttl", (ttl) => untyped().step("a", [], () => 1, { cache: { ttl } })],
  ["retry.delay", (delay) => untyped().step("a", [], () => 1, { retry: { delay } })],
  ["retry.maxDelay", (maxDelay) => untyped().step("a", [], () => 1, { retry: { maxDelay } })],
];

describe.each(durations)("An invalid duration is refused for %s", (_, build) => {
  it.each([
    "3 fortnights",
    "5 secs",
    "5s",
    "soon",
    "",
    -5,
    NaN,
    -Infinity,
    "-5 seconds",
    -5n,
    [-1, 0],
    {},
    { second: 1 },
    { seconds: NaN },
    { seconds: -1 },
    null,
    true,
    () => -1,
  ])("%s", (duration) => {
    if (typeof duration === "function" || duration === null) return;
    expect(refusal(() => build(duration))).toMatch(
      /is not a valid duration: .*Write "5 seconds"|must not be negative; got/,
    );
  });

  it.each([0, 5, "5 seconds", "1 minute", 5n, [1, 0], { seconds: 1 }, Duration.seconds(1), Infinity])(
    "and %s is accepted",
    (duration) => {
      expect(() => build(duration)).not.toThrow();
    },
  );
});

describe("The error states the expected and the received option value", () => {
  it.each<readonly [string, object]>([
    ["retry.times must be a whole number of at least 0; got -1.", { retry: { times: -1 } }],
    ["retry.times must be a whole number of at least 0; got 1.5.", { retry: { times: 1.5 } }],
    ["retry.factor must be a number of at least 0; got Infinity.", { retry: { factor: Infinity } }],
    ["retry.jitter must be true or false; got 1.", { retry: { jitter: 1 } }],
    ["retry.while must be a function of the error; got a string.", { retry: { while: "x" } }],
    ["retry must be a Schedule or a record such as { times: 3 }; got 3.", { retry: 3 }],
    [
      'pool must be a pool or the name of one; got 3. Write pool("network", { concurrency: 4 }).',
      { pool: 3 },
    ],
    ['cache must be true or a record such as { ttl: "1 hour" }; got false.', { cache: false }],
    ["cache.version must be a string or a number; got an object.", { cache: { version: {} } }],
    ["tags must contain only strings; got a number.", { tags: ["a", 1] }],
    ["description must be a string; got null.", { description: null }],
    ['outputs must be an array of names; got "a".', { outputs: "a" }],
  ])("%s", (sentence, options) => {
    expect(refusal(() => untyped().step("a", [], () => 1, options))).toBe(sentence);
  });

  it("and a Schedule is a retry", () => {
    expect(() => untyped().step("a", [], () => 1, { retry: Schedule.recurs(2) })).not.toThrow();
  });

  it.each([{}, { failures: "fail" }])(
    "minSuccess contradicts a map that fails with its first item: %j",
    (more) => {
      const build = () => withItems().map("a", "xs", [], () => 1, { minSuccess: 1, ...more });
      expect(refusal(build)).toMatch(/minSuccess must be used with failures: "collect"/);
    },
  );
});

describe("A run refuses", () => {
  const refused = (options: object): Promise<any> => {
    let calls = 0;
    const one: any = pipeline("one").step("a", [], () => ++calls);
    const failure = (from: () => Promise<unknown>) =>
      from().then(
        () => {
          throw new Error("It was accepted.");
        },
        (error: unknown) => {
          expect(calls).toBe(0);
          return error;
        },
      );
    return failure(() => one.runPromise({}, options));
  };

  it.each([
    ["concurency", "concurrency"],
    ["maxstep", "maxSteps"],
    ["runid", "runId"],
    ["onfailure", "onFailure"],
  ])("the option %s before any step runs, and names %s", async (given, meant) => {
    const error = await refused({ [given]: 1 });
    expect(error).toMatchObject({ _tag: "InvalidInput", input: given });
    expect(error.message).toContain(`Did you mean "${meant}"?`);
  });

  it.each([
    [{ concurrency: 0 }, "concurrency must be a whole number of at least 1, or Infinity; got 0."],
    [{ concurrency: NaN }, "concurrency must be a whole number of at least 1, or Infinity; got NaN."],
    [{ pools: { network: -1 } }, "pools.network must be a whole number of at least 1, or Infinity; got -1."],
    [{ pools: 5 }, "pools must be an object such as { network: 4 }; got a number."],
    [
      { gracePeriod: "5s" },
      'gracePeriod is not a valid duration: "5s". Write "5 seconds" or a number of milliseconds.',
    ],
    [{ gracePeriod: -1 }, "gracePeriod must not be negative; got -1."],
    [{ onFailure: "stop" }, 'onFailure must be "interrupt", "finish" or "compensate"; got "stop".'],
    [
      { store: "runs.db" },
      'store must be a layer such as SqliteStore.layer({ filename: "runs.db" }); got a string.',
    ],
  ])("%j", async (options, sentence) => {
    expect((await refused(options)).reason).toBe(sentence);
  });

  it("no undefined option", async () => {
    const all = Object.fromEntries(Object.keys(runOptions).map((name) => [name, undefined]));
    expect(
      await pipeline("one")
        .step("a", [], () => 1)
        .runPromise({}, all),
    ).toEqual({ a: 1 });
  });

  it("options that are not an object", async () => {
    const one: any = pipeline("one").step("a", [], () => 1);
    const error = await Effect.runPromise(Effect.flip(one.run({}, 5) as Effect.Effect<unknown, any>));
    expect(error.reason).toBe("options must be an object; got a number.");
  });
});
