/** The builder as the compiler sees it. */
import type { Input as DurationInput } from "effect/Duration";
import type { Effect } from "effect/Effect";
import type { Result } from "effect/Result";
import type { InvalidInput, RunError, StepFailed } from "../src/errors.ts";
import type { Part, PartErrors, PartNeeds, PartOutputs, Parts, PartsOutputs, UnionOutputs } from "./added.ts";
import type { AllBranches, Branches } from "./branches.ts";
import type { AnyChoice, CaseResults, CaseType, CheckedCases, CheckedChoice, Choices } from "./cases.ts";
import type { StepContext } from "./context.ts";
import type { IsOne, NewName, OneNewName } from "./names.ts";
import type {
  CommonOptions,
  DynamicOptions,
  MapOptions,
  RunOptions,
  StepOptions,
  WaitOptions,
} from "./options.ts";
import type { AddAll, AddInput, AddMany, AddOne, AreMany, Lookup, PlainOutputs } from "./outputs.ts";
import type { Plan } from "./plan.ts";
import type {
  AllOutputs,
  AnyPipeline,
  BranchErrors,
  BranchNeeds,
  DeclaredOutput,
  ExpansionOutputs,
  StepOutputs,
  Typed,
  typesOf,
} from "./provided.ts";
import type { Given, ItemOf, Items, Mappable, Readable, ReadNames, Keepable, Returnable } from "./reads.ts";
import type { ErrorOf, FallbackError, FallbackNeeds, FallbackValue, NeedsOf, ValueOf } from "./returned.ts";
import type { Run } from "./run.ts";
import type { AnySchema, DecodedOf, DecodingNeeds, EncodedOf } from "./schema.ts";

type Types<This extends AnyPipeline> = This[typeof typesOf];
type In<This extends AnyPipeline> = Types<This>["inputs"];
type Out<This extends AnyPipeline> = Types<This>["outputs"];
type Fails<This extends AnyPipeline> = Types<This>["failure"];
type Needs<This extends AnyPipeline> = Types<This>["services"];
type Names<This extends AnyPipeline> = Types<This>["names"];
type Taken<This extends AnyPipeline> = Types<This>["taken"];

/** One output is added as one: that is the cheap and common case. */
type Adding<Outputs, Name extends string, Outs extends string, Added> = [Outs] extends [Name]
  ? AddOne<Outputs, `${Outs}`, Added[Outs & keyof Added]>
  : IsOne<Outs> extends true
    ? AddOne<Outputs, `${Outs}`, Added[Outs & keyof Added]>
    : AddAll<Outputs, Added>;

/** What a plain step adds: the value itself under one name, or a record of it under several. */
type AddingStep<Outputs, Outs extends string, Value> =
  IsOne<Outs> extends true ? AddOne<Outputs, `${Outs}`, Value> : AddAll<Outputs, StepOutputs<Outs, Value>>;

/** A fallback stands for whatever error there was; what it gives may fail in its turn. */
export type Remaining<Failure, Fallback> = [Fallback] extends [never] ? Failure : FallbackError<Fallback>;

/**
 * The members of a pipeline. They find the pipeline's types through `this`: so the compiler, when a step is added, need
 * not look through all outputs once for each member.
 *
 * @public
 */
export interface PipelineMembers {
  /** The pipeline's name. */
  readonly name: string;

  /** Declares a value that is given from outside, and decoded when a run starts. */
  input<This extends AnyPipeline, const Name extends string, Schema>(
    this: This,
    name: OneNewName<Name, Taken<This>, Types<This>["all"]>,
    schema: Schema extends AnySchema
      ? Schema
      : "An input is declared by an Effect Schema, a Standard Schema (zod, valibot, arktype) or type<T>().",
  ): Pipeline<
    AddInput<In<This>, Out<This>, Name, EncodedOf<Schema>>,
    AddOne<Out<This>, `${Name}`, DecodedOf<Schema>>,
    Fails<This>,
    Needs<This> | DecodingNeeds<Schema>
  >;

