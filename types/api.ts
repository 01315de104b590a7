/** The functions that the library exports, as the compiler sees them. */
import type { StepFailed } from "../src/errors.ts";
import type { BranchCheck } from "./branches.ts";
import type { StepContext } from "./context.ts";
import type { NameCheck } from "./names.ts";
import type { DynamicOptions, StepOptions } from "./options.ts";
import type { Pipeline } from "./pipeline.ts";
import type { AllOutputs, BranchErrors, BranchNeeds, ExpansionOutputs, StepOutputs } from "./provided.ts";
import type { ErrorOf, NeedsOf, ValueOf } from "./returned.ts";
import type { AnySchema, DecodedOf, EncodedOf, Unchecked } from "./schema.ts";
import type { AnyStep, DynamicStep, Fits, OutOf, Step, StepErrors, StepNeeds } from "./step.ts";

/**
 * `pipeline`.
 *
 * @public
 */
export type PipelineFunction = <const Name extends string>(
  name: Name & (string extends Name ? unknown : NameCheck<Name>),
) => Pipeline<{}, {}, never, never>;

/**
 * `type`.
 *
 * @public
 */
export type TypeFunction = <Type>() => Unchecked<Type>;

type Decoded<Schemas> = { readonly [Name in keyof Schemas]: DecodedOf<Schemas[Name]> };
type Encoded<Schemas> = { readonly [Name in keyof Schemas]: EncodedOf<Schemas[Name]> };

/**
 * `step`.
 *
 * @public
 */
export interface StepFunction {
  <const Name extends string, Returned, const Outs extends string = Name, Fallback = never>(
    name: Name & NameCheck<Name>,
    inputs: readonly [],
    run: (inputs: {}, context: StepContext) => Returned,
    options?: StepOptions<Outs, Fallback, ErrorOf<Returned> | StepFailed>,
  ): Step<Name, {}, StepOutputs<Outs, ValueOf<Returned> | Fallback>, ErrorOf<Returned>, NeedsOf<Returned>>;
  <const Name extends string, In, Returned, const Outs extends string = Name, Fallback = never>(
    name: Name & NameCheck<Name>,
    inputs: ReadonlyArray<keyof In & string>,
    run: (inputs: In, context: StepContext) => Returned,
    options?: StepOptions<Outs, Fallback, ErrorOf<Returned> | StepFailed>,
  ): Step<Name, In, StepOutputs<Outs, ValueOf<Returned> | Fallback>, ErrorOf<Returned>, NeedsOf<Returned>>;
  <
    const Name extends string,
    const Schemas extends Readonly<Record<string, AnySchema>>,
    Returned,
    const Outs extends string = Name,
    Fallback = never,
  >(
    name: Name & NameCheck<Name>,
    inputs: Schemas,
    run: (inputs: Decoded<Schemas>, context: StepContext) => Returned,
    options?: StepOptions<Outs, Fallback, ErrorOf<Returned> | StepFailed>,
  ): Step<
    Name,
    Encoded<Schemas>,
    StepOutputs<Outs, ValueOf<Returned> | Fallback>,
    ErrorOf<Returned>,
    NeedsOf<Returned>
  >;
}

/**
 * `dynamic`.
 *
 * @public
 */
export interface DynamicFunction {
  <const Name extends string, In, Returned>(
    name: Name & NameCheck<Name>,
    inputs: ReadonlyArray<keyof In & string>,
    expand: (inputs: In, context: StepContext) => Returned,
    options: DynamicOptions<never> & { readonly outputs: "all" },
  ): DynamicStep<
    Name,
    In,
    AllOutputs<ValueOf<Returned>>,
    ErrorOf<Returned> | BranchErrors<Returned>,
    NeedsOf<Returned> | BranchNeeds<Returned>,
    Returned
  >;
  <const Name extends string, In, Returned, const Outs extends string = Name>(
    name: Name & NameCheck<Name>,
    inputs: ReadonlyArray<keyof In & string>,
    expand: (inputs: In, context: StepContext) => Returned & BranchCheck<Returned, Outs, In>,
    options?: StepOptions<Outs>,
  ): DynamicStep<
    Name,
    In,
    ExpansionOutputs<Outs, ValueOf<Returned>>,
    ErrorOf<Returned> | BranchErrors<Returned>,
    NeedsOf<Returned> | BranchNeeds<Returned>,
    Returned
  >;
  <
    const Name extends string,
    const Schemas extends Readonly<Record<string, AnySchema>>,
    Returned,
    const Outs extends string = Name,
  >(
    name: Name & NameCheck<Name>,
    inputs: Schemas,
    expand: (
      inputs: Decoded<Schemas>,
      context: StepContext,
    ) => Returned & BranchCheck<Returned, Outs, Decoded<Schemas>>,
    options?: StepOptions<Outs>,
  ): DynamicStep<
    Name,
    Encoded<Schemas>,
    ExpansionOutputs<Outs, ValueOf<Returned>>,
    ErrorOf<Returned> | BranchErrors<Returned>,
    NeedsOf<Returned> | BranchNeeds<Returned>,
    Returned
  >;
}

type UnionToIntersection<Union> = (Union extends unknown ? (value: Union) => void : never) extends (
  value: infer All,
) => void
  ? All
  : never;

type AllOf<Steps extends ReadonlyArray<AnyStep>> = UnionToIntersection<OutOf<Steps[number]>>;

/**
 * `pipelineOf`.
 *
 * @public
 */
export type PipelineOfFunction = <const Name extends string, const Steps extends ReadonlyArray<AnyStep>>(
  name: Name & NameCheck<Name>,
  steps: Steps & { readonly [Index in keyof Steps]: Fits<Steps[Index], AllOf<Steps>> },
) => Pipeline<{}, AllOf<Steps>, StepErrors<Steps[number]>, StepNeeds<Steps[number]>>;
