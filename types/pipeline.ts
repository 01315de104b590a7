/** The types of the pipeline builder. */
import type { StepFailed, TooManyTurns } from "../src/errors.ts";
import type { AddList, Part, PartErrors, PartNeeds, SomePart } from "./added.ts";
import type { Anything, Free } from "./anything.ts";
import type { Branches, FallbackBranch } from "./branches.ts";
import type { AnyChoice, CaseResults, CaseType, CheckedCases, CheckedChoice, Choices } from "./cases.ts";
import type { StepContext } from "./context.ts";
import type {
  BuiltInputs,
  BuiltOn,
  Condition,
  ConditionedOutputs,
  InputResults,
  Unbuilt,
  WithCondition,
} from "./control.ts";
import type { After, OtherList, Seen, SeenAfter, SeenAll, SeenBoth, SeenWait } from "./given.ts";
import type { AnyUntil, FallbackState, KnowingState, LastState, StateIn, Turn, Turned } from "./loops.ts";
import type { AddedName, InputName } from "./names.ts";
import type {
  DynamicOptions,
  LoopOptions,
  MapOptions,
  RaceOptions,
  SleepOptions,
  StepOptions,
  SwitchOptions,
  WaitOptions,
} from "./options.ts";
import type { AddInput } from "./inputs.ts";
import type { AddAll, AddAwaited, AddNamed, AddOne, Marked, NamesOf, TakenBy } from "./outputs.ts";
import type {
  AddingDynamic,
  AddingStep,
  BoundReturn,
  ExpansionErrors,
  ExpansionNeeds,
  Expanded,
  ExpandedValue,
  ExposedFallback,
  Exposed,
  Fails,
  FitCases,
  FitExpansion,
  In,
  MapErrors,
  MappedItems,
  Names,
  Needs,
  Out,
  Remaining,
  Taken,
  Types,
} from "./own.ts";
import type { RunPromise, StartPromise } from "./promise-forms.ts";
import type { AnyPipeline, BranchErrors, ExposedList, OutputList, Typed } from "./provided.ts";
import type { CheckedContenders, ContenderType, RaceFailure } from "./races.ts";
import type {
  CaseInputs,
  GivenInputs,
  InputList,
  ItemOf,
  Items,
  KeptList,
  KeptOutputs,
  Mappable,
  ReturnedList,
  NarrowedOutputs,
} from "./reads.ts";
import type { ErrorOf, FallbackNeeds, FallbackValue, NeedsOf, ValueIn, ValueOf } from "./returned.ts";
import type { RunMembers } from "./run-members.ts";
import type {
  AskedSchema,
  Decoded,
  DecodedIn,
  DecodedOf,
  DecodingNeeds,
  EncodedOf,
  FitSchema,
  ServicesIn,
} from "./schema.ts";
import type { Parts } from "./together.ts";
import type { Input as DurationInput } from "effect/Duration";

