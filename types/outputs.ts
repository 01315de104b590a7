/**
 * How a pipeline's type holds its outputs.
 *
 * Up to sixteen are in a plain object, which is what an editor shows. Beyond that, they are in a list of chunks, since the
 * compiler looks through all members of an object or an intersection whenever one is added, and through one chunk of a
 * list: a pipeline of a thousand steps then costs a thousand times as much as one step, and not a million times. The
 * numbers, and the alternatives that were tried, are in `docs/explanation/type-cost.md`.
 */
import type { Anything } from "./anything.ts";
import type { Half, IsSmall, Later, Next } from "./chunk-sizes.ts";
import type {
  FamiliesIn,
  HiddenIn,
  MoreFamilies,
  PlainFamilies,
  PlainOf,
  SentAmong,
  TakenIn,
  Unreadable,
} from "./apart-outputs.ts";
import type { OutputBlock, OutputChunk, OutputLink, OutputType } from "./output-chunks.ts";
import type {
  AnyMaybe,
  HiddenKey,
  HiddenNames,
  IsApart,
  IsFamily,
  NamesHiddenBy,
  NoMaybe,
  SentBy,
  Unmarked,
} from "./output-names.ts";

type PlainNames<Outputs> = Outputs extends NoMaybe
  ? ListedNames<Outputs>
  : Exclude<ListedNames<Outputs>, AnyMaybe>;

type ListedNames<Outputs> = {
  [Name in keyof Outputs as Name extends string ? (IsFamily<Name> extends true ? never : Name) : never]: 1;
} extends infer Plain
  ? keyof Plain & string
  : never;

/** The names that a step can read by name. */
export type NamesOf<Outputs> = Outputs extends AnyChunk ? Outputs["names"] : PlainNames<Outputs>;

/**
 * The names that no other output can have: those of `NamesOf`, the families, and maybe outputs by name and by key. Without
 * families, the union is not recomputed.
 */
export type TakenBy<Outputs> = Outputs extends AnyChunk
  ? [Outputs["families"]] extends [never]
    ? Outputs["names"]
    : Outputs["names"] | TakenIn<Outputs["families"]>
  : Outputs extends NoMaybe
    ? keyof Outputs
    : TakenKeys<Outputs>;

type TakenKeys<Outputs> =
  | keyof Outputs
  | Exclude<PlainOf<keyof Outputs>, "">
  | (HiddenKey extends keyof Outputs ? Unreadable<NamesHiddenBy<Outputs[HiddenKey]>> : never);

/** All keys: names, families and maybe outputs. */
export type KeysOf<Outputs> = Outputs extends AnyChunk ? keyof KeyedOutputs<Outputs> : keyof Outputs;

/** The families and the maybe outputs, as a union of outputs. */
export type FamiliesOf<Outputs> =
  Outputs extends OutputChunk<any, any, any, any, any, infer Families, any, any>
    ? Families
    : PlainFamilies<Outputs>;

/**
 * The contents of a chunk are read by key, here and below, and not with `infer`: the compiler instantiates an inferred type
 * of a conditional type again, and for a list it would do so with all earlier chunks.
 */
export type AnyChunk = OutputChunk<any, any, any, any, any, any, any, any>;
type AnyLink = OutputLink<any, any, any, any>;
type AnyBlock = OutputBlock<any, any, any, any>;

type TypeOf<Outputs, Name> =
  Extract<Outputs, { readonly name: Name }> extends { readonly type: infer Type } ? Type : never;

/** The type of one output. */
export type Lookup<Outputs, Name> = Outputs extends AnyChunk
  ? Name extends Outputs["own"]
    ? TypeOf<Outputs["outputs"], Name>
    : Name extends Outputs["blocks"]["names"]
      ? LookupBlock<Outputs["blocks"], Name>
      : LookupLink<Outputs["previous"], Name>
  : Name extends keyof Outputs
    ? Outputs[Name]
    : Anything;

type LookupLink<Link, Name> = Link extends AnyLink
  ? Name extends Link["own"]
    ? TypeOf<Link["outputs"], Name>
    : LookupLink<Link["previous"], Name>
  : Anything;