  /** Adds a step. `run` returns a value, a Promise or an Effect. */
  step<
    This extends AnyPipeline,
    const Name extends string,
    const Read extends string,
    Returned = any,
    const Outs extends string = Name,
    Fallback = never,
  >(
    this: This,
    name: OneNewName<Name, Taken<This>, Types<This>["all"]>,
    inputs: ReadonlyArray<Readable<Read, Out<This>, Names<This>, Name>>,
    run: (
      inputs: { readonly [Each in ReadNames<Read, Names<This>>]: Given<Out<This>, `${Each}`> },
      context: StepContext,
    ) => Returned,
    options?: StepOptions<
      DeclaredOutput<Outs, Returned | Fallback, Taken<This>>,
      Fallback,
      ErrorOf<Returned> | StepFailed
    >,
  ): Pipeline<
    In<This>,
    AddingStep<Out<This>, Outs, ValueOf<Returned> | FallbackValue<Fallback>>,
    Fails<This> | Remaining<ErrorOf<Returned>, Fallback>,
    Needs<This> | NeedsOf<Returned> | FallbackNeeds<Fallback>
  >;

  /** Adds a step whose function looks at its inputs and returns a pipeline, or a direct value. */
  dynamic<
    This extends AnyPipeline,
    const Name extends string,
    const Read extends string,
    Returned = any,
    const Outs extends string = Name,
    const All extends "all" | ReadonlyArray<string> = readonly [],
    Fallback = never,
  >(
    this: This,
    name: OneNewName<Name, Taken<This>, Types<This>["all"]>,
    inputs: ReadonlyArray<Readable<Read, Out<This>, Names<This>, Name>>,
    expand: (
      inputs: { readonly [Each in ReadNames<Read, Names<This>>]: Given<Out<This>, `${Each}`> },
      context: StepContext,
    ) => [All] extends ["all"]
      ? AllBranches<
          Returned,
          Taken<This>,
          { readonly [Each in ReadNames<Read, Names<This>>]: Given<Out<This>, `${Each}`> }
        >
      : Branches<
          Returned,
          Outs,
          { readonly [Each in ReadNames<Read, Names<This>>]: Given<Out<This>, `${Each}`> }
        >,
    options?: DynamicOptions<
      NewName<Outs, Taken<This>>,
      Fallback,
      ErrorOf<Returned> | BranchErrors<Returned> | StepFailed,
      All
    >,
  ): Pipeline<
    In<This>,
    [All] extends ["all"]
      ? AddAll<Out<This>, AllOutputs<ValueOf<Returned> | FallbackValue<Fallback>>>
      : Adding<Out<This>, Name, Outs, ExpansionOutputs<Outs, ValueOf<Returned> | FallbackValue<Fallback>>>,
    Fails<This> | Remaining<ErrorOf<Returned> | BranchErrors<Returned>, Fallback>,
    Needs<This> | NeedsOf<Returned> | FallbackNeeds<Fallback> | BranchNeeds<Returned>
  >;

