/**
 * The engine against its model: whatever the pipeline, the concurrency and the order in which what is ready goes on, a
 * run gives what a sequential interpreter gives, calls each function exactly as often, and leaves nothing behind.
 */
import { isDeepStrictEqual } from "node:util";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Shape } from "espalier/testing";
import { arbitrary } from "espalier/testing";
import { build } from "../src/testing/arbitrary/build.ts";
import { modelOf } from "../src/testing/arbitrary/interpret.ts";
import type { Ended } from "../src/testing/world.ts";
import { World } from "../src/testing/world.ts";

const seed = Number(process.env["ESPALIER_SEED"] ?? Date.now() % 2 ** 31);
const count = Number(process.env["ESPALIER_RUNS"] ?? 10_000);

type Outputs = Readonly<Record<string, unknown>>;

/** The same pipeline with a count of the calls of each function. */
const counted = (shape: Shape) => {
  const calls: Record<string, number> = {};
  const pipeline = build(shape, (path) => {
    calls[path] = (calls[path] ?? 0) + 1;
  });
  return { calls, pipeline };
};

const outputsOf = (ended: Ended<Outputs>): Outputs => {
  if ("stuck" in ended) throw new Error(`The run never ended: ${ended.stuck}`);
  if (Exit.isFailure(ended.exit)) throw new Error(`The run failed: ${String(ended.exit.cause)}`);
  return ended.exit.value;
};

/** `isDeepStrictEqual` is a tenth of the price of `expect`, which says what differs. */
const expectSame = (actual: object, model: object): void => {
  if (!isDeepStrictEqual({ ...actual }, model)) expect(actual).toEqual(model);
};

const concurrency = fc.constantFrom(1, 2, 3, 16, Infinity);

describe(`the engine against the sequential interpreter (ESPALIER_SEED=${seed})`, () => {
  test("a run gives what the interpreter gives, and each step runs exactly once, in any order", async () => {
    let steps = 0;
    const property = fc.asyncProperty(
      arbitrary.shape({ maxSteps: 30 }),
      arbitrary.schedule(),
      concurrency,
      async (shape, schedule, concurrency) => {
        const model = modelOf(shape);
        steps += Object.keys(model.calls).length;
        const { calls, pipeline } = counted(shape);
        const world = new World({ schedule });
        expectSame(outputsOf(await world.run(pipeline.run({}, { concurrency }))), model.outputs);
        expectSame(calls, model.calls);
        expect(world.sleeping).toBe(0);
      },
    );
    await fc.assert(property, { seed, numRuns: count, endOnFailure: false });
    expect(steps / count, "steps on average").toBeGreaterThan(20);
  }, 120_000);

  test("so it does on Effect's own scheduler and clock", async () => {
    const property = fc.asyncProperty(
      arbitrary.shape({ maxSteps: 12, styles: ["value", "promise", "effect"] }),
      concurrency,
      async (shape, concurrency) => {
        const { calls, pipeline } = counted(shape);
        const model = modelOf(shape);
        expectSame(await Effect.runPromise(pipeline.run({}, { concurrency })), model.outputs);
        expectSame(calls, model.calls);
      },
    );
    await expect(fc.assert(property, { seed, numRuns: count / 10 })).resolves.toBeUndefined();
  }, 60_000);
});
