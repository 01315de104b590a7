/** The names that a step may read, and the inputs that its function receives. */
import type { Last } from "ts-toolbelt/out/Union/Last.js";
import type { MeantName, NearName } from "./near-names.ts";
import type { IsOne, Matches } from "./names.ts";
import type { Anything, Unlike } from "./anything.ts";
import type { AnyMaybe, GlobOf, HiddenKey, HiddenNames, Unmarked } from "./output-names.ts";
import type {
  AnyChunk,
  FamiliesOf,
  FamilyNames,
  Flat,
  Lookup,
  MaybesOf,
  MaybeType,
  NamesOf,
  RecordOutputs,
  SentOf,
} from "./outputs.ts";
import type { Sentences } from "./sentences.ts";
import type { OutputType } from "./output-chunks.ts";

/** Any text with an asterisk. */
export type AnyGlob = `${string}*${string}`;

/**
 * The list of names that a step reads, if all of them are outputs; else the valid names for each. The compiler infers
 * the list from the first branch, so that must be the list alone.
 */
export type InputList<List extends ReadonlyArray<string>, Outputs, Names, Step extends string> = [
  List[number],
] extends [Names]
  ? List
  : AskedList<List, Outputs, Names, Step>;

/** A conditional type: the compiler would also infer into a mapped one, for each element of each list. */
type AskedList<List, Outputs, Names, Step extends string> =
  List extends ReadonlyArray<string>
    ? {
        readonly [Index in keyof List]: IsUnknown<List, List[Index]> extends true
          ? Sentences["unknownInputs"]
          : Asked<List[Index] & string, Outputs, Names, Step>;
      }
    : never;

/** Whether it is a name of the type `string` in a list of unknown length. In a list that is written out, it is one that is being typed. */
type IsUnknown<List extends ReadonlyArray<string>, Read> = [number, string] extends [List["length"], Read]
  ? true
  : false;

type Asked<Read extends string, Outputs, Names, Step extends string> = [
  Read,
  { readonly is: AreOthers<Read, Names> },
] extends [string, { readonly is: true }]
  ? Readable<Read, Outputs, Names, Step>
  : Read;

/**
 * Whether a name is read that is not among these. The compiler decides a condition on an object immediately, even if the names are
 * those of a user's type parameter: the result is then false, as for `IsSomething`.
 */
type AreOthers<Read, Names> = [Read] extends [Names] ? false : true;

/**
 * A name that a step reads, if it can; else the available names, so that the compiler suggests one, and the error
 * sentence.
 */
type Readable<Read extends string, Outputs, Names, Step extends string> = Read extends Names
  ? Read
  : Read extends AnyGlob
    ? [keyof Matches<Outputs, Read>] extends [never]
      ? [
          `The glob '${Read}' of the step '${Step}' matches no output. Name the outputs so that it matches, or fix the glob.`,
        ]
      : Read
    : Read extends `${infer Name}?`
      ? Name extends Names
        ? Read
        : Read extends MaybesOf<Outputs>
          ? Read
          : Name extends keyof Matches<Outputs, Name>
            ? Read
            : NoInfer<Offered<Names | MaybesOf<Outputs>, Read>> | Unprovided<Read, Step>
      : `${Read}?` extends MaybesOf<Outputs>
        ? AnyMaybe extends MaybesOf<Outputs>
          ? Read
          : [
              `The step '${Step}' reads '${Read}', which exists only under a condition. Read '${Read}?' instead: it is undefined where nothing provides it.`,
            ]
        : Read extends keyof Matches<Outputs, Read>
          ? [
              `The step '${Step}' reads '${Read}', which a family of outputs may lack. Read '${Read}?' instead: it is undefined where nothing provides it.`,
            ]
          : NoInfer<Offered<Names | MaybesOf<Outputs>, Read>> | Unprovided<Read, Step>;

/**
 * The error sentence for an input that nothing provides; as a list, since an editor would offer a string as a name.
 * None for `string`, which is the type of a name that is still being typed.
 */
type Unprovided<Read extends string, Step extends string> = string extends Read
  ? never
  : [`The step '${Step}' reads '${Read}', and nothing provides that.`];

/**
 * The inputs that a step's function receives: each output under its name. Whether one may be missing from the list is checked
 * when it is read, since the compiler computes this type several times for each step, and reads a name only once.
 */
export type GivenInputs<
  List extends ReadonlyArray<string>,
  Outputs,
  Names = NamesOf<Outputs>,
  Read = List[number],
> = [Read] extends [Names]
  ? { readonly [Each in List[number]]: Lookup<Outputs, `${Each}`> | Lack<List, Each> }
  : [Read, { readonly is: AreOthers<Read, Names> }] extends [string, { readonly is: true }]
    ? AskedInputs<List, Outputs, Names>
    : { readonly [Each in List[number]]: Lookup<Outputs, `${Each}`> };