type LookupBlock<Block, Name> = Block extends AnyBlock
  ? Name extends Block["own"]
    ? LookupLink<Block["links"], Name>
    : LookupBlock<Block["previous"], Name>
  : Anything;

export type FamilyNames<Families> =
  Families extends OutputType<infer Name, any> ? Exclude<Name, HiddenKey> : never;

/** The names and those of the families. Without families, the union is not rebuilt. */
type WithFamilies<Names extends string, Families> = [Families] extends [never]
  ? Names
  : Names | Families["name" & keyof Families];

/** The type of an output of a chunk or an earlier one, family or not. */
type TypeIn<Name, Own, Chunk, Families, Previous, Blocks extends AnyBlock> = Name extends Own
  ? TypeOf<Chunk, Name>
  : [Extract<Families, { readonly name: Name }>] extends [never]
    ? Name extends Blocks["names"]
      ? LookupBlock<Blocks, Name>
      : LookupLink<Previous, Name>
    : TypeOf<Families, Name>;

/** A user-visible type, expanded. */
export type Flat<Type> = { [Key in keyof Type]: Type[Key] } & {};

/**
 * Creates a chunk. Hovers show it by this name. The right side of this alias names only its own parameters: if the right
 * side of an alias names other aliases, the compiler defers the arguments and traverses them again and again.
 */
type ManyOutputs<
  Shown,
  Names extends string,
  Own extends string,
  Outputs,
  Size,
  Families,
  Previous,
  Blocks,
> = OutputChunk<Shown, Names, Own, Outputs, Size, Families, Previous, Blocks>;

/** All outputs, as shown in `OutputChunk`. The name of this alias must not appear there: `& {}` removes it. */
type Shown<Names extends string, Own, Chunk, Families, Previous, Blocks extends AnyBlock> = {
  readonly [Key in WithFamilies<Names, Families> & string as Exclude<Key, HiddenKey>]: TypeIn<
    Key,
    Own,
    Chunk,
    Families,
    Previous,
    Blocks
  >;
} & {};

/** As `ManyOutputs`, and read below from conditional types, which shed the arguments of their alias: else each link would keep the whole chunk. */
type Link<Own extends string, Outputs, Depth, Previous> = OutputLink<Own, Outputs, Depth, Previous>;
type Block<Names extends string, Own extends string, Links, Previous> = OutputBlock<
  Names,
  Own,
  Links,
  Previous
>;

type NoBlock = OutputBlock<never, never, null, null>;

/** The number of the next link. */
type DepthOf<Link> = Link extends AnyLink ? Next<Link["depth"]> : 1;

/** The chunk as a link, if others follow. */
type Linked<Chunk> = Chunk extends AnyChunk
  ? Link<Chunk["own"], Chunk["outputs"], DepthOf<Chunk["previous"]>, Chunk["previous"]>
  : never;

/** Whether the links and this chunk fill a block. */
type IsBlock<Chunk extends AnyChunk> = DepthOf<Chunk["previous"]> extends 10 ? true : false;

/** The chunk, the links before it and the blocks before those, as blocks. */
type Closed<Chunk> = Chunk extends AnyChunk
  ? Block<Chunk["names"], Exclude<Chunk["names"], Chunk["blocks"]["names"]>, Linked<Chunk>, Chunk["blocks"]>
  : never;

/** `Outputs` with additions in its last chunk. */
type Extended<Outputs, Own extends string, Added, Size, Families> = Outputs extends AnyChunk
  ? ManyOutputs<
      Shown<
        Outputs["names"] | Own,
        Outputs["own"] | Own,
        Outputs["outputs"] | Added,
        MoreFamilies<Outputs["families"], Families>,
        Outputs["previous"],
        Outputs["blocks"]
      >,
      Outputs["names"] | Own,
      Outputs["own"] | Own,
      Outputs["outputs"] | Added,
      Size,
      MoreFamilies<Outputs["families"], Families>,
      Outputs["previous"],
      Outputs["blocks"]
    >
  : never;