  /** Runs `each` for each item of an output, and gives what it gave in the order of the items. */
  map<
    This extends AnyPipeline,
    const Name extends string,
    const Over extends string,
    const Read extends string,
    Returned = any,
    const Failures extends "fail" | "collect" = "fail",
    Fallback = never,
  >(
    this: This,
    name: OneNewName<Name, Taken<This>, Types<This>["all"]>,
    over: Mappable<Over, Out<This>, Names<This>, Name>,
    inputs: ReadonlyArray<Readable<Read, Out<This>, Names<This>, Name>>,
    each: (
      item: ItemOf<Over, Out<This>, Names<This>>,
      inputs: { readonly [Each in ReadNames<Read, Names<This>>]: Given<Out<This>, `${Each}`> },
      context: StepContext,
    ) => Branches<
      Returned,
      Name,
      { readonly [Each in ReadNames<Read, Names<This>>]: Given<Out<This>, `${Each}`> }
    >,
    options?: MapOptions<
      ItemOf<Over, Out<This>, Names<This>>,
      Fallback,
      ErrorOf<Returned> | BranchErrors<Returned> | StepFailed
    > & {
      /** `"fail"`: the first item that fails fails the map. `"collect"`: each item gives a `Result`. */
      readonly failures?: Failures;
    },
  ): Pipeline<
    In<This>,
    AddOne<
      Out<This>,
      `${Name}`,
      ReadonlyArray<
        [Failures] extends ["collect"]
          ? Result<
              ExpansionOutputs<Name, ValueOf<Returned> | FallbackValue<Fallback>>[Name],
              ErrorOf<Returned> | BranchErrors<Returned> | StepFailed
            >
          : ExpansionOutputs<Name, ValueOf<Returned> | FallbackValue<Fallback>>[Name]
      >
    >,
    | Fails<This>
    | ([Failures] extends ["collect"]
        ? never
        : Remaining<ErrorOf<Returned> | BranchErrors<Returned>, Fallback>),
    Needs<This> | NeedsOf<Returned> | FallbackNeeds<Fallback> | BranchNeeds<Returned>
  >;

  /** Runs the case that `on` names. */
  switch<
    This extends AnyPipeline,
    const Name extends string,
    const Read extends string,
    const On extends AnyChoice,
    const Cases extends CaseType<
      Choices<On>,
      { readonly [Each in ReadNames<Read, Names<This>>]: Given<Out<This>, `${Each}`> }
    >,
  >(
    this: This,
    name: OneNewName<Name, Taken<This>, Types<This>["all"]>,
    inputs: ReadonlyArray<Readable<Read, Out<This>, Names<This>, Name>>,
    on: (
      inputs: { readonly [Each in ReadNames<Read, Names<This>>]: Given<Out<This>, `${Each}`> },
      context: StepContext,
    ) => CheckedChoice<On>,
    cases: Cases &
      CheckedCases<
        Cases,
        Choices<On>,
        Name,
        { readonly [Each in ReadNames<Read, Names<This>>]: Given<Out<This>, `${Each}`> }
      >,
    options?: CommonOptions,
  ): Pipeline<
    In<This>,
    AddOne<Out<This>, `${Name}`, ExpansionOutputs<Name, ValueOf<CaseResults<Cases>>>[Name]>,
    Fails<This> | ErrorOf<On> | ErrorOf<CaseResults<Cases>> | BranchErrors<CaseResults<Cases>>,
    Needs<This> | NeedsOf<On> | NeedsOf<CaseResults<Cases>> | BranchNeeds<CaseResults<Cases>>
  >;

  /** Adds a step that waits for a value from outside, which `Signal.send` gives to a run that goes on or has stopped. */
  await<This extends AnyPipeline, const Name extends string, Schema, const Read extends string = never>(
    this: This,
    name: OneNewName<Name, Taken<This>, Types<This>["all"]>,
    schema: Schema extends AnySchema
      ? Schema
      : "What a step waits for is declared by an Effect Schema, a Standard Schema (zod, valibot, arktype) or type<T>().",
    options?: WaitOptions<Readable<Read, Out<This>, Names<This>, Name>>,
  ): Pipeline<
    In<This>,
    AddOne<Out<This>, `${Name}`, DecodedOf<Schema>>,
    Fails<This>,
    Needs<This> | DecodingNeeds<Schema>
  >;

  /**
   * Adds a step that waits for a length of time, or until a date, which a function can compute from the outputs in
   * `after`. Its output is undefined: other steps read it to begin after it.
   */
  sleep<This extends AnyPipeline, const Name extends string, const Read extends string = never>(
    this: This,
    name: OneNewName<Name, Taken<This>, Types<This>["all"]>,
    duration:
      | DurationInput
      | Date
      | ((
          inputs: { readonly [Each in ReadNames<Read, Names<This>>]: Given<Out<This>, `${Each}`> },
        ) => DurationInput | Date),
    options?: WaitOptions<Readable<Read, Out<This>, Names<This>, Name>>,
  ): Pipeline<In<This>, AddOne<Out<This>, `${Name}`, undefined>, Fails<This>, Needs<This>>;

