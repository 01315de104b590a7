/** Promises about pools with a rate, in whatever order their steps run. */
import * as Effect from "effect/Effect";
import { pipeline, pool, type } from "espalier";
import { arbitrary } from "espalier/testing";
import * as fc from "fast-check";
import type { EngineLaw } from "./engine-laws.ts";
import { explored, graphOf, leavesNothing, outputsOf, ranIn, same } from "./support.ts";

const now = Effect.clockWith((clock) => clock.currentTimeMillis);

/** Starts for which the `limit`th start before is less than `per` earlier. */
const crowded = (starts: ReadonlyArray<number>, limit: number, per: number): ReadonlyArray<number> =>
  starts.toSorted((a, b) => a - b).filter((time, i, all) => i >= limit && time - all[i - limit]! < per);

interface Setting {
  readonly delays: ReadonlyArray<number>;
  readonly limit: number;
  readonly per: number;
  readonly concurrency: number;
  readonly failures: number;
}

const settings: fc.Arbitrary<Setting> = fc.record({
  delays: fc.array(fc.integer({ min: 0, max: 120 }), { maxLength: 6 }),
  limit: fc.integer({ min: 1, max: 3 }),
  per: fc.integer({ min: 20, max: 200 }),
  concurrency: fc.constantFrom(1, 2, Infinity),
  failures: fc.integer({ min: 0, max: 2 }),
});

/** Steps of every kind that share a pool, some of which start late, fail first, or wait for the run's concurrency. */
const shared = ({ delays, limit, per, failures }: Setting, calls: Array<number>) => {
  const inPool = { pool: pool("shared", { rate: { limit, per } }) };
  const called = (millis = 0) =>
    Effect.gen(function* () {
      calls.push(yield* now);
      if (millis > 0) yield* Effect.sleep(millis);
      return millis;
    });
  let left = failures;
  return pipeline("shared")
    .step("delays", [], () => delays)
    .map("late", "delays", [], (delay) =>
      pipeline("late")
        .step("wait", [], () => Effect.sleep(delay))
        .step("late", ["wait"], () => called(delay), {
          ...inPool,
          ...(delay % 2 === 0 ? {} : { retry: {} }),
        }),
    )
    .map("items", "delays", [], (delay) => called(delay), inPool)
    .step("flaky", [], () => Effect.andThen(called(), left-- > 0 ? Effect.fail("no") : Effect.void), {
      ...inPool,
      retry: { delay: 3 },
    })
    .dynamic(
      "deep",
      ["delays"],
      () =>
        Effect.as(
          called(),
          pipeline("in")
            .input("delays", type<ReadonlyArray<number>>())
            .map("deep", "delays", [], () => called(), inPool),
        ),
      inPool,
    );
};

export const poolLaws: Readonly<Record<string, EngineLaw>> = {
  "as many steps of a pool start in any window of its rate as it allows, and no more": (seed, runs) => {
    const property = fc.asyncProperty(
      settings,
      arbitrary.schedule().map(explored),
      async (setting, order) => {
        const calls: Array<number> = [];
        const { limit, per, concurrency, delays, failures } = setting;
        const ran = await ranIn(graphOf(shared(setting, calls)), { ...order, run: { concurrency } });
        outputsOf(ran.ended);
        leavesNothing(ran);
        same("calls", calls.length, delays.length * 3 + failures + 2);
        same("starts too many", crowded(calls, limit, per), []);
      },
    );
    return fc.assert(property, { seed, numRuns: runs });
  },

  "a run that fails while steps wait for a rate ends at once, and leaves no timer": (seed, runs) => {
    const property = fc.asyncProperty(fc.integer({ min: 1, max: 500 }), async (millis) => {
      const slow = { pool: pool("slow", { rate: { limit: 1, per: "1 hour" } }) };
      const built = pipeline("slow")
        .step("a", [], () => 1, slow)
        .step("b", [], () => 1, slow)
        .step("fails", [], () => Effect.andThen(Effect.sleep(millis), Effect.fail("no")));
      const ran = await ranIn(graphOf(built), {});
      leavesNothing(ran);
      same("time", ran.world.time, millis);
    });
    return fc.assert(property, { seed, numRuns: runs });
  },
};
