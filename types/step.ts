/** Steps that belong to no pipeline yet. */
import type { StepContext } from "./context.ts";

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
 * without being run. Nothing is decoded then, so `Read` is what that function takes.
 *
 * @public
 */
export interface DynamicStep<Name extends string, In, Out, Failure, Services, Returned, Read = In>
  extends Step<Name, In, Out, Failure, Services> {
  readonly kind: "dynamic";
  /** Calls the function. */
  readonly expand: (inputs: Read, context?: StepContext) => Returned;
}

export type AnyStep = Step<string, any, any, any, any>;

type Types<S> = S[typeof stepTypes & keyof S];

export type InOf<S> = Types<S>["in" & keyof Types<S>];
export type OutOf<S> = Types<S>["out" & keyof Types<S>];
export type StepErrors<S> = Types<S>["failure" & keyof Types<S>];
export type StepNeeds<S> = Types<S>["services" & keyof Types<S>];
export type StepName<S> = S["name" & keyof S] & string;
