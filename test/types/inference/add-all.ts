/** Steps that are added as a list: each brings its outputs, whatever the others bring. */
import { pipeline, step } from "espalier";
import type { OutputsOf } from "espalier";
import { same } from "./same.ts";

const different = pipeline("different").addAll([
  step("count", [], () => 10),
  step("text", [], () => "20"),
  step("pair", [], () => ({ left: 1, right: true }), { outputs: ["left", "right"] }),
]);

const read = different.step("all", ["count", "text", "right"], ({ count, right, text }) => ({
  count,
  right,
  text,
}));

same<
  OutputsOf<typeof different>,
  { readonly count: number; readonly text: string; readonly left: number; readonly right: boolean }
>(true);
same<OutputsOf<typeof read>["all"], { count: number; right: boolean; text: string }>(true);
