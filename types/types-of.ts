/** Helper types for users that name the types of a pipeline. */
import type { PlainOutputs } from "./outputs.ts";
import type { NeedsServices } from "./promise-forms.ts";
import type { Typed } from "./provided.ts";

/**
 * The inputs that a pipeline must be given.
 *
 * @public
 */
export type InputsOf<P> = P extends Typed<infer Inputs, any, any, any> ? Inputs : never;

/**
 * The outputs that a run of a pipeline returns.
 *
 * @public
 */
export type OutputsOf<P> = P extends Typed<any, infer Outputs, any, any> ? PlainOutputs<Outputs> : never;

/**
 * The typed errors of a pipeline's steps.
 *
 * @public
 */
export type FailureOf<P> = P extends Typed<any, any, infer Failure, any> ? Failure : never;

/**
 * The services that a pipeline needs.
 *
 * @public
 */
export type ServicesOf<P> = P extends Typed<any, any, any, infer Services> ? Services : never;

/** A pipeline that needs no services; else an error sentence that names them. For functions that run it as a Promise. */
export type RunWithoutServices<P> = [ServicesOf<P>] extends [never]
  ? P
  : NeedsServices<
      P,
      "The pipeline needs services, so there is no promise: use resume, and provide",
      ServicesOf<P>
    >;
