/** The rules of `addAll`: steps that are added at once, and may read each other. */
import type { ListOutputs, MemberProblem } from "./added.ts";
import type { IsOne } from "./names.ts";
import type { CircleProblem, PlacedTwice, Spelled, TakenProblem } from "./order.ts";
import type { AnyMaybe } from "./output-names.ts";
import type { AddAll } from "./outputs.ts";
import type { AnyGlob, Items } from "./reads.ts";
import type { AnyStep, InOf, StepName } from "./step.ts";

/**
 * Steps that are added at once, where all of them fit; else the sentences. Those that read each other are asked for only
 * where some step does not find all that it reads before them, or may read more than it finds there.
 */
export type Parts<Steps, Outputs, Taken> = [
  MemberProblem<Items<Steps>, Outputs, Taken> | ReadsWidely<Items<Steps>> | PlacedTwice<Steps>,
] extends [never]
  ? Steps
  : TogetherParts<Steps, AddAll<Outputs, ListOutputs<Steps>>, Taken, Spelled<Steps>>;

/** The steps that read by a glob, or what may be missing. */
type ReadsWidely<Step> = Step extends unknown ? Extract<keyof InOf<Step>, AnyGlob | AnyMaybe> : never;

type TogetherParts<Steps, Outputs, Taken, Circle> = [
  MemberProblem<Items<Steps>, Outputs, Taken> | PlacedTwice<Steps> | Circle,
] extends [never]
  ? Steps
  : PartsProblem<Steps, Outputs, Taken, Circle>;

/** The sentences about steps that do not fit: in the place of each, if the list is written out. */
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
