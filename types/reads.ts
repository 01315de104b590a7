/** What a step may read, and what it gets. */
import type { Mistake } from "./mistake.ts";
import type { Matches } from "./names.ts";
import type { Lookup } from "./outputs.ts";

/** Anything with a star in it. */
export type AnyGlob = `${string}*${string}`;

type EmptyGlobs<Outputs, Globs extends string> = Globs extends unknown
  ? [keyof Matches<Outputs, Globs>] extends [never]
    ? Globs
    : never
  : never;

type GlobProblem<Empty extends string> = [Empty] extends [never]
  ? unknown
  : Mistake<`The glob "${Empty}" matches no output: mend it, or name the outputs so that it does.`>;

/** Nothing where all globs match something, else a sentence about the one that does not. Costs nothing without globs. */
export type GlobsMatch<Outputs, Names extends string> = [Extract<Names, AnyGlob>] extends [never]
  ? unknown
  : GlobProblem<EmptyGlobs<Outputs, Extract<Names, AnyGlob>>>;

/** The record that a step's function gets: each input by its name, a glob as a record of the family. */
export type Reads<Outputs, Names extends string> = {
  readonly [Name in Names]: Name extends AnyGlob ? Matches<Outputs, Name> : Lookup<Outputs, Name>;
};
