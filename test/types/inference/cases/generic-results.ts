/** Functions generic in the item and the result, for step, map, dynamic and switch. */
import { pipeline } from "espalier";
export const batch = <T, U>(items: ReadonlyArray<T>, each: (item: T) => Promise<U>) =>
  pipeline("batch")
    .step("items", [], () => items)
    .map("results", "items", [], (item) => each(item))
    .step("first", ["results"], ({ results }) => results[0]);
export const grown = <T, U>(value: T, f: (value: T) => U) =>
  pipeline("grown")
    .step("x", [], () => value)
    .dynamic("y", ["x"], ({ x }) => f(x));
export const chosen = <T, U>(value: T, f: (value: T) => U) =>
  pipeline("chosen")
    .step("x", [], () => value)
    .switch("y", ["x"], () => "one", { one: ({ x }) => f(x) });
export const nested = <T>(items: ReadonlyArray<T>) =>
  pipeline("nested").dynamic("y", [], () => pipeline("q").step("y", [], () => items[0]));
export const text: Promise<string | undefined> = batch([1, 2], async (n) => `${n}`)
  .runPromise()
  .then((out) => out.first);
