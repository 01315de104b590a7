/** Which events of a run a store keeps, and which of their fields. */
import type { PipelineEvent } from "../events.ts";
import { describeWithCauses } from "../values/causes.ts";
import { describe } from "../values/describe.ts";

/** Events that a store keeps. The others follow from its records. */
export const keptEvents: ReadonlySet<PipelineEvent["type"]> = new Set([
  "step.retried",
  "step.fallback",
  "step.failed",
  "step.leaked",
  "step.logged",
  "signal.refused",
  "expansion.failed",
  "cache.hit",
  "cache.missed",
]);

/** The start of a step of a pool with a rate: not one of the run's events, but kept with them. */
export const poolStarted = "pool.started";

/**
 * The start of an attempt that failed or follows another: not one of the run's events, but kept with them. The record of a step
 * says when its first attempt began, but a step that fails has no record.
 */
export const attemptBegan = "attempt.began";

/** The text of a kept event, in addition to its type and path. */
export const detailOf = (event: PipelineEvent): string => {
  if ("error" in event) return describeWithCauses(event.error);
  if (event.type === "step.logged") return event.message.map(describe).join(" ");
  if (event.type === "cache.hit") return `from run ${event.fromRun}, path ${event.fromPath}`;
  if (event.type === "cache.missed" || event.type === "signal.refused") return event.reason;
  return "";
};
