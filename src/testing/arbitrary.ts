/** Arbitraries of data, pipelines, and the orders and faults of their runs. */
import * as fc from "fast-check";
import type { AnySchema, EncodedOf } from "../../types/schema.ts";
import { confusable } from "./arbitrary/confusable.ts";
import { fromSchema } from "./arbitrary/from-schema.ts";
import type { ModelledPipeline, ShapeOptions } from "./arbitrary/pipelines.ts";
import { faults, modelled, shape } from "./arbitrary/pipelines.ts";
import type { Shape } from "./arbitrary/shape.ts";
import type { Fault } from "./faults.ts";
import type { Schedule } from "./world.ts";
import { firstInFirstOut } from "./world.ts";

/** Schedules, which shrink toward first in, first out. */
const schedule = (): fc.Arbitrary<Schedule> =>
  fc.oneof(
    { withCrossShrink: true },
    { weight: 1, arbitrary: fc.constant(firstInFirstOut) },
    { weight: 15, arbitrary: fc.nat().map((seed): Schedule => ({ seed })) },
  );

/**
 * Arbitraries, for fast-check.
 *
 * @example
 * ```ts
 * import { arbitrary } from "espalier/testing";
 * import * as fc from "fast-check";
 * import * as assert from "node:assert/strict";
 *
 * // Whatever a pipeline is, it gives what a sequential interpreter gives.
 * await fc.assert(
 *   fc.asyncProperty(arbitrary.pipeline({ maxSteps: 5 }), async ({ pipeline, model }) => {
 *     assert.deepEqual(await pipeline.runPromise(), model.outputs);
 *   }),
 * );
 * ```
 *
 * @public
 */
export const arbitrary: {
  /** Values that a schema accepts, as a run receives them: Effect Schema, and Standard Schema if it can be read. */
  readonly fromSchema: <Schema extends AnySchema>(schema: Schema) => fc.Arbitrary<EncodedOf<Schema>>;
  /**
   * The same values, half of which contain near-duplicates: ids that differ in case, blanks,
   * normal form or type, such as `1` and `"1"`. Names built from them collide. Checks draw their inputs like this by
   * default; all of them are values that the arbitrary can draw.
   */
  readonly confusable: <Value>(values: fc.Arbitrary<Value>) => fc.Arbitrary<Value>;
  /** Random pipelines as plain data, which stay well-formed when they shrink. */
  readonly shape: (options?: ShapeOptions) => fc.Arbitrary<Shape>;
  /** Random pipelines, including dynamic and nested ones, each with a model of its run. */
  readonly pipeline: (options?: ShapeOptions) => fc.Arbitrary<ModelledPipeline>;
  /** Orders in which ready tasks continue. They shrink toward first in, first out. */
  readonly schedule: () => fc.Arbitrary<Schedule>;
  /** Faults at the steps of a shape: failures, delays, hangs, interruptions and crashes. */
  readonly faults: (shape: Shape) => fc.Arbitrary<ReadonlyArray<Fault>>;
} = { fromSchema, confusable: (values) => confusable(values), shape, pipeline: modelled, schedule, faults };
