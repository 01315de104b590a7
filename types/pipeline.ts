/** The builder as the compiler sees it. */
import type { Effect } from "effect/Effect";
import type { Result } from "effect/Result";
import type { InvalidInput, RunError, StepFailed } from "../src/errors.ts";
import type { BranchCheck, InputCheck } from "./branches.ts";
import type { StepContext } from "./context.ts";
import type { Mistake } from "./mistake.ts";
import type { Fresh } from "./names.ts";
import type { CommonOptions, DynamicOptions, MapOptions, RunOptions, StepOptions } from "./options.ts";
import type { AddAll, AddOne, Flat, Lookup, NamesOf, PlainOutputs } from "./outputs.ts";
import type { Plan } from "./plan.ts";
import type {
  AllOutputs,
  BranchErrors,
  BranchNeeds,
  ExpansionOutputs,
  IsOne,
  PipelineTypes,
  StepOutputs,
  Typed,
  typesOf,
} from "./provided.ts";
import type { AnyGlob, GlobsMatch, Reads } from "./reads.ts";
import type { ErrorOf, NeedsOf, ValueOf } from "./returned.ts";
import type { Run } from "./run.ts";
import type { AnySchema, DecodedOf, DecodingNeeds, EncodedOf } from "./schema.ts";
import type { AnyStep, Fits, OutOf, StepErrors, StepName, StepNeeds } from "./step.ts";

/** Any pipeline, for members to find their own types by. */
interface AnyPipeline {
  readonly [typesOf]: PipelineTypes<any, any, any, any>;
}

type Types<This extends AnyPipeline> = This[typeof typesOf];
type In<This extends AnyPipeline> = Types<This>["inputs"];
type Out<This extends AnyPipeline> = Types<This>["outputs"];
type Fails<This extends AnyPipeline> = Types<This>["failure"];
type Needs<This extends AnyPipeline> = Types<This>["services"];
type Names<This extends AnyPipeline> = Types<This>["names"];

/** The outputs that a map can run over. Only what is iterable, and no strings. */
type IterableNames<Outputs, Name = NamesOf<Outputs>> = Name extends unknown
  ? Lookup<Outputs, Name> extends string
    ? never
    : Lookup<Outputs, Name> extends Iterable<unknown>
      ? Name
      : never
  : never;

type ItemOf<Items> = Items extends Iterable<infer Item> ? Item : never;

/** One output is added as one: that is the cheap and common case. */
type Adding<Outputs, Name extends string, Outs extends string, Added> = [Outs] extends [Name]
  ? IsOne<Outs> extends true
    ? AddOne<Outputs, Outs, Added[Outs & keyof Added]>
    : AddAll<Outputs, Added>
  : AddAll<Outputs, Added>;

/** What several outputs ask of the value that a step returns. */
type RecordCheck<Returned, Outs extends string> =
  IsOne<Outs> extends true
    ? unknown
    : Exclude<Outs, keyof ValueOf<Returned>> extends infer Missing extends string
      ? [Missing] extends [never]
        ? unknown
        : Mistake<`The step declares the output "${Missing}", and what it returns has none of that name.`>
      : unknown;

