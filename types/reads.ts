/** What a step may read, and what its function receives. */
import type { Last } from "ts-toolbelt/out/Union/Last.js";
import type { IsOne, Matches } from "./names.ts";
import type { Anything } from "./anything.ts";
import type { AnyMaybe, GlobOf, HiddenKey, HiddenNames, Unmarked } from "./output-names.ts";
import type { FamiliesOf, FamilyNames, Flat, Lookup, MaybesOf, MaybeType, NamesOf } from "./outputs.ts";

/** Anything with a star in it. */
export type AnyGlob = `${string}*${string}`;

/**
 * The list of names that a step reads, where all of them are outputs; else what each of them may be. The compiler infers
 * the list from the first, so that must be the list alone.
 */
export type InputList<List extends ReadonlyArray<string>, Outputs, Names, Step extends string> = [
  List[number],
] extends [Names]
  ? List
  : AskedList<List, Outputs, Names, Step>;

/** A conditional type: into a mapped one the compiler would infer as well, for each element of each list. */
type AskedList<List, Outputs, Names, Step extends string> =
  List extends ReadonlyArray<string>
    ? { readonly [Index in keyof List]: Asked<List[Index] & string, Outputs, Names, Step> }
    : never;

type Asked<Read extends string, Outputs, Names, Step extends string> = [
  Read,
  { readonly is: AreOthers<Read, Names> },
] extends [string, { readonly is: true }]
  ? Readable<Read, Outputs, Names, Step>
  : Read;

/**
 * Is a name read that is not among these? The compiler decides a condition on an object at once, even if the names are
 * those of a type parameter of the user's own: then none is, as for `IsSomething`.
 */
type AreOthers<Read, Names> = [Read] extends [Names] ? false : true;

/**
 * A name that a step reads, where it can; else the names that there are, for the compiler to say which was meant, and the
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
        ? [
            `The step '${Step}' reads '${Read}', which exists only under a condition. Read '${Read}?' instead: it is undefined where nothing provides it.`,
          ]
        : NoInfer<Offered<Names | MaybesOf<Outputs>, Read>> | Unprovided<Read, Step>;

/**
 * The sentence about an input that nothing provides; as a list, since an editor offers every text beside the
 * names. None about `string`, which is what it takes for a name that is still to come.
 */
type Unprovided<Read extends string, Step extends string> = string extends Read
  ? never
  : [`The step '${Step}' reads '${Read}', and nothing provides that.`];

/**
 * What a step's function receives: each output under its name. Whether one may be missing from the list is asked where it is
 * read, since the compiler makes this type several times for each step, and reads a name once.
 */
export type GivenInputs<List extends ReadonlyArray<string>, Outputs, Names, Read = List[number]> = [
  Read,
] extends [Names]
  ? { readonly [Each in List[number]]: Lookup<Outputs, `${Each}`> | Lack<List, Each> }
  : [Read, { readonly is: AreOthers<Read, Names> }] extends [string, { readonly is: true }]
    ? AskedInputs<List, Outputs, Names>
    : { readonly [Each in List[number]]: Lookup<Outputs, `${Each}`> };

/** What else is read if a name is only possibly in the list. */
export type Lack<List extends ReadonlyArray<string>, Name> =
  IsSure<List> extends true ? never : Name extends MayLack<List, Name> ? undefined : never;

/**
 * The same where something is read under a condition, by a glob, or by a name that was refused. In the last case the names
 * are in it as well: a name that is misspelt in the list may be right in the function.
 */
type AskedInputs<List extends ReadonlyArray<string>, Outputs, Names> = {
  readonly [Each in Known<List[number], Outputs, Names> as Unmarked<Each>]:
    | Repaired<Outputs, Names, Each>
    | (Each extends MayLack<List, List[number]> ? undefined : never);
} & {};

type Known<Read extends string, Outputs, Names> = Read extends Names
  ? Read
  : Read extends AnyGlob
    ? Read
    : Unmarked<Read> extends Names
      ? Read
      : `${Unmarked<Read>}?` extends MaybesOf<Outputs>
        ? Read
        : Read extends `${infer Name}?`
          ? Name extends keyof Matches<Outputs, Name>
            ? Read
            : Read | (Names & string)
          : Read | (Names & string);

/** What a name reads; for one that was refused, what the nearest name reads, so that its function has no second error. */
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
          : [Read, Name] extends [AnyMaybe, keyof Matches<Outputs, Name>]
            ? Matches<Outputs, Name>[Name & keyof Matches<Outputs, Name>] | undefined
            : Lenient<Meant<Outputs, Names, Name>>
      : never;

