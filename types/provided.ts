/** The outputs that a step adds to its pipeline. */
import type { Result } from "effect/Result";
import type { Anything, LikelyOutput } from "./anything.ts";
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
  PlainOutputs,
  RecordOutputs,
  TakenBy,
  UnknownOutputs,
} from "./outputs.ts";
import type { OutputType } from "./output-chunks.ts";
import type { IsSure, SureNames } from "./reads.ts";
import type { ValueOf } from "./returned.ts";
import type { Decoded, DecodedOf, HasSchema } from "./schema.ts";
import type { Sentences } from "./sentences.ts";

/** The key of a pipeline's types. Does not exist at run time. */
export declare const typesOf: unique symbol;

/** Stands for `many` if there are only few outputs. */
interface FewOutputs {
  readonly size: unknown;
}

/** The property that only a chunk has. */
export interface ManyOutputsMark {
  readonly own: string;
}

/** The four types of a pipeline, for other types to read. Does not exist at run time. */
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
  /** Makes the compiler compare all of this when the parameters differ. An input that is read by its name must not be a maybe output. */
  readonly measured?: { readonly [Key in NamesOf<Outputs>]-?: 0 };
  readonly all: AllNames<TakenBy<Outputs>>;
  /** The same without the outputs that it does not return. */
  readonly seen: (name: KeysOf<Outputs>) => void;
  readonly failure: Failure;
  readonly services: Services;
}

/** Any value with the types of a pipeline. */
export interface Typed<in out Inputs, Outputs, out Failure, out Services> {
  readonly [typesOf]: PipelineTypes<Inputs, Outputs, Failure, Services>;
}

/** Any pipeline, from which members infer their own types. */
export interface AnyPipeline {
  readonly [typesOf]: PipelineTypes<any, any, any, any>;
}

/** A name in `outputs`, if the step's return value has it and it is new; else an error sentence. */
type DeclaredOutput<Name extends string, IsRecord, Returned, Taken> = IsRecord extends false
  ? NewName<Name, Taken>
  : Name extends Lacking<Name, ValueOf<Returned>>
    ? [`The step declares the output '${Name}', which is not in the value that it returns.`]
    : NewName<Name, Taken>;

/** Each name in `outputs`, or its error sentence. */
type DeclaredOutputs<List extends ReadonlyArray<string>, Returned, Taken> = {
  readonly [Index in keyof List]: List[Index] extends NamesBefore<List, Index>
    ? [`The output '${List[Index]}' is already provided: give this one another name.`]
    : DeclaredOutput<List[Index], IsRecordList<List>, Returned, Taken>;
};

/** The elements of a list before this position. */
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

/** The list in `outputs`, if all of its names are valid; else error sentences for the invalid ones. */
export type OutputList<List extends ReadonlyArray<string>, Returned, Taken> = [List] extends [never]
  ? { readonly [index: number]: OfferedOutput<Returned, Taken> }
  : [List] extends [CheckedList<List, Returned, Taken>]
    ? List
    : string extends List[number]
      ? ReadonlyArray<Sentences["unknownOutputs"]>
      : CheckedList<List, Returned, Taken>;

/**
 * The names that an editor offers in `outputs`: while it asks, the compiler takes the list as absent. A member of a type, so that it
 * is not computed otherwise, and nothing is inferred from it.
 */
type OfferedOutput<Returned, Taken> = NoInfer<
  Exclude<keyof OfferedFields<ValueOf<Returned>> & string, Taken>
>;

/** A record of the fields of a value, or of the outputs of a pipeline. Of a union, an editor offers the names that all have. */
type OfferedFields<Value> =
  Value extends Typed<infer Inputs, infer Outputs, any, any>
    ? { readonly [Name in Exclude<NamesOf<Outputs>, keyof Inputs>]: 1 }
    : Value extends string | Iterable<unknown> | Date | ((...given: never) => unknown)
      ? never
      : Value extends object
        ? Value
        : never;

type CheckedList<List extends ReadonlyArray<string>, Returned, Taken> = [List] extends [readonly []]
  ? "outputs must not be empty, because every step provides something. Leave it out to provide the step's name."
  : DeclaredOutputs<List, Returned, Taken>;

/** Whether a list names the fields of a record. A single name stands for the value itself; with an unknown number, both are possible. */
type IsRecordList<List extends ReadonlyArray<unknown>> = List extends unknown
  ? number extends List["length"]
    ? List extends readonly [unknown, unknown, ...ReadonlyArray<unknown>]
      ? true
      : boolean
    : List["length"] extends 1
      ? false
      : true
  : never;

/** The same for a dynamic step, whose branches are checked where they are returned. */
export type ExposedList<List, Returned, Taken> = [List] extends [never]
  ? "all" | { readonly [index: number]: OfferedOutput<Returned, Taken> }
  : [List] extends ["all"]
    ? List
    : List extends ReadonlyArray<string>
      ? OutputList<List, unknown, Taken>
      : List;

