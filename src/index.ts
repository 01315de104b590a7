/**
 * Typed pipelines that grow at run time.
 *
 * @packageDocumentation
 */
import type { DynamicFunction, StepFunction, TypeFunction } from "../types/api.ts";
import type { PoolFunction } from "../types/pool.ts";
import { pool as makePool } from "./graph/pool.ts";
import { dynamic as makeDynamic, step as makeStep } from "./graph/steps.ts";
import { unchecked } from "./values/schema.ts";

export type {
  DynamicFunction,
  PipelineFunction,
  PipelineOfFunction,
  StepFunction,
  TypeFunction,
} from "../types/api.ts";
export type { StepContext } from "../types/context.ts";
export type * from "../types/options.ts";
export type { HiddenNames } from "../types/output-names.ts";
export type {
  OutputApart,
  OutputBlock,
  OutputChunk,
  OutputLink,
  OutputType,
} from "../types/output-chunks.ts";
export type { Pipeline, PipelineMembers } from "../types/pipeline.ts";
export type * from "../types/pool.ts";
export type { AnyResult, Case, Unseen } from "../types/cases.ts";
export type { RunMembers } from "../types/run-members.ts";
export type { OpenError, RunError } from "../types/errors.ts";
export type { PlanEdge, PlanExpansion, PlanStep, StepKind } from "../types/plan.ts";
export type * from "../types/run.ts";
export type * from "../types/runs.ts";
export type * from "../types/schedule.ts";
export type { AnySchema, Unchecked } from "../types/schema.ts";
export type { DynamicStep, Step } from "../types/step.ts";
export type { StoreCodec, StoreLayer } from "../types/store.ts";
export type { WorkersLayer } from "../types/workers.ts";
export type { FailureOf, InputsOf, OutputsOf, ServicesOf } from "../types/types-of.ts";
export { Plan } from "./draw/text.ts";
export { CurrentStep } from "./engine/context.ts";
export * from "./errors.ts";
export type * from "./events.ts";
export { pipeline, pipelineOf } from "./pipeline.ts";
export { Progress } from "./progress/layer.ts";
export type { ProgressOptions } from "./progress/open.ts";
export type { ProgressOutput } from "./progress/terminal.ts";
export type { ResumeOptions } from "./run/resume.ts";
export { resume, resumePromise } from "./run/resume.ts";
export { Runs } from "./run/runs.ts";
export { Signal } from "./run/signal.ts";
export { schedule } from "./schedule.ts";
export { Store } from "./journal/store.ts";
export { Workers } from "./workers/workers.ts";

/**
 * A step that belongs to no pipeline yet: for `.add`, `.addAll` and `pipelineOf`. It names its inputs and annotates
 * the parameter of its function, or has a schema for each input, which then decodes it.
 *
 * @example
 * ```ts
 * import { pipeline, step } from "espalier";
 *
 * const total = step("total", ["prices"], ({ prices }: { prices: ReadonlyArray<number> }) =>
 *   prices.reduce((sum, price) => sum + price, 0),
 * );
 *
 * const bill = pipeline("bill")
 *   .step("prices", [], () => [12, 30])
 *   .add(total);
 *
 * console.log((await bill.runPromise()).total); // 42
 * ```
 *
 * @public
 */
export const step = makeStep as unknown as StepFunction;

/**
 * A dynamic step that belongs to no pipeline yet. Its `expand` calls the function directly: the result can be
 * inspected without being run.
 *
 * @example
 * ```ts
 * import { dynamic, pipeline, step } from "espalier";
 *
 * const search = dynamic("best", ["rates"], ({ rates }: { rates: ReadonlyArray<number> }) =>
 *   pipeline("search")
 *     .addAll(rates.map((rate) => step(`model ${rate}`, [], () => rate * 2)))
 *     .step("best", ["model *"], (models) => Math.max(...Object.values(models["model *"]))),
 * );
 *
 * console.log(search.expand({ rates: [0.1, 0.2] }).plan().steps.length); // 3
 * ```
 *
 * @public
 */
export const dynamic = makeDynamic as unknown as DynamicFunction;

/**
 * The schema of an input that is not checked: a type for the compiler, and nothing at run time.
 *
 * @example
 * ```ts
 * import { pipeline, type } from "espalier";
 *
 * const twice = pipeline("twice")
 *   .input("n", type<number>())
 *   .step("doubled", ["n"], ({ n }) => n * 2);
 *
 * console.log((await twice.runPromise({ n: 21 })).doubled); // 42
 * ```
 *
 * @public
 */
export const type = (() => unchecked) as unknown as TypeFunction;

/**
 * A limit that steps share: how many of them run at once, and how many start in any window of a given length. Give it
 * to steps, maps, switches and dynamic steps as the option `pool`. A run's option `pools` can override the limits by name.
 *
 * A step holds a slot only while its function is under way: neither between attempts, nor while its expansion runs. Every
 * attempt counts as a start. With a store, a resumed run counts the starts before it. Throws a `GraphError` for a limit
 * that is not a number of at least 1.
 *
 * @example
 * ```ts
 * import { pipeline, pool } from "espalier";
 *
 * const model = pool("model", { concurrency: 4, rate: { limit: 60, per: "1 minute" } });
 *
 * const summaries = pipeline("summaries")
 *   .step("texts", [], () => ["a long text", "another one"])
 *   .map("summaries", "texts", [], async (text) => text.slice(0, 6), { pool: model });
 *
 * console.log(await summaries.runPromise({}, { pools: { model: 2 } }));
 * ```
 *
 * @public
 */
export const pool = makePool as unknown as PoolFunction;
