/** The builder as the compiler sees it. */
import type { Input as DurationInput } from "effect/Duration";
import type { Effect } from "effect/Effect";
import type { OpenError, RunError, StepFailed } from "../src/errors.ts";
import type {
  LaxOutputs,
  Part,
  PartErrors,
  PartNeeds,
  PartOutputs,
  PartsOutputs,
  UnionOutputs,
} from "./added.ts";
import type { AllBranches, Branches, FallbackBranch } from "./branches.ts";
import type { AnyChoice, CaseResults, CaseType, CheckedCases, CheckedChoice, Choices } from "./cases.ts";
import type { StepContext } from "./context.ts";
import type { AddedName, InputName, IsOne } from "./names.ts";
import type {
  DynamicOptions,
  MapOptions,
  RunOptions,
  StepOptions,
  SwitchOptions,
  WaitOptions,
} from "./options.ts";
import type { Anything } from "./anything.ts";
import type {
  AddAll,
  AddInput,
  AddMany,
  AddNamed,
  AddOne,
  AreMany,
  NamesOf,
  PlainOutputs,
  TakenBy,
} from "./outputs.ts";
import type { Plan } from "./plan.ts";
import type {
  AnyPipeline,
  BranchErrors,
  BranchNeeds,
  DynamicOutputs,
  DynamicValue,
  ExpansionOutputs,
  ExposedList,
  ExposedNames,
  ManyOutputsMark,
  MappedValue,
  MergedRecords,
  OutputList,
  StepOutputs,
  Typed,
  typesOf,
} from "./provided.ts";
import type {
  GivenInputs,
  InputList,
  IsSureList,
  ItemOf,
  Items,
  KeptList,
  Mappable,
  ReturnedList,
  ReturnedOutputs,
} from "./reads.ts";
import type {
  ErrorOf,
  FallbackError,
  FallbackNeeds,
  FallbackValue,
  NeedsOf,
  ValueIn,
  ValueOf,
} from "./returned.ts";
import type { PromiseRun, Run } from "./run.ts";
import type {
  AnySchema,
  Decoded,
  DecodedOf,
  DecodingNeeds,
  EncodedOf,
  FitSchema,
  NoSchema,
  ServicesIn,
} from "./schema.ts";
import type { Parts } from "./together.ts";

type Types<This extends AnyPipeline> = This[typeof typesOf];
type In<This extends AnyPipeline> = Types<This>["inputs"];
type Out<This extends AnyPipeline> = OutOf<Types<This>["many"], Types<This>["few"]>;
type OutOf<Many, Few> = Many extends ManyOutputsMark ? Many : Few;
type Fails<This extends AnyPipeline> = Types<This>["failure"];
type Needs<This extends AnyPipeline> = Types<This>["services"];
type Names<This extends AnyPipeline> = NamesOf<Out<This>>;
type Taken<This extends AnyPipeline> = TakenBy<Out<This>>;

/** What a plain step adds: the value itself under one name, or a record of it under several. */
type AddingStep<Outputs, Name extends string, List, Value> = [List] extends [never]
  ? AddNamed<Outputs, Name, Value>
  : List extends ReadonlyArray<never>
    ? AddNamed<Outputs, Name, Value>
    : List extends ReadonlyArray<string>
      ? AddAll<Outputs, StepOutputs<List, Value>>
      : never;

/** What a dynamic step adds. One output is added as one: that is the cheap and common case. */
type AddingDynamic<Outputs, Name extends string, List, Value, Fallback, Schema> = [List] extends [never]
  ? IsOne<Name> extends true
    ? AddOne<Outputs, `${Name}`, ExpandedValue<Name, Value, Fallback, Schema>>
    : AddAll<Outputs, DynamicOutputs<Name, List, Value, Fallback, Schema>>
  : AddAll<Outputs, DynamicOutputs<Name, List, Value, Fallback, Schema>>;

/** What a dynamic step's function returns, where each branch fits; else the sentence. */
export type ExpandReturn<Returned, Name extends string, List, Taken, Inputs> = [List] extends ["all"]
  ? [List] extends [never]
    ? Branches<Returned, Name, Inputs>
    : AllBranches<Returned, Taken, Inputs>
  : Branches<Returned, ExposedNames<Name, List>, Inputs>;