/** The names that a step exposes: those in `outputs`, or else its own name. */
export type ExposedNames<Name extends string, List> = [NamesIn<List>] extends [never] ? Name : NamesIn<List>;

/** The names in a list. `outputs: undefined` is not a list: the compiler would assume any list for it. */
type NamesIn<List> =
  List extends ReadonlyArray<infer Name extends string> ? (string extends Name ? never : Name) : never;

/** Whether a dynamic step exposes a record. Not if the value is exposed under the step's own name, or under one of several names. */
export type ExposesRecord<List> = [NamesIn<List>] extends [never]
  ? false
  : List extends ReadonlyArray<string>
    ? IsRecordList<List>
    : false;

type AreSeveral<Names> = IsOne<Names> extends true ? false : true;

/**
 * The names that are missing in some returned value. None for `unknown`: it may have them, and it is the compiler's
 * assumption while the function has not been checked yet.
 */
type Lacking<Names, Value> = unknown extends Value
  ? never
  : Value extends unknown
    ? Exclude<Names, keyof Value>
    : never;

/** The outputs of a value: a single output is the value itself, several are the fields of the value. */
type NamedOutputs<Names extends string, Value, IsRecord = AreSeveral<Names>> = IsRecord extends false
  ? { readonly [Name in Names]: Value }
  : unknown extends Value
    ? { readonly [Name in Names]: Value }
    : [Value] extends [Anything]
      ? { readonly [Name in Names]: LikelyOutput<Name> }
      : { readonly [Name in Names]: Name extends keyof Value ? Value[Name] : Anything };

/** A step's outputs. Those that are only possibly in the list are maybe outputs. */
export type StepOutputs<List extends ReadonlyArray<string>, Value> =
  IsSure<List> extends true ? NamedOutputs<List[number], Value> : MergedRecords<ListedOutputs<List, Value>>;

/** The same where there may be no list: then the value has the step's own name. */
export type LaxStepOutputs<Name extends string, List, Value> = MergedRecords<
  ListedOutputs<Extract<List, ReadonlyArray<string>>, Value> | OwnOutput<Name, Value>
>;

/** A value under the name of its step, or under one of several. */
type OwnOutput<Name extends string, Value> =
  IsOne<Name> extends true
    ? { readonly [Each in Name]: Value }
    : Marked<{ readonly [Each in Name]: Value }, never>;

/** The outputs that each of several lists names. */
type ListedOutputs<List extends ReadonlyArray<string>, Value> = List extends unknown
  ? Marked<
      { readonly [Name in List[number]]: NamedOutputs<Name, Value, IsRecordList<List>>[Name] },
      SureNames<List>
    >
  : never;

/**
 * The type that an expansion exposes under each name: the union over its branches. Written in one piece: an alias for the type of
 * one branch would appear in the declarations of a module that exports a pipeline.
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

/** The outputs that a dynamic step adds, decoded if there is a schema. */
export type DynamicOutputs<Name extends string, List, Value, Fallback, Schema> = [NamesIn<List>] extends [
  never,
]
  ? ["all"] extends [List]
    ? [List] extends ["all"]
      ? AllOutputs<Decoded<Schema, Value> | Fallback>
      : ReadonlyArray<string> extends List
        ? NamedExpansion<Name, Value, Fallback, Schema>
        : LaxDynamicOutputs<Name, List, Value, Fallback, Schema>
    : NamedExpansion<Name, Value, Fallback, Schema>
  : [List] extends [ReadonlyArray<string>]
    ? IsSure<List> extends true
      ? ExposedOutputs<List[number], Value, Fallback, Schema>
      : MergedRecords<ExposedLists<List, Value, Fallback, Schema>>
    : LaxDynamicOutputs<Name, List, Value, Fallback, Schema>;

/** The same where there may be no list, or where it may be all. */
type LaxDynamicOutputs<Name extends string, List, Value, Fallback, Schema> = MergedRecords<
  | ExposedLists<Extract<List, ReadonlyArray<string>>, Value, Fallback, Schema>
  | ("all" extends List ? AllOutputs<Decoded<Schema, Value> | Fallback> : never)
  | (undefined extends List ? NamedExpansion<Name, Value, Fallback, Schema> : never)
>;

/** The outputs that each of several lists exposes. */
type ExposedLists<List extends ReadonlyArray<string>, Value, Fallback, Schema> = List extends unknown
  ? Marked<ExposedOutputs<List[number], Value, Fallback, Schema, IsRecordList<List>>, SureNames<List>>
  : never;

