/**
 * The engine against its model: whatever the pipeline, the concurrency and the order in which ready steps are taken, a
 * run gives what a sequential interpreter gives, and calls each function exactly as often.
 */
import * as Effect from "effect/Effect";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Interleaving } from "../src/seams.ts";
import { build, expected, shape } from "./shapes.ts";

const seed = Number(process.env["ESPALIER_SEED"] ?? Date.now() % 2 ** 31);

/** A small generator of its own, so that a failing case replays from its numbers (Mulberry32, Tommy Ettinger, 2017). */
const random = (state: number) => (): number => {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
};

describe(`the engine against the sequential interpreter (ESPALIER_SEED=${seed})`, () => {
  test("a run gives what the interpreter gives, and each step runs exactly once", async () => {
    await fc.assert(
      fc.asyncProperty(
        shape,
        fc.constantFrom(1, 2, 3, 16, Infinity),
        fc.option(fc.nat(), { nil: undefined }),
        async (data, concurrency, order) => {
          const calls: Record<string, number> = {};
          const next = order === undefined ? undefined : random(order);
          const pick = next === undefined ? undefined : (count: number) => Math.floor(next() * count);
          const outputs = await Effect.runPromise(
            build(data, calls).run({}, { concurrency }).pipe(Effect.provideService(Interleaving, pick)),
          );
          const model = expected(data);
          expect(outputs).toEqual(model.outputs);
          expect(calls).toEqual(model.calls);
        },
      ),
      { seed, numRuns: 1500 },
    );
  }, 90_000);
});
