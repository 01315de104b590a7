/** The types of `.when` and `.finally`, which decide which steps run. */
import type { Result } from "effect/Result";
import type { HiddenKey } from "./output-names.ts";
import type { KeyedOutputs, Marked } from "./outputs.ts";
import type { MergedRecords } from "./provided.ts";
import type { Lack } from "./reads.ts";
import type { ValueOf } from "./returned.ts";

/** The valid return type of a condition, else an error sentence. */
export type Condition<Returned, Name extends string> = [ValueOf<Returned>] extends [boolean]
  ? Returned
  : [`The condition '${Name}' returns`, ValueOf<Returned>, "and must return true or false"];

/** The outputs that a condition's steps add, which may be missing. `Before`: the names of those that existed before. */
export type GuardedOutputs<Outputs, Before> = Marked<MergedRecords<AddedRecord<Outputs, Before>>, never>;

type AddedRecord<Outputs, Before> = Outputs extends unknown
  ? Omit<KeyedOutputs<Outputs>, Exclude<Before & PropertyKey, HiddenKey>>
  : never;

/** The result of each input; optional for one that is only possibly in the list. */
export type InputResults<Inputs, List extends ReadonlyArray<string>> = {
  readonly [Name in keyof Inputs]: Result<Inputs[Name], unknown> | Lack<List, Name>;
};
