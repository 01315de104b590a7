/** Functions generic in a step's name. */
import { pipeline, step } from "espalier";
export const constant = <const Name extends string, Value>(name: Name, value: Value) =>
  step(name, [], () => value);
export const named = <const Name extends string, Value>(name: Name, value: Value) =>
  pipeline("p").step(name, [], () => value);
export const p = pipeline("p")
  .add(constant("a", 1))
  .step("b", ["a"], ({ a }) => a.toFixed());
export const q = named("a", 1).step("b", ["a"], ({ a }) => a.toFixed());
