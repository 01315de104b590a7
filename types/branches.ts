/** The checks of an expansion's return value. They apply to the return type, so that the error is reported there. */
import type { Free } from "./anything.ts";
import type { IsSomething, Listed, NewName } from "./names.ts";
import type { Unmarked } from "./output-names.ts";
import type { MaybesOf, NamesOf } from "./outputs.ts";
import type { AllOutputs, Typed } from "./provided.ts";
import type { FallbackValue, ValueOf } from "./returned.ts";
import type { Sentences } from "./sentences.ts";
import type { StepList, StepMark } from "./step.ts";

type IsAny<Type> = 0 extends 1 & Type ? true : false;

type MissingOutput<Branch, Names extends string, IsRecord> =
  Branch extends Typed<infer Inputs, infer Outputs, any, any>
    ? Exclude<Names, NamesOf<Outputs>> extends infer Missing extends string
      ? [Missing] extends [never]
        ? never
        : [Extract<`${Missing}?`, MaybesOf<Outputs>>] extends [never]
          ? [
              `The sub-pipeline does not provide the output '${Missing}'; it provides ${Listed<Exclude<NamesOf<Outputs>, keyof Inputs>>}.`,
            ]
          : [
              `The sub-pipeline provides the output '${Missing}' only under a condition. It must provide it in every case.`,
            ]
      : never
    : Branch extends StepMark | StepList
      ? ReturnedStep<Branch>
      : IsRecord extends false
        ? never
        : Exclude<Names, keyof Branch> extends infer Missing extends string
          ? [Missing] extends [never]
            ? never
            : [
                `A direct value that stands for several outputs must be a record of them. This one lacks '${Missing}'.`,
              ]
          : never;

/** The error sentence for a step, or a list of steps, that is returned as if it were a pipeline. */
type ReturnedStep<Branch> = Branch extends StepList ? ListedStep<Branch[number]> : Sentences["stepReturned"];

/** None for a list that may hold anything, or nothing. */
type ListedStep<Item> = unknown extends Item
  ? never
  : [Item] extends [never]
    ? never
    : Sentences["stepReturned"];

type UnmetInput<Branch, Inputs> =
  Branch extends Typed<infer Needs, any, any, any>
    ? {
        [Name in keyof Needs]-?: Name extends keyof Inputs
          ? Inputs[Name] extends Needs[Name]
            ? never
            : [
                `The sub-pipeline reads the input '${Name & string}' as`,
                Needs[Name],
                "but its step reads it as",
                Inputs[Name],
              ]
          : {} extends Pick<Needs, Name>
            ? never
            : [
                `The sub-pipeline reads the input '${Name & string}', but the step does not. Add '${Name & string}' to the inputs of the step.`,
              ];
      }[keyof Needs]
    : never;

/** The error sentences for an expansion's return value. A direct value is the output itself, or a record of several. */
export type BranchProblem<Branch, Names extends string, Inputs, IsRecord = false> =
  IsAny<Branch> extends true
    ? never
    : Branch extends unknown
      ? MissingOutput<Branch, Names, IsRecord> | UnmetInput<Branch, Inputs>
      : never;

/** The return type of an expansion, if each branch provides `Names` and needs no more than `Inputs`; else an error sentence. */
export type Branches<Returned, Names extends string, Inputs, IsRecord = false> = [
  IsSomething<BranchProblem<ValueOf<Returned>, Names, Inputs, IsRecord>>,
] extends [true]
  ? BranchProblem<ValueOf<Returned>, Names, Inputs, IsRecord>
  : Free<Returned>;

type AllProblem<Branch, Taken, Inputs> = unknown extends Branch
  ? never
  : Branch extends unknown
    ? Branch extends Typed<any, any, any, any>
      ? UnmetInput<Branch, Inputs> | TakenOutput<Unmarked<keyof AllOutputs<Branch>>, Taken>
      : Branch extends StepMark | StepList
        ? ReturnedStep<Branch>
        : Branch extends object
          ? TakenOutput<keyof Branch, Taken>
          : ['A direct value that stands for the outputs "all" must be a record of them.']
    : never;

type TakenOutput<Names, Taken> =
  TakenAmong<Names, Taken> extends infer Name extends string
    ? [Name] extends [never]
      ? never
      : NewName<Name, Taken>
    : never;

type TakenAmong<Names, Taken> = Names extends string
  ? [Extract<Names, Taken>] extends [never]
    ? never
    : Names
  : never;

/** The same for the outputs `"all"`, none of which may already exist. */
export type AllBranches<Returned, Taken, Inputs> = [
  IsSomething<AllProblem<ValueOf<Returned>, Taken, Inputs>>,
] extends [true]
  ? AllProblem<ValueOf<Returned>, Taken, Inputs>
  : Free<Returned>;

/** The same for outputs that are either all or a list. */
export type AllOrListed<Returned, Taken, Names extends string, Inputs, IsRecord> = [
  IsSomething<
    AllProblem<ValueOf<Returned>, Taken, Inputs> | BranchProblem<ValueOf<Returned>, Names, Inputs, IsRecord>
  >,
] extends [true]
  ? AllProblem<ValueOf<Returned>, Taken, Inputs> | BranchProblem<ValueOf<Returned>, Names, Inputs, IsRecord>
  : Free<Returned>;

/** The fallback of a step that exposes `"all"` outputs, likewise. */
export type AllFallback<Fallback, Taken, Inputs> = [
  IsSomething<AllProblem<FallbackValue<Fallback>, Taken, Inputs>>,
] extends [true]
  ? AllProblem<FallbackValue<Fallback>, Taken, Inputs>
  : unknown;

/** The fallback, unless it is a pipeline that lacks required outputs; else an error sentence. */
export type FallbackBranch<Fallback, Names extends string, Inputs, IsRecord = false> = [
  IsSomething<BranchProblem<FallbackValue<Fallback>, Names, Inputs, IsRecord>>,
] extends [true]
  ? BranchProblem<FallbackValue<Fallback>, Names, Inputs, IsRecord>
  : unknown;
