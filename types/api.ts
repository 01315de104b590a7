/** The functions that the library exports, as the compiler sees them. */
import type { StepFailed } from "../src/errors.ts";
import type { AllBranches, Branches } from "./branches.ts";
import type { StepContext } from "./context.ts";
import type { PipelineName, ValidName } from "./names.ts";
import type { DynamicOptions, StepOptions } from "./options.ts";
import type { AnyOrder, OutputOf, Providers } from "./order.ts";
import type { AreMany, Flat, ManyFirst, RecordOutputs } from "./outputs.ts";
import type { Pipeline, Remaining } from "./pipeline.ts";
import type {
  AllOutputs,
  BranchErrors,
  BranchNeeds,
  DeclaredOutput,
  ExpansionOutputs,
  StepOutputs,
} from "./provided.ts";
import type { ErrorOf, FallbackNeeds, FallbackValue, NeedsOf, ValueOf } from "./returned.ts";
import type { AnySchema, DecodedOf, DecodingNeeds, EncodedOf, Unchecked } from "./schema.ts";
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

/** What a standalone step's inputs are: names, or a record of schemas. */
type InputList = ReadonlyArray<string> | Readonly<Record<string, AnySchema>>;

/** What the function of a standalone step gets: what its parameter says, or what the schemas decode. */
type Received<Inputs, Annotated> =
  Inputs extends ReadonlyArray<any>
    ? Annotated
    : { readonly [Name in keyof Inputs]: DecodedOf<Inputs[Name]> };

/** What a standalone step must be given. */
type Asked<Inputs, Annotated> =
  Inputs extends ReadonlyArray<any>
    ? Annotated
    : { readonly [Name in keyof Inputs]: EncodedOf<Inputs[Name]> };

type SchemaNeeds<Inputs> = Inputs extends ReadonlyArray<any> ? never : DecodingNeeds<Inputs[keyof Inputs]>;

/** Names of a parameter without annotation, of which nothing is known. */
type Unannotated<Inputs> =
  Inputs extends ReadonlyArray<infer Name extends string> ? { readonly [Each in Name]: unknown } : {};

type RequiredNames<Type> = { [Name in keyof Type]-?: {} extends Pick<Type, Name> ? never : Name }[keyof Type];

type Listing<Name, Names, Step extends string> = Name extends Names
  ? Name
  : NoInfer<Names> | `The step '${Step}' lists '${Name & string}', and its function does not declare that.`;

/** The inputs where the list and the function's parameter name the same; else the sentence. */
type Agreeing<Inputs, Annotated, Step extends string> =
  Inputs extends ReadonlyArray<infer Name>
    ? [Exclude<RequiredNames<Annotated>, Name>] extends [never]
      ? [Exclude<Name, keyof Annotated>] extends [never]
        ? Inputs
        : {
            readonly [Index in keyof Inputs]: Listing<Inputs[Index], keyof Annotated & string, Step>;
          }
      : `The function of the step '${Step}' reads '${Exclude<RequiredNames<Annotated>, Name> & string}', and its inputs do not list that.`
    : Inputs;

/** The value itself under the step's name, or what `outputs` makes of it. */
type OutputsOf<Name extends string, Outs extends string, Value> = [Outs] extends [never]
  ? { readonly [Each in Name]: Value }
  : StepOutputs<Outs, Value>;

/**
 * `step`.
 *
 * @public
 */
export type StepFunction = <
  const Name extends string,
  const Inputs extends InputList,
  Returned,
  Annotated = Unannotated<Inputs>,
  const Outs extends string = never,
  Fallback = never,
>(
  name: ValidName<Name>,
  inputs: Agreeing<Inputs, Annotated, Name>,
  run: (inputs: Received<Inputs, Annotated>, context: StepContext) => Returned,
  options?: StepOptions<
    DeclaredOutput<Outs, Returned | Fallback, never>,
    Fallback,
    ErrorOf<Returned> | StepFailed
  >,
) => Step<
  Name,
  Asked<Inputs, Annotated>,
  OutputsOf<Name, Outs, ValueOf<Returned> | FallbackValue<Fallback>>,
  Remaining<ErrorOf<Returned>, Fallback>,
  NeedsOf<Returned> | FallbackNeeds<Fallback> | SchemaNeeds<Inputs>
>;

/**
 * `dynamic`.
 *
 * @public
 */
export type DynamicFunction = <
  const Name extends string,
  const Inputs extends InputList,
  Returned,
  Annotated = Unannotated<Inputs>,
  const Outs extends string = Name,
  const All extends "all" | ReadonlyArray<string> = readonly [],
  Fallback = never,
>(
  name: ValidName<Name>,
  inputs: Agreeing<Inputs, Annotated, Name>,
  expand: (
    inputs: Received<Inputs, Annotated>,
    context: StepContext,
  ) => [All] extends ["all"]
    ? AllBranches<Returned, never, Received<Inputs, Annotated>>
    : Branches<Returned, Outs, Received<Inputs, Annotated>>,
  options?: DynamicOptions<
    ValidName<Outs>,
    Fallback,
    ErrorOf<Returned> | BranchErrors<Returned> | StepFailed,
    All
  >,
) => DynamicStep<
  Name,
  Asked<Inputs, Annotated>,
  [All] extends ["all"]
    ? AllOutputs<ValueOf<Returned> | FallbackValue<Fallback>>
    : Flat<ExpansionOutputs<Outs, ValueOf<Returned> | FallbackValue<Fallback>>>,
  Remaining<ErrorOf<Returned> | BranchErrors<Returned>, Fallback>,
  NeedsOf<Returned> | FallbackNeeds<Fallback> | BranchNeeds<Returned> | SchemaNeeds<Inputs>,
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
    : { readonly [Each in keyof Providers<Steps[number]>]: OutputOf<Providers<Steps[number]>, Each> },
  StepErrors<Steps[number]>,
  StepNeeds<Steps[number]>
>;
