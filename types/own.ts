/** A pipeline's own types, as its members obtain them through `this`, and the outputs that its members add. */
import type { Free } from "./anything.ts";
import type { AllBranches, AllFallback, AllOrListed, Branches, FallbackBranch } from "./branches.ts";
import type { CaseResult } from "./cases.ts";
import type { WithStepName } from "./output-names.ts";
import type { AddAll, AddNamed, AnyChunk, NamesOf, PlainOutputs, TakenBy } from "./outputs.ts";
import type { IfLeft, IfNoFallback, OtherList } from "./given.ts";
import type {
  AnyPipeline,
  BranchErrors,
  BranchNeeds,
  DynamicOutputs,
  DynamicValue,
  ExpansionOutputs,
  ExposedNames,
  ExposesRecord,
  LaxStepOutputs,
  ManyOutputsMark,
  MapFailure,
  MappedValue,
  StepOutputs,
  Typed,
  typesOf,
} from "./provided.ts";
import type { StepFailed } from "../src/errors.ts";
import type { GivenInputs } from "./reads.ts";
import type {
  ErrorOf,
  FallbackError,
  FallbackNeeds,
  FallbackValue,
  NeedsOf,
  ValueIn,
  ValueOf,
} from "./returned.ts";
import type { Decoded, DecodedOf, FitEach, FitSchema, HasSchema, ServicesIn } from "./schema.ts";

export type Types<This extends AnyPipeline> = This[typeof typesOf];
export type In<This extends AnyPipeline> = Types<This>["inputs"];
export type Out<This extends AnyPipeline> = OutOf<Types<This>["many"], Types<This>["few"]>;
type OutOf<Many, Few> = Many extends ManyOutputsMark ? Many : Few;
export type Fails<This extends AnyPipeline> = Types<This>["failure"];
export type Needs<This extends AnyPipeline> = Types<This>["services"];
export type Names<This extends AnyPipeline> = NamesOf<Out<This>>;
export type Taken<This extends AnyPipeline> = TakenBy<Out<This>>;

/**
 * The outputs that a plain step adds: the value itself under one name, or a record under several. `Given` are its options, which may
 * lack the list.
 */
export type AddingStep<Outputs, Name extends string, List, Value, Given> = [List] extends [never]
  ? AddNamed<Outputs, Name, Value>
  : [List] extends [ReadonlyArray<never>]
    ? AddNamed<Outputs, Name, Value>
    : ReadonlyArray<string> extends List
      ? AddNamed<Outputs, Name, Value>
      : [List] extends [ReadonlyArray<string>]
        ? [IfLeft<Given, "outputs", List, 1>] extends [never]
          ? AddAll<Outputs, WithStepName<StepOutputs<List, Value>, Name>>
          : AddAll<Outputs, WithStepName<LaxStepOutputs<Name, List, Value>, Name>>
        : never;

/**
 * The outputs that a dynamic step adds. A single output, the cheap and common case, is added as one. The name of a step that exposes
 * all outputs is kept up to sixteen outputs: hundreds of such names would cost the compiler too much. Beyond, a second step of
 * that name is refused when the pipeline is built.
 */
export type AddingDynamic<Outputs, Name extends string, List, Value, Fallback, Schema, Given> = [
  List,
] extends [never]
  ? AddNamed<Outputs, Name, ExpandedIn<Name, Value, Fallback, Schema, Given>>
  : AddingListed<Outputs, Name, ExpandedOutputs<Name, List, Value, Fallback, Schema, Given>, List>;

/** The outputs of a standalone dynamic step. */
export type ExpandedOutputs<Name extends string, List, Value, Fallback, Schema, Given> = [List] extends [
  never,
]
  ? DynamicOutputs<Name, List, Value, Fallback | IfLeft<Given, "output", Schema, Value>, Schema>
  : DynamicOutputs<
      Name,
      List | OtherList<List, Given> | IfLeft<Given, "outputs", List, undefined>,
      Value,
      Fallback | IfLeft<Given, "output", Schema, Value>,
      Schema
    >;

type AddingListed<Outputs, Name extends string, Added, List> = [List, Outputs] extends ["all", AnyChunk]
  ? AddAll<Outputs, Added>
  : AddAll<Outputs, WithStepName<Added, Name>>;

/**
 * The return type of a dynamic step's function, if each branch fits; else an error sentence. Nothing is asked of it if `outputs`
 * is not a list, which is an error of its own, and while an editor asks which names fit there: then its key is known, and no list. With
 * `outputs: undefined`, the compiler assumes everything that it may be.
 */
export type ExpandReturn<Returned, Name extends string, List, Taken, Inputs, Given, Keys> = ListedReturn<
  Returned,
  Name,
  List | OtherList<List, Given>,
  Taken,
  Inputs,
  Keys,
  Given
>;

/** The same for a member of a pipeline. */
export type BoundReturn<
  This extends AnyPipeline,
  List extends ReadonlyArray<string>,
  Returned,
  Name extends string,
  Outs,
  Given,
  Keys,
> = ExpandReturn<Returned, Name, Outs, Taken<This>, GivenInputs<List, Out<This>, Names<This>>, Given, Keys>;

