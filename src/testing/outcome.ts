/** The result of a run, as text to compare and to show. */
import * as Cause from "effect/Cause";
import * as Exit from "effect/Exit";
import type { Observed } from "./observe.ts";
import { copied } from "./values.ts";
import { textOf, unorderedText } from "./words.ts";

type Ended = Pick<Observed, "ended">;

/** The outputs, or the error. */
export const outcomeOf = ({ ended }: Ended): string => {
  if ("stuck" in ended) return `never settled: ${ended.stuck}`;
  if (Exit.isSuccess(ended.exit)) return `returned ${textOf(ended.exit.value)}`;
  if (Cause.hasInterruptsOnly(ended.exit.cause)) return "was interrupted";
  return `failed with ${textOf(Cause.squash(ended.exit.cause))}`;
};

/** Did it fail? Which of several failures comes first may depend on the order; whether there is one does not. */
export const hasFailed = ({ ended }: Ended): boolean => !("stuck" in ended) && Exit.isFailure(ended.exit);

/** The path of the first step that failed. */
export const firstFailed = ({ events }: Pick<Observed, "events">): string | undefined => {
  for (const event of events) {
    if (event.type === "step.failed" || event.type === "expansion.failed") return event.path;
  }
  return undefined;
};

/** Compares the outputs of two runs. */
export type Same = (one: unknown, other: unknown) => boolean;

export const sameText: Same = (one, other) => unorderedText(one) === unorderedText(other);

/** Whether two runs had the same result. */
export const areSame = (one: Ended, other: Ended, same: Same): boolean => {
  if (hasFailed(one) && hasFailed(other)) return true;
  if (hasFailed(one) || hasFailed(other) || "stuck" in one.ended || "stuck" in other.ended) return false;
  const [before, now] = [one.ended.exit, other.ended.exit];
  return Exit.isSuccess(before) && Exit.isSuccess(now) && same(copied(before.value), copied(now.value));
};
