/** Steps that belong to no pipeline yet. */
import type { Mistake } from "./mistake.ts";
import type { Matches } from "./names.ts";
import type { Lookup, NamesOf } from "./outputs.ts";
import type { AnyGlob } from "./reads.ts";

declare const stepTypes: unique symbol;

/**
 * A standalone step: what `step(…)` gives, and `.add`, `.addAll` and `pipelineOf` take.
 *
 * @public
 */
export interface Step<Name extends string, In, Out, Failure = never, Services = never> {
  readonly name: Name;
  readonly kind: "step" | "dynamic";
  readonly inputs: ReadonlyArray<keyof In & string>;
  readonly outputs: ReadonlyArray<string> | "all";
  readonly [stepTypes]: { in: In; out: Out; failure: Failure; services: Services };
}

/**
 * A standalone dynamic step. `expand` calls the function that it was made with: the sub-pipeline can be inspected
 * without being run.
 *
 * @public
 */
export interface DynamicStep<Name extends string, In, Out, Failure, Services, Returned>
  extends Step<Name, In, Out, Failure, Services> {
  readonly kind: "dynamic";
  readonly expand: (inputs: In) => Returned;
}

export type AnyStep = Step<string, any, any, any, any>;

export type InOf<S> = S extends Step<any, infer In, any, any, any> ? In : never;
export type OutOf<S> = S extends Step<any, any, infer Out, any, any> ? Out : never;
export type StepErrors<S> = S extends Step<any, any, any, infer Failure, any> ? Failure : never;
export type StepNeeds<S> = S extends Step<any, any, any, any, infer Services> ? Services : never;
export type StepName<S> = S extends Step<infer Name, any, any, any, any> ? Name : never;

/** What `Outputs` gives for an input that a step names: an output, or the record of a family. */
type Given<Outputs, Name> =
  Name extends NamesOf<Outputs>
    ? { readonly type: Lookup<Outputs, Name> }
    : Name extends AnyGlob
      ? { readonly type: Matches<Outputs, Name> }
      : never;

/** Nothing where `Outputs` satisfies the inputs of a step, else the sentence. */
export type Fits<S, Outputs> = {
  [Name in keyof InOf<S>]: [Given<Outputs, Name>] extends [never]
    ? Mistake<`The step "${StepName<S>}" reads "${Name & string}", and nothing provides that.`>
    : Given<Outputs, Name> extends { readonly type: InOf<S>[Name] }
      ? never
      : Mistake<`The step "${StepName<S>}" reads "${Name & string}" as another type than is provided.`>;
}[keyof InOf<S>] extends infer Found
  ? [Found] extends [never]
    ? unknown
    : Found
  : never;
