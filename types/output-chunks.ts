/** The public interfaces in which the type of a large pipeline holds its outputs: `outputs.ts` makes and reads them. */

/**
 * One output of a large pipeline, by reference: cheaper for the compiler than an object with that property.
 *
 * @public
 */
export interface OutputType<Name extends string, Type> {
  /** The name of the output. */
  readonly name: Name;
  /** The type of the output. */
  readonly type: Type;
}

/**
 * An output of a large pipeline that a step cannot read simply by its name: a family, whose name is a template literal, or a maybe
 * output, under `name?`. With the names that no other output can have because of it, which the compiler then has at once
 * for hundreds of them.
 *
 * @public
 */
export interface OutputApart<Name extends string, Type, Taken extends string> extends OutputType<Name, Type> {
  /** See `OutputApart`. */
  readonly taken: Taken;
}

/**
 * How a pipeline of more than sixteen outputs holds them: a chunk of outputs, with the earlier ones before it. It appears in the
 * declaration of such a pipeline; `OutputsOf` reads it.
 *
 * @public
 */
export interface OutputChunk<
  /**
   * All outputs as a plain object, for readers: an editor shows it first. Nothing else reads it, so it is never
   * computed: a chunk that others follow has `null`.
   */
  Shown,
  /** All names up to here, without the families. */
  Names extends string,
  /** The names and the outputs of this chunk, and how many they are. */
  Own extends string,
  Outputs,
  Size,
  /** All outputs up to here that a step cannot read simply by name, each as an `OutputApart`. */
  Families,
  /** The links before this chunk, down to the newest block, or `null`. */
  Previous,
  /** The blocks before those. */
  Blocks,
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
  /** See `Previous`. */
  readonly previous: Previous;
  /** See `Blocks`. */
  readonly blocks: Blocks;
}

/**
 * A chunk that others follow.
 *
 * @public
 */
export interface OutputLink<Own extends string, Outputs, Depth, Previous> {
  /** The names of this chunk. */
  readonly own: Own;
  /** The outputs of this chunk. */
  readonly outputs: Outputs;
  /** The number of chunks up to here, since the last block. */
  readonly depth: Depth;
  /** The previous chunk, or `null`. */
  readonly previous: Previous;
}

/**
 * Ten chunks. They are grouped in blocks so that no type is nested deeper than the compiler allows, or writes into a declaration.
 *
 * @public
 */
export interface OutputBlock<Names extends string, Own extends string, Links, Previous> {
  /** All names up to here. */
  readonly names: Names;
  /** The names of this block. */
  readonly own: Own;
  /** Its chunks. */
  readonly links: Links;
  /** The previous block, or `null`. */
  readonly previous: Previous;
}