/** `Outputs` with a new chunk. */
type Continued<Outputs, Own extends string, Added, Size, Families> = Outputs extends AnyChunk
  ? IsBlock<Outputs> extends true
    ? ManyOutputs<
        Shown<
          Outputs["names"] | Own,
          Own,
          Added,
          MoreFamilies<Outputs["families"], Families>,
          null,
          Closed<Outputs>
        >,
        Outputs["names"] | Own,
        Own,
        Added,
        Size,
        MoreFamilies<Outputs["families"], Families>,
        null,
        Closed<Outputs>
      >
    : ManyOutputs<
        Shown<
          Outputs["names"] | Own,
          Own,
          Added,
          MoreFamilies<Outputs["families"], Families>,
          Linked<Outputs>,
          Outputs["blocks"]
        >,
        Outputs["names"] | Own,
        Own,
        Added,
        Size,
        MoreFamilies<Outputs["families"], Families>,
        Linked<Outputs>,
        Outputs["blocks"]
      >
  : never;

/** The second type of a name that is taken, which is reported there: steps that read either type have no error of their own. */
type Clash<First, Second> = [First & Second] extends [never] ? any : Second;

/** `Outputs` with one more. Written out for the common case, which is 2 % cheaper than `Extended`. */
export type AddOne<Outputs, Name extends string, Type> = Outputs extends AnyChunk
  ? Name extends Outputs["names"]
    ? Outputs
    : string extends Name
      ? AddAll<Outputs, UnknownOutputs>
      : Outputs["size"] extends 16
        ? Continued<Outputs, Name, OutputType<Name, Type>, 1, never>
        : ManyOutputs<
            Shown<
              Outputs["names"] | Name,
              Outputs["own"] | Name,
              Outputs["outputs"] | OutputType<Name, Type>,
              Outputs["families"],
              Outputs["previous"],
              Outputs["blocks"]
            >,
            Outputs["names"] | Name,
            Outputs["own"] | Name,
            Outputs["outputs"] | OutputType<Name, Type>,
            Next<Outputs["size"]>,
            Outputs["families"],
            Outputs["previous"],
            Outputs["blocks"]
          >
  : string extends Name
    ? AddAll<Outputs, UnknownOutputs>
    : IsSmall<keyof Outputs> extends true
      ? Flat<
          Outputs & { readonly [Key in Name]: Key extends keyof Outputs ? Clash<Outputs[Key], Type> : Type }
        >
      : AddOne<FirstChunk<Outputs>, Name, Type>;

/** A record as a union of outputs. */
export type RecordOutputs<Added> = Added extends unknown
  ? { [Name in keyof Added]-?: OutputType<Name & string, Added[Name]> }[keyof Added]
  : never;

/** Whether there are more steps than a plain object should hold. Their number is known if the list is written out. */
export type AreMany<Steps> = Steps extends { readonly length: infer Length }
  ? number extends Length
    ? false
    : Length extends 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15 | 16
      ? false
      : true
  : false;

/** The outputs of many steps, as the first chunk. */
export type ManyFirst<Union extends OutputType<any, any>> = ManyOutputs<
  Shown<NamesIn<Union>, NamesIn<Union>, Union, FamiliesIn<Union>, null, NoBlock>,
  NamesIn<Union>,
  NamesIn<Union>,
  Union,
  16,
  FamiliesIn<Union>,
  null,
  NoBlock
>;

type NamesIn<Union> =
  Union extends OutputType<infer Name, any> ? (IsApart<Name> extends true ? never : Name) : never;
/** `Outputs` with the outputs of many steps. */
export type AddMany<Outputs, Union extends OutputType<any, any>> = Outputs extends AnyChunk
  ? AddAll<Outputs, Joined<Union>>
  : [keyof Outputs] extends [never]
    ? ManyFirst<Union>
    : AddAll<FirstChunk<Outputs>, Joined<Union>>;

