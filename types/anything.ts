/** The type that replaces a type that could not be determined. */

/**
 * The type of an input whose name was refused: it can be called, iterated, destructured and calculated with, and callbacks passed
 * to it have typed parameters, so that using it causes no second error.
 */
export type Anything = number & AnythingElse;

/** It has the methods of strings and maps: through an index signature alone, the parameters of callbacks would be unknown. */
interface AnythingElse
  extends Array<any>,
    Omit<typeof String.prototype, keyof Array<any> | "valueOf">,
    Pick<ReadonlyMap<any, any>, "get" | "has" | "size"> {
  (...parameters: ReadonlyArray<any>): any;
  readonly [Key: string]: any;
}

/**
 * The required return type of a function. If an option is wrong, the compiler compares the function with its assumed type
 * before it has checked the function: this comparison must succeed, or the error would be reported there.
 */
export type Free<Returned> = Returned | ([Returned] extends [Anything] ? unknown : never);
