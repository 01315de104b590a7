/**
 * The services of a pipeline that the command runs: those of the layer that its file exports.
 */
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { describe } from "../values/describe.ts";
import type { CliFailure } from "./failure.ts";
import { failure } from "./failure.ts";
import type { Loaded } from "./load.ts";
import { placeOf } from "./source-location.ts";

/** Provides a run with the services of its file. They are created before it begins, and released when it has ended. */
export const withServices = <Value, Failure>(
  { file, layer }: Loaded,
  running: Effect.Effect<Value, Failure>,
): Effect.Effect<Value, Failure | CliFailure> => {
  if (layer === undefined) return running;
  const made = Effect.mapError(Layer.build(layer), (error) =>
    failure(`The layer of "${file}" could not be built: ${describe(error)}${placeOf(error)}`),
  );
  return Effect.scoped(Effect.flatMap(made, (services) => Effect.provide(running, services)));
};
