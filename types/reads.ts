/** What a step may read. */
import type { Matches } from "./names.ts";
import type { Lookup, NamesOf } from "./outputs.ts";

/** Anything with a star in it. */
export type AnyGlob = `${string}*${string}`;

/**
 * What a step may read: where it can read all that it names, the names that there are, as they stand. The compiler takes
 * as long to make a union as that has members.
 */
export type Readable<Read extends string, Outputs, Names, Step extends string> = [Read] extends [Names]
  ? NoInfer<Names>
  : ReadableName<Read, Outputs, Names, Step>;

/**
 * A name that a step reads, where it can; else the names that there are, for the compiler to say which was meant, and
 * the sentence. Globs are looked at last, so that they cost nothing to those who use none.
 */
type ReadableName<Read extends string, Outputs, Names, Step extends string> = Read extends Names
  ? Read | NoInfer<Names>
  : Read extends AnyGlob
    ? [keyof Matches<Outputs, Read>] extends [never]
      ? `The glob '${Read}' matches no output: mend it, or name the outputs so that it does.`
      : Read
    : NoInfer<Names> | Unprovided<Read, Step>;

/**
 * The sentence about an input that nothing provides; as a list, since an editor offers every text that stands beside the
 * names. None about `string`, which is what it takes for a name that is still to come.
 */
type Unprovided<Read extends string, Step extends string> = string extends Read
  ? never
  : [`The step '${Step}' reads '${Read}', and nothing provides that.`];

/** What a step reads by one of its names: an output, or the record of a family. */
export type Given<Outputs, Read extends string> = Read extends AnyGlob
  ? [keyof Matches<Outputs, Read>] extends [never]
    ? any
    : Matches<Outputs, Read>
  : Lookup<Outputs, Read>;

/**
 * The names under which a step's function finds what it reads. Where one of them is refused these are all names there
 * are as well: who has misspelt a name in the list may have it right in the function.
 */
export type ReadNames<Read extends string, Names> = Read extends Names
  ? Read
  : Read extends AnyGlob
    ? Read
    : Read | (Names & string);

/** The outputs that a map can run over: what is iterable, and no strings. */
type IterableNames<Outputs, Name = NamesOf<Outputs>> = Name extends string
  ? Mappable<Name, Outputs, Name, ""> extends Name
    ? Name
    : never
  : never;

/** The name that a map runs over, where it can; else the names that there are, and the sentence. */
export type Mappable<Over extends string, Outputs, Names, Step extends string> = Over extends Names
  ? MappableType<Lookup<Outputs, `${Over}`>> extends true
    ? Over
    : MappableType<Lookup<Outputs, `${Over}`>> extends "text"
      ? [`The map '${Step}' runs over '${Over}', which may be a string: make a list of what its items are.`]
      : [`The map '${Step}' runs over '${Over}', which is not iterable.`]
  : [IterableNames<Outputs>] extends [never]
    ? [`The map '${Step}' runs over '${Over}', and nothing here is iterable.`]
    : NoInfer<IterableNames<Outputs>> | Unmapped<Over, Step>;

/** The sentence about what a map runs over and nothing provides; a list, and none about `string`, as above. */
type Unmapped<Over extends string, Step extends string> = string extends Over
  ? never
  : [`The map '${Step}' runs over '${Over}', and nothing provides that.`];

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
  ? Lookup<Outputs, `${Over}`> extends Iterable<infer Item>
    ? Item
    : any
  : any;

/** A name that a run can return, where there is such an output; else the names that there are, and the sentence. */
export type Returnable<Name extends string, Names> = Name extends Names
  ? Name
  :
      | NoInfer<Names>
      | (string extends Name ? never : [`The run returns '${Name}', and nothing provides that.`]);

/** A name that a pipeline can be reduced to; else the names that there are, and the sentence. */
export type Keepable<Name extends string, Names> = Name extends Names
  ? Name
  :
      | NoInfer<Names>
      | (string extends Name ? never : [`only cannot keep '${Name}', since nothing provides it.`]);
