/**
 * How a pipeline's type holds its outputs.
 *
 * Up to sixteen stand in a plain object, which is what an editor shows. Beyond, they go to a list of chunks, since the
 * compiler looks through all members of an object or an intersection whenever one is added, and through one chunk of a
 * list: a pipeline of a thousand steps costs it a thousand times what one step does, and not a million times. The
 * numbers, and what else was tried, are in `docs/explanation/type-cost.md`.
 */
import type { Last } from "ts-toolbelt/out/Union/Last.js";

/**
 * One output of a large pipeline, by reference: cheaper for the compiler than an object with that property.
 *
 * @public
 */
export interface OutputType<Name extends string, Type> {
  /** The name of the output. */
  readonly name: Name;
  /** What is read under it. */
  readonly type: Type;
}

/**
 * How a pipeline of more than sixteen outputs holds them: a chunk of them, before which others were added. Stands in the
 * declaration of such a pipeline; `OutputsOf` reads it.
 *
 * @public
 */
export interface OutputChunk<
  /**
   * All outputs as a plain object, for people: an editor shows it first. It is never looked at otherwise, and so never
   * made: a chunk that others follow has `null`.
   */
  Shown,
  /** All names up to here, without the families. */
  Names extends string,
  /** The names and the outputs of this chunk, and how many they are. */
  Own extends string,
  Outputs,
  Size,
  /** All families up to here: outputs whose name is a template literal. */
  Families,
  Previous,
> {
  /** See `Shown`. */
  readonly shown: Shown;
  /** See `Names`. */
  readonly names: Names;
  /** See `Own`. */
  readonly own: Own;
  /** See `Outputs`. */
  readonly outputs: Outputs;
  /** See `Size`. */
  readonly size: Size;
  /** See `Families`. */
  readonly families: Families;
  /** The chunk before, or `null`. */
  readonly previous: Previous;
}

/** Is the name a template literal or `string`, and so a family of names? */
export type IsFamily<Name extends string> = {} extends { readonly [Key in Name]: 1 } ? true : false;

type PlainNames<Outputs> = {
  [Name in keyof Outputs as Name extends string ? (IsFamily<Name> extends true ? never : Name) : never]: 1;
} extends infer Plain
  ? keyof Plain & string
  : never;

type FamilyMembers<Outputs> = {
  [Name in keyof Outputs as Name extends string
    ? IsFamily<Name> extends true
      ? Name
      : never
    : never]: OutputType<Name & string, Outputs[Name]>;
};

/** Each under its own key, and then all: two keys renamed to one would share the union of their types. */
type PlainFamilies<Outputs> = FamilyMembers<Outputs>[keyof FamilyMembers<Outputs>];

/** The names that a step can read by name. */
export type NamesOf<Outputs> =
  Outputs extends OutputChunk<any, infer Names, any, any, any, any, any> ? Names : PlainNames<Outputs>;

/** The names that no other output can have: those of `NamesOf`, and the families. */
export type TakenBy<Outputs> =
  Outputs extends OutputChunk<any, infer Names, any, any, any, infer Families, any>
    ? WithFamilies<Names, Families>
    : keyof Outputs;

/** The families, as a union of outputs. */
export type FamiliesOf<Outputs> =
  Outputs extends OutputChunk<any, any, any, any, any, infer Families, any>
    ? Families
    : PlainFamilies<Outputs>;

/**
 * What a chunk holds is read by its key, here and below, and not by `infer`: what is inferred in a conditional type the
 * compiler instantiates once more, and of a list it would do so with all that stands before.
 */
type AnyChunk = OutputChunk<any, any, any, any, any, any, any>;

type TypeOf<Outputs, Name> =
  Extract<Outputs, { readonly name: Name }> extends { readonly type: infer Type } ? Type : never;

/**
 * The type of one output. `any` where there is none: its name has been refused by then, and what is done with it is no
 * second mistake.
 */
export type Lookup<Outputs, Name> = Outputs extends AnyChunk
  ? Name extends Outputs["own"]
    ? TypeOf<Outputs["outputs"], Name>
    : Lookup<Outputs["previous"], Name>
  : Name extends keyof Outputs
    ? Outputs[Name]
    : any;

type FamilyNames<Families> = Families extends OutputType<infer Name, any> ? Name : never;

/** The names and those of the families. Where there are none the union is not made again. */
type WithFamilies<Names extends string, Families> = [Families] extends [never]
  ? Names
  : Names | FamilyNames<Families>;

/** The type of an output of a chunk and those before, family or not. */
type TypeIn<Name, Own, Chunk, Families, Previous> = Name extends Own
  ? TypeOf<Chunk, Name>
  : [Extract<Families, { readonly name: Name }>] extends [never]
    ? Lookup<Previous, Name>
    : TypeOf<Families, Name>;

/** A type of what a user sees, written out. */
export type Flat<Type> = { [Key in keyof Type]: Type[Key] } & {};

type Increment = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24];
type Next<Size> = Size extends keyof Increment ? Increment[Size] : 24;

type Sixteen = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1];

