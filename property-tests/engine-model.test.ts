/** The properties of the engine, each with enough random pipelines to hit rare orders. */
import { isDeepStrictEqual } from "node:util";
import * as Effect from "effect/Effect";
import { arbitrary } from "espalier/testing";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { build } from "../src/testing/arbitrary/build.ts";
import { modelOf } from "../src/testing/arbitrary/interpret.ts";
import { model, randomLaws } from "./random-laws.ts";
import { smallLaws } from "./small-laws.ts";

const seed = Number(process.env["ESPALIER_SEED"] ?? Date.now() % 2 ** 31);

describe(`the engine, with ESPALIER_SEED=${seed}`, () => {
  for (const [name, law] of Object.entries(randomLaws)) {
    const runs = law === model ? 10_000 : 1_000;
    test(`${name} (${runs} pipelines)`, async () => {
      await expect(law(seed, runs)).resolves.toBeUndefined();
    }, 600_000);
  }

  test("pipelines have 30 steps on average", () => {
    const shapes = fc.sample(arbitrary.shape({ maxSteps: 30 }), { seed, numRuns: 1_000 });
    const steps = shapes.reduce((sum, shape) => sum + Object.keys(modelOf(shape).calls).length, 0);
    expect(steps / shapes.length).toBeGreaterThan(27);
  });

  test("returns the model's outputs on Effect's own scheduler and clock (500 pipelines)", async () => {
    const property = fc.asyncProperty(
      arbitrary.shape({ maxSteps: 12, styles: ["value", "promise", "effect"] }),
      fc.constantFrom(1, 2, 3, 16, Infinity),
      async (shape, concurrency) => {
        const outputs = await Effect.runPromise(build(shape).run({}, { concurrency }));
        return isDeepStrictEqual({ ...outputs }, modelOf(shape).outputs);
      },
    );
    await expect(fc.assert(property, { seed, numRuns: 500 })).resolves.toBeUndefined();
  }, 60_000);
});

describe(`a small pipeline, with ESPALIER_SEED=${seed}`, () => {
  for (const [name, law] of Object.entries(smallLaws)) {
    test(`${name}, in any order`, async () => {
      await expect(law(seed, 200)).resolves.toBeUndefined();
    }, 60_000);
  }
});
