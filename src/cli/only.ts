/** `--only NAME`: the part of a pipeline that some outputs need. */
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import type { CliFailure } from "./failure.ts";
import { failure } from "./failure.ts";
import type { Loaded } from "./load.ts";

export const only = Flag.String("only").pipe(
  Flag.withMetavar("NAME"),
  Flag.withDescription("Run only the steps that this output needs, and return it. Repeatable"),
  Flag.atLeast(0),
);

/** The loaded exports, with the pipeline reduced to what the outputs need. Without names, the whole pipeline. */
export const reducedTo = (names: ReadonlyArray<string>, loaded: Loaded): Effect.Effect<Loaded, CliFailure> =>
  names.length === 0
    ? Effect.succeed(loaded)
    : Effect.try({
        try: () => ({ ...loaded, pipeline: loaded.pipeline.only(...names) }),
        catch: (error) => failure(error instanceof Error ? error.message : String(error)),
      });