/** The type of the output that is meant by a name that none has. */
type Meant<Outputs, Names, Read extends string> =
  MeantName<Names, Read> extends infer Name
    ? [IsOne<Name>] extends [true]
      ? [Name] extends [never]
        ? Anything
        : Lookup<Outputs, Name>
      : Anything
    : never;

/** The first items of a list are there. */
type Lenient<Type> =
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

/** A member of the family that is meant by a glob that matches none. */
type MeantMember<Outputs, Glob extends string> =
  NearName<GlobOf<FamilyNames<FamiliesOf<Outputs>>>, Glob> extends infer Family extends string
    ? [IsOne<Family>] extends [true]
      ? [Family] extends [never]
        ? any
        : Matches<Outputs, Family>[keyof Matches<Outputs, Family>]
      : any
    : never;

/** The names that are only possibly in a list: by a condition, or as one of several names. */
type MayLack<List, Names> = List extends unknown ? Exclude<Names, SureOf<List>> : never;

/** Of what is in a list that which is there in any case. */
type SureOf<List, Found = never> = List extends readonly [infer First, ...infer Rest]
  ? SureOf<Rest, IsOne<First> extends true ? Found | First : Found>
  : List extends readonly [...infer Rest, infer Last]
    ? SureOf<Rest, IsOne<Last> extends true ? Found | Last : Found>
    : Found;

/** Is all that is in a list there in any case? Then it is one list of a known length, and each element is one name. */
export type IsSure<List extends ReadonlyArray<unknown>> = [
  IsLength<List["length"]> | AreOne<List>[number],
] extends [true]
  ? true
  : false;

/** Is it one length? A list of several lengths may lack its last elements. */
type IsLength<Length, All = Length> = Length extends number
  ? number extends Length
    ? false
    : [All] extends [Length]
      ? true
      : false
  : never;

/** Of several lists, each element is looked at in all of them. */
type AreOne<List extends ReadonlyArray<unknown>, All extends List = List> = {
  readonly [Index in keyof List]: IsOne<All[Index]>;
};

/** As `IsSure`, for what may be no list. */
export type IsSureList<Steps> = [Steps] extends [ReadonlyArray<unknown>] ? IsSure<Steps> : false;

/** Of the names in a list those that are there in any case. */
export type SureNames<List extends ReadonlyArray<unknown>> = Exclude<
  List[number],
  MayLack<List, List[number]>
>;

/** The outputs that a map can run over: what is iterable, and no strings. */
type IterableNames<Outputs, Name = NamesOf<Outputs>> = Name extends string
  ? MappedOver<Name, Outputs, Name, ""> extends Name
    ? Name
    : never
  : never;

/** The name that a map runs over, where it can; else the names that there are, and the sentence. */
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
  : [IterableNames<Outputs>] extends [never]
    ? [`The map '${Step}' reads '${Over}', and no output here is iterable.`]
    : NoInfer<IterableNames<Outputs>> | Unmapped<Over, Step>;

/** The sentence about what a map runs over and nothing provides; a list, and none about `string`, as above. */
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

/** What is in an iterable. */
export type Items<Many> = Many extends Iterable<infer Item> ? Item : never;

/** What a map runs over, item by item. `any` where it cannot: that has been said by then. */
export type ItemOf<Over extends string, Outputs, Names> = Over extends Names
  ? ItemIn<Lookup<Outputs, `${Over}`>>
  : MeantItem<Over, Outputs, Names>;

/** The same of the output that is meant. Names of a type parameter are not looked at, see `AreOthers`. */
type MeantItem<Over extends string, Outputs, Names> = [
  Over,
  { readonly is: AreOthers<Over, Names> },
] extends [string, { readonly is: true }]
  ? ItemIn<Meant<Outputs, Names, Over>>
  : any;

type ItemIn<Many> = Many extends Iterable<infer Item> ? Item : any;

/** The list of names that a run returns, where there are such outputs; else what each of them may be. */
export type ReturnedList<List extends ReadonlyArray<string>, Outputs, Names> = [List[number]] extends [Names]
  ? List
  : ReadonlyArray<Returnable<List[number], Names | Unmarked<MaybesOf<Outputs>>>>;

/** A name that a run can return, where there is such an output; else the names that there are, and the sentence. */
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

