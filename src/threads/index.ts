/**
 * Steps on worker threads: all cores for the steps of a run that compute.
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
 * Which steps threads can run, and how many threads there are.
 *
 * @public
 */
export interface ThreadOptions {
  /**
   * The module that exports the pipelines whose steps ask for a worker, and as `layer` the services that these steps need. Each
   * thread imports it, so it should start nothing by itself.
   */
  readonly module: URL;
  /** The most threads at once; by default one for each core. They start when there is work for them. */
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
  // Runs that are given the same layer share its threads.
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
 * Worker threads for the steps that ask for a worker. A thread finds a step's function by importing the module and, within a
 * dynamic step, by calling the function that expands again. Inputs and outputs are cloned: plain data, dates, maps, sets and
 * typed arrays travel as they are, and what an Effect Schema can encode travels by that.
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
  /** For the run option `workers`, or for `Effect.provide`. Runs that are given the same layer share its threads. */
  readonly layer: (options: ThreadOptions) => WorkersLayer;
} = { layer };
