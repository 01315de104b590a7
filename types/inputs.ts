/**
 * The inputs of a pipeline: their record, grown by one, and which of them may be left out.
 */
import type { AnyChunk, Flat } from "./outputs.ts";

/**
 * `Inputs` with one more. An object that is written out of one that is written out is as deep as there are inputs, so beyond
 * the sixteen outputs of which they are a part they are only joined.
 */
export type AddInput<Inputs, Outputs, Name extends string, Type> = Outputs extends AnyChunk
  ? Inputs & InputRecord<Name, Type>
  : Flat<Inputs & InputRecord<Name, Type>>;

/** An input. One that may be undefined need not be given. */
type InputRecord<Name extends string, Type> =
  MayBeAbsent<Type> extends true ? { readonly [Key in Name]?: Type } : { readonly [Key in Name]: Type };

/** Does undefined fit the type, and is more known of it than that anything does? */
export type MayBeAbsent<Type> = undefined extends Type ? (unknown extends Type ? false : true) : false;