/** `Outputs` with all outputs of a record. A single output is added as one; a family cannot be in a chunk. */
export type AddAll<Outputs, Added> = Outputs extends AnyChunk
  ? string extends keyof Added
    ? AddAll<Outputs, UnknownOutputs>
    : [PlainNames<Added>] extends [never]
      ? Extended<Outputs, never, never, Outputs["size"], PlainFamilies<Added>>
      : IsOneKey<keyof Added> extends true
        ? AddOne<Outputs, keyof Added & string, Added[keyof Added]>
        : Outputs["size"] extends Half
          ? Extended<
              Outputs,
              PlainNames<Added>,
              RecordOutputs<Added>,
              Later<Outputs["size"]>,
              PlainFamilies<Added>
            >
          : Continued<Outputs, PlainNames<Added>, RecordOutputs<Added>, 12, PlainFamilies<Added>>
  : string extends keyof Added
    ? AddAll<Outputs, UnknownOutputs>
    : IsSmall<keyof Outputs | keyof Added> extends true
      ? [keyof Outputs & keyof Added] extends [never]
        ? Flat<Outputs & { readonly [Name in keyof Added]: Added[Name] }>
        : Joint<Outputs, Added>
      : AddAll<FirstChunk<Outputs>, Added>;

/**
 * What waiting steps are sent, as a union of outputs: those whose schema decodes it to another type, or which have a fallback of
 * another type. For the others it is the output.
 */
export type SentOf<Outputs> = Outputs extends AnyChunk
  ? SentAmong<Outputs["families"]>
  : HiddenKey extends keyof Outputs
    ? SentBy<Outputs[HiddenKey]>
    : never;

/** `Added` with what its waiting steps are sent, if that is to be kept. */
export type WithSent<Added, Sent> = [Sent] extends [never]
  ? Added
  : Flat<Added & { readonly [Key in HiddenKey]?: HiddenNames<never, Sent> }>;

/**
 * `Outputs` with that of a waiting step. Whether it is sent another type is decided at once even for a type parameter, see
 * `ValueIn`: then it counts as the same.
 */
export type AddAwaited<Outputs, Name extends string, Type, Sent> = [
  Name,
  { readonly is: AreSame<Type, Sent> },
] extends [string, { readonly is: false }]
  ? AddAll<
      Outputs,
      WithSent<
        IsOneKey<Name> extends true
          ? { readonly [Each in Name]: Type }
          : Marked<{ readonly [Each in Name]: Type }, never>,
        OutputType<Name, Sent>
      >
    >
  : AddNamed<Outputs, Name, Type>;

type AreSame<One, Other> = [One, Other] extends [Other, One] ? true : false;

/** A record with its uncertain outputs under the keys of maybe outputs. A family may have no members anyway. */
export type Marked<Outputs, Sure> = {
  readonly [Name in keyof Outputs as MarkedName<Name, Sure>]:
    | Outputs[Name]
    | (MarkedName<Name, Sure> extends AnyMaybe ? undefined : never);
} & {};

type MarkedName<Name, Sure> = Name extends Sure | AnyMaybe
  ? Name
  : Name extends string
    ? IsFamily<Name> extends true
      ? Name
      : `${Name}?`
    : never;

/** `Outputs` with one more, or with one of several. */
export type AddNamed<Outputs, Name extends string, Type> =
  IsOneKey<Name> extends true
    ? AddOne<Outputs, `${Name}`, Type>
    : AddAll<Outputs, Marked<{ readonly [Each in Name]: Type }, never>>;

/**
 * What a step adds whose name has been refused, since it has the type `string`: any name can be read as a maybe output, so that steps
 * that read it have no error of their own.
 */
export type UnknownOutputs = { readonly [Key in AnyMaybe]: Anything };

type IsOneKey<Names, All = Names> = Names extends unknown ? ([All] extends [Names] ? true : false) : never;

/** Two records that share names of families: the types of a shared name are joined. */
type Joint<First, Second> = {
  readonly [Name in keyof First | keyof Second]: Within<First, Name> | Within<Second, Name>;
};

