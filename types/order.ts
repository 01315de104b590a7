/** The rules of `pipelineOf`: steps in any order, each with what it reads, no name twice, and no cycle. */
import type { Last } from "ts-toolbelt/out/Union/Last.js";
import type { InputProblem, LaxOutputs } from "./added.ts";
import type { GlobPattern } from "./names.ts";
import type { AnyMaybe, Unmarked } from "./output-names.ts";
import type { Joined, OutputType } from "./outputs.ts";
import type { AnyGlob, IsSureList } from "./reads.ts";
import type { AnyStep, InOf, OutOf, StepName } from "./step.ts";

/** For each output, and for each name of a step, the places of the steps that take it. */
type Places<Steps> = {
  [Index in keyof Steps as Index extends `${number}`
    ? keyof OutOf<Steps[Index]> | StepName<Steps[Index]>
    : never]: Index;
};

/** For each output the step that provides it. */
export type Providers<Step> = Joined<Provision<Step>>;

/** The same as a union of outputs. */
type Provision<Step> = Step extends unknown
  ? { [Name in keyof OutOf<Step>]: OutputType<Name & string, Step> }[keyof OutOf<Step>]
  : never;

type TypeIn<Outputs, Name> = Outputs extends unknown
  ? Name extends keyof Outputs
    ? Outputs[Name]
    : never
  : never;

/** The type of one output. */
export type OutputOf<By, Name extends keyof By> = TypeIn<OutOf<By[Name]>, Name>;

type Provided<By> = { readonly [Name in keyof By]: OutputOf<By, Name> };

/** For each output the names that its step reads. */
type Reads<By, Names = keyof By> = { [Name in keyof By]: ReadNames<keyof InOf<By[Name]>, Names> };

type ReadNames<Read, Names> = Extract<Read, AnyGlob | AnyMaybe> extends never ? Read : WideNames<Read, Names>;

type WideNames<Read, Names> = Read extends AnyGlob
  ? Extract<Names, GlobPattern<Read>>
  : Read extends `${infer Name}?`
    ? Extract<Names, Name>
    : Read;

/** Takes away what nothing left depends on, until nothing more goes: what is left lies on a circle or before one. */
type Core<Graph, Left extends keyof Graph, Kept extends keyof Graph = Left & Graph[Left]> = [Left] extends [
  Kept,
]
  ? Left
  : Core<Graph, Kept>;

/** Of these, what depends on none of these goes: what is left lies on a circle or between two. */
type Knot<Graph, Left extends keyof Graph> = {
  [Name in Left]: [Graph[Name] & Left] extends [never] ? never : Name;
}[Left] extends infer Kept extends keyof Graph
  ? [Left] extends [Kept]
    ? Left
    : Knot<Graph, Kept>
  : never;

/** Goes against the data from one to the next until it has been there, and spells what lies between. */
type Trail<Graph, Knotted extends keyof Graph, At, Names, Seen, Text extends string> = At extends Seen
  ? FromFirst<Text, `${Label<At, Names>}`>
  : At extends keyof Graph
    ? Trail<
        Graph,
        Knotted,
        Last<Graph[At] & Knotted>,
        Names,
        Seen | At,
        Text extends "" ? Label<At, Names> : `${Label<At, Names>} → ${Text}`
      >
    : never;

type Label<At, Names> = At extends keyof Names ? Names[At] & string : never;

/** Cuts what lies before the circle. */
type FromFirst<Text extends string, First extends string> = Text extends First
  ? `${First} → ${First}`
  : Text extends `${infer Circle} → ${First} → ${string}`
    ? `${First} → ${Circle} → ${First}`
    : Text extends `${infer Circle} → ${First}`
      ? `${First} → ${Circle} → ${First}`
      : Text;

/** Of these outputs one of the first step that has any. */
type FirstIn<Steps, Names> = Steps extends readonly [infer First, ...infer Rest]
  ? [Extract<keyof OutOf<First>, Names>] extends [never]
    ? FirstIn<Rest, Names>
    : Last<Extract<keyof OutOf<First>, Names>>
  : Last<Names>;

/** For each output the name of its step. */
type Labels<By> = { [Name in keyof By]: StepName<By[Name]> };

/**
 * For each output the names that are read by what it reads. There is a cycle among these exactly where there is one among
 * the reads themselves, and no way through them is longer than half as far.
 */
type Leap<Graph> = {
  [Name in keyof Graph]: Graph[Name] extends keyof Graph ? Graph[Graph[Name]] : Graph[Name];
};

/** Is there a cycle? The compiler goes through a long chain in steps of sixteen. */
type IsCyclic<Graph> =
  Leap<Leap<Leap<Leap<Graph>>>> extends infer Far
    ? [Core<Far, keyof Far>] extends [never]
      ? false
      : true
    : never;

type Circle<Steps, By, Graph> = IsCyclic<Graph> extends true ? SpelledCircle<Steps, By, Graph> : never;

