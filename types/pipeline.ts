/** The builder as the compiler sees it. */
import type { Effect } from "effect/Effect";
import type { Result } from "effect/Result";
import type { InvalidInput, RunError, StepFailed } from "../src/errors.ts";
import type { BranchCheck, InputCheck } from "./branches.ts";
import type { StepContext } from "./context.ts";
import type { Mistake } from "./mistake.ts";
import type { Fresh } from "./names.ts";
import type { CommonOptions, DynamicOptions, MapOptions, RunOptions, StepOptions } from "./options.ts";
import type { Plan } from "./plan.ts";
import type {
  AllOutputs,
  BranchErrors,
  BranchNeeds,
  ExpansionOutputs,
  IsOne,
  StepOutputs,
  Typed,
} from "./provided.ts";
import type { Flat, GlobsMatch, InputName, Reads } from "./reads.ts";
import type { ErrorOf, NeedsOf, ValueOf } from "./returned.ts";
import type { Run } from "./run.ts";
import type { AnySchema, DecodedOf, DecodingNeeds, EncodedOf } from "./schema.ts";
import type { AnyStep, Fits, OutOf, StepErrors, StepName, StepNeeds } from "./step.ts";

/** The names of outputs that a map can run over. */
type IterableNames<Outputs> = {
  [Name in keyof Outputs]: Outputs[Name] extends string
    ? never
    : Outputs[Name] extends Iterable<unknown>
      ? Name
      : never;
}[keyof Outputs] &
  string;

type ItemOf<Items> = Items extends Iterable<infer Item> ? Item : never;

/** What several outputs ask of the value that a step returns. */
type RecordCheck<Returned, Names extends string> =
  IsOne<Names> extends true
    ? unknown
    : Exclude<Names, keyof ValueOf<Returned>> extends infer Missing extends string
      ? [Missing] extends [never]
        ? unknown
        : Mistake<`The step declares the output "${Missing}", and what it returns has none of that name.`>
      : unknown;

/**
 * A pipeline: an immutable value with the types of what it is given, what it gives, how it can fail and which services
 * it needs. Each member gives a new pipeline.
 *
 * @public
 */
