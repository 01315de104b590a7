/** What takes the place of a type that could not be found. */

/**
 * What a name that was refused reads: it can be called, walked through, taken apart and counted with, and callbacks that it is
 * given have parameters, so that using it is not a second error.
 */
export type Anything = number & AnythingElse;

interface AnythingElse extends ReadonlyArray<any> {
  (...parameters: ReadonlyArray<any>): any;
  readonly [Key: string]: any;
}