/** The members of a pipeline. They find its types through `this`, so a new step looks at the outputs only once. @public */
export interface PipelineMembers extends RunMembers {
  /** Declares a value that is passed to each run and decoded when the run starts. */
  input<This extends AnyPipeline, const Name extends string, Schema>(
    this: This,
    name: InputName<Name, Taken<This>, Types<This>["all"], Types<This>["seen"]>,
    schema: AskedSchema<Schema, Name>,
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
    Undone = never,
    Given = unknown,
    Outputs = Out<This>,
  >(
    this: This,
    name: AddedName<Name, TakenBy<Outputs>, Types<This>["all"], Types<This>["seen"]>,
    inputs: InputList<List, Outputs, NamesOf<Outputs>, Name>,
    run: (inputs: GivenInputs<List, Outputs, NamesOf<Outputs>>, context: StepContext) => Free<Returned>,
    options?: StepOptions<
      OutputList<Outs, Returned | Fallback, TakenBy<Outputs>>,
      Fallback,
      ErrorOf<Returned> | StepFailed,
      [inputs: GivenInputs<List, Outputs, NamesOf<Outputs>>],
      FitSchema<Schema, ValueOf<Returned>, Name>,
      Decoded<Schema, ValueOf<Returned>>,
      Undone
    > &
      SeenBoth<Given, Outs>,
  ): Pipeline<
    In<This>,
    AddingStep<
      Out<This>,
      Name,
      Outs,
      DecodedIn<Schema, ValueIn<Name, Returned>, Given> | FallbackValue<Fallback>,
      Given
    >,
    Fails<This> | Remaining<ErrorOf<Returned>, Fallback, Given>,
    Needs<This> | NeedsOf<Returned | Undone> | FallbackNeeds<Fallback> | ServicesIn<Schema>
  >;

  /** Adds a step whose function inspects its inputs and returns a pipeline or a direct value. */
  dynamic<
    This extends AnyPipeline,
    const Name extends string,
    const List extends ReadonlyArray<string>,
    Returned = Anything,
    const Outs extends "all" | ReadonlyArray<string> = never,
    Fallback = never,
    Schema = never,
    Undone = never,
    Given = unknown,
    Keys extends string = never,
  >(
    this: This,
    name: AddedName<Name, Taken<This>, Types<This>["all"], Types<This>["seen"]>,
    inputs: InputList<List, Out<This>, Names<This>, Name>,
    expand: (
      inputs: GivenInputs<List, Out<This>, Names<This>>,
      context: StepContext,
    ) => BoundReturn<This, List, Returned, Name, Outs, Given, Keys>,
    options?: DynamicOptions<
      ExposedList<Outs, Returned, Taken<This>> | OtherList<Outs, Given>,
      Fallback,
      ErrorOf<Returned> | BranchErrors<Returned> | StepFailed,
      [inputs: GivenInputs<List, Out<This>, Names<This>>],
      FitExpansion<Schema, Name, Outs, ValueOf<Returned>>,
      Exposed<Name, Outs, ValueOf<Returned>, Schema>,
      Undone
    > &
      SeenAll<Given, Outs, Keys> & {
        /** The value or pipeline to use if the step fails. */ readonly fallback?: ExposedFallback<
          Fallback,
          Name,
          Outs,
          Taken<This>,
          GivenInputs<List, Out<This>, Names<This>>
        >;
      },
  ): Pipeline<
    In<This>,
    AddingDynamic<Out<This>, Name, Outs, ValueIn<Name, Returned>, FallbackValue<Fallback>, Schema, Given>,
    Fails<This> | ExpansionErrors<Returned, Fallback, Given>,
    Needs<This> | ExpansionNeeds<Returned | Undone, Fallback, Schema>
  >;

  /** Runs `each` for every item of an output, and provides the results in the order of the items. */
  map<
    This extends AnyPipeline,
    const Name extends string,
    const Over extends string,
    const List extends ReadonlyArray<string>,
    Returned = any,
    const Failures extends "fail" | "collect" | undefined = "fail",
    Fallback = never,
    Schema = never,
    Enough extends number | undefined = never,
    Undone = never,
    Given = unknown,
  >(
    this: This,
    name: AddedName<Name, Taken<This>, Types<This>["all"], Types<This>["seen"]>,
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
      FitExpansion<Schema, Name, never, ValueOf<Returned>>,
      Enough,
      ExpandedValue<Name, ValueOf<Returned>, never, Schema>,
      Undone
    > &
      Seen<Given> & {
        /** The value or pipeline to use if the step fails. */ readonly fallback?: FallbackBranch<
          Fallback,
          Name,
          GivenInputs<List, Out<This>, Names<This>>
        >;
      },
  ): Pipeline<
    In<This>,
    AddNamed<Out<This>, Name, MappedItems<Name, Returned, Failures, Fallback, Schema, Given>>,
    Fails<This> | MapErrors<Returned, Failures, Enough, Fallback, Given>,
    Needs<This> | ExpansionNeeds<Returned | Undone, Fallback, Schema>
  >;

  /** Runs the case that `on` selects. */
  switch<
    This extends AnyPipeline,
    const Name extends string,
    const List extends ReadonlyArray<string>,
    const On extends AnyChoice,
    const Cases extends CaseType<Choices<On>, CaseInputs<List, Out<This>, Names<This>>, keyof Cases>,
    Fallback = never,
    Schema = never,
    Undone = never,
    Given = unknown,
  >(
    this: This,
    name: AddedName<Name, Taken<This>, Types<This>["all"], Types<This>["seen"]>,
    inputs: InputList<List, Out<This>, Names<This>, Name>,
    on: (inputs: GivenInputs<List, Out<This>, Names<This>>, context: StepContext) => CheckedChoice<On>,
    cases: Cases & CheckedCases<Cases, Choices<On>, Name, CaseInputs<List, Out<This>, Names<This>>>,
    options?: SwitchOptions<
      [inputs: GivenInputs<List, Out<This>, Names<This>>],
      ErrorOf<CaseResults<Cases>> | BranchErrors<CaseResults<Cases>> | StepFailed,
      FitCases<Schema, Name, Cases>,
      ExpandedValue<Name, ValueOf<CaseResults<Cases>>, never, Schema>,
      Undone,
      Fallback
    > &
      Seen<Given> & {
        /** The value or pipeline to use if the step fails. */ readonly fallback?: FallbackBranch<
          Fallback,
          Name,
          GivenInputs<List, Out<This>, Names<This>>
        >;
      },
  ): Pipeline<
    In<This>,
    AddNamed<Out<This>, Name, Expanded<Name, CaseResults<Cases>, Fallback, Schema, Given>>,
    Fails<This> | ExpansionErrors<On | CaseResults<Cases>, Fallback, Given>,
    Needs<This> | ExpansionNeeds<On | CaseResults<Cases> | Undone, Fallback, Schema>
  >;

  /** Repeats `turn` on the state returned by `start`, at least once, until `until` returns true. The final state is the output. */
  loop<
    This extends AnyPipeline,
    const Name extends string,
    const List extends ReadonlyArray<string>,
    Start = Anything,
    Until extends AnyUntil<StateIn<Name, Start>, GivenInputs<List, Out<This>, Names<This>>> = AnyUntil<
      StateIn<Name, Start>,
      GivenInputs<List, Out<This>, Names<This>>
    >,
    Returned = Turned<StateIn<Name, Start>>,
    Fallback = never,
    Schema = never,
    Undone = never,
    Given = unknown,
  >(
    this: This,
    name: AddedName<Name, Taken<This>, Types<This>["all"], Types<This>["seen"]>,
    inputs: InputList<List, Out<This>, Names<This>, Name>,
    start: (inputs: GivenInputs<List, Out<This>, Names<This>>, context: StepContext) => Free<Start>,
    turn: KnowingState<
      Name,
      Start,
      (
        state: StateIn<Name, Start>,
        inputs: GivenInputs<List, Out<This>, Names<This>>,
        context: StepContext,
      ) => Turn<Returned, Name, GivenInputs<List, Out<This>, Names<This>>, Start, Schema>
    >,
    options: LoopOptions<
      Until,
      Fallback,
      ErrorOf<Returned> | BranchErrors<Returned> | StepFailed,
      [state: StateIn<Name, Start>, inputs: GivenInputs<List, Out<This>, Names<This>>],
      FitExpansion<Schema, Name, never, ValueOf<Returned>>,
      StateIn<Name, Start>,
      Undone
    > &
      Seen<Given> & {
        /** The state or pipeline to use if a turn fails. */ readonly fallback?: FallbackState<
          Fallback,
          Name,
          GivenInputs<List, Out<This>, Names<This>>,
          Start
        >;
      },
  ): Pipeline<
    In<This>,
    AddNamed<Out<This>, Name, LastState<Until, StateIn<Name, Start>>>,
    Fails<This> | TooManyTurns | ErrorOf<Start> | ExpansionErrors<Returned, Fallback, Given>,
    Needs<This> | NeedsOf<Start> | ExpansionNeeds<Returned | Undone, Fallback, Schema>
  >;

  /** Starts all contenders, at `name[contender]`. The first to succeed provides the output; if all fail, the race fails: `AllFailed`. */
  race<
    This extends AnyPipeline,
    const Name extends string,
    const List extends ReadonlyArray<string>,
    const Contenders extends ContenderType<CaseInputs<List, Out<This>, Names<This>>, keyof Contenders>,
    Fallback = never,
    Schema = never,
    Undone = never,
    Given = unknown,
  >(
    this: This,
    name: AddedName<Name, Taken<This>, Types<This>["all"], Types<This>["seen"]>,
    inputs: InputList<List, Out<This>, Names<This>, Name>,
    contenders: Contenders & CheckedContenders<Contenders, Name, CaseInputs<List, Out<This>, Names<This>>>,
    options?: RaceOptions<
      Fallback,
      RaceFailure<Contenders> | StepFailed,
      [inputs: GivenInputs<List, Out<This>, Names<This>>],
      FitCases<Schema, Name, Contenders>,
      ExpandedValue<Name, ValueOf<CaseResults<Contenders>>, never, Schema>,
      Undone
    > &
      Seen<Given> & {
        /** The value or pipeline to use if the race fails. */ readonly fallback?: FallbackBranch<
          Fallback,
          Name,
          GivenInputs<List, Out<This>, Names<This>>
        >;
      },
  ): Pipeline<
    In<This>,
    AddNamed<Out<This>, Name, Expanded<Name, CaseResults<Contenders>, Fallback, Schema, Given>>,
    Fails<This> | Remaining<RaceFailure<Contenders>, Fallback, Given> | BranchErrors<Fallback>,
    Needs<This> | ExpansionNeeds<CaseResults<Contenders> | Undone, Fallback, Schema>
  >;

  /** Adds a step that waits for an external value, which `Signal.send` sends to a run, whether or not it is in progress. */
  await<
    This extends AnyPipeline,
    const Name extends string,
    Schema,
    const List extends ReadonlyArray<string> = never,
    Fallback = never,
    Given = unknown,
    Shape = unknown,
  >(
    this: This,
    name: AddedName<Name, Taken<This>, Types<This>["all"], Types<This>["seen"]>,
    schema: AskedSchema<Schema, Name>,
    options?: WaitOptions<
      InputList<List, Out<This>, Names<This>, Name>,
      GivenInputs<After<List, Shape>, Out<This>, Names<This>>,
      Fallback
    > &
      SeenWait<Given, Shape, List>,
  ): Pipeline<
    In<This>,
    AddAwaited<Out<This>, Name, DecodedOf<Schema> | FallbackValue<Fallback>, EncodedOf<Schema>>,
    Fails<This> | Remaining<never, Fallback, Given>,
    Needs<This> | DecodingNeeds<Schema> | FallbackNeeds<Fallback>
  >;

  /** Adds a step that waits for a duration or until a date, which a function can compute. Its output is undefined. */
  sleep<
    This extends AnyPipeline,
    const Name extends string,
    const List extends ReadonlyArray<string> = never,
    Given = unknown,
  >(
    this: This,
    name: AddedName<Name, Taken<This>, Types<This>["all"], Types<This>["seen"]>,
    duration:
      | DurationInput
      | Date
      | ((inputs: GivenInputs<After<List, Given>, Out<This>, Names<This>>) => DurationInput | Date),
    options?: SleepOptions<InputList<List, Out<This>, Names<This>, Name>> & SeenAfter<Given, List>,
  ): Pipeline<In<This>, AddNamed<Out<This>, Name, undefined>, Fails<This>, Needs<This>>;

  /** Adds a condition, evaluated once per run, and the steps that run only if it holds: those that `build` adds. */
  when<
    This extends AnyPipeline,
    const Name extends string,
    const List extends ReadonlyArray<string>,
    Returned = Anything,
    Built extends AnyPipeline = Unbuilt,
  >(
    this: This,
    name: AddedName<Name, Taken<This>, Types<This>["all"], Types<This>["seen"]>,
    inputs: InputList<List, Out<This>, Names<This>, Name>,
    condition: (
      inputs: GivenInputs<List, Out<This>, Names<This>>,
      context: StepContext,
    ) => Condition<Returned>,
    build: (
      pipeline: Pipeline<In<This>, WithCondition<Out<This>, Name, Taken<This>>, Fails<This>, Needs<This>>,
    ) => BuiltOn<Built, WithCondition<Out<This>, Name, Taken<This>>>,
  ): Pipeline<
    BuiltInputs<This, Built>,
    ConditionedOutputs<Out<This>, Name, Taken<This>, Built>,
    Fails<Built> | ErrorOf<Returned>,
    Needs<Built> | NeedsOf<Returned>
  >;

  /** Adds a step that runs once all its inputs have ended, successfully or not: each input is a `Result`. */
  finally<
    This extends AnyPipeline,
    const Name extends string,
    const List extends ReadonlyArray<string>,
    Returned = Anything,
  >(
    this: This,
    name: AddedName<Name, Taken<This>, Types<This>["all"], Types<This>["seen"]>,
    inputs: InputList<List, Out<This>, Names<This>, Name>,
    run: (
      inputs: InputResults<GivenInputs<List, Out<This>, Names<This>>, List>,
      context: StepContext,
    ) => Free<Returned>,
  ): Pipeline<
    In<This>,
    AddAll<Out<This>, Marked<{ readonly [Each in Name]: ValueIn<Name, Returned> }, never>>,
    Fails<This>,
    Needs<This> | NeedsOf<Returned>
  >;

  /** Adds a standalone step, or all steps of another pipeline, wired by name. The outputs of a union of parts are maybe outputs. */
  add<This extends AnyPipeline, Added>(
    this: This,
    part: Part<Added, Out<This>, Taken<This>>,
  ): Pipeline<
    In<This>,
    AddAll<Out<This>, SomePart<Added>>,
    Fails<This> | PartErrors<Added>,
    Needs<This> | PartNeeds<Added>
  >;

  /** Adds standalone steps, which may read each other. Steps whose names share a template-literal type are a family. */
  addAll<This extends AnyPipeline, const Steps extends Iterable<unknown>>(
    this: This,
    steps: Parts<Steps, Out<This>, Taken<This>>,
  ): Pipeline<
    In<This>,
    AddList<Out<This>, Steps>,
    Fails<This> | PartErrors<Items<Steps>>,
    Needs<This> | PartNeeds<Items<Steps>>
  >;

  /** Sets which outputs a run returns; by default, all of them. */
  returns<This extends AnyPipeline, const List extends ReadonlyArray<string>>(
    this: This,
    ...names: ReturnedList<List, Out<This>, Names<This>>
  ): Pipeline<In<This>, NarrowedOutputs<Out<This>, List, Taken<This>>, Fails<This>, Needs<This>>;

  /** Returns the pipeline reduced to the steps that these outputs need. It returns these outputs, and keeps all inputs. */
  only<This extends AnyPipeline, const List extends readonly [string, ...Array<string>]>(
    this: This,
    ...names: KeptList<List, Out<This>, Names<This>>
  ): Pipeline<In<This>, KeptOutputs<Out<This>, List, keyof In<This>>, Fails<This>, Needs<This>>;
}

/**
 * A pipeline: an immutable value whose type holds its inputs, its outputs, its errors and the services that
 * it needs. Each member returns a new pipeline.
 *
 * @public
 */
export interface Pipeline<in out Inputs, Outputs, out Failure, out Services>
  extends PipelineMembers,
    Typed<Inputs, Outputs, Failure, Services> {
  /** Runs the pipeline and returns a Promise. If services are missing, it is a sentence that names them instead. */
  readonly runPromise: RunPromise<Inputs, Outputs, Services>;
  /** Starts a run and returns its handle, without Effect. If services are missing, it is a sentence that names them instead. */
  readonly startPromise: StartPromise<Inputs, Outputs, Services>;
}
