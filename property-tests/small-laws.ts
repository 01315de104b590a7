/** Small pipelines, and the required behaviour of each in every order. */
import * as Effect from "effect/Effect";
import { CurrentStep, pipeline, StepFailed } from "espalier";
import { arbitrary } from "espalier/testing";
import * as fc from "fast-check";
import type { EngineLaw } from "./engine-laws.ts";
import type { Ran } from "./support.ts";
import { errorOf, explored, graphOf, leavesNothing, outputsOf, ranIn, same } from "./support.ts";

/** A run of a pipeline in the order under test. */
type Go = (pipeline: object) => Promise<Ran>;

const inAnyOrder =
  (check: (go: Go) => Promise<void>): EngineLaw =>
  (seed, runs) => {
    const property = fc.asyncProperty(arbitrary.schedule().map(explored), (order) =>
      check(async (pipeline) => {
        const ran = await ranIn(graphOf(pipeline), order);
        leavesNothing(ran);
        return ran;
      }),
    );
    return fc.assert(property, { seed, numRuns: runs });
  };

/** Returns a promise with this `then`. */
const withThen = (then: (fulfilled: (value: unknown) => void) => void) => {
  class Own extends Promise<number> {
    override then = then as never;
  }
  return () => new Own(() => {});
};

const slow = (millis = 1) => Effect.as(Effect.sleep(millis), millis);

export const smallLaws: Readonly<Record<string, EngineLaw>> = {
  "an empty map returns an empty array, and undefined and null are values": inAnyOrder(async (go) => {
    const { ended } = await go(
      pipeline("nothing")
        .step("none", [], (): ReadonlyArray<number> => [])
        .map("empty", "none", [], (item) => item)
        .step("missing", [], () => undefined)
        .step("no", ["missing"], ({ missing }) => (missing === undefined ? null : 1)),
    );
    same("outputs", outputsOf(ended), { none: [], empty: [], missing: undefined, no: null });
  }),
  "a fiber that a step forks ends with the step": inAnyOrder(async (go) => {
    let alive = 0;
    const child = Effect.uninterruptibleMask((restore) => {
      alive++;
      return Effect.onExit(restore(Effect.sleep(100)), () => Effect.sync(() => void alive--));
    });
    const later = Effect.as(Effect.andThen(Effect.forkChild(child), Effect.yieldNow), 1);
    const atOnce = Effect.as(Effect.forkChild(child, { startImmediately: true }), 2);
    const { ended, world } = await go(
      pipeline("forking")
        .step("a", [], () => later)
        .step("b", ["a"], () => alive)
        .step("c", ["b"], () => atOnce)
        .step("d", ["c"], () => Effect.sync(() => alive)),
    );
    same("outputs and when", [outputsOf(ended), world.time], [{ a: 1, b: 0, c: 2, d: 0 }, 0]);
  }),
  "several outputs keep their names, from a step and from an expansion": inAnyOrder(async (go) => {
    const { ended } = await go(
      pipeline("several")
        .step("pair", [], () => slow().pipe(Effect.as({ x: 1, y: 2 })), { outputs: ["x", "y"] })
        .dynamic(
          "more",
          ["x"],
          ({ x }) =>
            pipeline("sub")
              .step("v", [], () => x * 10)
              .step("u", ["v"], ({ v }) => v + 1),
          { outputs: ["u", "v"] },
        )
        .returns("x", "y", "u", "v"),
    );
    same("outputs", outputsOf(ended), { x: 1, y: 2, u: 11, v: 10 });
  }),
  "each step receives its own path, attempt and index": inAnyOrder(async (go) => {
    const where = Effect.map(CurrentStep, ({ attempt, index, path }) => `${path} ${attempt} ${index}`);
    const { ended } = await go(
      pipeline("paths")
        .step("a", [], () => where)
        .step("b", [], () => Effect.andThen(Effect.sleep(1), where))
        .step("items", [], () => ["x", "y"])
        .map("m", "items", [], () => where, { key: (item) => item })
        .dynamic("d", [], () => pipeline("sub").step("d", [], () => where)),
    );
    const { a, b, d, m } = outputsOf(ended);
    same(
      "paths",
      [a, b, d, m],
      ["a 1 undefined", "b 1 undefined", "d/d 1 undefined", ["m[x] 1 0", "m[y] 1 1"]],
    );
  }),
  "a promise resolves to its first value, or fails its step at once, whichever library created it":
    inAnyOrder(async (go) => {
      const broken = new Error("broken");
      const giving: ReadonlyArray<() => Promise<unknown>> = [
        () => Promise.resolve(Effect.succeed(7)),
        withThen((fulfilled) => (fulfilled(7), fulfilled(8))),
        withThen((fulfilled) => fulfilled(Promise.resolve(7))),
        withThen((fulfilled) => {
          fulfilled(7);
          throw broken;
        }),
      ];
      for (const give of giving) {
        const { ended } = await go(pipeline("gives").step("x", [], give));
        same("outputs", outputsOf(ended), { x: 7 });
      }
      const throws = withThen(() => {
        throw broken;
      });
      class NoOther extends Promise<number> {
        static override get [Symbol.species](): PromiseConstructor {
          throw broken;
        }
      }
      for (const fail of [throws, () => new NoOther((resolve) => resolve(7))]) {
        const { ended, world } = await go(pipeline("fails").step("x", [], fail));
        same("error", errorOf(ended), new StepFailed({ path: "x", cause: broken }));
        same("time", world.time, 0);
      }
    }),
  "a thrown value and a rejected promise are failures of their step": inAnyOrder(async (go) => {
    const thrown = new Error("thrown");
    const throwing = (f: () => unknown) =>
      pipeline("throws").dynamic("d", [], () => pipeline("s").step("d", [], f));
    const expected = new StepFailed({ path: "d/d", cause: thrown });
    const sync = () => {
      throw thrown;
    };
    same("thrown", errorOf((await go(throwing(sync))).ended), expected);
    same("rejected", errorOf((await go(throwing(() => Promise.reject(thrown)))).ended), expected);
    same("died", errorOf((await go(throwing(() => Effect.die(thrown)))).ended), expected);
  }),
};
