/** A numeric enum, a string enum and a boolean as a choice. */
import { pipeline, type } from "espalier";
declare enum Level {
  Low = 0,
  High = 1,
}
declare enum Size {
  Small = "small",
  Large = "large",
}
export const p = pipeline("p")
  .input("n", type<number>())
  .switch("a", ["n"], ({ n }) => (n > 1 ? Level.High : Level.Low), {
    [Level.Low]: () => 1,
    [Level.High]: () => "x",
  })
  .switch("b", ["n"], ({ n }) => (n > 1 ? Level.High : Level.Low), { 0: () => 1, 1: () => "x" })
  .switch("c", ["n"], ({ n }) => (n > 1 ? Size.Large : Size.Small), {
    [Size.Small]: () => 1,
    [Size.Large]: () => "x",
  })
  .switch("d", ["n"], ({ n }) => n > 1, { true: () => 1, false: () => "x" });