/** The value of one item of a map, and of a switch. */
type ExpandedValue<Name extends string, Value, Fallback, Schema> = [Schema] extends [never]
  ? ExpansionOutputs<Name, Value | Fallback>[Name]
  : DecodedOf<Schema> | ExpansionOutputs<Name, Fallback>[Name];

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
    name: InputName<Name, Taken<This>, Types<This>["all"]>,
    schema: Schema extends AnySchema ? Schema : NoSchema,
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
    const List extends ReadonlyArray<string>,
    Returned = Anything,
    const Outs extends ReadonlyArray<string> = never,
    Fallback = never,
    Schema = never,
  >(
    this: This,
    name: AddedName<Name, Taken<This>, Types<This>["all"]>,
    inputs: InputList<List, Out<This>, Names<This>, Name>,
    run: (inputs: GivenInputs<List, Out<This>, Names<This>>, context: StepContext) => Returned,
    options?: StepOptions<
      OutputList<Outs, Returned | Fallback, Taken<This>>,
      Fallback,
      ErrorOf<Returned> | StepFailed,
      [inputs: GivenInputs<List, Out<This>, Names<This>>],
      FitSchema<Schema, ValueOf<Returned>, Name>
    >,
  ): Pipeline<
    In<This>,
    AddingStep<Out<This>, Name, Outs, Decoded<Schema, ValueIn<Name, Returned>> | FallbackValue<Fallback>>,
    Fails<This> | Remaining<ErrorOf<Returned>, Fallback>,
    Needs<This> | NeedsOf<Returned> | FallbackNeeds<Fallback> | ServicesIn<Schema>
  >;

  /** Adds a step whose function looks at its inputs and returns a pipeline, or a direct value. */
  dynamic<
    This extends AnyPipeline,
    const Name extends string,
    const List extends ReadonlyArray<string>,
    Returned = Anything,
    const Outs extends "all" | ReadonlyArray<string> = never,
    Fallback = never,
    Schema = never,
  >(
    this: This,
    name: AddedName<Name, Taken<This>, Types<This>["all"]>,
    inputs: InputList<List, Out<This>, Names<This>, Name>,
    expand: (
      inputs: GivenInputs<List, Out<This>, Names<This>>,
      context: StepContext,
    ) => ExpandReturn<Returned, Name, Outs, Taken<This>, GivenInputs<List, Out<This>, Names<This>>>,
    options?: DynamicOptions<
      ExposedList<Outs, Taken<This>>,
      Fallback,
      ErrorOf<Returned> | BranchErrors<Returned> | StepFailed,
      [inputs: GivenInputs<List, Out<This>, Names<This>>],
      FitSchema<Schema, DynamicValue<ExposedNames<Name, Outs>, ValueOf<Returned>>, Name>
    > & {
      /** A pipeline must provide what the step exposes. */
      readonly fallback?: FallbackBranch<
        Fallback,
        ExposedNames<Name, Outs>,
        GivenInputs<List, Out<This>, Names<This>>
      >;
    },
  ): Pipeline<
    In<This>,
    AddingDynamic<Out<This>, Name, Outs, ValueIn<Name, Returned>, FallbackValue<Fallback>, Schema>,
    Fails<This> | Remaining<ErrorOf<Returned> | BranchErrors<Returned>, Fallback> | BranchErrors<Fallback>,
    | Needs<This>
    | NeedsOf<Returned>
    | FallbackNeeds<Fallback>
    | BranchNeeds<Returned>
    | BranchNeeds<Fallback>
    | ServicesIn<Schema>
  >;

  /** Runs `each` for each item of an output, and provides the results in the order of the items. */
  map<
    This extends AnyPipeline,
    const Name extends string,
    const Over extends string,
    const List extends ReadonlyArray<string>,
    Returned = any,
    const Failures extends "fail" | "collect" = "fail",
    Fallback = never,
    Schema = never,
    Enough extends number = never,
  >(
    this: This,
    name: AddedName<Name, Taken<This>, Types<This>["all"]>,
    over: Mappable<Over, Out<This>, Names<This>, Name>,
    inputs: InputList<List, Out<This>, Names<This>, Name>,
    each: (
      item: ItemOf<Over, Out<This>, Names<This>>,
      inputs: GivenInputs<List, Out<This>, Names<This>>,
      context: StepContext,
    ) => Branches<Returned, Name, GivenInputs<List, Out<This>, Names<This>>>,
    options?: MapOptions<
      ItemOf<Over, Out<This>, Names<This>>,
      Fallback,
      ErrorOf<Returned> | BranchErrors<Returned> | StepFailed,
      [item: ItemOf<Over, Out<This>, Names<This>>, inputs: GivenInputs<List, Out<This>, Names<This>>],
      Failures,
      FitSchema<Schema, DynamicValue<Name, ValueOf<Returned>>, Name>,
      Enough
    > & {
      /** A pipeline must provide what the step exposes. */
      readonly fallback?: FallbackBranch<Fallback, Name, GivenInputs<List, Out<This>, Names<This>>>;
    },
  ): Pipeline<
    In<This>,
    AddNamed<
      Out<This>,
      Name,
      MappedValue<
        Failures,
        ExpandedValue<Name, ValueIn<Name, Returned>, FallbackValue<Fallback>, Schema>,
        ErrorOf<Returned> | BranchErrors<Returned> | StepFailed
      >
    >,
    | Fails<This>
    | (["fail", Enough] extends [Failures, never]
        ? Remaining<ErrorOf<Returned> | BranchErrors<Returned>, Fallback> | BranchErrors<Fallback>
        : never),
    | Needs<This>
    | NeedsOf<Returned>
    | FallbackNeeds<Fallback>
    | BranchNeeds<Returned>
    | BranchNeeds<Fallback>
    | ServicesIn<Schema>
  >;

  /** Runs the case that `on` names. */
  switch<
    This extends AnyPipeline,
    const Name extends string,
    const List extends ReadonlyArray<string>,
    const On extends AnyChoice,
    const Cases extends CaseType<Choices<On>, GivenInputs<List, Out<This>, Names<This>>>,
    Schema = never,
  >(
    this: This,
    name: AddedName<Name, Taken<This>, Types<This>["all"]>,
    inputs: InputList<List, Out<This>, Names<This>, Name>,
    on: (inputs: GivenInputs<List, Out<This>, Names<This>>, context: StepContext) => CheckedChoice<On>,
    cases: Cases & CheckedCases<Cases, Choices<On>, Name, GivenInputs<List, Out<This>, Names<This>>>,
    options?: SwitchOptions<
      [inputs: GivenInputs<List, Out<This>, Names<This>>],
      ErrorOf<CaseResults<Cases>> | BranchErrors<CaseResults<Cases>> | StepFailed,
      FitSchema<Schema, DynamicValue<Name, ValueOf<CaseResults<Cases>>>, Name>
    >,
  ): Pipeline<
    In<This>,
    AddNamed<Out<This>, Name, ExpandedValue<Name, ValueIn<Name, CaseResults<Cases>>, never, Schema>>,
    Fails<This> | ErrorOf<On> | ErrorOf<CaseResults<Cases>> | BranchErrors<CaseResults<Cases>>,
    | Needs<This>
    | NeedsOf<On>
    | NeedsOf<CaseResults<Cases>>
    | BranchNeeds<CaseResults<Cases>>
    | ServicesIn<Schema>
  >;

  /** Adds a step that waits for a value from outside, which `Signal.send` gives to a run, under way or not. */
  await<
    This extends AnyPipeline,
    const Name extends string,
    Schema,
    const List extends ReadonlyArray<string> = never,
    Fallback = never,
  >(
    this: This,
    name: AddedName<Name, Taken<This>, Types<This>["all"]>,
    schema: Schema extends AnySchema ? Schema : NoSchema,
    options?: WaitOptions<
      InputList<List, Out<This>, Names<This>, Name>,
      GivenInputs<List, Out<This>, Names<This>>,
      Fallback
    >,
  ): Pipeline<
    In<This>,
    AddNamed<Out<This>, Name, DecodedOf<Schema> | FallbackValue<Fallback>>,
    Fails<This> | FallbackError<Fallback>,
    Needs<This> | DecodingNeeds<Schema> | FallbackNeeds<Fallback>
  >;

  /**
   * Adds a step that waits for a length of time, or until a date, which a function can compute from the outputs in
   * `after`. Its output is undefined: other steps read it to begin after it.
   */
  sleep<
    This extends AnyPipeline,
    const Name extends string,
    const List extends ReadonlyArray<string> = never,
  >(
    this: This,
    name: AddedName<Name, Taken<This>, Types<This>["all"]>,
    duration:
      | DurationInput
      | Date
      | ((inputs: GivenInputs<List, Out<This>, Names<This>>) => DurationInput | Date),
    options?: WaitOptions<InputList<List, Out<This>, Names<This>, Name>>,
  ): Pipeline<In<This>, AddNamed<Out<This>, Name, undefined>, Fails<This>, Needs<This>>;

  /** Adds a standalone step, or all steps of another pipeline, wired by name. Of one of several: maybe outputs. */
  add<This extends AnyPipeline, Added>(
    this: This,
    part: Part<Added, Out<This>, Taken<This>>,
  ): Pipeline<
    In<This>,
    AddAll<Out<This>, IsOne<Added> extends true ? PartOutputs<Added> : MergedRecords<PartOutputs<Added>>>,
    Fails<This> | PartErrors<Added>,
    Needs<This> | PartNeeds<Added>
  >;

  /** Adds standalone steps, which may read each other. Those whose names share a template-literal type are a family. */
  addAll<This extends AnyPipeline, const Steps extends Iterable<unknown>>(
    this: This,
    steps: Parts<Steps, Out<This>, Taken<This>>,
  ): Pipeline<
    In<This>,
    AreMany<Steps> extends true
      ? AddMany<Out<This>, UnionOutputs<Items<Steps>>>
      : AddAll<Out<This>, IsSureList<Steps> extends true ? PartsOutputs<Items<Steps>> : LaxOutputs<Steps>>,
    Fails<This> | PartErrors<Items<Steps>>,
    Needs<This> | PartNeeds<Items<Steps>>
  >;

  /** Says what a run returns; without it, all outputs. */
  returns<This extends AnyPipeline, const List extends ReadonlyArray<string>>(
    this: This,
    ...names: ReturnedList<List, Out<This>, Names<This>>
  ): Pipeline<In<This>, ReturnedOutputs<List, Out<This>, Names<This>>, Fails<This>, Needs<This>>;

  /** The pipeline reduced to the steps that these outputs need. It returns these outputs, and keeps all inputs. */
  only<This extends AnyPipeline, const List extends readonly [string, ...Array<string>]>(
    this: This,
    ...names: KeptList<List, Out<This>, Names<This>>
  ): Pipeline<In<This>, ReturnedOutputs<List, Out<This>, Names<This>>, Fails<This>, Needs<This>>;

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
  ): Effect<Run<PlainOutputs<Out<This>>, Fails<This> | RunError>, OpenError, Needs<This>>;
}

