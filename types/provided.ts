/** What a step adds to the outputs of its pipeline. */
import type { Result } from "effect/Result";
import type { Anything } from "./anything.ts";
import type { AllNames, IsOne, NewName } from "./names.ts";
import type { AnyMaybe, HiddenKey, IsFamily } from "./output-names.ts";
import type {
  AnyChunk,
  Flat,
  Joined,
  KeysOf,
  KeyedOutputs,
  Lookup,
  Marked,
  NamesOf,
  OutputType,
  PlainOutputs,
  TakenBy,
} from "./outputs.ts";
import type { IsSure, SureNames } from "./reads.ts";
import type { ValueOf } from "./returned.ts";
import type { DecodedOf, HasSchema } from "./schema.ts";

/** The key of a pipeline's types. Nothing of it exists at run time. */
export declare const typesOf: unique symbol;

/** In the place of many outputs, where there are few. */
interface FewOutputs {
  readonly size: unknown;
}

/** What only a chunk fits. */
export interface ManyOutputsMark {
  readonly own: string;
}

/** The four types of a pipeline, for other types to read. Nothing of it exists at run time. */
export interface PipelineTypes<in out Inputs, Outputs, out Failure, out Services> {
  readonly inputs: Inputs;
  /**
   * Where they are many. A pipeline of few can stand for one of many: what they are is compared by `plain`. `FewOutputs` is
   * what each chunk fits, and what is not one: so the compiler sees of a type parameter for a pipeline that it has few.
   */
  readonly many: Outputs extends AnyChunk ? Outputs : FewOutputs;
  readonly few: Outputs extends AnyChunk ? any : Outputs;
  readonly plain: () => PlainOutputs<Outputs>;
  /**
   * It has no other outputs. Of what has any inputs that is not asked: it is the type of any pipeline that has these outputs. The
   * compiler prints this key where they differ, as in `p = p.step(…)`.
   */
  readonly "Each member returns another pipeline: give it a name of its own.": 0 extends 1 & Inputs
    ? any
    : keyof PlainOutputs<Outputs>;
  /** Tells the compiler to look at all of this where the parameters differ. An input that is read by its name must not be a maybe output. */
  readonly measured?: { readonly [Key in NamesOf<Outputs>]-?: 0 };
  readonly all: AllNames<TakenBy<Outputs>>;
  /** The same without those that it does not return. */
  readonly seen: (name: KeysOf<Outputs>) => void;
  readonly failure: Failure;
  readonly services: Services;
}

/** Whatever has the types of a pipeline. */
export interface Typed<in out Inputs, Outputs, out Failure, out Services> {
  readonly [typesOf]: PipelineTypes<Inputs, Outputs, Failure, Services>;
}

/** Any pipeline, for members to find their own types by. */
export interface AnyPipeline {
  readonly [typesOf]: PipelineTypes<any, any, any, any>;
}

/** One of the names in `outputs`, where what the step returns has it and it is new; else the sentence. */
type DeclaredOutput<Name extends string, IsRecord, Returned, Taken> = IsRecord extends false
  ? NewName<Name, Taken>
  : Name extends Lacking<Name, ValueOf<Returned>>
    ? [`The step declares the output '${Name}', which is not in the value that it returns.`]
    : NewName<Name, Taken>;

/** Each name in `outputs`, or the sentence about it. */
type DeclaredOutputs<List extends ReadonlyArray<string>, Returned, Taken> = {
  readonly [Index in keyof List]: List[Index] extends NamesBefore<List, Index>
    ? [`The output '${List[Index]}' is already provided: give this one another name.`]
    : DeclaredOutput<List[Index], IsRecordList<List>, Returned, Taken>;
};

/** What is in a list before this place. */
type NamesBefore<
  List,
  Place,
  Found = never,
  At extends ReadonlyArray<1> = [],
> = `${At["length"]}` extends Place
  ? Found
  : List extends readonly [infer First, ...infer Rest]
    ? NamesBefore<Rest, Place, Found | First, [...At, 1]>
    : never;

/** The list in `outputs`, where all of its names can be; else the sentences about those that cannot. */
export type OutputList<List extends ReadonlyArray<string>, Returned, Taken> = [List] extends [
  CheckedList<List, Returned, Taken>,
]
  ? List
  : CheckedList<List, Returned, Taken>;

type CheckedList<List extends ReadonlyArray<string>, Returned, Taken> = [List] extends [readonly []]
  ? "outputs must not be empty, because every step provides something. Leave it out to provide the step's name."
  : DeclaredOutputs<List, Returned, Taken>;