/** The outputs of a run: one that is only possibly in the list, or possibly missing, has the key of a maybe output. */
export type ReturnedOutputs<List extends ReadonlyArray<string>, Outputs, Names> =
  IsSure<List> extends true
    ? [List[number]] extends [Names]
      ? { readonly [Name in List[number]]: Lookup<Outputs, `${Name}`> }
      : MarkedReturns<List, Outputs, Names>
    : MarkedReturns<List, Outputs, Names>;

/** These, and the names of all that is not returned. */
export type WithHidden<Returned, List extends ReadonlyArray<string>, Taken> = [
  HiddenFrom<Taken, List[number]>,
] extends [never]
  ? Returned
  : Flat<Returned & { readonly [Key in HiddenKey]?: HiddenNames<HiddenFrom<Taken, List[number]> & string> }>;

/** What is taken and not returned: a maybe output by its name. */
type HiddenFrom<Taken, Returned> = Exclude<Unmarked<Taken>, Returned | "">;

type MarkedReturns<List extends ReadonlyArray<string>, Outputs, Names> = {
  readonly [Name in Known<List[number], Outputs, Names> as Name extends Names
    ? Name extends MayLack<List, List[number]>
      ? `${Name}?`
      : Name
    : `${Name}?` extends MaybesOf<Outputs>
      ? `${Name}?`
      : Name]: Name extends Names
    ? Lookup<Outputs, `${Name}`> | (Name extends MayLack<List, List[number]> ? undefined : never)
    : `${Name}?` extends MaybesOf<Outputs>
      ? MaybeType<Outputs, `${Name}?`>
      : Meant<Outputs, Names, Name>;
} & {};

/**
 * What an editor offers in the place of a name, and the compiler means: what is near it or begins with it; all, where nothing
 * does and they are few. Of many the compiler would tell so much that the sentence were cut off.
 */
type Offered<Names, Read extends string> = [NearName<Names, Read>] extends [never]
  ? [Left<Names, Twelve>] extends [never]
    ? Names
    : never
  : NearName<Names, Read>;

type Twelve = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1];

/** The names without as many as there are in the list. */
type Left<Names, Count extends ReadonlyArray<unknown>> = Count extends readonly [unknown, ...infer Rest]
  ? [Names] extends [never]
    ? never
    : Left<Exclude<Names, Last<Names>>, Rest>
  : Names;

/** Of the names those that are one edit away from another, or begin as it does. */
type NearName<Names, Read extends string> = Names extends string
  ? IsNear<Names, Read> extends true
    ? Names
    : never
  : never;

/**
 * The name that is meant: one that is near, else one that is near without regard to case and underscores, else one that contains
 * the other.
 */
type MeantName<Names, Read extends string> = [Nearest<Names, Read>] extends [never]
  ? [Alike<Names, Simplified<Read>>] extends [never]
    ? Containing<Names, Simplified<Read>>
    : Alike<Names, Simplified<Read>>
  : Nearest<Names, Read>;

/** Of the names that are near, those that do not only begin alike. */
type Nearest<Names, Read extends string> = [Differing<Names, Read>] extends [never]
  ? NearName<Names, Read>
  : Differing<Names, Read>;

type Differing<Names, Read extends string> = Names extends string
  ? Differ<Names, Read> extends true
    ? Names
    : never
  : never;

type Simplified<Name extends string> = Name extends `${infer First}_${infer Rest}`
  ? Simplified<`${First}${Rest}`>
  : Lowercase<Name>;

type Alike<Names, Read extends string> = Names extends string
  ? Simplified<Names> extends Read
    ? Names
    : Differ<Simplified<Names>, Read> extends true
      ? Names
      : never
  : never;

type Containing<Names, Read extends string> = Names extends string
  ? Simplified<Names> extends `${string}${Read}${string}`
    ? Names
    : Read extends `${string}${Simplified<Names>}${string}`
      ? Names
      : never
  : never;

type IsNear<A extends string, B extends string> = A extends `${B}${string}`
  ? true
  : B extends `${A}${string}`
    ? true
    : Differ<A, B>;

/** Skips what both begin with; then one letter may be another, one too many, one too few, or two changed places. */
type Differ<A extends string, B extends string> = A extends `${infer X}${infer RestA}`
  ? B extends `${infer Y}${infer RestB}`
    ? X extends Y
      ? Differ<RestA, RestB>
      : RestA extends RestB
        ? true
        : RestA extends B
          ? true
          : A extends RestB
            ? true
            : RestA extends `${Y}${infer TailA}`
              ? RestB extends `${X}${TailA}`
                ? true
                : false
              : false
    : false
  : false;
