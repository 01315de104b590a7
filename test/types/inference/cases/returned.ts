/** A pipeline that does not return all of its outputs: their names are taken, and nothing else of it is another type. */
import type { OutputsOf, Pipeline } from "espalier";
import { pipeline, type } from "espalier";
import { same } from "../same.ts";

declare const flag: boolean;

const inner = pipeline("inner")
  .input("seed", type<number>())
  .step("x", ["seed"], ({ seed }) => seed)
  .step("y", ["x"], ({ x }) => x + 1)
  .returns("y");
same<OutputsOf<typeof inner>, { readonly y: number }>(true);

// It is a pipeline of what it returns, whatever else it has.
export const annotated: Pipeline<{ readonly seed: number }, { readonly y: number }, never, never> = inner;
const other = pipeline("other")
  .input("seed", type<number>())
  .step("z", ["seed"], ({ seed }) => seed)
  .step("y", ["z"], ({ z }) => z)
  .returns("y");
export let either = inner;
either = other;

// Of two that differ in what they hide, one is a pipeline.
const chosen = (flag ? inner : other).step("more", ["y"], ({ y }) => y.toFixed());
same<OutputsOf<typeof chosen>, { readonly y: number; readonly more: string }>(true);

// The names stay taken after more steps, after more than sixteen of them, and after a second returns.
// @ts-expect-error: x is the name of a step
void inner.step("x", [], () => 1);
// @ts-expect-error: seed is the name of an input
void inner.step("seed", [], () => 1);
// @ts-expect-error: x is hidden, and so cannot be read
void inner.step("more", ["x"], () => 1);
// @ts-expect-error: nor under its key
void inner.step("more", ["?"], () => 1);
const longer = inner.step("more", ["y"], ({ y }) => y);
// @ts-expect-error: x is the name of a step
void longer.step("x", [], () => 1);
const narrower = longer.returns("more");
same<OutputsOf<typeof narrower>, { readonly more: number }>(true);
// @ts-expect-error: x is the name of a step
void narrower.step("x", [], () => 1);
// @ts-expect-error: y is the name of a step
void narrower.step("y", [], () => 1);
const many = narrower
  .step("a1", [], () => 1)
  .step("a2", [], () => 1)
  .step("a3", [], () => 1)
  .step("a4", [], () => 1)
  .step("a5", [], () => 1)
  .step("a6", [], () => 1)
  .step("a7", [], () => 1)
  .step("a8", [], () => 1)
  .step("a9", [], () => 1)
  .step("a10", [], () => 1)
  .step("a11", [], () => 1)
  .step("a12", [], () => 1)
  .step("a13", [], () => 1)
  .step("a14", [], () => 1)
  .step("a15", [], () => 1)
  .step("a16", [], () => 1)
  .step("a17", ["more"], ({ more }) => more.toFixed());
same<OutputsOf<typeof many>["a17"], string>(true);
same<"" | "?" | "x" extends keyof OutputsOf<typeof many> ? true : false, false>(true);
// @ts-expect-error: x is the name of a step
void many.step("x", [], () => 1);

// Another pipeline may have the names that one hides: they are in a scope of their own.
export const added = pipeline("added")
  .input("seed", type<number>())
  .step("x", [], () => "other")
  .add(inner)
  .step("both", ["x", "y"], ({ x, y }) => x.repeat(y));
export const expanded = pipeline("expanded")
  .input("seed", type<number>())
  .dynamic("part", ["seed"], () => inner, { outputs: "all" })
  .step("x", ["y"], ({ y }) => y.toFixed());
same<OutputsOf<typeof expanded>, { readonly seed: number; readonly y: number; readonly x: string }>(true);
