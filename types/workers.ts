/** The type for providing workers to a run. */
import type { Layer } from "effect/Layer";
import type { Workers } from "../src/workers/workers.ts";

/**
 * Creates workers, such as `ThreadWorkers.layer({ module })`: for the run option `workers`, or for `Effect.provide`.
 *
 * @public
 */
export type WorkersLayer = Layer<Workers>;