/** The type that a record has for a name, and for all names that a family of that name may have. */
type Within<Outputs, Name> =
  | (Name extends keyof Outputs ? Outputs[Name] : never)
  | (keyof Outputs extends infer Key ? (Key extends Name & keyof Outputs ? Outputs[Key] : never) : never);

/**
 * A plain object that has become too large, as the first chunk. It keeps neither the object nor `{}` at the end of
 * the list: the compiler would traverse either whenever it traverses the list.
 */
type FirstChunk<Outputs> = ManyOutputs<
  null,
  PlainNames<Outputs>,
  PlainNames<Outputs>,
  RecordOutputs<Outputs>,
  16,
  PlainFamilies<Outputs>,
  null,
  NoBlock
>;

/** All links as one union of outputs. */
type Links<Link, Found = never> =
  Link extends OutputLink<any, infer Chunk, any, infer Previous> ? Links<Previous, Found | Chunk> : Found;

type AllBlocks<Block, Found = never> =
  Block extends OutputBlock<any, any, infer Inner, infer Previous>
    ? AllBlocks<Previous, Found | Links<Inner>>
    : Found;

/** All chunks as one union of outputs. */
type Chunks<Outputs> =
  Outputs extends OutputChunk<any, any, any, infer Chunk, any, infer Families, infer Previous, infer Blocks>
    ? Chunk | Families | Links<Previous> | AllBlocks<Blocks>
    : never;

/**
 * A record from a union of outputs. The name is read by its key: each time such a mapped type is used, the compiler computes
 * the name of the whole union, while it caches a property of a union.
 */
export type Joined<Union extends OutputType<string, any>> = {
  readonly [Each in Union as Each["name"]]: Each["type"];
};

/** The keys of the maybe outputs: their names with a question mark. */
export type MaybesOf<Outputs> = Exclude<Extract<TakenBy<Outputs>, AnyMaybe>, HiddenKey>;

/** The type of a maybe output, by its key. */
export type MaybeType<Outputs, Key> = Outputs extends AnyChunk
  ? TypeOfMaybe<Extract<Outputs["families"], { readonly name: Key }>>
  : Outputs[Key & keyof Outputs];

/** It has `undefined` in it. If there is none, the name is one of those that are not known. */
type TypeOfMaybe<Found> = [Found] extends [never] ? Anything : Found["type" & keyof Found];

/** All outputs in one record, the maybe outputs under their keys. */
export type KeyedOutputs<Outputs> = Outputs extends AnyChunk ? Joined<Chunks<Outputs>> : Outputs;

type Plain<Outputs> = Outputs extends NoMaybe
  ? Outputs
  : Flat<{ readonly [Key in keyof Outputs as Key extends HiddenKey ? never : Unmarked<Key>]: Outputs[Key] }>;

/**
 * The outputs that come after those that were taken before, and what is hidden. The chunks are read from the newest back to the first that
 * has nothing new: of hundreds, few are looked at.
 */
export type AddedOutputs<Outputs, Before> = Outputs extends AnyChunk
  ? Joined<
      | Exclude<
          | Outputs["outputs"]
          | Outputs["families"]
          | NewLinks<Outputs["previous"], Before>
          | NewBlocks<Outputs["blocks"], Before>,
          { readonly name: Before }
        >
      | HiddenIn<Outputs["families"]>
    >
  : Omit<Outputs, Exclude<Before & PropertyKey, HiddenKey>>;

type NewLinks<Link, Before> = Link extends AnyLink
  ? [Link["own"]] extends [Before]
    ? never
    : Link["outputs"] | NewLinks<Link["previous"], Before>
  : never;

type NewBlocks<Block, Before> = Block extends AnyBlock
  ? [Block["own"]] extends [Before]
    ? never
    : NewLinks<Block["links"], Before> | NewBlocks<Block["previous"], Before>
  : never;

/** All outputs in a plain object, as a run returns them. */
export type PlainOutputs<Outputs> = Outputs extends AnyChunk
  ? Plain<Flat<Joined<Chunks<Outputs>>>>
  : Plain<Flat<Outputs>>;
