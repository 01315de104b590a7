/** The checks of what an expansion returns. They stand at the return, so that the error does. */
import type { IsOne, Listed, NewName } from "./names.ts";
import type { NamesOf } from "./outputs.ts";
import type { AllOutputs, Typed } from "./provided.ts";
import type { ValueOf } from "./returned.ts";

type IsAny<Type> = 0 extends 1 & Type ? true : false;

type MissingOutput<Branch, Names extends string> =
  Branch extends Typed<infer Inputs, infer Outputs, any, any>
    ? Exclude<Names, NamesOf<Outputs>> extends infer Missing extends string
      ? [Missing] extends [never]
        ? never
        : `The sub-pipeline does not provide the output '${Missing}'; it provides ${Listed<Exclude<NamesOf<Outputs>, keyof Inputs>>}.`
      : never
    : IsOne<Names> extends true
      ? never
      : Exclude<Names, keyof Branch> extends infer Missing extends string
        ? [Missing] extends [never]
          ? never
          : `A direct value that stands for several outputs is a record of them, and this one lacks '${Missing}'.`
        : never;

type UnmetInput<Branch, Inputs> =
  Branch extends Typed<infer Needs, any, any, any>
    ? {
        [Name in keyof Needs]: Name extends keyof Inputs
          ? Inputs[Name] extends Needs[Name]
            ? never
            : [
                `The sub-pipeline reads the input '${Name & string}' as`,
                Needs[Name],
                "and its step reads it as",
                Inputs[Name],
              ]
          : {} extends Pick<Needs, Name>
            ? never
            : `The sub-pipeline reads the input '${Name & string}', and its step does not: add it to the inputs of the step.`;
      }[keyof Needs]
    : never;

type BranchProblem<Branch, Names extends string, Inputs> =
  IsAny<Branch> extends true
    ? never
    : Branch extends unknown
      ? MissingOutput<Branch, Names> | UnmetInput<Branch, Inputs>
      : never;

/** What an expansion returns, where each branch provides `Names` and needs no more than `Inputs`; else the sentence. */
export type Branches<Returned, Names extends string, Inputs> =
  BranchProblem<ValueOf<Returned>, Names, Inputs> extends infer Found
    ? [Found] extends [never]
      ? Returned
      : Found
    : never;

type AllProblem<Branch, Taken, Inputs> = unknown extends Branch
  ? never
  : Branch extends unknown
    ? Branch extends Typed<any, any, any, any>
      ? UnmetInput<Branch, Inputs> | TakenOutput<keyof AllOutputs<Branch>, Taken>
      : Branch extends object
        ? TakenOutput<keyof Branch, Taken>
        : 'A direct value that stands for the outputs "all" is a record of them.'
    : never;

type TakenOutput<Names, Taken> =
  Extract<Names, Taken> extends infer Name extends string
    ? [Name] extends [never]
      ? never
      : NewName<Name, Taken>
    : never;

/** As above for the outputs "all", of which none may be taken. */
export type AllBranches<Returned, Taken, Inputs> =
  AllProblem<ValueOf<Returned>, Taken, Inputs> extends infer Found
    ? [Found] extends [never]
      ? Returned
      : Found
    : never;
