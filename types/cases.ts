/** The cases of a switch. */
import type { Anything } from "./anything.ts";
import type { BranchProblem } from "./branches.ts";
import type { StepContext } from "./context.ts";
import type { IsSomething, Listed } from "./names.ts";
import type { IsFamily } from "./output-names.ts";
import type { ValueOf } from "./returned.ts";
import type { Sentences } from "./sentences.ts";

/** The type of a case's name. */
type CaseName = string | number | boolean;

/** The constraint on the result of `on` before its type is checked: everything, since a wrong choice is reported in a sentence. */
export type AnyChoice = CaseName | bigint | symbol | object | null | undefined;

/** The names that a choice may return. */
export type Choices<On> = [ValueOf<On>] extends [Anything] ? string : `${Extract<ValueOf<On>, CaseName>}`;

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

/** Whether some name of a case stands for many. A numeric enum has none, although number fits it. */
type IsPattern<Name extends string> = Name extends unknown ? IsFamily<Name> : never;

/** The choosing function, if it returns literals; else an error sentence. Before it is checked, its type may be anything. */
export type CheckedChoice<On> = [AnyChoice] extends [On]
  ? On
  : [ValueOf<On>] extends [Anything]
    ? On
    : ChoiceProblem<ValueOf<On>> extends infer Found
      ? [Found] extends [never]
        ? On
        : Found
      : never;

declare const unseen: unique symbol;

/**
 * The return type of a case that the compiler has not checked, because another argument is wrong.
 *
 * @public
 */
export interface Unseen {
  readonly [unseen]: never;
}

/**
 * Everything that a case can return, as `unknown` does, with a member by which the compiler's assumption is found before it has
 * looked at the case.
 *
 * @public
 */
export type AnyResult = {} | null | undefined | void | Unseen;

/**
 * The type of the cases, including superfluous ones, whose only problem is that they exist. `Key` is a key of the cases themselves:
 * an interface has no index signature, so it fits only what asks for its own keys.
 */
export type CaseType<Choice extends string, Inputs, Key extends PropertyKey> =
  | ({ readonly [Each in Choice]?: Case<Inputs> } & { readonly [Other in string]: Case<Inputs> })
  | { readonly [Each in Key]: Case<Inputs> }
  | ListedCases<Inputs>;

/**
 * A case of a switch, or a contender of a race: a function of the step's inputs.
 *
 * @public
 */
export type Case<Inputs> = (inputs: Inputs, context: StepContext) => AnyResult;

/** An array or a text, whose only problem is that it is not a record. It has no key in common with one. */
export interface NoRecord {
  readonly [Symbol.iterator]: unknown;
}

/** The same, in which functions have typed parameters. */
export interface ListedCases<Inputs> extends NoRecord {
  readonly [index: number]: Case<Inputs> | {} | null | undefined;
}

/** The sentence for what is not a record. None before the compiler has looked at the functions in a list. */
export type Unrecorded<Cases, Sentence> = [unknown] extends [Cases[keyof Cases & number]]
  ? unknown
  : Cases extends string
    ? [Sentence]
    : Sentence;

export type CaseResult<Case> = Case extends (...parameters: any) => infer Returned
  ? 0 extends 1 & Returned
    ? Returned
    : [Extract<Returned, Unseen>] extends [never]
      ? Returned
      : Anything
  : never;

/** The return types of the cases. */
export type CaseResults<Cases> = Cases extends unknown ? CaseResult<Cases[keyof Cases]> : never;

/** `Right` if a case returns a valid value; else an error sentence. */
export type CaseProblem<Returned, Name extends string, Inputs, Right = unknown> = [
  IsSomething<BranchProblem<ValueOf<Returned>, Name, Inputs>>,
] extends [true]
  ? BranchProblem<ValueOf<Returned>, Name, Inputs>
  : Right;

/** Whether a case may be missing. Not before the cases are checked, when all of them may be. */
type IsOptional<Cases, Key extends keyof Cases> = string extends keyof Cases
  ? false
  : {} extends Pick<Cases, Key>
    ? true
    : false;

/** A record of cases with any name: which of them there are is not known. It is not one of those that are yet to be looked at. */
type IsRecord<Cases> = string extends keyof Cases
  ? Cases[keyof Cases] extends (...parameters: any) => infer Returned
    ? [Extract<Returned, Unseen>] extends [never]
      ? true
      : false
    : false
  : false;

/**
 * Nothing if each choice has its case, and each case returns a valid value; else an error sentence. Also nothing if the
 * choice or a case may have any name: this is reported elsewhere, or is the compiler's assumption while the function has
 * not been checked yet.
 */
export type CheckedCases<Cases, Choice extends string, Name extends string, Inputs> = string extends Choice
  ? unknown
  : Cases extends NoRecord | ((...given: never) => unknown)
    ? Unrecorded<Cases, Sentences["cases"]>
    : IsRecord<Cases> extends true
      ? [
          `The cases of the switch '${Name}' may have any names, so the one that it chooses may be missing. List them one by one.`,
        ]
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

/** In an object literal, `1` and `"1"` are the same name. */
type NameOf<Key> = `${Key & (string | number)}`;
