/**
 * Waits for promises of any origin. The `then` of a subclass, of another library's thenable or of a proxy may
 * settle twice, at once, with another promise, or throw; only JavaScript's own promises are trusted.
 */

const ownThen = Reflect.get(Promise.prototype, "then") as (
  this: PromiseLike<unknown>,
  ...callbacks: Parameters<Promise<unknown>["then"]>
) => unknown;

export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  ((typeof value === "object" && value !== null) || typeof value === "function") &&
  typeof (value as Partial<PromiseLike<unknown>>).then === "function";

/** A promise with JavaScript's own `then`: this one, or one that settles like it, and rejects with any error that its `then` throws. */
export const promiseOf = (thenable: PromiseLike<unknown>): Promise<unknown> =>
  thenable.then === ownThen
    ? (thenable as Promise<unknown>)
    : new Promise<unknown>((resolve) => resolve(thenable));

/** Calls one of the two, once, and never before it returns. If it throws, it calls neither. */
export const whenSettled = (
  thenable: PromiseLike<unknown>,
  fulfilled: (value: unknown) => void,
  rejected: (thrown: unknown) => void,
): void => {
  void ownThen.call(promiseOf(thenable), fulfilled, rejected);
};