type ListedReturn<Returned, Name extends string, List, Taken, Inputs, Keys, Given> = [List] extends ["all"]
  ? [List] extends [never]
    ? "outputs" extends Keys
      ? Free<Returned>
      : Branches<Returned, Name, Inputs>
    : AllBranches<Returned, Taken, Inputs>
  : ReadonlyArray<string> extends List
    ? [Given] extends [{ readonly outputs?: undefined }]
      ? Branches<Returned, Name, Inputs>
      : Free<Returned>
    : ["all", List] extends [List, "all" | ReadonlyArray<string>]
      ? AllOrListed<
          Returned,
          Exclude<Taken, ExposedNames<Name, List>>,
          ExposedNames<Name, List>,
          Inputs,
          ExposesRecord<List>
        >
      : Branches<Returned, ExposedNames<Name, List>, Inputs, ExposesRecord<List>>;

/** The value of one item of a map, or of a switch. */
export type ExpandedValue<Name extends string, Value, Fallback, Schema> =
  HasSchema<Schema> extends false
    ? ExpansionOutputs<Name, Value | Fallback, false>[Name]
    : DecodedOf<Schema> | ExpansionOutputs<Name, Fallback, false>[Name];

/** The same if the options with the schema may lack it: then the value is possibly not decoded. */
export type ExpandedIn<Name extends string, Value, Fallback, Schema, Given> = [Schema] extends [never]
  ? ExpandedValue<Name, Value, Fallback, Schema>
  :
      | ExpandedValue<Name, Value, Fallback, Schema>
      | IfLeft<Given, "output", Schema, ExpandedValue<Name, Value, never, never>>;

/** The same for what the functions of a switch or race return. */
export type Expanded<Name extends string, Returned, Fallback, Schema, Given> = ExpandedIn<
  Name,
  ValueIn<Name, Returned>,
  FallbackValue<Fallback>,
  Schema,
  Given
>;

/** The outputs of a dynamic step without its fallback: one value, or a record of several. */
export type Exposed<Name extends string, List, Value, Schema> = [List] extends [never]
  ? ExpandedValue<Name, Value, never, Schema>
  : [List] extends ["all"]
    ? Readonly<Record<string, unknown>>
    : Decoded<Schema, DynamicValue<ExposedNames<Name, List>, Value, ExposesRecord<List>>>;

/** The output schema of an expansion, if what its branches provide may fit; else an error sentence. */
export type FitExpansion<Schema, Name extends string, List, Value> = FitSchema<
  Schema,
  [List] extends ["all"] ? AllValue<Name, List, Value> : ListedValue<Name, List, Value>,
  Name
>;

type AllValue<Name extends string, List, Value> = [List] extends [never]
  ? DynamicValue<Name, Value>
  : AllRecord<Value>;

type ListedValue<Name extends string, List, Value> = DynamicValue<
  ExposedNames<Name, List>,
  Value,
  ExposesRecord<List>
>;

/** The record of all outputs: a direct value, or what a pipeline provides. */
type AllRecord<Branch> =
  Branch extends Typed<infer Inputs, infer Outputs, any, any>
    ? Omit<PlainOutputs<Outputs>, keyof Inputs>
    : Branch;

/** The same for a switch or race, each of whose functions must be able to fit. */
export type FitCases<Schema, Name extends string, Cases> = FitEach<
  Schema,
  { readonly [Key in keyof Cases]: DynamicValue<Name, ValueOf<CaseResult<Cases[Key]>>> },
  Name
>;

/** The fallback of an expansion, if it provides what the step exposes; else an error sentence. */
export type ExposedFallback<Fallback, Name extends string, List, Taken, Inputs> = [List] extends ["all"]
  ? [List] extends [never]
    ? FallbackBranch<Fallback, Name, Inputs>
    : AllFallback<Fallback, Taken, Inputs>
  : FallbackBranch<Fallback, ExposedNames<Name, List>, Inputs, ExposesRecord<List>>;

/** The services that the results of an expansion need, including those of pipelines among them. */
export type ExpandedNeeds<Returned> = NeedsOf<Returned> | BranchNeeds<Returned>;

/** The same, with the services of its fallback, which may be a pipeline, and of its schema. */
export type ExpansionNeeds<Returned, Fallback, Schema> =
  | ExpandedNeeds<Returned>
  | FallbackNeeds<Fallback>
  | BranchNeeds<Fallback>
  | ServicesIn<Schema>;

/** A fallback replaces any error, but can fail itself. One that a condition may leave out replaces none. */
export type Remaining<Failure, Fallback, Given> = [Fallback] extends [never]
  ? Failure
  : FallbackError<Fallback> | IfNoFallback<Given, Failure>;

/** The errors of an expansion and of the pipelines that it returns. */
export type ExpansionErrors<Returned, Fallback, Given> =
  | Remaining<ErrorOf<Returned> | BranchErrors<Returned>, Fallback, Given>
  | BranchErrors<Fallback>;

/** The array that a map provides. Options that a condition may leave out are possibly at their defaults. */
export type MappedItems<Name extends string, Returned, Failures, Fallback, Schema, Given> = MappedValue<
  Failures | IfLeft<Given, "failures", Failures, "fail">,
  ExpandedIn<Name, ValueIn<Name, Returned>, FallbackValue<Fallback>, Schema, Given>,
  ExpansionErrors<Returned, Fallback, Given> | StepFailed
>;

/** The errors that a map adds to its pipeline. */
export type MapErrors<Returned, Failures, Enough, Fallback, Given> = MapFailure<
  Failures | IfLeft<Given, "failures", Failures, "fail">,
  Enough | IfLeft<Given, "enough", Enough, undefined>,
  ExpansionErrors<Returned, Fallback, Given>
>;