/**
 * The same for the functions in a record, such as the cases of a switch: of many outputs, it holds only those that are read, since the
 * compiler walks the types of these functions several times for each of them.
 */
export type CaseInputs<List extends ReadonlyArray<string>, Outputs, Names> = Outputs extends AnyChunk
  ? HeldInputs<GivenInputs<List, Outputs, Names>>
  : GivenInputs<List, Outputs, Names>;

type HeldInputs<Inputs> =
  RecordOutputs<Inputs> extends infer Found extends OutputType<string, any>
    ? { readonly [Each in Found as Each["name"]]: Each["type"] }
    : Inputs;

/** The additional type of an input whose name is only possibly in the list. */
export type Lack<List extends ReadonlyArray<string>, Name> =
  IsSure<List> extends true ? never : Name extends MayLack<List, Name> ? undefined : never;

/**
 * The same if an input is read conditionally, by a glob, or by a refused name. In the last case it includes the names
 * as well: a name that is misspelled in the list may be right in the function.
 */
type AskedInputs<List extends ReadonlyArray<string>, Outputs, Names> = {
  readonly [Each in Known<List[number], Outputs, Names> as Unmarked<Each>]:
    | Repaired<Outputs, Names, Each>
    | (Each extends Lacked<List> ? undefined : never);
} & (string extends List[number] ? { readonly [Name in string]: any } : unknown);

type Known<Read extends string, Outputs, Names> = Read extends Names
  ? Read
  : Read extends AnyGlob
    ? Read
    : string extends Read
      ? Names & string
      : Unmarked<Read> extends Names
        ? Read
        : `${Unmarked<Read>}?` extends MaybesOf<Outputs>
          ? Read
          : Read extends `${infer Name}?`
            ? Name extends keyof Matches<Outputs, Name>
              ? Read
              : Read | (Names & string)
            : Read | (Names & string);

/** The type of an input; for a refused name, that of the nearest name, so that its function has no second error. */
type Repaired<Outputs, Names, Read extends string> = Read extends Names
  ? Lookup<Outputs, `${Read}`>
  : Read extends AnyGlob
    ? RepairedGlob<Outputs, Read>
    : Unmarked<Read> extends infer Name extends string
      ? Name extends Names
        ? Lookup<Outputs, Name>
        : `${Name}?` extends MaybesOf<Outputs>
          ? Read extends AnyMaybe
            ? MaybeType<Outputs, Read>
            : Exclude<MaybeType<Outputs, `${Name}?`>, undefined>
          : Name extends keyof Matches<Outputs, Name>
            ? Matches<Outputs, Name>[Name] | (Read extends AnyMaybe ? undefined : never)
            : Lenient<Meant<Outputs, Names, Name>>
      : never;

/** The type of the output that a misspelled name probably refers to. */
type Meant<Outputs, Names, Read extends string> =
  MeantName<Names, Read> extends infer Name
    ? [IsOne<Name>] extends [true]
      ? [Name] extends [never]
        ? Unlike<Read>
        : Lookup<Outputs, Name>
      : Unlike<Read>
    : never;

/** Marks the first items of a list as present. */
type Lenient<Type> = [Type] extends [Anything] ? Type : LenientList<Type>;

type LenientList<Type> =
  Type extends ReadonlyArray<infer Item>
    ? number extends Type["length"]
      ? Type extends Array<any>
        ? [Item, Item, Item, ...Array<Item>]
        : readonly [Item, Item, Item, ...Array<Item>]
      : Type
    : Type;

type RepairedGlob<Outputs, Glob extends string> = [keyof Matches<Outputs, Glob>] extends [never]
  ? { readonly [Name in string]: MeantMember<Outputs, Glob> }
  : Matches<Outputs, Glob>;

/** A member of the family that a glob without matches probably refers to. */
type MeantMember<Outputs, Glob extends string> =
  NearName<GlobOf<FamilyNames<FamiliesOf<Outputs>>>, Glob> extends infer Family extends string
    ? [IsOne<Family>] extends [true]
      ? [Family] extends [never]
        ? any
        : Matches<Outputs, Family>[keyof Matches<Outputs, Family>]
      : any
    : never;

/** The names that are only possibly in a list: because of a condition, or as one of several names. */
type MayLack<List, Names> = List extends unknown ? Exclude<Names, SureOf<List>> : never;

/** All of a list that are only possibly in it. None if some are unknown, which is reported. */
type Lacked<List extends ReadonlyArray<string>> = string extends List[number]
  ? never
  : MayLack<List, List[number]>;

