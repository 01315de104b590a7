/** Turns whatever a user's function did instead of giving a value into a typed failure that says whose it is. */
import * as Cause from "effect/Cause";
import { ExpansionError, GraphError, StepFailed } from "./errors.ts";
import type { Call } from "./frame.ts";
import { Then } from "./frame.ts";

/** What a function threw. In an expansion a `GraphError` tells of the sub-pipeline, which could not be built. */
export const thrownCause = ({ path, then }: Call, thrown: unknown): Cause.Cause<unknown> =>
  Cause.fail(
    then !== Then.outcome && thrown instanceof GraphError
      ? new ExpansionError({ path, reason: thrown.message })
      : new StepFailed({ path, cause: thrown }),
  );

/** Typed failures pass as they are; a defect becomes `StepFailed`. */
export const blamed = (cause: Cause.Cause<unknown>, { path }: Call): Cause.Cause<unknown> => {
  if (!Cause.hasDies(cause)) return cause;
  return Cause.fromReasons(
    cause.reasons.map((reason) =>
      Cause.isDieReason(reason)
        ? Cause.makeFailReason(new StepFailed({ path, cause: reason.defect }))
        : reason,
    ),
  );
};
