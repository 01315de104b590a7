/** Resuming a run that has stopped. */
import type { Effect } from "effect/Effect";
import * as Effects from "effect/Effect";
import type { RunOptions } from "../../types/options.ts";
import type { Pipeline } from "../../types/pipeline.ts";
import type { FailureOf, OutputsOf, RunWithoutServices, ServicesOf } from "../../types/types-of.ts";
import { expandable } from "../engine/graph.ts";
import type { RunError } from "../../types/errors.ts";
import type { RunNotFound } from "../errors.ts";
import { promiseOf, settling } from "./promises.ts";
import { resumeGraph } from "./run.ts";

/**
 * How a run is resumed.
 *
 * @public
 */
export interface ResumeOptions extends Omit<RunOptions, "runId"> {
  /** The path of a step or item. It runs again, and so does everything that depends on it. */
  readonly from?: string | undefined;
  /** Whether the failed items of maps that collect failures run again, and everything that depends on them. */
  readonly retryFailed?: boolean | undefined;
}

const resuming = (
  pipeline: unknown,
  runId: string,
  { from, retryFailed, ...options }: ResumeOptions,
  name: string,
): Effect<Record<string, unknown>, unknown> => {
  const graph = expandable(pipeline);
  if (graph === undefined) throw new TypeError(`${name} takes a pipeline.`);
  return Effects.suspend(() => resumeGraph(graph, { ...options, runId }, { from, retryFailed }));
};

/**
 * Resumes a run that crashed, failed or was interrupted. Recorded steps do not run again; steps that failed or were not
 * recorded do. If the run has succeeded, its recorded outputs are returned.
 *
 * @example
 * ```ts
 * import { pipeline, resume } from "espalier";
 * import { SqliteStore } from "espalier/sqlite";
 * import * as Effect from "effect/Effect";
 *
 * let isUp = false;
 * const report = pipeline("report")
 *   .step("rows", [], () => [1, 2, 3])
 *   .step("sent", ["rows"], ({ rows }) => (isUp ? rows.length : Effect.fail("down" as const)));
 *
 * const program = Effect.gen(function* () {
 *   yield* Effect.ignore(report.run({}, { runId: "monday" })); // fails; "rows" is recorded
 *   isUp = true;
 *   return yield* resume(report, "monday"); // runs only "sent"
 * });
 * const store = SqliteStore.layer({ filename: ":memory:" });
 * console.log((await Effect.runPromise(Effect.provide(program, store))).sent); // 3
 * ```
 *
 * @public
 */
export const resume = <P extends Pipeline<any, any, any, any>>(
  pipeline: P,
  runId: string,
  options: ResumeOptions = {},
): Effect<OutputsOf<P>, FailureOf<P> | RunError | RunNotFound, ServicesOf<P>> => {
  const resumed: unknown = resuming(pipeline, runId, options, "resume");
  return resumed as Effect<OutputsOf<P>, FailureOf<P> | RunError | RunNotFound, ServicesOf<P>>;
};

/**
 * `resume` as a Promise, only for pipelines that need no services. It takes the run's store as an option.
 *
 * @example
 * ```ts
 * import { pipeline, resumePromise } from "espalier";
 * import { SqliteStore } from "espalier/sqlite";
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 *
 * const store = SqliteStore.layer({ filename: join(mkdtempSync(join(tmpdir(), "runs-")), "runs.db") });
 * let isUp = false;
 * const report = pipeline("report")
 *   .step("rows", [], async () => [1, 2, 3])
 *   .step("sent", ["rows"], async ({ rows }) => {
 *     if (!isUp) throw new Error("down");
 *     return rows.length;
 *   });
 *
 * await report.runPromise({}, { store, runId: "monday" }).catch(() => {}); // "rows" is recorded
 * isUp = true;
 * console.log((await resumePromise(report, "monday", { store })).sent); // 3
 * ```
 *
 * @public
 */
export const resumePromise = async <P extends Pipeline<any, any, any, any>>(
  pipeline: RunWithoutServices<P>,
  runId: string,
  options: ResumeOptions = {},
): Promise<OutputsOf<P>> => {
  const resumed = settling(resuming(pipeline, runId, options, "resumePromise"));
  return promiseOf(resumed, { ...options, runId }) as Promise<OutputsOf<P>>;
};
