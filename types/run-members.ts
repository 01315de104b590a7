/** The members of a pipeline that inspect it and run it. */
import type { Effect } from "effect/Effect";
import type { OpenError, RunError } from "./errors.ts";
import type { PlainOutputs } from "./outputs.ts";
import type { Fails, In, Needs, Out } from "./own.ts";
import type { Plan } from "./plan.ts";
import type { RunParameters } from "./promise-forms.ts";
import type { AnyPipeline } from "./provided.ts";
import type { Run } from "./run.ts";

/**
 * The members of a pipeline that inspect it and run it.
 *
 * @public
 */
export interface RunMembers {
  /** The pipeline's name. */
  readonly name: string;

  /** Returns the graph as data, without running it. */
  plan(): Plan;

  /** Runs the pipeline. */
  run<This extends AnyPipeline>(
    this: This,
    ...parameters: RunParameters<In<This>>
  ): Effect<PlainOutputs<Out<This>>, Fails<This> | RunError, Needs<This>>;

  /** Starts a run and returns its handle. */
  start<This extends AnyPipeline>(
    this: This,
    ...parameters: RunParameters<In<This>>
  ): Effect<Run<PlainOutputs<Out<This>>, Fails<This> | RunError>, OpenError, Needs<This>>;
}
