/** The cases of a switch. */
import type { Effect } from "effect/Effect";
import type { Branches } from "./branches.ts";
import type { StepContext } from "./context.ts";
import type { Listed } from "./names.ts";
import type { ValueOf } from "./returned.ts";

/** What chooses: the name of a case, at once, by a Promise or by an Effect. */
export type ChoiceValue = string | PromiseLike<string> | Effect<string, any, any>;

/** The names that a choice may give. */
export type Choices<On> = ValueOf<On> & string;

/** What the cases are functions of. That one is missing is said by a sentence. */
export type CaseType<Choice extends string, Inputs> = {
  readonly [Key in Choice]?: (inputs: Inputs, context: StepContext) => unknown;
};

type CaseResult<Case> = Case extends (...parameters: any) => infer Returned ? Returned : never;

/** What the cases return. */
export type CaseResults<Cases> = CaseResult<Cases[keyof Cases]>;

type CaseProblem<Returned, Name extends string, Inputs> = [Branches<Returned, Name, Inputs>] extends [
  Returned,
]
  ? unknown
  : Branches<Returned, Name, Inputs>;

/**
 * Nothing where each choice has its case, and each case gives what it must; else the sentence. A choice that is typed
 * string has its sentence elsewhere; and it is what the compiler takes while `on` has yet to be looked at.
 */
export type CheckedCases<Cases, Choice extends string, Name extends string, Inputs> = [
  string extends Choice ? never : Exclude<Choice, keyof Cases>,
] extends [never]
  ? {
      readonly [Key in keyof Cases]: Key extends Choice
        ? CaseProblem<CaseResult<Cases[Key]>, Name, Inputs>
        : `No choice of the switch '${Name}' leads to the case '${Key & string}': the choices are ${Listed<Choice>}.`;
    }
  : {
      readonly [Key in Exclude<
        Choice,
        keyof Cases
      >]: `The switch '${Name}' may choose '${Key}', and has no such case.`;
    };