/** Does a list name the fields of a record? One name alone stands for the value itself: of an unknown number of names, both may be. */
type IsRecordList<List extends ReadonlyArray<unknown>> = List extends unknown
  ? number extends List["length"]
    ? boolean
    : List["length"] extends 1
      ? false
      : true
  : never;

/** As above for a dynamic step, whose branches are checked where they are returned. */
export type ExposedList<List, Taken> = [List] extends ["all"]
  ? List
  : List extends ReadonlyArray<string>
    ? OutputList<List, unknown, Taken>
    : never;

/** The names that a step exposes: those in `outputs`, without which its own. */
export type ExposedNames<Name extends string, List> = [NamesIn<List>] extends [never] ? Name : NamesIn<List>;

/** The names in a list. `outputs: undefined` is not a list: the compiler would take any list for it. */
type NamesIn<List> =
  List extends ReadonlyArray<infer Name extends string> ? (string extends Name ? never : Name) : never;

/** Is it a record that a dynamic step exposes? Not where its own name stands for the value, one or one of several. */
export type ExposesRecord<List> = [NamesIn<List>] extends [never]
  ? false
  : List extends ReadonlyArray<string>
    ? IsRecordList<List>
    : false;

type AreSeveral<Names> = IsOne<Names> extends true ? false : true;

/**
 * The names that some value of what is returned has not. Nothing for `unknown`: it may have them, and it is what the
 * compiler takes while the function has yet to be looked at.
 */
type Lacking<Names, Value> = unknown extends Value
  ? never
  : Value extends unknown
    ? Exclude<Names, keyof Value>
    : never;

/** The outputs of a value: one is the value itself, several are the record that the value is. */
type NamedOutputs<Names extends string, Value, IsRecord = AreSeveral<Names>> = IsRecord extends false
  ? { readonly [Name in Names]: Value }
  : unknown extends Value
    ? { readonly [Name in Names]: Value }
    : { readonly [Name in Names]: Name extends keyof Value ? Value[Name] : Anything };

/** A step's outputs. Those that are only possibly in the list are maybe outputs. */
export type StepOutputs<List extends ReadonlyArray<string>, Value> =
  IsSure<List> extends true ? NamedOutputs<List[number], Value> : MergedRecords<ListedOutputs<List, Value>>;

/** The outputs that each of several lists names. */
type ListedOutputs<List extends ReadonlyArray<string>, Value> = List extends unknown
  ? Marked<
      { readonly [Name in List[number]]: NamedOutputs<Name, Value, IsRecordList<List>>[Name] },
      SureNames<List>
    >
  : never;

/**
 * What an expansion exposes under each name: the union over its branches. Written in one piece: an alias for what one
 * branch gives would be in the declarations of a module that exports a pipeline.
 */
export type ExpansionOutputs<Names extends string, Value, IsRecord = AreSeveral<Names>> = {
  readonly [Name in Names]: Value extends Typed<any, infer Outputs, any, any>
    ? Lookup<Outputs, Name>
    : IsRecord extends false
      ? Value
      : Name extends keyof Value
        ? Value[Name]
        : never;
};

/** What a dynamic step adds. With a schema it is what that gives. */
export type DynamicOutputs<Name extends string, List, Value, Fallback, Schema> = [NamesIn<List>] extends [
  never,
]
  ? ["all"] extends [List]
    ? [List] extends ["all"]
      ? AllOutputs<Value | Fallback>
      : NamedExpansion<Name, Value, Fallback, Schema>
    : NamedExpansion<Name, Value, Fallback, Schema>
  : [List] extends [ReadonlyArray<string>]
    ? IsSure<List> extends true
      ? ExposedOutputs<List[number], Value, Fallback, Schema>
      : MergedRecords<ExposedLists<List, Value, Fallback, Schema>>
    : never;

/** What each of several lists exposes. */
type ExposedLists<List extends ReadonlyArray<string>, Value, Fallback, Schema> = List extends unknown
  ? Marked<ExposedOutputs<List[number], Value, Fallback, Schema, IsRecordList<List>>, SureNames<List>>
  : never;

/** The value under the step's own name, or under one of several. */
type NamedExpansion<Name extends string, Value, Fallback, Schema> =
  IsOne<Name> extends true
    ? ExposedOutputs<Name, Value, Fallback, Schema, false>
    : Marked<ExposedOutputs<Name, Value, Fallback, Schema, false>, never>;

