/**
 * Steps on worker threads, for steps that compute: a run can use all cores.
 *
 * @packageDocumentation
 */
import { availableParallelism } from "node:os";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type { WorkersLayer } from "../../types/workers.ts";
import { GraphError } from "../errors.ts";
import { received } from "../values/specification.ts";
import { Workers } from "../workers/workers.ts";
import { cloneWire } from "./clone.ts";
import { Pool } from "./pool.ts";

/**
 * The steps that threads can run, and the number of threads.
 *
 * @public
 */
export interface ThreadOptions {
  /**
   * The module that exports the pipelines whose steps run on workers, and as `layer` the services that these steps need. Each
   * thread imports it, so importing it should have no side effects.
   */
  readonly module: URL;
  /** The maximum number of threads; by default one for each core. They start on demand. */
  readonly threads?: number | undefined;
}

const problemOf = ({ module, threads }: ThreadOptions): string | undefined => {
  if (!(module instanceof URL)) {
    return `module must be a URL, such as new URL("./pipelines.ts", import.meta.url); got ${received(module)}.`;
  }
  return threads === undefined || (Number.isInteger(threads) && threads >= 1)
    ? undefined
    : `threads must be a whole number of at least 1; got ${received(threads)}.`;
};

const layer = (options: ThreadOptions): WorkersLayer => {
  const reason = problemOf(options);
  if (reason !== undefined)
    throw new GraphError({ pipeline: "", step: "", reason: `ThreadWorkers.layer: ${reason}` });
  // Runs with the same layer share its threads.
  const pool = new Pool(options.module.href, options.threads ?? availableParallelism());
  const acquired = Effect.acquireRelease(
    Effect.sync(() => pool.acquire()),
    () => Effect.sync(() => pool.release()),
  );
  const service = {
    wire: cloneWire,
    perform: pool.perform.bind(pool),
    sparesOwner: true,
    size: options.threads ?? availableParallelism(),
  };
  return Layer.effect(Workers, Effect.as(acquired, service));
};

/**
 * Worker threads for steps with `where: "worker"`. A thread finds a step's function by importing the module and, within a
 * dynamic step, by calling the expanding function again. Inputs and outputs are cloned: plain data, dates, maps, sets and
 * typed arrays are sent as they are, and values that an Effect Schema can encode are sent encoded.
 *
 * @example
 * ```ts
 * import { pipeline, type } from "espalier";
 * import { ThreadWorkers } from "espalier/threads";
 *
 * export const primes = pipeline("primes")
 *   .input("limits", type<ReadonlyArray<number>>())
 *   .map("counts", "limits", [], (limit) => {
 *     let count = 0;
 *     for (let n = 2; n < limit; n++) {
 *       let isPrime = true;
 *       for (let d = 2; d * d <= n && isPrime; d++) isPrime = n % d !== 0;
 *       if (isPrime) count++;
 *     }
 *     return count;
 *   }, { where: "worker" });
 *
 * const workers = ThreadWorkers.layer({ module: new URL(import.meta.url) });
 * void (() => primes.runPromise({ limits: [100_000, 200_000] }, { workers }));
 * ```
 *
 * @public
 */
export const ThreadWorkers: {
  /** For the run option `workers`, or for `Effect.provide`. Runs with the same layer share its threads. */
  readonly layer: (options: ThreadOptions) => WorkersLayer;
} = { layer };
