/** What a step may read, and what it gets. */
import type { Mistake } from "./mistake.ts";
import type { Matches, PlainNames } from "./names.ts";

/** Anything with a star in it. */
export type AnyGlob = `${string}*${string}`;

/** The inputs that a step may name: the outputs there are, and globs over them. */
export type InputName<Outputs> = PlainNames<Outputs> | AnyGlob;

/** Nothing where all globs match something, else a sentence about the one that does not. */
export type GlobsMatch<Outputs, Names extends string> = [Extract<Names, AnyGlob>] extends [never]
  ? unknown
  : {
        [Glob in Extract<Names, AnyGlob>]: [keyof Matches<Outputs, Glob>] extends [never] ? Glob : never;
      }[Extract<Names, AnyGlob>] extends infer Empty extends string
    ? [Empty] extends [never]
      ? unknown
      : Mistake<`The glob "${Empty}" matches no output.`>
    : unknown;

/** The record that a step's function gets: each input by its name, a glob as a record of the family. */
export type Reads<Outputs, Names extends string> = {
  readonly [Name in Names]: Name extends keyof Outputs
    ? Outputs[Name]
    : Name extends AnyGlob
      ? { readonly [Member in keyof Matches<Outputs, Name>]: Matches<Outputs, Name>[Member] }
      : never;
};

/** A type of what a user's function sees, written out. */
export type Flat<Type> = { [Key in keyof Type]: Type[Key] } & {};