type RunParameters<Inputs> = {} extends Inputs
  ? [inputs?: Inputs, options?: RunOptions]
  : [inputs: Inputs, options?: RunOptions];

type RunPromise<Inputs, Outputs, Services> = WithoutServices<
  (...parameters: RunParameters<Inputs>) => Promise<PlainOutputs<Outputs>>,
  "The pipeline needs services, so it has no runPromise: use run, and provide",
  Services
>;

type StartPromise<Inputs, Outputs, Services> = WithoutServices<
  (...parameters: RunParameters<Inputs>) => Promise<PromiseRun<PlainOutputs<Outputs>>>,
  "The pipeline needs services, so it has no startPromise: use start, and provide",
  Services
>;

type WithoutServices<Call, Sentence, Services> = [Services] extends [never]
  ? Call
  : NeedsServices<Call, Sentence, Services>;

/** The sentence. Where the services are `any` there may be none: both, so that every pipeline is a `Pipeline<any, any, any, any>`. */
type NeedsServices<Call, Sentence, Service, Services = Service> = Service extends typeof typesOf
  ? Call
  : [Sentence, Services];

/**
 * A pipeline: an immutable value with the types of what it is given, what it gives, how it can fail and which services
 * it needs. Each member gives a new pipeline.
 *
 * @public
 */
export interface Pipeline<in out Inputs, Outputs, out Failure, out Services>
  extends PipelineMembers,
    Typed<Inputs, Outputs, Failure, Services> {
  /** Runs the pipeline and gives a Promise. Only where no service is missing: else it is a sentence that names them. */
  readonly runPromise: RunPromise<Inputs, Outputs, Services>;
  /** Starts a run and gives its handle, without Effect. Only where no service is missing: else a sentence names them. */
  readonly startPromise: StartPromise<Inputs, Outputs, Services>;
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

/** A pipeline that needs no services; else a sentence that names them. For functions that run it as a Promise. */
export type RunWithoutServices<P> = [ServicesOf<P>] extends [never]
  ? P
  : NeedsServices<
      P,
      "The pipeline needs services, so there is no promise: use resume, and provide",
      ServicesOf<P>
    >;