/** The elements that are certainly in a list. */
type SureOf<List, Found = never> = List extends readonly [infer First, ...infer Rest]
  ? SureOf<Rest, IsOne<First> extends true ? Found | First : Found>
  : List extends readonly [...infer Rest, infer Last]
    ? SureOf<Rest, IsOne<Last> extends true ? Found | Last : Found>
    : Found;

/** Whether all elements are certainly in the list. Then it is one list of a known length, and each element is one name. */
export type IsSure<List extends ReadonlyArray<unknown>> = [
  IsLength<List["length"]> | AreOne<List>[number],
] extends [true]
  ? true
  : false;

/** Whether it is a single length. A list of several lengths may lack its last elements. */
type IsLength<Length, All = Length> = Length extends number
  ? number extends Length
    ? false
    : [All] extends [Length]
      ? true
      : false
  : never;

/** For a union of lists, each element is compared with those of all lists. */
type AreOne<List extends ReadonlyArray<unknown>, All extends List = List> = {
  readonly [Index in keyof List]: IsOne<All[Index]>;
};

/** The same as `IsSure`, for a type that is possibly not a list. */
export type IsSureList<Steps> = [Steps] extends [ReadonlyArray<unknown>] ? IsSure<Steps> : false;

/** The names that are certainly in a list. */
export type SureNames<List extends ReadonlyArray<unknown>> = Exclude<
  List[number],
  MayLack<List, List[number]>
>;

/** The outputs that a map can iterate over: iterables other than strings. */
type IterableNames<Outputs, Name = NamesOf<Outputs>> = Name extends string
  ? MappedOver<Name, Outputs, Name, ""> extends Name
    ? Name
    : never
  : never;

/** The name that a map iterates over, if it can; else the available names and the error sentence. */
export type Mappable<Over extends string, Outputs, Names, Step extends string> = [
  Over,
  { readonly is: AreOthers<MappedOver<Over, Outputs, Names, Step>, Over> },
] extends [string, { readonly is: true }]
  ? MappedOver<Over, Outputs, Names, Step>
  : Over;

type MappedOver<Over extends string, Outputs, Names, Step extends string> = Over extends Names
  ? MappableType<Lookup<Outputs, `${Over}`>> extends true
    ? Over
    : MappableType<Lookup<Outputs, `${Over}`>> extends "text"
      ? [
          `The map '${Step}' maps over '${Over}', which may be a string. Split it into a list first, for example with Array.from or split.`,
        ]
      : [`The map '${Step}' maps over '${Over}', which is not iterable.`]
  : `${Over}?` extends MaybesOf<Outputs>
    ? [
        `The map '${Step}' reads '${Over}', which exists only under a condition. Read it in a step as '${Over}?', and use what that provides.`,
      ]
    : Over extends MaybesOf<Outputs>
      ? [
          `The map '${Step}' reads '${Over}', but over must be the name of one output that is always there. Read '${Over}' in a step that provides a list, and map over that.`,
        ]
      : [IterableNames<Outputs>] extends [never]
        ? string extends Over
          ? ["over must be a name: write the name of one output that is a list. No output here is one."]
          : [`The map '${Step}' reads '${Over}', and no output here is iterable.`]
        : NoInfer<IterableNames<Outputs>> | Unmapped<Over, Step>;

/** The error sentence if nothing provides the output that a map iterates over; a list, and none for `string`, as above. */
type Unmapped<Over extends string, Step extends string> = string extends Over
  ? never
  : [`The map '${Step}' reads '${Over}', and nothing provides that.`];

type MappableType<Type> = 0 extends 1 & Type
  ? true
  : [Type] extends [Iterable<unknown>]
    ? [Extract<Type, string>] extends [never]
      ? true
      : "text"
    : false;

/** The items of an iterable. */
export type Items<Many> = Many extends Iterable<infer Item> ? Item : never;

/** The items that a map iterates over. `any` if it cannot: that has been reported already. */
export type ItemOf<Over extends string, Outputs, Names = NamesOf<Outputs>> = Over extends Names
  ? ItemIn<Lookup<Outputs, `${Over}`>>
  : MeantItem<Over, Outputs, Names>;

/** The same for the output that the name probably refers to. Names of a type parameter are not checked, see `AreOthers`. */
type MeantItem<Over extends string, Outputs, Names> = [
  Over,
  { readonly is: AreOthers<Over, Names> },
] extends [string, { readonly is: true }]
  ? ItemIn<Meant<Outputs, Names, Over>>
  : any;

type ItemIn<Many> = Many extends Iterable<infer Item> ? Item : any;

