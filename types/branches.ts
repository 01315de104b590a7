/** The checks of what an expansion returns. They stand at the return, so that the error does. */
import type { Mistake } from "./mistake.ts";
import type { NamesOf } from "./outputs.ts";
import type { IsOne, Typed } from "./provided.ts";
import type { ValueOf } from "./returned.ts";

type List<Names> = [Names] extends [never] ? "nothing" : `"${Names & string}"`;

type MissingOutput<Branch, Names extends string, Value> =
  Branch extends Typed<infer Inputs, infer Outputs, any, any>
    ? Exclude<Names, NamesOf<Outputs>> extends infer Missing extends string
      ? [Missing] extends [never]
        ? never
        : Mistake<`A branch does not provide the output "${Missing}"; it provides ${List<Exclude<NamesOf<Outputs>, keyof Inputs>>}.`>
      : never
    : IsOne<Names> extends true
      ? never
      : Exclude<Names, keyof Branch> extends infer Missing extends string
        ? [Missing] extends [never]
          ? never
          : Mistake<`A direct value that stands for several outputs is a record of them, and this one lacks "${Missing}".`>
        : Value;

type UnmetInput<Branch, Inputs> =
  Branch extends Typed<infer Needs, any, any, any>
    ? {
        [Name in keyof Needs]: Name extends keyof Inputs
          ? Inputs[Name] extends Needs[Name]
            ? never
            : Mistake<`The sub-pipeline reads the input "${Name & string}" as another type than its step has.`>
          : Mistake<`The sub-pipeline reads the input "${Name & string}", and its step does not: add it to the inputs of the step.`>;
      }[keyof Needs]
    : never;

type Problems<Branch, Names extends string, Inputs> = Branch extends unknown
  ? MissingOutput<Branch, Names, never> | UnmetInput<Branch, Inputs>
  : never;

/** Nothing where each branch provides `Names` and needs no more than `Inputs`, else the sentence. */
export type BranchCheck<Returned, Names extends string, Inputs> =
  Problems<ValueOf<Returned>, Names, Inputs> extends infer Found
    ? [Found] extends [never]
      ? unknown
      : Found
    : never;

/** As above for outputs "all", where only the inputs can be unmet. */
export type InputCheck<Returned, Inputs> =
  UnmetInput<ValueOf<Returned>, Inputs> extends infer Found
    ? [Found] extends [never]
      ? unknown
      : Found
    : never;
