/** The requirements of `.add`, `.addAll` and `pipelineOf` on a standalone step or a pipeline, and the outputs that it adds. */
import type { FamilyProblem, IsOne, IsSomething, Matches, Meeting, NewName } from "./names.ts";
import type { HiddenKey, IsFamily, Unmarked, WithStepName } from "./output-names.ts";
import type {
  AddAll,
  AddMany,
  AreMany,
  Joined,
  KeyedOutputs,
  Lookup,
  Marked,
  MaybesOf,
  MaybeType,
  NamesOf,
  PlainOutputs,
  RecordOutputs,
  SentOf,
  WithSent,
} from "./outputs.ts";
import type { OutputType } from "./output-chunks.ts";
import type { MergedRecords, Typed } from "./provided.ts";
import type { AnyGlob, IsSureList, Items } from "./reads.ts";
import type { AnyStep, InOf, OutOf, StepErrors, StepName, StepNeeds } from "./step.ts";

/** The output that an input of a step refers to, or the record of a family. */
type Provided<Outputs, Name> =
  Name extends NamesOf<Outputs>
    ? { readonly type: Lookup<Outputs, Name> }
    : Name extends AnyGlob
      ? [keyof Matches<Outputs, Name>] extends [never]
        ? never
        : { readonly type: Matches<Outputs, Name> }
      : Name extends `${infer Plain}?`
        ? Plain extends NamesOf<Outputs>
          ? { readonly type: Lookup<Outputs, Plain> }
          : Name extends MaybesOf<Outputs>
            ? { readonly type: MaybeType<Outputs, Name> }
            : { readonly type: Member<Matches<Outputs, Plain>, Plain> | undefined }
        : never;

/** The type that a family has for a name of one of its possible members. */
type Member<Found, Name> = Name extends keyof Found ? Found[Name] : never;

/**
 * The error sentences for inputs that `Outputs` does not satisfy: a list if types belong to it, since text cannot hold them. For
 * several, the compiler would print the name of this type; an inferred type has none.
 */
export type InputProblem<Inputs, Outputs, Who extends string> = {
  [Key in keyof Inputs]-?: [Provided<Outputs, Key>] extends [never]
    ? {} extends Pick<Inputs, Key>
      ? Extract<`${Key & string}?`, MaybesOf<Outputs>> extends never
        ? never
        : Unread<Who, Key & string, Outputs>
      : Unread<Who, Key & string, Outputs>
    : Provided<Outputs, Key> extends { readonly type: infer Type }
      ? [Type] extends [Inputs[Key]]
        ? never
        : [`${Who} reads '${Key & string}' as`, Inputs[Key], "and it is provided as", Type]
      : never;
}[keyof Inputs] extends infer Found
  ? Found
  : never;

/** The error sentence for an input that nothing provides. */
type Unread<Who extends string, Read extends string, Outputs> = Read extends AnyGlob
  ? [`The glob '${Read}' matches no output. Name the outputs so that it matches, or fix the glob.`]
  : `${Read}?` extends MaybesOf<Outputs>
    ? [
        `${Who} reads '${Read}', which exists only under a condition. Read '${Read}?' instead: it is undefined where nothing provides it.`,
      ]
    : Read extends keyof Matches<Outputs, Read>
      ? [
          `${Who} reads '${Read}', which a family of outputs may lack. Read '${Read}?' instead: it is undefined where nothing provides it.`,
        ]
      : [`${Who} reads '${Read}', and nothing provides that.`];

/** The error sentences for outputs that exist already. */
type OutputProblem<Outs, Taken> = {
  [Out in Outs & string]: IsFamily<Out> extends true
    ? FamilyProblem<Out, Taken>
    : Out extends `${infer Plain}?`
      ? Extract<Plain, Taken> extends never
        ? never
        : NewName<Plain, Taken>
      : Extract<Out, Taken> extends never
        ? never
        : NewName<Out, Taken>;
}[Outs & string] extends infer Found
  ? Found
  : never;

type StepProblem<Step, Outputs, Taken> =
  | InputProblem<InOf<Step>, Outputs, `The step '${StepName<Step>}'`>
  | OutputProblem<keyof OutOf<Step> | OwnName<Step>, Taken> extends infer Found
  ? Found
  : never;

type PipelineProblem<Inputs, Added, Outputs, Taken> =
  | InputProblem<Inputs, Outputs, "The pipeline">
  | OutputProblem<Exclude<keyof PlainOutputs<Added>, keyof Inputs>, Taken> extends infer Found
  ? Found
  : never;

/** The name of a step whose outputs have other names: no other step can have it. */
type OwnName<Step> = StepName<Step> extends Unmarked<keyof OutOf<Step>> ? never : StepName<Step>;

