/** Random data, random pipelines, and what can happen to them. */
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

/** Orders: the first one to shrink to is first in, first out. */
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
  /** Values that a schema takes, as a run is given them: Effect Schema, and Standard Schema where it can be read. */
  readonly fromSchema: <Schema extends AnySchema>(schema: Schema) => fc.Arbitrary<EncodedOf<Schema>>;
  /**
   * The same values, and in half of them something that is nearly the same as something else: ids that differ in case, blanks,
   * normal form or type, such as `1` and `"1"`. Names that are made from them collide. Checks draw their inputs like this by
   * themselves; all of them are values that the arbitrary can draw.
   */
  readonly confusable: <Value>(values: fc.Arbitrary<Value>) => fc.Arbitrary<Value>;
  /** Random pipelines as plain data: well-formed however they shrink. */
  readonly shape: (options?: ShapeOptions) => fc.Arbitrary<Shape>;
  /** Random pipelines, dynamic and nested ones among them, each with what its run must give. */
  readonly pipeline: (options?: ShapeOptions) => fc.Arbitrary<ModelledPipeline>;
  /** Orders in which what is ready continues. They shrink toward first in, first out. */
  readonly schedule: () => fc.Arbitrary<Schedule>;
  /** What goes wrong at steps of a shape: failures, delays, hangs, interruptions and crashes. */
  readonly faults: (shape: Shape) => fc.Arbitrary<ReadonlyArray<Fault>>;
} = { fromSchema, confusable: (values) => confusable(values), shape, pipeline: modelled, schedule, faults };