/** The value under the step's own name, or under one of several names. */
type NamedExpansion<Name extends string, Value, Fallback, Schema> = string extends Name
  ? UnknownOutputs
  : IsOne<Name> extends true
    ? ExposedOutputs<Name, Value, Fallback, Schema, false>
    : Marked<ExposedOutputs<Name, Value, Fallback, Schema, false>, never>;

type ExposedOutputs<Names extends string, Value, Fallback, Schema, IsRecord = AreSeveral<Names>> =
  HasSchema<Schema> extends false
    ? Computed<ExpansionOutputs<Names, Value | Fallback, IsRecord>>
    : [Fallback] extends [never]
      ? NamedOutputs<Names, DecodedOf<Schema>, IsRecord>
      : {
          readonly [Name in Names]:
            | NamedOutputs<Names, DecodedOf<Schema>, IsRecord>[Name]
            | ExpansionOutputs<Names, Fallback, IsRecord>[Name];
        };

/**
 * A record whose types are computed now, from an inferred union of references: those of nested expansions would be computed
 * all at once, when the first is read, beyond the compiler's depth limit.
 */
type Computed<Outputs> =
  RecordOutputs<Outputs> extends infer Union extends OutputType<string, unknown>
    ? Flat<Joined<Union>>
    : never;

/** The input of an output schema: the value of one output, or the record of several. */
export type DynamicValue<Names extends string, Value, IsRecord = false> = IsRecord extends false
  ? ExpansionOutputs<Names, Value, false>[Names]
  : ExpansionOutputs<Names, Value>;

/** The output of a map: a list of the values of its items, or of their results. */
export type MappedValue<Failures, Value, Failure> = Failures extends "collect"
  ? ReadonlyArray<Result<Value, Failure>>
  : ReadonlyArray<Value>;

/** The errors of a map: none if it always collects failures, or needs only some of its items. */
export type MapFailure<Failures, Enough, Failure> = [Failures] extends ["collect"]
  ? never
  : [Enough] extends [never]
    ? Failure
    : undefined extends Enough
      ? Failure
      : never;

/** The record of the outputs of one branch: maybe outputs under their keys. */
type BranchRecord<Branch> =
  Branch extends Typed<infer Inputs, infer Outputs, any, any>
    ? Omit<KeyedOutputs<Outputs>, keyof Inputs | HiddenKey>
    : { [Name in keyof Branch as RecordKey<Branch, Name>]-?: Branch[Name] };

/** An output that a direct value may lack is a maybe output. A family may have no members anyway. */
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

/** The names in the records; those of maybe outputs without the mark. */
type MergedNames<Records> =
  KeysOfAny<Records> extends infer Key ? (Key extends `${infer Name}?` ? Name : Key) : never;

/** The names that not every record has. */
type Partial<Records, Name> = (
  Records extends unknown
    ? Name extends keyof Records
      ? never
      : Name
    : never
) extends infer Found
  ? Found
  : never;

/** The key of a name. A family may have no members anyway. */
type MergedKey<Records, Name extends string> = [Partial<Records, Name>] extends [never]
  ? Name
  : IsFamily<Name> extends true
    ? Name
    : `${Name}?`;

type MergedAs<Key extends string, Type> = OutputType<Key, Type | (Key extends AnyMaybe ? undefined : never)>;

/**
 * All outputs of all branches: those that only some provide are maybe outputs. The record is built from an inferred union of
 * references, so the compiler computes each type now and keeps nothing of the branches. It would compute nested types
 * all at once, beyond its depth limit.
 */
export type AllOutputs<Value> = MergedRecords<BranchRecord<Value>>;

/** All outputs of several records, of which one exists. */
export type MergedRecords<Records> =
  MergedUnion<Records> extends infer Union extends OutputType<string, unknown> ? Flat<Joined<Union>> : never;

/** A conditional type, since an alias for a union would keep the arguments of that alias. */
type MergedUnion<Records> = [Records] extends [never]
  ? never
  : {
      [Name in MergedNames<Records> & string]: MergedAs<
        MergedKey<Records, Name>,
        MergedOutput<Records, Name>
      >;
    }[MergedNames<Records> & string];

/**
 * The errors of the sub-pipelines that an expansion may return. None for `any`, as for a step that returns it: an
 * unknown value implies nothing about the pipeline.
 */
export type BranchErrors<Returned> =
  ValueOf<Returned> extends infer Branch
    ? 0 extends 1 & Branch
      ? never
      : Branch extends Typed<any, any, infer Failure, any>
        ? Failure
        : never
    : never;

/** The services of the sub-pipelines that an expansion may return; none for `any`, likewise. */
export type BranchNeeds<Returned> =
  ValueOf<Returned> extends infer Branch
    ? 0 extends 1 & Branch
      ? never
      : Branch extends Typed<any, any, any, infer Services>
        ? Services
        : never
    : never;