/** The list of names that a run returns, if these outputs exist; else the valid names for each. */
export type ReturnedList<List extends ReadonlyArray<string>, Outputs, Names> = [List[number]] extends [Names]
  ? List
  : ReadonlyArray<
      IsUnknown<List, List[number]> extends true
        ? [
            "returns takes names: write returns('a', 'b'). If they have the type string, the compiler cannot tell which: write 'as const' after the list, or give it a type with literals.",
          ]
        : Returnable<List[number], Names | Unmarked<MaybesOf<Outputs>>>
    >;

/** A name that a run can return, if the output exists; else the available names and the error sentence. */
type Returnable<Name extends string, Names> = Name extends Names
  ? Name
  :
      | NoInfer<Offered<Names, Name>>
      | (string extends Name ? never : [`'${Name}' cannot be returned, because no step provides it.`]);

/** The list of names that a pipeline is reduced to, likewise. */
export type KeptList<List extends ReadonlyArray<string>, Outputs, Names> = [List[number]] extends [Names]
  ? List
  : readonly [
      Keepable<List[number], Names | Unmarked<MaybesOf<Outputs>>>,
      ...Array<Keepable<List[number], Names | Unmarked<MaybesOf<Outputs>>>>,
    ];

type Keepable<Name extends string, Names> = Name extends Names
  ? Name
  :
      | NoInfer<Offered<Names, Name>>
      | (string extends Name ? never : [`only cannot keep '${Name}', because nothing provides it.`]);

/** The outputs of a run: one that is only possibly in the list, or that may be missing, has the key of a maybe output. */
type ReturnedOutputs<List extends ReadonlyArray<string>, Outputs, Names> =
  IsSure<List> extends true
    ? [List[number]] extends [Names]
      ? { readonly [Name in List[number]]: Lookup<Outputs, `${Name}`> }
      : MarkedReturns<List, Outputs, Names>
    : MarkedReturns<List, Outputs, Names>;

/** The same, plus the names of all others that stay taken, and what waiting steps are sent. */
export type NarrowedOutputs<Outputs, List extends ReadonlyArray<string>, Taken> = WithHidden<
  ReturnedOutputs<List, Outputs, NamesOf<Outputs>>,
  List,
  Taken,
  SentOf<Outputs>
>;

/** The outputs of a pipeline that is reduced to these. The names of its inputs stay taken. */
export type KeptOutputs<Outputs, List extends ReadonlyArray<string>, Taken> = WithHidden<
  ReturnedOutputs<List, Outputs, NamesOf<Outputs>>,
  List,
  Taken,
  Extract<SentOf<Outputs>, { readonly name: List[number] }>
>;

type WithHidden<Returned, List extends ReadonlyArray<string>, Taken, Sent> = [
  HiddenFrom<Taken, List[number]> | Sent,
] extends [never]
  ? Returned
  : Flat<
      Returned & {
        readonly [Key in HiddenKey]?: HiddenNames<HiddenFrom<Taken, List[number]> & string, Sent>;
      }
    >;

/** The names that are taken but not returned; a maybe output by its name. */
type HiddenFrom<Taken, Returned> = Exclude<Unmarked<Taken>, Returned | "" | `/${string}`>;

type MarkedReturns<List extends ReadonlyArray<string>, Outputs, Names> = {
  readonly [Name in Known<List[number], Outputs, Names> as Name extends Names
    ? Name extends Lacked<List>
      ? `${Name}?`
      : Name
    : `${Name}?` extends MaybesOf<Outputs>
      ? `${Name}?`
      : Name]: Name extends Names
    ? Lookup<Outputs, `${Name}`> | (Name extends Lacked<List> ? undefined : never)
    : `${Name}?` extends MaybesOf<Outputs>
      ? MaybeType<Outputs, `${Name}?`>
      : Meant<Outputs, Names, Name>;
} & {};

/**
 * The suggestions for a name in an editor and in error messages: names that are near it or start with it; if there are none, all
 * names, if they fit on a line. With more, the compiler would truncate the error sentence.
 */
type Offered<Names, Read extends string> = [NearName<Names, Read>] extends [never]
  ? Fit<Names, Line> extends true
    ? Names
    : never
  : NearName<Names, Read>;

/** The compiler truncates a union whose text is longer than 160 characters; some are left for a longer type's first words. */
type Line =
  "----------------------------------------------------------------------------------------------------------------------------------------";

/** Whether the names fit into the room, each with its quotes and a bar. */
type Fit<Names, Room extends string> = [Names] extends [never]
  ? true
  : Last<Names> extends infer Name extends string
    ? Rest<`"${Name}" | `, Room> extends infer Left extends string
      ? Left extends ""
        ? false
        : Fit<Exclude<Names, Name>, Left>
      : never
    : never;

/** The room that is left after a text. */
type Rest<Text extends string, Room extends string> = Text extends `${infer _Letter}${infer More}`
  ? Room extends `${infer _Place}${infer Left}`
    ? Rest<More, Left>
    : ""
  : Room;
