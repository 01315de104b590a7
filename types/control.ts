/** The types of `.when` and `.finally`, which decide which steps run. */
import type { Result } from "effect/Result";
import type { Anything, Free } from "./anything.ts";
import type { IsSomething } from "./names.ts";
import type { AddAll, AddedOutputs, AddNamed, Marked, NamesOf, UnknownOutputs } from "./outputs.ts";
import type { In, Out } from "./own.ts";
import type { AnyPipeline, MergedRecords, Typed } from "./provided.ts";
import type { Lack } from "./reads.ts";
import type { ValueOf } from "./returned.ts";
import type { Sentences } from "./sentences.ts";

/** The valid return type of a condition, else an error sentence. */
export type Condition<Returned> = [ValueOf<Returned>] extends [boolean | Anything]
  ? Free<Returned>
  : ["The result of a condition must be true or false; got", ValueOf<Returned>];

/** The outputs with that of the condition itself, unless its name is taken: then the steps inside still read the other one. */
export type WithCondition<Outputs, Name extends string, Taken> = AddNamed<
  Outputs,
  Exclude<Name, Taken>,
  boolean
>;

declare const unbuilt: unique symbol;

/** The pipeline with the steps of a condition, if another argument of `when` is wrong: the compiler has not looked at `build`. */
export interface Unbuilt extends Typed<any, any, never, never> {
  readonly [unbuilt]: true;
}

/**
 * The pipeline that `build` returns, if it is the one that it was given, with steps added; else an error sentence. Another one, or
 * one that `returns` or `only` has reduced, lacks some of the outputs.
 */
export type BuiltOn<Built extends AnyPipeline, Outputs> = [
  IsSomething<Exclude<NamesOf<Outputs>, NamesOf<Out<Built>>>>,
] extends [true]
  ? Sentences["otherPipeline"]
  : Built;

/** Its inputs. */
export type BuiltInputs<This extends AnyPipeline, Built extends AnyPipeline> = [Built] extends [Unbuilt]
  ? In<This>
  : In<Built>;

/**
 * The outputs that a condition's steps add, which may be missing. `Before`: the names of those that existed before. Where they are not
 * known, any name can be read as a maybe output, so that the steps that read them have no error of their own.
 */
type GuardedOutputs<Built extends AnyPipeline, Before> = [Built] extends [Unbuilt]
  ? UnknownOutputs
  : Marked<MergedRecords<AddedOutputs<Out<Built>, Before>>, never>;

/** The outputs of a pipeline with a condition and the steps that run only if it holds. */
export type ConditionedOutputs<Outputs, Name extends string, Taken, Built extends AnyPipeline> = AddAll<
  WithCondition<Outputs, Name, Taken>,
  GuardedOutputs<Built, Taken | Name>
>;

/** The result of each input; optional for one that is only possibly in the list. */
export type InputResults<Inputs, List extends ReadonlyArray<string>> = {
  readonly [Name in keyof Inputs]: Result<Inputs[Name], unknown> | Lack<List, Name>;
};
