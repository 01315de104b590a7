/** What takes the place of a type that could not be found. */

/**
 * What a name that was refused reads: it can be called, walked through, taken apart and counted with, and callbacks that it is
 * given have parameters, so that using it is not a second error.
 */
export type Anything = number & AnythingElse;

/** Texts and maps are among it by their methods: of a field of that name it would not be known what a callback has. */
interface AnythingElse
  extends ReadonlyArray<any>,
    Omit<typeof String.prototype, keyof ReadonlyArray<any> | "valueOf">,
    Pick<ReadonlyMap<any, any>, "get" | "has" | "size"> {
  (...parameters: ReadonlyArray<any>): any;
  readonly [Key: string]: any;
}

/**
 * What a function must return. Where an option is wrong, the compiler compares the function with what it takes in its place
 * before it has looked at it: that comparison must succeed, or the error would be there.
 */
export type Free<Returned> = Returned | ([Returned] extends [Anything] ? unknown : never);