  /** Adds a standalone step, or all steps of another pipeline, wired by name. */
  add<This extends AnyPipeline, Added>(
    this: This,
    part: Part<Added, Out<This>, Taken<This>>,
  ): Pipeline<
    In<This>,
    AddAll<Out<This>, PartOutputs<Added>>,
    Fails<This> | PartErrors<Added>,
    Needs<This> | PartNeeds<Added>
  >;

  /** Adds standalone steps whose names share a template-literal type, as a family that globs read. */
  addAll<This extends AnyPipeline, const Steps extends Iterable<unknown>>(
    this: This,
    steps: Parts<Steps, Out<This>, Taken<This>>,
  ): Pipeline<
    In<This>,
    AreMany<Steps> extends true
      ? AddMany<Out<This>, UnionOutputs<Items<Steps>>>
      : AddAll<Out<This>, PartsOutputs<Items<Steps>>>,
    Fails<This> | PartErrors<Items<Steps>>,
    Needs<This> | PartNeeds<Items<Steps>>
  >;

  /** Says what a run returns; without it, all outputs. */
  returns<This extends AnyPipeline, const Returned extends string>(
    this: This,
    ...names: ReadonlyArray<Returnable<Returned, Names<This>>>
  ): Pipeline<
    In<This>,
    { readonly [Name in ReadNames<Returned, Names<This>>]: Lookup<Out<This>, `${Name}`> },
    Fails<This>,
    Needs<This>
  >;

  /** The pipeline reduced to the steps that these outputs need. It returns these outputs, and keeps all inputs. */
  only<This extends AnyPipeline, const Kept extends string>(
    this: This,
    ...names: readonly [Keepable<Kept, Names<This>>, ...Array<Keepable<Kept, Names<This>>>]
  ): Pipeline<
    In<This>,
    { readonly [Name in ReadNames<Kept, Names<This>>]: Lookup<Out<This>, `${Name}`> },
    Fails<This>,
    Needs<This>
  >;

  /** The graph as data, before any run. */
  plan(): Plan;

  /** Runs the pipeline. */
  run<This extends AnyPipeline>(
    this: This,
    ...parameters: RunParameters<In<This>>
  ): Effect<PlainOutputs<Out<This>>, Fails<This> | RunError, Needs<This>>;

  /** Starts a run and gives its handle. */
  start<This extends AnyPipeline>(
    this: This,
    ...parameters: RunParameters<In<This>>
  ): Effect<Run<PlainOutputs<Out<This>>, Fails<This> | RunError>, InvalidInput, Needs<This>>;
}

type RunParameters<Inputs> = {} extends Inputs
  ? [inputs?: Inputs, options?: RunOptions]
  : [inputs: Inputs, options?: RunOptions];

type RunPromise<Inputs, Outputs, Services> = [Services] extends [never]
  ? (...parameters: RunParameters<Inputs>) => Promise<PlainOutputs<Outputs>>
  : NeedsRun<(...parameters: RunParameters<Inputs>) => Promise<PlainOutputs<Outputs>>, Services>;

/** The sentence. Where the services are `any` there may be none: both, so that every pipeline is a `Pipeline<any, any, any, any>`. */
type NeedsRun<Call, Service, Services = Service> = Service extends typeof typesOf
  ? Call
  : ["The pipeline needs services, so it has no runPromise: use run, and provide", Services];

/**
 * A pipeline: an immutable value with the types of what it is given, what it gives, how it can fail and which services
 * it needs. Each member gives a new pipeline.
 *
 * @public
 */
export interface Pipeline<in out Inputs, in out Outputs, out Failure, out Services>
  extends PipelineMembers,
    Typed<Inputs, Outputs, Failure, Services> {
  /** Runs the pipeline and gives a Promise. Only where no service is missing: else it is a sentence that names them. */
  readonly runPromise: RunPromise<Inputs, Outputs, Services>;
}

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