type ExposedOutputs<Names extends string, Value, Fallback, Schema, IsRecord = AreSeveral<Names>> =
  HasSchema<Schema> extends false
    ? ExpansionOutputs<Names, Value | Fallback, IsRecord>
    : [Fallback] extends [never]
      ? NamedOutputs<Names, DecodedOf<Schema>, IsRecord>
      : {
          readonly [Name in Names]:
            | NamedOutputs<Names, DecodedOf<Schema>, IsRecord>[Name]
            | ExpansionOutputs<Names, Fallback, IsRecord>[Name];
        };

/** What an output schema is given: the value of one output, or the record of several. */
export type DynamicValue<Names extends string, Value, IsRecord = false> = IsRecord extends false
  ? ExpansionOutputs<Names, Value, false>[Names]
  : ExpansionOutputs<Names, Value>;

/** What a map provides: of the values of its items, or of their results. */
export type MappedValue<Failures, Value, Failure> = Failures extends "collect"
  ? ReadonlyArray<Result<Value, Failure>>
  : ReadonlyArray<Value>;

/** What a map can fail with: nothing where it collects failures in any case, or needs only some of its items. */
export type MapFailure<Failures, Enough, Failure> = [Failures] extends ["collect"]
  ? never
  : [Enough] extends [never]
    ? Failure
    : undefined extends Enough
      ? Failure
      : never;

/** Of one branch, the record of what it provides: maybe outputs under their keys. */
type BranchRecord<Branch> =
  Branch extends Typed<infer Inputs, infer Outputs, any, any>
    ? Omit<KeyedOutputs<Outputs>, keyof Inputs | HiddenKey>
    : { [Name in keyof Branch as RecordKey<Branch, Name>]-?: Branch[Name] };

/** An output that a direct value possibly lacks is a maybe output. A family may have no member anyway. */
type RecordKey<Branch, Name extends keyof Branch> = Name extends string
  ? {} extends Pick<Branch, Name>
    ? IsFamily<Name> extends true
      ? Name
      : `${Name}?`
    : Name
  : Name;

type KeysOfAny<Records> = Records extends unknown ? keyof Records : never;

type MergedOutput<Records, Name> = Records extends unknown
  ? Name extends keyof Records
    ? Records[Name]
    : `${Name & string}?` extends keyof Records
      ? Records[`${Name & string}?` & keyof Records]
      : never
  : never;

/** The names of the records, of a maybe output without the mark. */
type MergedNames<Records> =
  KeysOfAny<Records> extends infer Key ? (Key extends `${infer Name}?` ? Name : Key) : never;

/** Those that not every record has. */
type Partial<Records, Name> = (
  Records extends unknown
    ? Name extends keyof Records
      ? never
      : Name
    : never
) extends infer Found
  ? Found
  : never;

/** Under which key a name stands. A family may have no member anyway. */
type MergedKey<Records, Name extends string> = [Partial<Records, Name>] extends [never]
  ? Name
  : IsFamily<Name> extends true
    ? Name
    : `${Name}?`;

type MergedAs<Key extends string, Type> = OutputType<Key, Type | (Key extends AnyMaybe ? undefined : never)>;

/**
 * All outputs of all branches: those that only some provide are maybe outputs. The record is made of a union of references,
 * which is inferred: so the compiler works out each type now, and keeps nothing of the branches. Nested types it would
 * otherwise work out all at once, deeper than it can go.
 */
export type AllOutputs<Value> = MergedRecords<BranchRecord<Value>>;

/** All outputs of records of which one is there. */
export type MergedRecords<Records> =
  MergedUnion<Records> extends infer Union extends OutputType<string, unknown> ? Flat<Joined<Union>> : never;

/** A conditional type, since a union that an alias names would keep the arguments of that alias. */
type MergedUnion<Records> = [Records] extends [never]
  ? never
  : {
      [Name in MergedNames<Records> & string]: MergedAs<
        MergedKey<Records, Name>,
        MergedOutput<Records, Name>
      >;
    }[MergedNames<Records> & string];

/**
 * The errors of the sub-pipelines among what an expansion may return. None of `any`, as for a step that returns it: what
 * is not known of a value says nothing about the pipeline.
 */
export type BranchErrors<Returned> =
  ValueOf<Returned> extends infer Branch
    ? 0 extends 1 & Branch
      ? never
      : Branch extends Typed<any, any, infer Failure, any>
        ? Failure
        : never
    : never;

/** The services of the sub-pipelines among what an expansion may return; none of `any`, likewise. */
export type BranchNeeds<Returned> =
  ValueOf<Returned> extends infer Branch
    ? 0 extends 1 & Branch
      ? never
      : Branch extends Typed<any, any, any, infer Services>
        ? Services
        : never
    : never;
