import * as Cause from "effect/Cause";
import * as Exit from "effect/Exit";
import { ExpansionError, GraphError, InvalidOutput, StepFailed } from "../../errors.ts";
import { describe } from "../../values/describe.ts";
import type { Law } from "../law.ts";
import { broken, held, vacuous } from "../law.ts";
import type { Observed } from "../observe.ts";
import { firstFailed, outcomeOf } from "../outcome.ts";

const isTagged = (thrown: unknown): boolean =>
  typeof (thrown as { readonly _tag?: unknown } | null | undefined)?._tag === "string";

/** The failure of a run that its types do not declare; undefined for a typed error. */
const untyped = (cause: Cause.Cause<unknown>): string | undefined => {
  if (Cause.hasInterruptsOnly(cause)) return "was interrupted, although nothing interrupted it";
  const error = Cause.squash(cause);
  if (error instanceof StepFailed) {
    return isTagged(error.cause) ? undefined : `"${error.path}" threw ${describe(error.cause)}`;
  }
  if (Cause.hasDies(cause)) return `died with ${describe(error)}`;
  const isFault =
    error instanceof ExpansionError || error instanceof GraphError || error instanceof InvalidOutput;
  return isFault ? describe(error) : undefined;
};

const causeOf = ({ ended }: Observed): Cause.Cause<unknown> | undefined =>
  "stuck" in ended || Exit.isSuccess(ended.exit) ? undefined : ended.exit.cause;

export const succeeds: Law = {
  name: "succeeds",
  looksAtFirst: true,
  sentence: "For every input, the run succeeds or fails with a typed error, and for some input it succeeds.",
  check: async (_subject, _given, { first }) => {
    const observed = await first();
    const cause = causeOf(observed);
    if (cause === undefined) return observed.calls.length > 0 ? held : vacuous("no step was called");
    const where = { path: firstFailed(observed), plan: observed.plan };
    const fault = untyped(cause);
    if (fault !== undefined) return broken("it succeeds, or fails with a typed error", fault, where);
    return {
      type: "held",
      unlessOthers: broken("it succeeds for some input", `with every input it ${outcomeOf(observed)}`, where),
    };
  },
};
