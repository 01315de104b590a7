/** What may be missing is read as its type or undefined, and what is there as its type. */
import { same } from "../same.ts";
import { pipeline, step, type } from "espalier";
declare const flag: boolean;
declare const names: Array<"a" | "b">;
const listed = pipeline("p")
  .step("a", [], () => 1)
  .step("b", [], () => "text")
  .step("c", ["a", ...(flag ? (["b"] as const) : [])], ({ a, b }) => {
    same<typeof a, number>(true);
    same<typeof b, string | undefined>(true);
    return a + (b?.length ?? 0);
  })
  .step("d", names, ({ a, b }) => {
    same<typeof a, number | undefined>(true);
    return [a, b];
  });
const steps = [step("x", [], () => 1), ...(flag ? [step("y", [], () => "text")] : [])];
export const added = pipeline("p")
  .addAll(steps)
  .step("z", ["y?"], ({ y }) => {
    same<typeof y, string | undefined>(true);
    return y?.length ?? 0;
  });
export const all = pipeline("p")
  .input("rows", type<number>())
  .dynamic(
    "grown",
    ["rows"],
    ({ rows }) =>
      rows > 1
        ? pipeline("l")
            .step("m", [], () => 1)
            .step("s", [], () => "t")
        : pipeline("s").step("m", [], () => 2),
    { outputs: "all" },
  )
  .step("n", ["m", "s?"], ({ m, s }) => {
    same<typeof m, number>(true);
    same<typeof s, string | undefined>(true);
    return m;
  });
export const out = listed.runPromise().then((o) => {
  same<typeof o.c, number>(true);
  return o.c;
});
