/** Standalone steps, which belong to no pipeline yet. */
import type { StepContext } from "./context.ts";

declare const stepTypes: unique symbol;

/**
 * A standalone step: returned by `step(…)`, and accepted by `.add`, `.addAll` and `pipelineOf`.
 *
 * @public
 */
export interface Step<Name extends string, In, Out, Failure = never, Services = never> {
  /** The step's name, which is also the name of its only output. */
  readonly name: Name;
  /** Whether its function returns its outputs (`"step"`), or a pipeline that provides them (`"dynamic"`). */
  readonly kind: "step" | "dynamic";
  /** The names that it reads. */
  readonly inputs: ReadonlyArray<keyof In & string>;
  /** The names that it provides; `"all"`: known once the step has expanded. */
  readonly outputs: ReadonlyArray<string> | "all";
  /** Its types; nothing of it exists at run time. */
  readonly [stepTypes]: { in: In; out: Out; failure: Failure; services: Services };
}

/**
 * A standalone dynamic step. `expand` calls the function that it was created with, so the sub-pipeline can be inspected
 * without running it. `expand` decodes nothing: `Read` is the type that the function takes.
 *
 * @public
 */
export interface DynamicStep<Name extends string, In, Out, Failure, Services, Returned, Read = In>
  extends Step<Name, In, Out, Failure, Services> {
  /** Its function returns a pipeline or a direct value. */
  readonly kind: "dynamic";
  /** Calls the function. */
  readonly expand: (inputs: Read, context?: StepContext) => Returned;
}

export type AnyStep = Step<string, any, any, any, any>;

/** What only a standalone step has. */
export interface StepMark {
  readonly [stepTypes]: unknown;
}

/** A list of steps. To compare with an array type would cost a tenth more for a pipeline of dynamic steps. */
export interface StepList {
  readonly length: unknown;
  readonly [index: number]: StepMark;
}

type Types<S> = S[typeof stepTypes & keyof S];

export type InOf<S> = Types<S>["in" & keyof Types<S>];
export type OutOf<S> = Types<S>["out" & keyof Types<S>];
export type StepErrors<S> = Types<S>["failure" & keyof Types<S>];
export type StepNeeds<S> = Types<S>["services" & keyof Types<S>];
export type StepName<S> = S["name" & keyof S] & string;
