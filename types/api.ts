/** The types of the functions that the library exports. */
import type { StepFailed } from "../src/errors.ts";
import type { LaxOutputs } from "./added.ts";
import type { StepContext } from "./context.ts";
import type { IsOne, IsSomething, PipelineName, ValidName } from "./names.ts";
import type { DynamicOptions, StepOptions } from "./options.ts";
import type { AnyOrder, OutputOf, Providers } from "./order.ts";
import type { Unmarked } from "./output-names.ts";
import type { MayBeAbsent } from "./inputs.ts";
import type { IfLeft, OtherList, SeenAll, SeenBoth } from "./given.ts";
import type { AreMany, Flat, ManyFirst, Marked, RecordOutputs, UnknownOutputs } from "./outputs.ts";
import type {
  ExpandedOutputs,
  ExpansionErrors,
  ExpandReturn,
  Exposed,
  ExposedFallback,
  FitExpansion,
  Remaining,
} from "./own.ts";
import type { Pipeline } from "./pipeline.ts";
import type {
  BranchErrors,
  BranchNeeds,
  ExposedList,
  ExposedNames,
  LaxStepOutputs,
  OutputList,
  StepOutputs,
} from "./provided.ts";
import type { IsSureList } from "./reads.ts";
import type { ErrorOf, FallbackNeeds, FallbackValue, NeedsOf, ValueOf } from "./returned.ts";
import type {
  AnySchema,
  Decoded,
  DecodedIn,
  DecodedOf,
  DecodingNeeds,
  EncodedOf,
  FitSchema,
  ServicesIn,
  Unchecked,
} from "./schema.ts";
import type { Sentences } from "./sentences.ts";
import type { AnyStep, DynamicStep, OutOf, Step, StepErrors, StepNeeds } from "./step.ts";

/**
 * `pipeline`.
 *
 * @public
 */
export type PipelineFunction = <const Name extends string>(
  name: PipelineName<Name>,
) => Pipeline<{}, {}, never, never>;

/**
 * `type`.
 *
 * @public
 */
export type TypeFunction = <Type>() => Unchecked<Type>;

/** The inputs that a standalone step's function receives: those of its parameter, or those decoded by the schemas. */
type Received<Inputs, Annotated> =
  Inputs extends ReadonlyArray<any>
    ? Annotated
    : { readonly [Name in keyof Inputs]: DecodedOf<Inputs[Name]> };

/** The inputs that a standalone step requires: all that it lists. One whose schema accepts undefined is optional. */
type Asked<Inputs, Annotated> =
  Inputs extends ReadonlyArray<any> ? AskedByName<Inputs[number], Annotated> : AskedBySchema<Inputs>;

/** In the list of `pipelineOf`, the compiler widens the names of an inner list: then the parameter's type is used. */
type AskedByName<Name, Annotated> = string extends Name
  ? Annotated
  : [Name, keyof Annotated] extends [RequiredNames<Annotated>, Name]
    ? Annotated
    : { readonly [Each in Name & string]: Annotated[Unmarked<Each> & keyof Annotated] };

type AskedBySchema<Schemas> = Flat<
  { readonly [Name in RequiredSchemas<Schemas>]: EncodedOf<Schemas[Name]> } & {
    readonly [Name in Exclude<keyof Schemas, RequiredSchemas<Schemas>>]?: EncodedOf<Schemas[Name]>;
  }
>;

type RequiredSchemas<Schemas> = {
  [Name in keyof Schemas]: MayBeAbsent<EncodedOf<Schemas[Name]>> extends true ? never : Name;
}[keyof Schemas];

type SchemaNeeds<Inputs> = Inputs extends ReadonlyArray<any> ? never : DecodingNeeds<Inputs[keyof Inputs]>;

/** The names of a parameter without annotation, with unknown types. */
type Unannotated<Inputs> =
  Inputs extends ReadonlyArray<infer Name extends string>
    ? { readonly [Each in Name as Unmarked<Each>]: unknown }
    : any;

type RequiredNames<Type> = { [Name in keyof Type]-?: {} extends Pick<Type, Name> ? never : Name }[keyof Type];

type Listing<Name, Names, Step extends string> =
  Unmarked<Name> extends Names
    ? Name
    : string extends Name
      ? Sentences["unknownInputs"]
      :
          | NoInfer<Names>
          | `${Names & string}?`
          | [
              `The step '${Step}' lists '${Name & string}', which the parameter of its function does not have.`,
            ];

/**
 * The inputs, if the list and the function's parameter have the same names; else an error sentence, as a string, since the
 * compiler would mistake a list for the expected list of names.
 */
type Agreeing<Inputs, Annotated, Step extends string> = [
  IsSomething<Disagreeing<Inputs, Annotated>>,
] extends [true]
  ? Inputs extends ReadonlyArray<infer Name>
    ? [Exclude<RequiredNames<Annotated>, Unmarked<Name>>] extends [never]
      ? {
          readonly [Index in keyof Inputs]: Listing<Inputs[Index], keyof Annotated & string, Step>;
        }
      : `The function of the step '${Step}' reads '${Exclude<RequiredNames<Annotated>, Unmarked<Name>> & string}', which its inputs do not list.`
    : Inputs
  : Inputs;

/** The names that are only in the list, or only in the function's parameter. */
type Disagreeing<Inputs, Annotated> =
  Inputs extends ReadonlyArray<infer Name>
    ? Exclude<RequiredNames<Annotated>, Unmarked<Name>> | Exclude<Unmarked<Name>, keyof Annotated>
    : never;

