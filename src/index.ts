/**
 * Typed pipelines that grow at run time.
 *
 * @packageDocumentation
 */
import type { DynamicFunction, StepFunction, TypeFunction } from "../types/api.ts";
import { unchecked } from "./schema.ts";
import { dynamic as makeDynamic, step as makeStep } from "./steps.ts";

export { CurrentStep } from "./context.ts";
export { Plan } from "./draw/text.ts";
export * from "./errors.ts";
export type * from "./events.ts";
export { pipeline, pipelineOf } from "./pipeline.ts";
export { Progress } from "./progress.ts";
export type { ProgressOptions } from "./progress/open.ts";

export type { StepContext } from "../types/context.ts";
export type * from "../types/options.ts";
export type { OutputChunk, OutputType } from "../types/outputs.ts";
export type { FailureOf, InputsOf, OutputsOf, Pipeline, ServicesOf } from "../types/pipeline.ts";
export type { PlanEdge, PlanExpansion, PlanStep, StepKind } from "../types/plan.ts";
export type * from "../types/run.ts";
export type { DynamicStep, Step } from "../types/step.ts";
export type { ResumeOptions } from "./resume.ts";
export { resume } from "./resume.ts";
export { Signal } from "./signal.ts";
export { Store } from "./store.ts";
export type { StoreLayer } from "../types/store.ts";

export const step = makeStep as unknown as StepFunction;
export const dynamic = makeDynamic as unknown as DynamicFunction;
export const type = (() => unchecked) as unknown as TypeFunction;
