/** How a run is given its workers. */
import type { Layer } from "effect/Layer";
import type { Workers } from "../src/workers/workers.ts";

/**
 * What makes workers, such as `ThreadWorkers.layer({ module })`: for the run option `workers`, or for `Effect.provide`.
 *
 * @public
 */
export type WorkersLayer = Layer<Workers>;
