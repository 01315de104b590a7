/**
 * Tools for testing pipelines, including those that grow: laws, arbitraries, simulated runs, mocks.
 *
 * @packageDocumentation
 */

export type { RandomPipeline } from "./arbitrary/build.ts";
export type { Model } from "./arbitrary/interpret.ts";
export type { ModelledPipeline, ShapeOptions } from "./arbitrary/pipelines.ts";
export type { Shape, ShapeNode, ShapeStyle } from "./arbitrary/shape.ts";
export { arbitrary } from "./arbitrary.ts";
export { checkDynamic, checkPipeline } from "./check-dynamic.ts";
export type { CheckOptions, Growth, LawReport, Report } from "./checking.ts";
export type { Drawing } from "./draw.ts";
export type { OutputNames, ShapeExpectation } from "./expect-shape.ts";
export { expectShape, ShapeMismatch } from "./expect-shape.ts";
export type { Fault } from "./faults.ts";
export { Injected } from "./injected.ts";
export type { Bound } from "./law.ts";
export type { LawName } from "./laws/index.ts";
export { defaultLaws } from "./laws/index.ts";
export { lawMatchers } from "./matchers.ts";
export type { Mock, MockResult } from "./mock.ts";
export { mock, mocks } from "./mock.ts";
export type { Simulated, SimulationOptions } from "./simulation.ts";
export { Simulation } from "./simulation.ts";
export type { CheckedStoreLaw } from "./store-conformance.ts";
export { StoreViolation, storeConformance } from "./store-conformance.ts";
export type { Obstruction, Violation } from "./violation.ts";
export { CheckFailed, LawViolation } from "./violation.ts";
export type { Schedule } from "./world.ts";