/** The error sentences for a part that does not fit. */
type PartProblem<Added, Outputs, Taken> = Added extends AnyStep
  ? StepProblem<Added, Outputs, Taken>
  : Added extends Typed<infer Inputs, infer Others, any, any>
    ? PipelineProblem<Inputs, Others, Outputs, Taken>
    : ["add takes a standalone step or a pipeline."];

/** The error sentences for a member of a list that does not fit. */
export type MemberProblem<Added, Outputs, Taken> = Added extends AnyStep
  ? StepProblem<Added, Outputs, Taken>
  : ["addAll takes a list of standalone steps. Add a single step or a pipeline with add."];

/** The added part, if it fits; else an error sentence. */
export type Part<Added, Outputs, Taken> = [IsSomething<PartProblem<Added, Outputs, Taken>>] extends [true]
  ? PartProblem<Added, Outputs, Taken>
  : Added;

/** The outputs that a list of steps adds. Those of steps that are only possibly in it are maybe outputs. */
export type ListOutputs<Steps> =
  IsSureList<Steps> extends true ? PartsOutputs<Items<Steps>> : LaxOutputs<Steps>;

/** The outputs that steps with different names add. */
export type PartsOutputs<Added> =
  IsOne<Added> extends true ? PartOutputs<Added> : Joined<Apart<UnionOutputs<Added>>>;

/** Of families that may have a name in common, each has the types of all: the compiler would read what is of both types at once. */
type Apart<Union extends OutputType<string, any>> = [OverlappingIn<Union>] extends [never]
  ? Union
  : Exclude<Union, OverlappingIn<Union>> | Widened<OverlappingIn<Union>>;

/** The families that may have a name of another family. */
type OverlappingIn<Union, All = Union> =
  Union extends OutputType<infer Name, any>
    ? IsFamily<Name> extends true
      ? IsOne<Meeting<All, Name>> extends true
        ? never
        : Union
      : never
    : never;

type Widened<Families, All = Families> =
  Families extends OutputType<infer Name, any> ? OutputType<Name, TypeOfAny<Meeting<All, Name>>> : never;

type TypeOfAny<Families> = Families extends OutputType<any, infer Type> ? Type : never;

/** The same as a union of outputs. */
type UnionOutputs<Added> = Added extends unknown ? RecordOutputs<PartOutputs<Added>> : never;

/** The outputs that a part adds. */
export type PartOutputs<Added> = Added extends AnyStep
  ? WithStepName<OutOf<Added>, StepName<Added>>
  : Added extends Typed<infer Inputs, infer Outputs, any, any>
    ? WithSent<Omit<KeyedOutputs<Outputs>, keyof Inputs | HiddenKey>, SentOf<Outputs>>
    : never;

/** The outputs that one of several parts adds: those that only some of them have are maybe outputs. */
export type SomePart<Added> =
  IsOne<Added> extends true ? PartOutputs<Added> : MergedRecords<PartOutputs<Added>>;

/** The typed errors that a part adds. */
export type PartErrors<Added> = Added extends AnyStep
  ? StepErrors<Added>
  : Added extends Typed<any, any, infer Failure, any>
    ? Failure
    : never;

/** The services that a part adds. */
export type PartNeeds<Added> = Added extends AnyStep
  ? StepNeeds<Added>
  : Added extends Typed<any, any, any, infer Services>
    ? Services
    : never;

/** The outputs of steps, some of which are only possibly in the list: the outputs of these are maybe outputs. */
export type LaxOutputs<Steps> = LaxlyMarked<PartsOutputs<Items<Steps>>, Steps>;

type LaxlyMarked<Outputs, Steps> = Marked<Outputs, Exclude<keyof Outputs, LackedKeys<Steps, keyof Outputs>>>;

/** The outputs that one of several lists may lack. */
type LackedKeys<Lists, Keys> = Lists extends unknown ? Exclude<Keys, SureKeys<Lists>> : never;

/** The outputs that some element of a list adds in any case: for a union of steps, those that all of them have. */
type SureKeys<List, Found = never> = List extends readonly [infer First, ...infer Rest]
  ? SureKeys<Rest, Found | keyof PartOutputs<First>>
  : List extends readonly [...infer Rest, infer Last]
    ? SureKeys<Rest, Found | keyof PartOutputs<Last>>
    : Found;

/** `Outputs` with those of a list of steps. */
export type AddList<Outputs, Steps> =
  IsSureList<Steps> extends true
    ? AreMany<Steps> extends true
      ? AddMany<Outputs, UnionOutputs<Items<Steps>>>
      : AddAll<Outputs, PartsOutputs<Items<Steps>>>
    : AddAll<Outputs, LaxOutputs<Steps>>;