type SpelledCircle<Steps, By, Graph> =
  Core<Graph, keyof Graph> extends infer Left extends keyof Graph
    ? Knot<Graph, Left> extends infer Knotted extends keyof Graph
      ? Trail<Graph, Knotted, FirstIn<Steps, Knotted>, Labels<By>, never, "">
      : never
    : never;

/** The cycle among steps, spelled; nothing where there is none. */
export type Spelled<Steps> =
  Steps extends ReadonlyArray<AnyStep>
    ? Circle<Steps, Providers<Steps[number]>, Reads<Providers<Steps[number]>>>
    : never;

/** The step at which a cycle is reported: the one that its text begins with. */
export type CircleProblem<Text, Name extends string> = Text extends `${infer First} → ${string}`
  ? First extends Name
    ? [`These steps form a cycle: ${Text}. Remove one of these inputs.`]
    : never
  : never;

/** Which of two digits comes first, and which of two places in a list. The order in which a union lists them is not theirs. */
type Digits = "0123456789";
type IsShorter<A extends string, B extends string> = A extends `${string}${infer RestA}`
  ? B extends `${string}${infer RestB}`
    ? IsShorter<RestA, RestB>
    : false
  : B extends ""
    ? "same"
    : true;
type IsLess<A extends string, B extends string> = A extends `${infer X}${infer RestA}`
  ? B extends `${infer Y}${infer RestB}`
    ? X extends Y
      ? IsLess<RestA, RestB>
      : Digits extends `${string}${X}${string}${Y}${string}`
        ? true
        : false
    : false
  : false;
type IsBefore<A extends string, B extends string> =
  IsShorter<A, B> extends "same" ? IsLess<A, B> : IsShorter<A, B>;

/** Of two places in a list, is the first before the second? */
type Earlier<Place, Index> = Place extends string
  ? Index extends string
    ? IsBefore<Place, Index>
    : never
  : never;

/** The sentences about outputs of a step that steps before it provide as well. */
export type TakenProblem<Step, Steps, Index> = TakenAt<Step, Places<Steps>, Index>;

type TakenAt<Step, By, Index> =
  | { [Name in keyof OutOf<Step>]: TakenBefore<Name, By, Index> }[keyof OutOf<Step>]
  | (string extends StepName<Step> ? never : TakenBefore<StepName<Step>, By, Index>) extends infer Found
  ? Found
  : never;

type TakenBefore<Name, By, Index> = Name extends keyof By
  ? true extends Earlier<By[Name], Index>
    ? [`The output '${Name & string}' is already provided: give this one another name.`]
    : never
  : never;

type Explained<Steps extends ReadonlyArray<unknown>, Outputs, Text> = {
  readonly [Index in keyof Steps]:
    | InputProblem<InOf<Steps[Index]>, Outputs, `The step '${StepName<Steps[Index]>}'`>
    | TakenProblem<Steps[Index], Steps, Index>
    | CircleProblem<Text, StepName<Steps[Index]>> extends infer Found
    ? [Found] extends [never]
      ? Steps[Index]
      : Found
    : never;
};

/** For each output, and for each name of a step, the place of the step. A mapped tuple: `keyof Steps` would be computed again for each step. */
type Placed<Steps extends ReadonlyArray<unknown>> = {
  readonly [Index in keyof Steps]: PlacedAt<Steps[Index], Index>;
}[number];

/** Of one of several steps, what each of them takes. */
type PlacedAt<Step, Index> = Step extends unknown
  ?
      | { [Name in keyof OutOf<Step>]: OutputType<Unmarked<Name> & string, Index> }[keyof OutOf<Step>]
      | OutputType<StepName<Step>, Index>
  : never;

/** The outputs that have two places. No `keyof` here either. */
type Twice<
  Each extends OutputType<string, any>,
  By extends { readonly [Name in string]: any } = Joined<Each>,
> =
  Each extends OutputType<string, any>
    ? By[Each["name"]] extends Each["type"]
      ? never
      : Each["name"]
    : never;

/** The same for what may be a list of another kind, of which it is not known. */
export type PlacedTwice<Steps> =
  Steps extends ReadonlyArray<unknown>
    ? number extends Steps["length"]
      ? never
      : Twice<Placed<Steps>>
    : never;

/** The steps that read what is not there, or as another type. One look at each: what is wrong is found out after. */
type Unfit<Step, Outputs> = Step extends unknown ? (Outputs extends InOf<Step> ? never : Step) : never;

/** The steps, where they make a pipeline; else, in the place of each that does not fit, the sentence. */
export type AnyOrder<Steps extends ReadonlyArray<AnyStep>> = OrderCheck<Steps, Providers<Steps[number]>>;

/** What can be read: maybe outputs for what a step that is only possibly in the list provides. */
type Readables<Steps, By> = IsSureList<Steps> extends true ? Provided<By> : LaxOutputs<Steps>;

type OrderCheck<Steps extends ReadonlyArray<AnyStep>, By> =
  Circle<Steps, By, Reads<By>> extends infer Text
    ? [Text | Twice<Placed<Steps>> | Unfit<Steps[number], Readables<Steps, By>>] extends [never]
      ? Steps
      : Explained<Steps, Readables<Steps, By>, Text>
    : never;
