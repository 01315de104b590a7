/**
 * The inputs of a pipeline: the record to which each input is added, and which of them are optional.
 */
import type { AnyChunk, Flat } from "./outputs.ts";

/**
 * `Inputs` with one more. Expanding an object that was itself expanded nests as deep as there are inputs, so beyond
 * sixteen outputs, which include the inputs, they are only intersected.
 */
export type AddInput<Inputs, Outputs, Name extends string, Type> = Outputs extends AnyChunk
  ? Inputs & InputRecord<Name, Type>
  : Flat<Inputs & InputRecord<Name, Type>>;

/** An input. One that may be undefined is optional. */
type InputRecord<Name extends string, Type> =
  MayBeAbsent<Type> extends true ? { readonly [Key in Name]?: Type } : { readonly [Key in Name]: Type };

/** Whether undefined fits the type, and the type is not `unknown` or `any`. */
export type MayBeAbsent<Type> = undefined extends Type ? (unknown extends Type ? false : true) : false;
