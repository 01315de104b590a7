/** The rules of `pipelineOf`: steps in any order, all inputs provided, no duplicate names, and no cycle. */
import type { Last } from "ts-toolbelt/out/Union/Last.js";
import type { InputProblem, LaxOutputs } from "./added.ts";
import type { GlobPattern } from "./names.ts";
import type { AnyMaybe, Unmarked } from "./output-names.ts";
import type { Joined } from "./outputs.ts";
import type { OutputType } from "./output-chunks.ts";
import type { AnyGlob, IsSureList } from "./reads.ts";
import type { AnyStep, InOf, OutOf, StepName } from "./step.ts";

/** For each output and each step name, the positions of the steps that use it. */
type Places<Steps> = {
  [Index in keyof Steps as Index extends `${number}`
    ? keyof OutOf<Steps[Index]> | StepName<Steps[Index]>
    : never]: Index;
};

/** For each output, the step that provides it. */
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

/** For each output, the names that its step reads. */
type Reads<By, Names = keyof By> = { [Name in keyof By]: ReadNames<keyof InOf<By[Name]>, Names> };

type ReadNames<Read, Names> = Extract<Read, AnyGlob | AnyMaybe> extends never ? Read : WideNames<Read, Names>;

type WideNames<Read, Names> = Read extends AnyGlob
  ? Extract<Names, GlobPattern<Read>>
  : Read extends `${infer Name}?`
    ? Extract<Names, Name>
    : Read;

/** Repeatedly removes the outputs that no remaining one depends on: what remains lies on a cycle or upstream of one. */
type Core<Graph, Left extends keyof Graph, Kept extends keyof Graph = Left & Graph[Left]> = [Left] extends [
  Kept,
]
  ? Left
  : Core<Graph, Kept>;

/** Repeatedly removes the outputs that depend on no remaining one: what remains lies on a cycle or between two. */
type Knot<Graph, Left extends keyof Graph> = {
  [Name in Left]: [Graph[Name] & Left] extends [never] ? never : Name;
}[Left] extends infer Kept extends keyof Graph
  ? [Left] extends [Kept]
    ? Left
    : Knot<Graph, Kept>
  : never;

/** Follows the inputs from one output to the next until it returns to one, and writes the path as text. */
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

/** Cuts the part before the cycle. */
type FromFirst<Text extends string, First extends string> = Text extends First
  ? `${First} → ${First}`
  : Text extends `${infer Circle} → ${First} → ${string}`
    ? `${First} → ${Circle} → ${First}`
    : Text extends `${infer Circle} → ${First}`
      ? `${First} → ${Circle} → ${First}`
      : Text;

/** One of these outputs, from the first step that has any. */
type FirstIn<Steps, Names> = Steps extends readonly [infer First, ...infer Rest]
  ? [Extract<keyof OutOf<First>, Names>] extends [never]
    ? FirstIn<Rest, Names>
    : Last<Extract<keyof OutOf<First>, Names>>
  : Last<Names>;

/** For each output, the name of its step. */
type Labels<By> = { [Name in keyof By]: StepName<By[Name]> };

/**
 * For each output, the names read by its inputs. This graph has a cycle exactly if the original graph
 * has one, and its paths are half as long.
 */
type Leap<Graph> = {
  [Name in keyof Graph]: Graph[Name] extends keyof Graph ? Graph[Graph[Name]] : Graph[Name];
};

/** Whether there is a cycle. The compiler follows a long chain sixteen steps at a time. */
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

/** The cycle among steps, as text; `never` if there is none. */
export type Spelled<Steps> =
  Steps extends ReadonlyArray<AnyStep>
    ? Circle<Steps, Providers<Steps[number]>, Reads<Providers<Steps[number]>>>
    : never;

/** The step at which a cycle is reported: the first one in its text. */
export type CircleProblem<Text, Name extends string> = Text extends `${infer First} → ${string}`
  ? First extends Name
    ? [`These steps form a cycle: ${Text}. Remove one of these inputs.`]
    : never
  : never;

/** The order of two digits, and of two positions in a list. The members of a union have no reliable order. */
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

/** Whether the first of two positions in a list comes before the second. */
type Earlier<Place, Index> = Place extends string
  ? Index extends string
    ? IsBefore<Place, Index>
    : never
  : never;

/** The error sentences for outputs of a step that earlier steps provide as well. */
export type TakenProblem<Step, Steps, Index> = TakenAt<Step, Steps, Places<Steps>, Index>;

type TakenAt<Step, Steps, By, Index> =
  | { [Name in keyof OutOf<Step>]: TakenBefore<Name, Steps, By, Index> }[keyof OutOf<Step>]
  | (string extends StepName<Step>
      ? never
      : TakenBefore<StepName<Step>, Steps, By, Index>) extends infer Found
  ? Found
  : never;

type TakenBefore<Name, Steps, By, Index> = Name extends keyof By
  ? true extends Earlier<By[Name], Index>
    ? [`The ${KindOfName<Name, Steps>} '${Name & string}' is already provided: give this one another name.`]
    : never
  : never;

/** The name of a step whose outputs have other names is not that of an output. */
type KindOfName<Name, Steps> =
  Steps extends ReadonlyArray<infer Step>
    ? Name extends Unmarked<OutputsOfAny<Step>>
      ? "output"
      : "name"
    : "output";
type OutputsOfAny<Step> = Step extends unknown ? keyof OutOf<Step> : never;

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

/** For each output and each step name, the position of the step. A mapped tuple: `keyof Steps` would be recomputed for each step. */
type Placed<Steps extends ReadonlyArray<unknown>> = {
  readonly [Index in keyof Steps]: PlacedAt<Steps[Index], Index>;
}[number];

/** For a union of steps, the names that each of them uses. */
type PlacedAt<Step, Index> = Step extends unknown
  ?
      | { [Name in keyof OutOf<Step>]: OutputType<Unmarked<Name> & string, Index> }[keyof OutOf<Step>]
      | OutputType<StepName<Step>, Index>
  : never;

/** The outputs with two positions. No `keyof` here either. */
type Twice<
  Each extends OutputType<string, any>,
  By extends { readonly [Name in string]: any } = Joined<Each>,
> =
  Each extends OutputType<string, any>
    ? By[Each["name"]] extends Each["type"]
      ? never
      : Each["name"]
    : never;

/** The same for any list of steps; `never` if its length is unknown. */
export type PlacedTwice<Steps> =
  Steps extends ReadonlyArray<unknown>
    ? number extends Steps["length"]
      ? never
      : Twice<Placed<Steps>>
    : never;

/** The steps with inputs that are missing or have another type. One check per step: the problem is determined later. */
type Unfit<Step, Outputs> = Step extends unknown ? (Outputs extends InOf<Step> ? never : Step) : never;

/** The steps, if they make a pipeline; else an error sentence in the position of each step that does not fit. */
export type AnyOrder<Steps extends ReadonlyArray<AnyStep>> = OrderCheck<Steps, Providers<Steps[number]>>;

/** The outputs that can be read: those of a step that is only possibly in the list are maybe outputs. */
type Readables<Steps, By> = IsSureList<Steps> extends true ? Provided<By> : LaxOutputs<Steps>;

type OrderCheck<Steps extends ReadonlyArray<AnyStep>, By> =
  Circle<Steps, By, Reads<By>> extends infer Text
    ? [Text | Twice<Placed<Steps>> | Unfit<Steps[number], Readables<Steps, By>>] extends [never]
      ? Steps
      : Explained<Steps, Readables<Steps, By>, Text>
    : never;