/** Has the union fewer than sixteen members? Takes one after the other away. */
type IsSmall<Union, Left extends ReadonlyArray<unknown> = Sixteen> = Left extends readonly [
  unknown,
  ...infer Rest,
]
  ? [Union] extends [never]
    ? true
    : IsSmall<Exclude<Union, Last<Union>>, Rest>
  : false;

/**
 * Makes a chunk. Hovers show it by this name. An alias whose right side names only its own parameters: where the right
 * side of an alias names other aliases, the compiler defers the arguments and looks through them again and again.
 */
type ManyOutputs<
  Shown,
  Names extends string,
  Own extends string,
  Outputs,
  Size,
  Families,
  Previous,
> = OutputChunk<Shown, Names, Own, Outputs, Size, Families, Previous>;

/** All outputs, as `OutputChunk` shows them. No name of this alias may stand there: `& {}` takes it away. */
type Shown<Names extends string, Own, Chunk, Families, Previous> = {
  readonly [Key in WithFamilies<Names, Families>]: TypeIn<Key, Own, Chunk, Families, Previous>;
} & {};

/** A chunk that others follow. */
type EarlierOutputs<Chunk extends AnyChunk> = ManyOutputs<
  null,
  Chunk["names"],
  Chunk["own"],
  Chunk["outputs"],
  Chunk["size"],
  Chunk["families"],
  Chunk["previous"]
>;

/** `Outputs` with one more. */
export type AddOne<Outputs, Name extends string, Type> = Outputs extends AnyChunk
  ? Outputs["size"] extends 24
    ? ManyOutputs<
        Shown<
          Outputs["names"] | Name,
          Name,
          OutputType<Name, Type>,
          Outputs["families"],
          EarlierOutputs<Outputs>
        >,
        Outputs["names"] | Name,
        Name,
        OutputType<Name, Type>,
        1,
        Outputs["families"],
        EarlierOutputs<Outputs>
      >
    : ManyOutputs<
        Shown<
          Outputs["names"] | Name,
          Outputs["own"] | Name,
          Outputs["outputs"] | OutputType<Name, Type>,
          Outputs["families"],
          Outputs["previous"]
        >,
        Outputs["names"] | Name,
        Outputs["own"] | Name,
        Outputs["outputs"] | OutputType<Name, Type>,
        Next<Outputs["size"]>,
        Outputs["families"],
        Outputs["previous"]
      >
  : IsSmall<keyof Outputs> extends true
    ? Flat<Outputs & { readonly [Key in Name]: Type }>
    : AddOne<FirstChunk<Outputs>, Name, Type>;

type RecordOutputs<Added> = { [Name in keyof Added]: OutputType<Name & string, Added[Name]> }[keyof Added];

type NamesIn<Union> =
  Union extends OutputType<infer Name, any> ? (IsFamily<Name> extends true ? never : Name) : never;
type FamiliesIn<Union> =
  Union extends OutputType<infer Name, any> ? (IsFamily<Name> extends true ? Union : never) : never;

/** `Outputs` with all of a record more. */
export type AddAll<Outputs, Added> = Outputs extends AnyChunk
  ? ManyOutputs<
      Shown<
        Outputs["names"] | NamesIn<RecordOutputs<Added>>,
        NamesIn<RecordOutputs<Added>>,
        RecordOutputs<Added>,
        Outputs["families"] | FamiliesIn<RecordOutputs<Added>>,
        EarlierOutputs<Outputs>
      >,
      Outputs["names"] | NamesIn<RecordOutputs<Added>>,
      NamesIn<RecordOutputs<Added>>,
      RecordOutputs<Added>,
      24,
      Outputs["families"] | FamiliesIn<RecordOutputs<Added>>,
      EarlierOutputs<Outputs>
    >
  : IsSmall<keyof Outputs | keyof Added> extends true
    ? [keyof Outputs & keyof Added] extends [never]
      ? Flat<Outputs & { readonly [Name in keyof Added]: Added[Name] }>
      : Joint<Outputs, Added>
    : AddAll<FirstChunk<Outputs>, Added>;

/** Both records where they share a family: its members are of either type. */
type Joint<First, Second> = {
  readonly [Name in keyof First | keyof Second]:
    | (Name extends keyof First ? First[Name] : never)
    | (Name extends keyof Second ? Second[Name] : never);
};

/**
 * A plain object that has become too large, as the first chunk. Nothing of the object is kept, nor `{}` at the end of
 * the list: the compiler would look through either whenever it looks through the list.
 */
type FirstChunk<Outputs> = ManyOutputs<
  null,
  PlainNames<Outputs>,
  PlainNames<Outputs>,
  RecordOutputs<Outputs>,
  24,
  PlainFamilies<Outputs>,
  null
>;

/** All chunks as one union of outputs. */
type Chunks<Outputs, Found = never> =
  Outputs extends OutputChunk<any, any, any, infer Chunk, any, any, infer Previous>
    ? Chunks<Previous, Found | Chunk>
    : Found;

type Joined<Union> = {
  readonly [Each in Union as Each extends OutputType<infer Name, any>
    ? Name
    : never]: Each extends OutputType<any, infer Type> ? Type : never;
};

/** All outputs in a plain object. */
export type PlainOutputs<Outputs> = Outputs extends AnyChunk ? Flat<Joined<Chunks<Outputs>>> : Flat<Outputs>;
