/** Outputs that a step cannot read simply by name: families, maybe outputs, and what is hidden. */
import type { OutputApart, OutputType } from "./output-chunks.ts";
import type { GlobOf, HiddenKey, HiddenNames, IsApart, NamesHiddenBy, SentBy } from "./output-names.ts";

type FamilyMembers<Outputs> = {
  [Name in keyof Outputs as Name extends string
    ? IsApart<Name> extends true
      ? GlobOf<Name>
      : never
    : never]-?: OutputApart<Name & string, Outputs[Name], TakenApart<Name & string, Outputs[Name]>>;
};

/**
 * The names that no other output can have, because of one that is a family, a maybe output or what is hidden. A conditional type, here
 * and below: for each part of a union that an alias has named, the compiler compares all members of the union.
 */
type TakenApart<Name extends string, Type> = Name extends HiddenKey
  ? HiddenKey | Unreadable<NamesHiddenBy<Type>>
  : Name | PlainOf<Name>;

/** Those of all in a union: of `never` none, and of `any` any. */
export type TakenIn<Apart> = Apart["taken" & keyof Apart];

/** Each under its own key, and then all. A glob is the key of a family: of two families that overlap one key would fit the other. */
export type PlainFamilies<Outputs> = Outputs extends unknown
  ? FamilyMembers<Outputs>[keyof FamilyMembers<Outputs>]
  : never;

/** The names of maybe outputs. None for those that are not known, see `GuardedOutputs`. */
export type PlainOf<Key> = Key extends `${infer Plain}?` ? (string extends Plain ? never : Plain) : Key;

/** Names that are taken and cannot be read: marked with a slash, which no name contains, for the sentence about them. */
export type Unreadable<Names extends string> = Names extends string ? Names | `/${Names}` : never;

/**
 * The families with more. All hidden names stay one output, however many steps hide some: a union of hundreds is walked by each
 * step.
 */
export type MoreFamilies<Families, More> = [More] extends [never]
  ? Families
  : HiddenIn<More> extends never
    ? Families | More
    : HiddenIn<Families> extends never
      ? Families | More
      : Exclude<Families | More, HiddenIn<Families | More>> | HiddenBoth<HiddenIn<Families | More>>;

export type HiddenIn<Families> = Extract<Families, { readonly name: HiddenKey }>;

type HiddenBoth<Found> = OutputApart<
  HiddenKey,
  HiddenNames<
    Found extends OutputType<HiddenKey, infer Hidden> ? NamesHiddenBy<Hidden> : never,
    Found extends OutputType<HiddenKey, infer Hidden> ? SentBy<Hidden> : never
  >,
  TakenIn<Found> & string
>;

/** Those of a union of outputs. */
export type FamiliesIn<Union> =
  Union extends OutputType<infer Name, infer Type>
    ? IsApart<Name> extends true
      ? OutputApart<Name, Type, TakenApart<Name, Type>>
      : never
    : never;

/** What waiting steps are sent. */
export type SentAmong<Families> =
  Families extends OutputType<HiddenKey, infer Hidden> ? SentBy<Hidden> : never;
