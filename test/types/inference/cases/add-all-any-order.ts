/** Members of one addAll read each other. */
import { pipeline, step } from "espalier";
const a = step("a", [], () => 1);
const b = step("b", ["a"], ({ a }: { a: number }) => `${a}`);
const c = step("c", ["a", "b"], ({ a, b }: { a: number; b: string }) => a + b.length);
export const p = pipeline("p")
  .addAll([a, b, c])
  .step("d", ["c"], ({ c }) => c.toFixed());
