/** The cases of a switch. */
import type { Anything } from "./anything.ts";
import type { BranchProblem } from "./branches.ts";
import type { StepContext } from "./context.ts";
import type { IsSomething, Listed } from "./names.ts";
import type { IsFamily } from "./output-names.ts";
import type { ValueOf } from "./returned.ts";

/** What names a case. */
type CaseName = string | number | boolean;

/** What `on` may give, as far as it is asked before it is looked at: everything, since a wrong choice is reported in a sentence. */
export type AnyChoice = CaseName | bigint | symbol | object | null | undefined;

/** The names that a choice may give. */
export type Choices<On> = `${Extract<ValueOf<On>, CaseName>}`;

type ChoiceProblem<Value> = [Exclude<Value, CaseName>] extends [never]
  ? true extends IsPattern<Choices<Value>>
    ? [
        `The choice of a switch has the type ${WideKind<Value>}. Return literals, so that the compiler can tell whether each has its case.`,
      ]
    : never
  : [
      "The choice of a switch must be the name of a case (directly, or as a Promise or Effect), and this is",
      Value,
    ];

type WideKind<Value> = string extends Value
  ? "string"
  : `${number}` extends Choices<Value>
    ? "number"
    : "of a template literal";

/** Some name of a case that stands for many? An enumeration of numbers has none, though number fits it. */
type IsPattern<Name extends string> = Name extends unknown ? IsFamily<Name> : never;

/** What chooses, where it gives literals; else the sentence. Until it has been looked at, it may be all that there is. */
export type CheckedChoice<On> = [AnyChoice] extends [On]
  ? On
  : ChoiceProblem<ValueOf<On>> extends infer Found
    ? [Found] extends [never]
      ? On
      : Found
    : never;

declare const unseen: unique symbol;

/** What a case returns that the compiler has not looked at: it does not, where another argument is wrong. */
interface Unseen {
  readonly [unseen]: never;
}

/** All that a case can return: `unknown`, of which `Unseen` is a member that can be looked for. */
export type AnyResult = {} | null | undefined | void | Unseen;

/**
 * What the cases are functions of, including those that are not a choice: what is wrong with these is that they are there.
 */
export type CaseType<Choice extends string, Inputs> = {
  readonly [Key in Choice]?: (inputs: Inputs, context: StepContext) => AnyResult;
} & { readonly [Other in string]: (inputs: Inputs, context: StepContext) => AnyResult };

export type CaseResult<Case> = Case extends (...parameters: any) => infer Returned
  ? 0 extends 1 & Returned
    ? Returned
    : [Extract<Returned, Unseen>] extends [never]
      ? Returned
      : Anything
  : never;

/** What the cases return. */
export type CaseResults<Cases> = CaseResult<Cases[keyof Cases]>;

export type CaseProblem<Returned, Name extends string, Inputs> = [
  IsSomething<BranchProblem<ValueOf<Returned>, Name, Inputs>>,
] extends [true]
  ? BranchProblem<ValueOf<Returned>, Name, Inputs>
  : unknown;

/** May a case be missing? Not while the cases are yet to be looked at: all of them may, then. */
type IsOptional<Cases, Key extends keyof Cases> = string extends keyof Cases
  ? false
  : {} extends Pick<Cases, Key>
    ? true
    : false;

/**
 * Nothing where each choice has its case, and each case gives what it must; else the sentence. Nothing either where the
 * choice or a case may have any name: that has its sentence elsewhere, or is what the compiler takes while the function has
 * yet to be looked at.
 */
export type CheckedCases<Cases, Choice extends string, Name extends string, Inputs> = string extends Choice
  ? unknown
  : [Exclude<Choice, NameOf<keyof Cases>>] extends [never]
    ? {
        readonly [Key in keyof Cases]: string extends Key
          ? unknown
          : NameOf<Key> extends Choice
            ? IsOptional<Cases, Key> extends true
              ? [`The switch '${Name}' may choose '${NameOf<Key>}', and this case may be missing.`]
              : CaseProblem<CaseResult<Cases[Key]>, Name, Inputs>
            : [
                `No choice of the switch '${Name}' leads to the case '${NameOf<Key>}'. The choices are ${Listed<Choice>}.`,
              ];
      }
    : {
        readonly [Key in Exclude<Choice, NameOf<keyof Cases>>]: [
          `The switch '${Name}' may choose '${Key}', and has no such case.`,
        ];
      };

/** In an object literal `1` and `"1"` name the same. */
type NameOf<Key> = `${Key & (string | number)}`;
