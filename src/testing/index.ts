/**
 * Means to prove a pipeline that grows: laws, arbitraries, simulated runs, mocks.
 *
 * @packageDocumentation
 */
export { checkDynamic, checkPipeline } from "./check-dynamic.ts";
export type { CheckOptions, LawReport, Report } from "./checking.ts";
export type { Drawing } from "./draw.ts";
export { Injected } from "./injected.ts";
export type { Bound } from "./law.ts";
export type { LawName } from "./laws/index.ts";
export type { Mock } from "./mock.ts";
export { mock, mocks } from "./mock.ts";
export { CheckFailed, LawViolation } from "./violation.ts";
export type { Schedule } from "./world.ts";
