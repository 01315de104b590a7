/**
 * The services of a pipeline that the command runs: those of the layer that its file exports. Where one is missing, the
 * failure names it and says how to export it.
 */
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { describe } from "../values/describe.ts";
import { missingService } from "../workers/missing-service.ts";
import type { CliFailure } from "./failure.ts";
import { failure } from "./failure.ts";
import type { Loaded } from "./load.ts";
import { placeOf } from "./source-location.ts";

/** What to do about an error that says that a service is missing, in a sentence; undefined for any other error. */
export const serviceHint = (error: unknown, { file, layer }: Loaded): string | undefined => {
  const key = missingService(error);
  if (key === undefined) return undefined;
  const lacks = layer === undefined ? "exports no layer" : "exports a layer that does not provide it";
  return `The pipeline needs the service "${key}", and ${file} ${lacks}. Add to ${file}: export const layer = Layer.succeed(TheService, …), where TheService is the one with the key "${key}".`;
};

/** Gives a run the services of its file. They are made before it begins, and released when it has ended. */
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