export interface Pipeline<Inputs, Outputs, Failure, Services>
  extends Typed<Inputs, Outputs, Failure, Services> {
  /** The pipeline's name. */
  readonly name: string;

  /** Declares a value that is given from outside, and decoded when a run starts. */
  input<const Name extends string, Schema extends AnySchema>(
    name: Name & Fresh<Name, Outputs>,
    schema: Schema,
  ): Pipeline<
    Flat<Inputs & { readonly [Key in Name]: EncodedOf<Schema> }>,
    Outputs & { readonly [Key in Name]: DecodedOf<Schema> },
    Failure,
    Services | DecodingNeeds<Schema>
  >;

  /** Adds a step. `run` returns a value, a Promise or an Effect. */
  step<
    const Name extends string,
    const Names extends InputName<Outputs>,
    Returned,
    const Outs extends string = Name,
    Fallback = never,
  >(
    name: Name & Fresh<Name, Outputs>,
    inputs: ReadonlyArray<Names> & GlobsMatch<Outputs, Names>,
    run: (inputs: Reads<Outputs, Names>, context: StepContext) => Returned & RecordCheck<Returned, Outs>,
    options?: StepOptions<Outs, Fallback, ErrorOf<Returned> | StepFailed>,
  ): Pipeline<
    Inputs,
    Outputs & StepOutputs<Outs, ValueOf<Returned> | Fallback>,
    Failure | ErrorOf<Returned>,
    Services | NeedsOf<Returned>
  >;

  /** Adds a step whose function looks at its inputs and returns a pipeline, or a direct value. Exposes all outputs. */
  dynamic<const Name extends string, const Names extends InputName<Outputs>, Returned>(
    name: Name & Fresh<Name, Outputs>,
    inputs: ReadonlyArray<Names> & GlobsMatch<Outputs, Names>,
    expand: (
      inputs: Reads<Outputs, Names>,
      context: StepContext,
    ) => Returned & InputCheck<Returned, Reads<Outputs, Names>>,
    options: DynamicOptions<never> & { readonly outputs: "all" },
  ): Pipeline<
    Inputs,
    Outputs & AllOutputs<ValueOf<Returned>>,
    Failure | ErrorOf<Returned> | BranchErrors<Returned>,
    Services | NeedsOf<Returned> | BranchNeeds<Returned>
  >;
  /** Adds a step whose function looks at its inputs and returns a pipeline, or a direct value. */
  dynamic<
    const Name extends string,
    const Names extends InputName<Outputs>,
    Returned,
    const Outs extends string = Name,
    Fallback = never,
  >(
    name: Name & Fresh<Name, Outputs>,
    inputs: ReadonlyArray<Names> & GlobsMatch<Outputs, Names>,
    expand: (
      inputs: Reads<Outputs, Names>,
      context: StepContext,
    ) => Returned & BranchCheck<Returned, Outs, Reads<Outputs, Names>>,
    options?: StepOptions<Outs, Fallback, ErrorOf<Returned> | StepFailed>,
  ): Pipeline<
    Inputs,
    Outputs & ExpansionOutputs<Outs, ValueOf<Returned> | Fallback>,
    Failure | ErrorOf<Returned> | BranchErrors<Returned>,
    Services | NeedsOf<Returned> | BranchNeeds<Returned>
  >;

  /** Runs `each` for each item of an output, and gives what it gave in the order of the items. */
  map<
    const Name extends string,
    const Over extends IterableNames<Outputs>,
    const Names extends InputName<Outputs>,
    Returned,
    const Failures extends "fail" | "collect" = "fail",
    Fallback = never,
  >(
    name: Name & Fresh<Name, Outputs>,
    over: Over,
    inputs: ReadonlyArray<Names> & GlobsMatch<Outputs, Names>,
    each: (
      item: ItemOf<Outputs[Over]>,
      inputs: Reads<Outputs, Names>,
      context: StepContext,
    ) => Returned & BranchCheck<Returned, Name, Reads<Outputs, Names>>,
    options?: MapOptions<ItemOf<Outputs[Over]>, Fallback, ErrorOf<Returned> | StepFailed> & {
      readonly failures?: Failures;
    },
  ): Pipeline<
    Inputs,
    Outputs & {
      readonly [Key in Name]: ReadonlyArray<
        [Failures] extends ["collect"]
          ? Result<
              ExpansionOutputs<Name, ValueOf<Returned> | Fallback>[Name],
              ErrorOf<Returned> | BranchErrors<Returned> | StepFailed
            >
          : ExpansionOutputs<Name, ValueOf<Returned> | Fallback>[Name]
      >;
    },
    Failure | ([Failures] extends ["collect"] ? never : ErrorOf<Returned> | BranchErrors<Returned>),
    Services | NeedsOf<Returned> | BranchNeeds<Returned>
  >;

  /** Runs the case that `on` names. */
  switch<
    const Name extends string,
    const Names extends InputName<Outputs>,
    const Choice extends string,
    const Cases extends {
      readonly [Key in Choice]: (inputs: Reads<Outputs, Names>, context: StepContext) => unknown;
    },
  >(
    name: Name & Fresh<Name, Outputs>,
    inputs: ReadonlyArray<Names> & GlobsMatch<Outputs, Names>,
    on: (inputs: Reads<Outputs, Names>, context: StepContext) => Choice,
    cases: Cases & {
      readonly [Key in Exclude<keyof Cases, Choice>]: Mistake<"No choice leads to this case.">;
    } & {
      readonly [Key in keyof Cases]: Cases[Key] extends (...parameters: any) => infer Returned
        ? (
            inputs: Reads<Outputs, Names>,
            context: StepContext,
          ) => Returned & BranchCheck<Returned, Name, Reads<Outputs, Names>>
        : never;
    },
    options?: CommonOptions,
  ): Pipeline<
    Inputs,
    Outputs & ExpansionOutputs<Name, ValueOf<ReturnType<Cases[Choice]>>>,
    Failure | ErrorOf<ReturnType<Cases[Choice]>> | BranchErrors<ReturnType<Cases[Choice]>>,
    Services | NeedsOf<ReturnType<Cases[Choice]>> | BranchNeeds<ReturnType<Cases[Choice]>>
  >;

  /** Adds a standalone step, wired by name. */
  add<S extends AnyStep>(
    step: S & Fits<S, Outputs> & Fresh<StepName<S>, Outputs>,
  ): Pipeline<Inputs, Outputs & OutOf<S>, Failure | StepErrors<S>, Services | StepNeeds<S>>;
  /** Adds all steps of another pipeline, wired by name. */
  add<OtherInputs, OtherOutputs, OtherFailure, OtherServices>(
    pipeline: Typed<OtherInputs, OtherOutputs, OtherFailure, OtherServices> &
      ([Outputs] extends [OtherInputs]
        ? unknown
        : Mistake<"The pipeline reads an input that is not provided here, or is of another type.">),
  ): Pipeline<
    Inputs,
    Outputs & Omit<OtherOutputs, keyof OtherInputs>,
    Failure | OtherFailure,
    Services | OtherServices
  >;

  /** Adds standalone steps whose names share a template-literal type, as a family that globs read. */
  addAll<S extends AnyStep>(
    steps: Iterable<S & Fits<S, Outputs>>,
  ): Pipeline<Inputs, Outputs & OutOf<S>, Failure | StepErrors<S>, Services | StepNeeds<S>>;

  /** Says what a run returns; without it, all outputs. */
  returns<const Names extends keyof Outputs & string>(
    ...names: ReadonlyArray<Names>
  ): Pipeline<Inputs, { readonly [Name in Names]: Outputs[Name] }, Failure, Services>;

  /** The graph as data, before any run. */
  plan(): Plan;

  /** Runs the pipeline. */
  run(...parameters: RunParameters<Inputs>): Effect<Flat<Outputs>, Failure | RunError, Services>;

  /** Runs the pipeline and gives a Promise; offered where no service is missing. */
  runPromise(
    ...parameters: [Services] extends [never]
      ? RunParameters<Inputs>
      : [Mistake<"The pipeline needs services: give them with Effect.provide and use run.">]
  ): Promise<Flat<Outputs>>;

  /** Starts a run and gives its handle. */
  start(
    ...parameters: RunParameters<Inputs>
  ): Effect<Run<Flat<Outputs>, Failure | RunError>, InvalidInput, Services>;
}

type RunParameters<Inputs> = {} extends Inputs
  ? [inputs?: Inputs, options?: RunOptions]
  : [inputs: Inputs, options?: RunOptions];

/**
 * The inputs that a pipeline must be given.
 *
 * @public
 */
export type InputsOf<P> = P extends Typed<infer Inputs, any, any, any> ? Inputs : never;

/**
 * What a run of a pipeline gives.
 *
 * @public
 */
export type OutputsOf<P> = P extends Typed<any, infer Outputs, any, any> ? Flat<Outputs> : never;

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