type CaseResults<Cases, Choice extends keyof Cases> = Cases[Choice] extends (
  ...parameters: any
) => infer Returned
  ? Returned
  : never;

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
  input<This extends AnyPipeline, const Name extends string, Schema extends AnySchema>(
    this: This,
    name: Name & Fresh<Name, Names<This>>,
    schema: Schema,
  ): Pipeline<
    Flat<In<This> & { readonly [Key in Name]: EncodedOf<Schema> }>,
    AddOne<Out<This>, Name, DecodedOf<Schema>>,
    Fails<This>,
    Needs<This> | DecodingNeeds<Schema>
  >;

  /** Adds a step. `run` returns a value, a Promise or an Effect. */
  step<
    This extends AnyPipeline,
    const Name extends string,
    const Read extends Names<This> | AnyGlob,
    Returned,
    const Outs extends string = Name,
    Fallback = never,
  >(
    this: This,
    name: Name & Fresh<Name, Names<This>>,
    inputs: ReadonlyArray<Read> & GlobsMatch<Out<This>, Read>,
    run: (inputs: Reads<Out<This>, Read>, context: StepContext) => Returned & RecordCheck<Returned, Outs>,
    options?: StepOptions<Outs, Fallback, ErrorOf<Returned> | StepFailed>,
  ): Pipeline<
    In<This>,
    Adding<Out<This>, Name, Outs, StepOutputs<Outs, ValueOf<Returned> | Fallback>>,
    Fails<This> | ErrorOf<Returned>,
    Needs<This> | NeedsOf<Returned>
  >;

  /** Adds a step whose function looks at its inputs and returns a pipeline, or a direct value. Exposes all outputs. */
  dynamic<
    This extends AnyPipeline,
    const Name extends string,
    const Read extends Names<This> | AnyGlob,
    Returned,
  >(
    this: This,
    name: Name & Fresh<Name, Names<This>>,
    inputs: ReadonlyArray<Read> & GlobsMatch<Out<This>, Read>,
    expand: (
      inputs: Reads<Out<This>, Read>,
      context: StepContext,
    ) => Returned & InputCheck<Returned, Reads<Out<This>, Read>>,
    options: DynamicOptions<never> & { readonly outputs: "all" },
  ): Pipeline<
    In<This>,
    AddAll<Out<This>, AllOutputs<ValueOf<Returned>>>,
    Fails<This> | ErrorOf<Returned> | BranchErrors<Returned>,
    Needs<This> | NeedsOf<Returned> | BranchNeeds<Returned>
  >;
  /** Adds a step whose function looks at its inputs and returns a pipeline, or a direct value. */
  dynamic<
    This extends AnyPipeline,
    const Name extends string,
    const Read extends Names<This> | AnyGlob,
    Returned,
    const Outs extends string = Name,
    Fallback = never,
  >(
    this: This,
    name: Name & Fresh<Name, Names<This>>,
    inputs: ReadonlyArray<Read> & GlobsMatch<Out<This>, Read>,
    expand: (
      inputs: Reads<Out<This>, Read>,
      context: StepContext,
    ) => Returned & BranchCheck<Returned, Outs, Reads<Out<This>, Read>>,
    options?: StepOptions<Outs, Fallback, ErrorOf<Returned> | BranchErrors<Returned> | StepFailed>,
  ): Pipeline<
    In<This>,
    Adding<Out<This>, Name, Outs, ExpansionOutputs<Outs, ValueOf<Returned> | Fallback>>,
    Fails<This> | ErrorOf<Returned> | BranchErrors<Returned>,
    Needs<This> | NeedsOf<Returned> | BranchNeeds<Returned>
  >;

  /** Runs `each` for each item of an output, and gives what it gave in the order of the items. */
  map<
    This extends AnyPipeline,
    const Name extends string,
    const Over extends IterableNames<Out<This>>,
    const Read extends Names<This> | AnyGlob,
    Returned,
    const Failures extends "fail" | "collect" = "fail",
    Fallback = never,
  >(
    this: This,
    name: Name & Fresh<Name, Names<This>>,
    over: Over,
    inputs: ReadonlyArray<Read> & GlobsMatch<Out<This>, Read>,
    each: (
      item: ItemOf<Lookup<Out<This>, Over>>,
      inputs: Reads<Out<This>, Read>,
      context: StepContext,
    ) => Returned & BranchCheck<Returned, Name, Reads<Out<This>, Read>>,
    options?: MapOptions<
      ItemOf<Lookup<Out<This>, Over>>,
      Fallback,
      ErrorOf<Returned> | BranchErrors<Returned> | StepFailed
    > & { readonly failures?: Failures },
  ): Pipeline<
    In<This>,
    AddOne<
      Out<This>,
      Name,
      ReadonlyArray<
        [Failures] extends ["collect"]
          ? Result<
              ExpansionOutputs<Name, ValueOf<Returned> | Fallback>[Name],
              ErrorOf<Returned> | BranchErrors<Returned> | StepFailed
            >
          : ExpansionOutputs<Name, ValueOf<Returned> | Fallback>[Name]
      >
    >,
    Fails<This> | ([Failures] extends ["collect"] ? never : ErrorOf<Returned> | BranchErrors<Returned>),
    Needs<This> | NeedsOf<Returned> | BranchNeeds<Returned>
  >;

  /** Runs the case that `on` names. */
  switch<
    This extends AnyPipeline,
    const Name extends string,
    const Read extends Names<This> | AnyGlob,
    const Choice extends string,
    const Cases extends {
      readonly [Key in Choice]: (inputs: Reads<Out<This>, Read>, context: StepContext) => unknown;
    },
  >(
    this: This,
    name: Name & Fresh<Name, Names<This>>,
    inputs: ReadonlyArray<Read> & GlobsMatch<Out<This>, Read>,
    on: (inputs: Reads<Out<This>, Read>, context: StepContext) => Choice,
    cases: Cases & {
      readonly [Key in Exclude<
        keyof Cases,
        Choice
      >]: Mistake<`No choice leads to the case "${Key & string}".`>;
    } & {
      readonly [Key in Choice]: (
        inputs: Reads<Out<This>, Read>,
        context: StepContext,
      ) => BranchCheck<CaseResults<Cases, Key & keyof Cases>, Name, Reads<Out<This>, Read>>;
    },
    options?: CommonOptions,
  ): Pipeline<
    In<This>,
    AddOne<Out<This>, Name, ExpansionOutputs<Name, ValueOf<CaseResults<Cases, Choice>>>[Name]>,
    Fails<This> | ErrorOf<CaseResults<Cases, Choice>> | BranchErrors<CaseResults<Cases, Choice>>,
    Needs<This> | NeedsOf<CaseResults<Cases, Choice>> | BranchNeeds<CaseResults<Cases, Choice>>
  >;

  /** Adds a standalone step, wired by name. */
  add<This extends AnyPipeline, S extends AnyStep>(
    this: This,
    step: S & Fits<S, Out<This>> & Fresh<StepName<S>, Names<This>>,
  ): Pipeline<In<This>, AddAll<Out<This>, OutOf<S>>, Fails<This> | StepErrors<S>, Needs<This> | StepNeeds<S>>;
  /** Adds all steps of another pipeline, wired by name. */
  add<This extends AnyPipeline, OtherInputs, OtherOutputs, OtherFailure, OtherServices>(
    this: This,
    pipeline: Typed<OtherInputs, OtherOutputs, OtherFailure, OtherServices> &
      ([PlainOutputs<Out<This>>] extends [OtherInputs]
        ? unknown
        : Mistake<"The pipeline reads an input that is not provided here, or is of another type.">),
  ): Pipeline<
    In<This>,
    AddAll<Out<This>, Omit<PlainOutputs<OtherOutputs>, keyof OtherInputs>>,
    Fails<This> | OtherFailure,
    Needs<This> | OtherServices
  >;

  /** Adds standalone steps whose names share a template-literal type, as a family that globs read. */
  addAll<This extends AnyPipeline, S extends AnyStep>(
    this: This,
    steps: Iterable<S & Fits<S, Out<This>>>,
  ): Pipeline<In<This>, AddAll<Out<This>, OutOf<S>>, Fails<This> | StepErrors<S>, Needs<This> | StepNeeds<S>>;

  /** Says what a run returns; without it, all outputs. */
  returns<This extends AnyPipeline, const Returned extends Names<This>>(
    this: This,
    ...names: ReadonlyArray<Returned>
  ): Pipeline<In<This>, { readonly [Name in Returned]: Lookup<Out<This>, Name> }, Fails<This>, Needs<This>>;

  /** The graph as data, before any run. */
  plan(): Plan;

  /** Runs the pipeline. */
  run<This extends AnyPipeline>(
    this: This,
    ...parameters: RunParameters<In<This>>
  ): Effect<PlainOutputs<Out<This>>, Fails<This> | RunError, Needs<This>>;

  /** Runs the pipeline and gives a Promise; offered where no service is missing. */
  runPromise<This extends AnyPipeline>(
    this: This,
    ...parameters: [Needs<This>] extends [never]
      ? RunParameters<In<This>>
      : [Mistake<"The pipeline needs services: use run, and give them with Effect.provide.">]
  ): Promise<PlainOutputs<Out<This>>>;

  /** Starts a run and gives its handle. */
  start<This extends AnyPipeline>(
    this: This,
    ...parameters: RunParameters<In<This>>
  ): Effect<Run<PlainOutputs<Out<This>>, Fails<This> | RunError>, InvalidInput, Needs<This>>;
}

type RunParameters<Inputs> = {} extends Inputs
  ? [inputs?: Inputs, options?: RunOptions]
  : [inputs: Inputs, options?: RunOptions];

/**
 * A pipeline: an immutable value with the types of what it is given, what it gives, how it can fail and which services
 * it needs. Each member gives a new pipeline.
 *
 * @public
 */
export interface Pipeline<in out Inputs, in out Outputs, Failure, Services>
  extends PipelineMembers,
    Typed<Inputs, Outputs, Failure, Services> {}

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