/** The outputs: the value itself under the step's name, or those that `outputs` names. */
type OutputsOf<Name extends string, List, Value, Given> = [ExposedNames<Name, List>] extends [Name]
  ? [List] extends [never]
    ? NamedOutput<Name, Value>
    : [List] extends [ReadonlyArray<never>]
      ? NamedOutput<Name, Value>
      : ReadonlyArray<string> extends List
        ? NamedOutput<Name, Value>
        : ListedOutputs<Name, List, Value, Given>
  : ListedOutputs<Name, List, Value, Given>;

type ListedOutputs<Name extends string, List, Value, Given> = [List] extends [ReadonlyArray<string>]
  ? [IfLeft<Given, "outputs", List, 1>] extends [never]
    ? StepOutputs<List, Value>
    : LaxStepOutputs<Name, List, Value>
  : never;

type NamedOutput<Name extends string, Value> = string extends Name
  ? UnknownOutputs
  : IsOne<Name> extends true
    ? { readonly [Each in Name]: Value }
    : Marked<{ readonly [Each in Name]: Value }, never>;

/**
 * `step`.
 *
 * @public
 */
export type StepFunction = <
  const Name extends string,
  const Inputs extends ReadonlyArray<string> | Readonly<Record<string, AnySchema>>,
  Returned,
  Annotated = Unannotated<Inputs>,
  const Outs extends ReadonlyArray<string> = never,
  Fallback = never,
  Schema = never,
  Undone = never,
  Given = unknown,
>(
  name: ValidName<Name>,
  inputs: Agreeing<Inputs, Annotated, Name>,
  run: (inputs: Received<Inputs, Annotated>, context: StepContext) => Returned,
  options?: StepOptions<
    OutputList<Outs, Returned | Fallback, never>,
    Fallback,
    ErrorOf<Returned> | StepFailed,
    [inputs: Received<Inputs, Annotated>],
    FitSchema<Schema, ValueOf<Returned>, Name>,
    Decoded<Schema, ValueOf<Returned>>,
    Undone
  > &
    SeenBoth<Given, Outs>,
) => Step<
  Name,
  Asked<Inputs, Annotated>,
  OutputsOf<Name, Outs, DecodedIn<Schema, ValueOf<Returned>, Given> | FallbackValue<Fallback>, Given>,
  Remaining<ErrorOf<Returned>, Fallback, Given>,
  NeedsOf<Returned> | FallbackNeeds<Fallback> | SchemaNeeds<Inputs> | ServicesIn<Schema> | NeedsOf<Undone>
>;

/**
 * `dynamic`.
 *
 * @public
 */
export type DynamicFunction = <
  const Name extends string,
  const Inputs extends ReadonlyArray<string> | Readonly<Record<string, AnySchema>>,
  Returned,
  Annotated = Unannotated<Inputs>,
  const Outs extends "all" | ReadonlyArray<string> = never,
  Fallback = never,
  Schema = never,
  Undone = never,
  Given = unknown,
  Keys extends string = never,
>(
  name: ValidName<Name>,
  inputs: Agreeing<Inputs, Annotated, Name>,
  expand: (
    inputs: Received<Inputs, Annotated>,
    context: StepContext,
  ) => ExpandReturn<Returned, Name, Outs, never, Received<Inputs, Annotated>, Given, Keys>,
  options?: DynamicOptions<
    ExposedList<Outs, Returned, never> | OtherList<Outs, Given>,
    Fallback,
    ErrorOf<Returned> | BranchErrors<Returned> | StepFailed,
    [inputs: Received<Inputs, Annotated>],
    FitExpansion<Schema, Name, Outs, ValueOf<Returned>>,
    Exposed<Name, Outs, ValueOf<Returned>, Schema>,
    Undone
  > &
    SeenAll<Given, Outs, Keys> & {
      /** A returned pipeline must provide the outputs that the step exposes. */
      readonly fallback?: ExposedFallback<Fallback, Name, Outs, never, Received<Inputs, Annotated>>;
    },
) => DynamicStep<
  Name,
  Asked<Inputs, Annotated>,
  Flat<ExpandedOutputs<Name, Outs, ValueOf<Returned>, FallbackValue<Fallback>, Schema, Given>>,
  ExpansionErrors<Returned, Fallback, Given>,
  | NeedsOf<Returned>
  | FallbackNeeds<Fallback>
  | BranchNeeds<Returned>
  | BranchNeeds<Fallback>
  | SchemaNeeds<Inputs>
  | ServicesIn<Schema>
  | NeedsOf<Undone>,
  Returned,
  Received<Inputs, Annotated>
>;

/** The outputs of steps, as a union. */
type StepsOutputs<Steps> = Steps extends unknown ? RecordOutputs<OutOf<Steps>> : never;

/**
 * `pipelineOf`.
 *
 * @public
 */
export type PipelineOfFunction = <const Name extends string, const Steps extends ReadonlyArray<AnyStep>>(
  name: PipelineName<Name>,
  steps: AnyOrder<Steps>,
) => Pipeline<
  {},
  AreMany<Steps> extends true
    ? ManyFirst<StepsOutputs<Steps[number]>>
    : IsSureList<Steps> extends true
      ? { readonly [Each in keyof Providers<Steps[number]>]: OutputOf<Providers<Steps[number]>, Each> }
      : LaxOutputs<Steps>,
  StepErrors<Steps[number]>,
  StepNeeds<Steps[number]>
>;
