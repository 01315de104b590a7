/** The rules of `addAll`: steps that are added together and may read each other. */
import type { ListOutputs, MemberProblem } from "./added.ts";
import type { IsOne, IsSomething } from "./names.ts";
import type { CircleProblem, PlacedTwice, Spelled, TakenProblem } from "./order.ts";
import type { AnyMaybe } from "./output-names.ts";
import type { AddAll } from "./outputs.ts";
import type { AnyGlob, Items } from "./reads.ts";
import type { AnyStep, InOf, StepName } from "./step.ts";

/**
 * The steps, if all of them fit; else error sentences. Whether they read each other is checked only
 * if some step does not find all its inputs among the earlier outputs, or may read more than those.
 */
export type Parts<Steps, Outputs, Taken> = [
  IsSomething<MemberProblem<Items<Steps>, Outputs, Taken> | ReadsWidely<Items<Steps>> | PlacedTwice<Steps>>,
] extends [true]
  ? TogetherParts<Steps, AddAll<Outputs, ListOutputs<Steps>>, Taken, Spelled<Steps>>
  : Steps;

/** The inputs of a step that are globs or may be missing. */
type ReadsWidely<Step> = Step extends unknown ? Extract<keyof InOf<Step>, AnyGlob | AnyMaybe> : never;

type TogetherParts<Steps, Outputs, Taken, Circle> = [
  MemberProblem<Items<Steps>, Outputs, Taken> | PlacedTwice<Steps> | Circle,
] extends [never]
  ? Steps
  : PartsProblem<Steps, Outputs, Taken, Circle>;

/** The error sentences for steps that do not fit: each in the place of its step, if the list is written out. */
type PartsProblem<Steps, Outputs, Taken, Circle> =
  Steps extends ReadonlyArray<unknown>
    ? number extends Steps["length"]
      ? ListProblem<Steps, Outputs, Taken>
      : { readonly [Index in keyof Steps]: MemberAt<Steps, Index, Outputs, Taken, Circle> }
    : ListProblem<Steps, Outputs, Taken>;

type MemberAt<Steps, Index extends keyof Steps, Outputs, Taken, Circle> = [Steps[Index]] extends [AnyStep]
  ?
      | MemberProblem<Steps[Index], Outputs, Taken>
      | TakenProblem<Steps[Index], Steps, Index>
      | CircleProblem<Circle, StepName<Steps[Index]>> extends infer Found
    ? [Found] extends [never]
      ? Steps[Index]
      : Found
    : never
  : MemberProblem<Steps[Index], Outputs, Taken>;

type ListProblem<Steps, Outputs, Taken> =
  MemberProblem<Items<Steps>, Outputs, Taken> extends infer Found
    ? IsOne<Found> extends true
      ? Found
      : Steps extends ReadonlyArray<unknown>
        ? ReadonlyArray<Fitting<Items<Steps>, Outputs, Taken> | Found>
        : Found
    : never;

type Fitting<Step, Outputs, Taken> = Step extends unknown
  ? [MemberProblem<Step, Outputs, Taken>] extends [never]
    ? Step
    : never
  : never;
