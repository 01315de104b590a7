/** A function can return a promise from any library: a subclass, a lazy query, a proxy. */
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import type { Run } from "espalier";
import { pipeline, StepFailed } from "espalier";
import { describe, expect, test } from "vitest";
import { rejection, sleep, untyped, within } from "./support.ts";

type Made = () => unknown;
type OnValue = (value: unknown) => unknown;

const broken = (): never => {
  throw new Error("broken");
};

/** A promise with this `then`. */
const withThen = (then: (fulfilled: OnValue, rejected: OnValue) => unknown): Made => {
  class Own extends Promise<unknown> {
    override then = then as never;
  }
  return () => new Own(() => {});
};

/** A promise whose `then` throws at its `count`th read. */
const brokenAtRead =
  (count: number): Made =>
  () => {
    let reads = 0;
    const own: unknown = Reflect.get(Promise.prototype, "then");
    return Object.defineProperty(Promise.resolve(7), "then", {
      get() {
        return ++reads === count ? broken() : own;
      },
    });
  };

class BrokenSpecies extends Promise<number> {
  static override get [Symbol.species](): PromiseConstructor {
    return broken();
  }
}

/** Each place in a pipeline that waits for a promise; `x` is 7 if the promise resolves to 7, or [7] in a map. */
const places: ReadonlyArray<readonly [place: string, build: (made: Made) => any]> = [
  ["a step", (made) => pipeline("p").step("x", [], made)],
  ["a step with a timeout", (made) => pipeline("p").step("x", [], made, { timeout: 60_000 })],
  ["a step with retries", (made) => pipeline("p").step("x", [], made, { retry: { times: 2 } })],
  ["a step of a pool", (made) => pipeline("p").step("x", [], made, { pool: "one" })],
  ["a dynamic step", (made) => pipeline("p").dynamic("x", [], made)],
  [
    "a dynamic step with a timeout and retries",
    (made) => pipeline("p").dynamic("x", [], made, { timeout: 60_000, retry: { times: 2 } }),
  ],
  [
    "a map",
    (made) =>
      pipeline("p")
        .step("items", [], () => [1])
        .map("x", "items", [], made),
  ],
  [
    "a map with a timeout and retries",
    (made) =>
      pipeline("p")
        .step("items", [], () => [1])
        .map("x", "items", [], made, { timeout: 60_000, retry: { times: 2 } }),
  ],
  ["a case", (made) => untyped.pipeline("p").switch("x", [], () => "a", { a: made })],
  ["a choice", (made) => untyped.pipeline("p").switch("x", [], made, { 7: () => 7 })],
  ["a fallback", (made) => pipeline("p").step("x", [], () => Effect.fail("no"), { fallback: made })],
];

const options = { pools: { one: 1 } };

describe.each(places)("%s that returns", (place, build) => {
  const fails = async (made: Made): Promise<unknown> => {
    // The grace period is 5 seconds, which must not pass.
    const error = await within(10_000, rejection(build(made).runPromise({}, options)));
    expect(error).toBeInstanceOf(StepFailed);
    expect(error.path).toBe(place.startsWith("a map") ? "x[0]" : "x");
    return error.cause;
  };

  test.each<readonly [string, Made]>([
    ["whose `then` throws", withThen(broken)],
    ["whose `then` throws when it is read", brokenAtRead(1)],
    ["whose class cannot make another", () => new BrokenSpecies((resolve) => resolve(7))],
    [
      "whose constructor cannot be read",
      () => Object.defineProperty(Promise.resolve(7), "constructor", { get: broken }),
    ],
    ["that is an object with a `then` that throws", () => ({ then: broken })],
    ["that is a function with a `then` that throws", () => Object.assign(() => {}, { then: broken })],
  ])("a promise %s fails at once, with the reason", async (_, made) => {
    expect(await fails(made)).toMatchObject({ message: "broken" });
  });
  test("a proxy of a promise, which JavaScript itself cannot await, fails at once", async () => {
    expect(await fails(() => new Proxy(Promise.resolve(7), {}))).toBeInstanceOf(TypeError);
    expect(await fails(() => Object.create(Promise.prototype))).toBeInstanceOf(TypeError);
  });

  test.each<readonly [string, Made]>([
    ["at once", withThen((fulfilled) => fulfilled(7))],
    ["at once, and throws then", withThen((fulfilled) => (fulfilled(7), broken()))],
    ["twice", withThen((fulfilled) => (fulfilled(7), fulfilled(8)))],
    ["twice, later", withThen((fulfilled) => setTimeout(() => (fulfilled(7), fulfilled(8))))],
    ["and with an error too", withThen((fulfilled, rejected) => (fulfilled(7), rejected("no")))],
    ["by another promise", withThen((fulfilled) => fulfilled(Promise.resolve(7)))],
    ["by a thenable of a promise", () => ({ then: (fulfilled: OnValue) => fulfilled(Promise.resolve(7)) })],
  ])("a promise that calls back %s has its first value", async (_, made) => {
    const { x } = await within(10_000, build(made).runPromise({}, options) as Promise<{ x: unknown }>);
    expect(x).toEqual(place.startsWith("a map") ? [7] : 7);
  });
  test("a promise that first calls back with an error fails with that error", async () => {
    const first = new Error("first");
    const both = withThen((fulfilled, rejected) => (rejected(first), fulfilled(7), rejected("no")));
    expect(await fails(both)).toBe(first);
  });
  test.each([2, 3, 4])("a promise whose `then` throws at read %i never hangs", async (count) => {
    const outcome = await within(
      1000,
      build(brokenAtRead(count))
        .runPromise({}, options)
        .then(
          ({ x }: { x: unknown }) => x,
          (error: StepFailed) => (error.cause as Error).message,
        ),
    );
    expect(["broken", 7, [7]]).toContainEqual(outcome);
  });
});

