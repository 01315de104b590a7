/** What `.add`, `.addAll` and `pipelineOf` ask of a standalone step or a pipeline, and what it brings. */
import type { FamilyProblem, IsOne, Matches, NewName } from "./names.ts";
import type { IsFamily, Joined, Lookup, NamesOf, PlainOutputs, RecordOutputs } from "./outputs.ts";
import type { Typed } from "./provided.ts";
import type { AnyGlob, Items } from "./reads.ts";
import type { AnyStep, InOf, OutOf, StepErrors, StepName, StepNeeds } from "./step.ts";

/** What there is for an input that a step names: an output, or the record of a family. */
type Provided<Outputs, Name> =
  Name extends NamesOf<Outputs>
    ? { readonly type: Lookup<Outputs, Name> }
    : Name extends AnyGlob
      ? [keyof Matches<Outputs, Name>] extends [never]
        ? never
        : { readonly type: Matches<Outputs, Name> }
      : never;

/**
 * The sentences about inputs that `Outputs` does not satisfy: a list where types belong to it, since text holds none. Of
 * several the compiler would tell the name of this type; what is inferred has none.
 */
export type InputProblem<Inputs, Outputs, Who extends string> = {
  [Key in keyof Inputs]-?: [Provided<Outputs, Key>] extends [never]
    ? {} extends Pick<Inputs, Key>
      ? never
      : Unread<Who, Key & string>
    : Provided<Outputs, Key> extends { readonly type: infer Type }
      ? [Type] extends [Inputs[Key]]
        ? never
        : [`${Who} reads '${Key & string}' as`, Inputs[Key], "and it is provided as", Type]
      : never;
}[keyof Inputs] extends infer Found
  ? Found
  : never;

/** The sentence about an input that nothing provides. */
type Unread<Who extends string, Read extends string> = Read extends AnyGlob
  ? `${Who} reads '${Read}', and that matches no output.`
  : `${Who} reads '${Read}', and nothing provides that.`;

/** The sentences about outputs that are there already. */
type OutputProblem<Outs, Taken> = {
  [Out in Outs & string]: IsFamily<Out> extends true
    ? FamilyProblem<Out, Taken>
    : Out extends Taken
      ? NewName<Out, Taken>
      : never;
}[Outs & string] extends infer Found
  ? Found
  : never;

type StepProblem<Step, Outputs, Taken> =
  | InputProblem<InOf<Step>, Outputs, `The step '${StepName<Step>}'`>
  | OutputProblem<keyof OutOf<Step>, Taken> extends infer Found
  ? Found
  : never;

type PipelineProblem<Inputs, Added, Outputs, Taken> =
  | InputProblem<Inputs, Outputs, "The pipeline">
  | OutputProblem<Exclude<keyof PlainOutputs<Added>, keyof Inputs>, Taken> extends infer Found
  ? Found
  : never;

type PartProblem<Added, Outputs, Taken> = Added extends AnyStep
  ? StepProblem<Added, Outputs, Taken>
  : Added extends Typed<infer Inputs, infer Others, any, any>
    ? PipelineProblem<Inputs, Others, Outputs, Taken>
    : "Only a step or a pipeline can be added.";

/** What is added, where it fits; else the sentence. */
export type Part<Added, Outputs, Taken> =
  PartProblem<Added, Outputs, Taken> extends infer Found ? ([Found] extends [never] ? Added : Found) : never;

/** Steps that are added at once, where all of them fit; else the sentence. Several stand in the list, where the steps do. */
export type Parts<Steps, Outputs, Taken> = [PartProblem<Items<Steps>, Outputs, Taken>] extends [never]
  ? Steps
  : PartsProblem<Steps, Outputs, Taken>;

/** The sentence about steps that do not fit. Apart, so that the compiler asks for it only then. */
type PartsProblem<Steps, Outputs, Taken> =
  PartProblem<Items<Steps>, Outputs, Taken> extends infer Found
    ? IsOne<Found> extends true
      ? Found
      : Steps extends ReadonlyArray<unknown>
        ? ReadonlyArray<Fitting<Items<Steps>, Outputs, Taken> | Found>
        : Found
    : never;

type Fitting<Step, Outputs, Taken> = Step extends unknown
  ? [PartProblem<Step, Outputs, Taken>] extends [never]
    ? Step
    : never
  : never;

/** The outputs that steps of several names bring. */
export type PartsOutputs<Added> =
  IsOne<Added> extends true ? PartOutputs<Added> : Joined<UnionOutputs<Added>>;

/** The same as a union of outputs. */
export type UnionOutputs<Added> = Added extends unknown ? RecordOutputs<PartOutputs<Added>> : never;

/** The outputs that a part brings. */
export type PartOutputs<Added> = Added extends AnyStep
  ? OutOf<Added>
  : Added extends Typed<infer Inputs, infer Outputs, any, any>
    ? Omit<PlainOutputs<Outputs>, keyof Inputs>
    : never;

/** The typed errors that a part brings. */
export type PartErrors<Added> = Added extends AnyStep
  ? StepErrors<Added>
  : Added extends Typed<any, any, infer Failure, any>
    ? Failure
    : never;

/** The services that a part brings. */
export type PartNeeds<Added> = Added extends AnyStep
  ? StepNeeds<Added>
  : Added extends Typed<any, any, any, infer Services>
    ? Services
    : never;
