/** `outputs` that are either `"all"` or a list. */
import { dynamic, pipeline } from "espalier";
import { same } from "../same.ts";

declare const flag: boolean;
const grown = () =>
  pipeline("q")
    .step("a", [], () => 1)
    .step("b", [], () => "text")
    .step("c", [], () => true);

const listed = pipeline("p").dynamic("d", [], grown, { outputs: flag ? "all" : ["a", "b"] });
listed.step("z", ["a", "b", "c?"], (all) => {
  same<typeof all, { readonly a: number; readonly b: string; readonly c: boolean | undefined }>(true);
});
// @ts-expect-error: only "all" has it.
listed.step("z", ["c"], ({ c }) => c);

const standalone = pipeline("p").add(dynamic("d", [], grown, { outputs: flag ? ["a"] : "all" }));
standalone.step("z", ["a", "b?"], (all) => {
  same<typeof all, { readonly a: number; readonly b: string | undefined }>(true);
});

const direct = pipeline("p").dynamic("d", [], async () => ({ a: 1, b: "text" }), {
  outputs: flag ? ["a", "b"] : "all",
});
direct.step("z", ["a", "b"], (all) => {
  same<typeof all, { readonly a: number; readonly b: string }>(true);
});

// @ts-expect-error: for "all" a direct value must be a record.
pipeline("p").dynamic("d", [], () => 5, { outputs: flag ? "all" : ["a"] });
pipeline("p")
  .step("b", [], () => 1)
  // @ts-expect-error: the output b of all is taken.
  .dynamic("d", [], grown, { outputs: flag ? "all" : ["a"] });
// @ts-expect-error: the list has an output that is not provided.
pipeline("p").dynamic("d", [], grown, { outputs: flag ? "all" : ["a", "x"] });

// Two records of options, one with each.
const whole = pipeline("p").dynamic("d", [], grown, flag ? { outputs: ["a", "b"] } : { outputs: "all" });
whole.step("z", ["a", "b", "c?"], (all) => {
  same<typeof all, { readonly a: number; readonly b: string; readonly c: boolean | undefined }>(true);
});
const wholeWithFallback = pipeline("p").dynamic(
  "d",
  [],
  grown,
  flag
    ? { outputs: "all", fallback: (error) => ({ a: error.path.length, b: "text" }) }
    : { outputs: ["a", "b"], timeout: "1 second" },
);
wholeWithFallback.step("z", ["a", "b", "c?"], ({ a, b }) => a.toFixed() + b);
// @ts-expect-error: only "all" has it.
whole.step("z", ["c"], ({ c }) => c);
// @ts-expect-error: the list has an output that is not provided.
pipeline("p").dynamic("d", [], grown, flag ? { outputs: ["x"] } : { outputs: "all" });