describe("A promise that never calls back", () => {
  test.each(places)("in %s delays an interruption by at most the grace period", async (place, build) => {
    const handle: Run<{}, unknown> = await Effect.runPromise(
      build(withThen(() => {})).start({}, { ...options, gracePeriod: 5 }),
    );
    await sleep(5);
    await within(10_000, Effect.runPromise(handle.interrupt));
    const exit = await within(10_000, Effect.runPromiseExit(handle.await));
    expect(exit._tag).toBe("Failure");
    const told = await Effect.runPromise(Stream.runCollect(handle.events));
    // An Effect waits for a fallback, and can be interrupted.
    expect(told.some(({ type }) => type === "step.leaked")).toBe(place !== "a fallback");
  });
});

describe("A promise that calls back after the wait has ended", () => {
  test("changes nothing", async () => {
    const late: Array<OnValue> = [];
    const slow = withThen((fulfilled, rejected) => late.push(fulfilled, rejected));
    const p = pipeline("p").step("x", [], slow, { timeout: 5 });
    const error = await within(10_000, rejection(p.runPromise({}, { gracePeriod: 5 })));
    expect(error._tag).toBe("StepTimedOut");
    for (const callBack of late) callBack(8);
    await sleep(5);
  });
});

describe("A thenable that is not a promise", () => {
  test("is awaited: a lazy query, whose `then` is called once", async () => {
    let calls = 0;
    const query = {
      then: (fulfilled: OnValue) => {
        calls++;
        setTimeout(() => fulfilled(7), 1);
      },
    } as PromiseLike<number>;
    expect(
      await pipeline("p")
        .step("query", [], () => query)
        .runPromise({}),
    ).toEqual({ query: 7 });
    expect(calls).toBe(1);
  });
  test("is awaited as a fallback, and from a schema", async () => {
    const seven = { then: (fulfilled: OnValue) => fulfilled(7) } as PromiseLike<number>;
    const schema = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: () => ({ then: (fulfilled: OnValue) => fulfilled({ value: 7 }) }) as never,
      },
    } as const;
    const p = pipeline("p")
      .input("given", schema)
      .step("made", [], () => Effect.fail("no"), { fallback: () => seven })
      .step("fixed", [], () => Effect.fail("no"), { fallback: seven });
    expect(await p.runPromise({ given: 1 } as never)).toEqual({ given: 7, made: 7, fixed: 7 });
  });
  test("is awaited when the run is traced", async () => {
    const seven = { then: (fulfilled: OnValue) => fulfilled(Effect.succeed(7)) } as PromiseLike<number>;
    const own = withThen((fulfilled) => fulfilled(7));
    const p = pipeline("p")
      .step("a", [], () => seven)
      .step("b", [], own);
    expect(await p.runPromise({}, { tracing: true })).toEqual({ a: 7, b: 7 });
  });
});

describe("A promise of an Effect", () => {
  test("runs the Effect, as its type says", async () => {
    const p = pipeline("p").step("x", [], async () => Effect.succeed(4));
    const { x }: { readonly x: number } = await p.runPromise({});
    expect(x).toBe(4);
  });
  test("from a dynamic step can return a pipeline", async () => {
    const p = pipeline("p").dynamic("x", [], async () =>
      Effect.succeed(pipeline("sub").step("x", [], () => 4)),
    );
    expect((await p.runPromise({})).x).toBe(4);
  });
});
