/** The contenders of a race. */
import type { AllFailed, StepFailed } from "../src/errors.ts";
import type { Case, CaseProblem, CaseResult, ListedCases, NoRecord, Unrecorded } from "./cases.ts";
import type { BranchErrors } from "./provided.ts";
import type { ErrorOf } from "./returned.ts";
import type { Sentences } from "./sentences.ts";

/** The constraint on contenders, before their types are checked. */
export type ContenderType<Inputs, Key extends PropertyKey> =
  | { readonly [Name in string]: Case<Inputs> }
  | { readonly [Each in Key]: Case<Inputs> }
  | ListedCases<Inputs>;

/** Accepts contenders that each return a valid value; else an error sentence. */
export type CheckedContenders<Contenders, Name extends string, Inputs> = Contenders extends
  | NoRecord
  | ((...given: never) => unknown)
  ? Unrecorded<Contenders, Sentences["contenders"]>
  : [keyof Contenders] extends [never]
    ? ["A race must have at least one contender."]
    : {
        readonly [Key in keyof Contenders]: string extends Key
          ? Contenders[Key]
          : CaseProblem<CaseResult<Contenders[Key]>, Name, Inputs, Contenders[Key]>;
      };

/** The errors that a contender can fail with. */
type ContenderFailure<Returned> = ErrorOf<Returned> | BranchErrors<Returned> | StepFailed;

/** The error of a race: the errors of its contenders, by name. */
export type RaceFailure<Contenders> = {
  readonly [Key in keyof Contenders]: ContenderFailure<CaseResult<Contenders[Key]>>;
} extends infer Errors
  ? AllFailed<Errors>
  : never;
