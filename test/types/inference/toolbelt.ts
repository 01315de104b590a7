/** The same comparisons by ts-toolbelt, which prints nothing and costs as much: see docs/explanation/type-cost.md. */
import type { FailureOf, InputsOf, OutputsOf, ServicesOf } from "espalier";
import { pipeline, type } from "espalier";
import { Test } from "ts-toolbelt";

const { check, checks } = Test;

const made = pipeline("p")
  .input("rate", type<number>())
  .step("rows", ["rate"], ({ rate }) => [rate]);

checks([
  check<InputsOf<typeof made>, { readonly rate: number }, Test.Pass>(),
  check<OutputsOf<typeof made>, { readonly rate: number; readonly rows: Array<number> }, Test.Pass>(),
  check<OutputsOf<typeof made>["rows"], any, Test.Fail>(),
  check<FailureOf<typeof made>, never, Test.Pass>(),
  check<ServicesOf<typeof made>, never, Test.Pass>(),
]);
