/** Turns anything that a user's function did other than return a value into a typed failure that names its source. */
import * as Cause from "effect/Cause";
import { ExpansionError, GraphError, StepFailed } from "../errors.ts";
import type { Phase } from "./phase.ts";
import { returnsOf } from "./phase.ts";

/** The source of a failure: a call of a function, or all attempts of a step together. */
interface Blamed {
  readonly path: string;
  readonly phase: Phase;
}

/** A revoked proxy throws even when its type is checked. */
const isGraphError = (thrown: unknown): thrown is GraphError => {
  try {
    return thrown instanceof GraphError;
  } catch {
    return false;
  }
};

/** In an expansion, a `GraphError` is about the sub-pipeline, which could not be built. */
const failureOf = ({ path, phase }: Blamed, thrown: unknown): ExpansionError | StepFailed =>
  returnsOf[phase] !== "output" && isGraphError(thrown)
    ? new ExpansionError({ path, reason: thrown.message, cause: thrown })
    : new StepFailed({ path, cause: thrown });

/** The cause for a value that a function threw. */
export const thrownCause = (call: Blamed, thrown: unknown): Cause.Cause<unknown> =>
  Cause.fail(failureOf(call, thrown));

/** Typed failures pass as they are; a defect is a value that a function threw inside an Effect. */
export const blamed = (cause: Cause.Cause<unknown>, call: Blamed): Cause.Cause<unknown> => {
  if (!Cause.hasDies(cause)) return cause;
  return Cause.fromReasons(
    cause.reasons.map((reason) =>
      Cause.isDieReason(reason) ? Cause.makeFailReason(failureOf(call, reason.defect)) : reason,
    ),
  );
};
