/** In a list, an element that may be one of several names brings each of them as its type or undefined, in every member. */
import type { OutputsOf } from "espalier";
import { dynamic, pipeline, pipelineOf, step, type } from "espalier";
import { same } from "../same.ts";

declare const u: "a" | "b";
declare const xs: readonly ["a", "a" | "b"];
export const base = pipeline("base")
  .step("a", [], () => 1)
  .step("b", [], () => "b")
  .step("list", [], () => [1]);
export const in1 = base.step("s1", [u], ({ a, b }) => {
  same<typeof a, number | undefined>(true);
  same<typeof b, string | undefined>(true);
  return 1;
});
export const in2 = base.step("s2", ["a", u], ({ a, b }) => {
  same<typeof a, number>(true);
  same<typeof b, string | undefined>(true);
  return 1;
});
export const in3 = base.step("s3", xs, ({ a, b }) => {
  same<typeof a, number>(true);
  same<typeof b, string | undefined>(true);
  return 1;
});
export const in4 = base.dynamic("s4", [u], ({ a, b }) => {
  same<typeof a, number | undefined>(true);
  same<typeof b, string | undefined>(true);
  return 1;
});
export const in5 = base.map("s5", "list", [u], (_item, { a, b }) => {
  same<typeof a, number | undefined>(true);
  same<typeof b, string | undefined>(true);
  return 1;
});
export const in6 = base.switch(
  "s6",
  [u],
  ({ a, b }) => {
    same<typeof a, number | undefined>(true);
    same<typeof b, string | undefined>(true);
    return "x";
  },
  {
    x: ({ a }) => {
      same<typeof a, number | undefined>(true);
      return 1;
    },
  },
);
export const in7 = base.loop(
  "s7",
  [u],
  ({ a, b }) => {
    same<typeof a, number | undefined>(true);
    same<typeof b, string | undefined>(true);
    return 1;
  },
  (s, { a }) => {
    same<typeof a, number | undefined>(true);
    return s + 1;
  },
  { until: (s) => s > 3 },
);
export const in8 = base.race("s8", [u], {
  x: ({ a, b }) => {
    same<typeof a, number | undefined>(true);
    same<typeof b, string | undefined>(true);
    return 1;
  },
});
export const in9 = base.await("s9", type<number>(), {
  after: [u],
  ask: ({ a, b }) => {
    same<typeof a, number | undefined>(true);
    same<typeof b, string | undefined>(true);
    return 1;
  },
});
export const in10 = base.sleep(
  "s10",
  ({ a, b }) => {
    same<typeof a, number | undefined>(true);
    same<typeof b, string | undefined>(true);
    return 1;
  },
  { after: [u] },
);
export const in11 = base.when(
  "s11",
  [u],
  ({ a, b }) => {
    same<typeof a, number | undefined>(true);
    same<typeof b, string | undefined>(true);
    return true;
  },
  (p) => p.step("z", [], () => 1),
);
export const in12 = base.finally("s12", [u], (r) => {
  same<keyof typeof r, "a" | "b">(true);
  return 1;
});
export const outs = base.step("s13", [], () => ({ a1: 1, b1: "x" }), { outputs: [u === "a" ? "a1" : "b1"] });
// One output is the value itself.
same<OutputsOf<typeof outs>["a1"], { a1: number; b1: string } | undefined>(true);
same<OutputsOf<typeof outs>["b1"], { a1: number; b1: string } | undefined>(true);
export const ret = base.returns(u);
same<OutputsOf<typeof ret>, { readonly a: number | undefined; readonly b: string | undefined }>(true);
export const only = base.only(u);
same<OutputsOf<typeof only>, { readonly a: number | undefined; readonly b: string | undefined }>(true);
export const dyn = base.dynamic(
  "s14",
  [],
  () =>
    pipeline("x")
      .step("a1", [], () => 1)
      .step("b1", [], () => "x"),
  { outputs: [u === "a" ? "a1" : "b1"] },
);
same<OutputsOf<typeof dyn>["a1"], number | undefined>(true);
export const sa = step("sa", [u], ({ a, b }: { a?: number | undefined; b?: string | undefined }) => [a, b]);
export const in13 = base.add(sa);
export const st = step("st", [], () => ({ a1: 1, b1: "x" }), { outputs: [u === "a" ? "a1" : "b1"] });
export const stp = base.add(st);
same<OutputsOf<typeof stp>["a1"], { a1: number; b1: string } | undefined>(true);
export const dt = dynamic(
  "dt",
  [],
  () =>
    pipeline("x")
      .step("a1", [], () => 1)
      .step("b1", [], () => "x"),
  { outputs: [u === "a" ? "a1" : "b1"] },
);
export const dtp = base.add(dt);
same<OutputsOf<typeof dtp>["a1"], number | undefined>(true);
declare const flag: boolean;
export const conditional = base.step("c1", flag ? ["a"] : ["b"], ({ a, b }) => {
  same<typeof a, number | undefined>(true);
  same<typeof b, string | undefined>(true);
  return 1;
});
export const partly = base.step("c2", ["a", ...(flag ? (["b"] as const) : [])], ({ a, b }) => {
  same<typeof a, number>(true);
  same<typeof b, string | undefined>(true);
  return 1;
});
declare const many: ReadonlyArray<"a" | "b">;
export const in14 = base.step("c3", many, ({ a, b }) => {
  same<typeof a, number | undefined>(true);
  same<typeof b, string | undefined>(true);
  return 1;
});

// One of several lists of outputs: a single name is the value itself, several are its fields.
const fitted = { model: 1, report: "fitted" };
export const listed = base.step("c4", [], () => fitted, { outputs: flag ? ["model"] : ["model", "report"] });
same<OutputsOf<typeof listed>["model"], number | { model: number; report: string }>(true);
same<OutputsOf<typeof listed>["report"], string | undefined>(true);
declare const chosen: ReadonlyArray<"model" | "report">;
export const ofAnyLength = base.add(step("c5", [], () => fitted, { outputs: chosen }));
same<OutputsOf<typeof ofAnyLength>["model"], number | { model: number; report: string } | undefined>(true);
export const grown = base.dynamic(
  "c6",
  [],
  () =>
    pipeline("x")
      .step("model", [], () => 1)
      .step("report", [], () => "x"),
  { outputs: flag ? ["model"] : ["model", "report"] },
);
same<OutputsOf<typeof grown>["model"], number>(true);
same<OutputsOf<typeof grown>["report"], string | undefined>(true);

// A condition spreads the last name into the list. A list of at least two names is never the value itself.
const parts = { train: [1], test: [2], rest: "x" };
export const spread = base
  .step("c7", [], () => parts, { outputs: ["train", "test", ...(flag ? (["rest"] as const) : [])] })
  .step("c8", ["train", "rest?"], ({ train, rest }) => {
    same<typeof train, number[]>(true);
    same<typeof rest, string | undefined>(true);
    return 1;
  });
export const spreadAlone = base.add(
  step("c9", [], () => parts, { outputs: ["train", "test", ...(flag ? (["rest"] as const) : [])] }),
);
same<OutputsOf<typeof spreadAlone>["rest"], string | undefined>(true);
export const spreadMany = base.step("c10", [], () => parts, {
  outputs: ["train", "test", ...(flag ? ["rest" as const] : [])],
});
same<OutputsOf<typeof spreadMany>["train"], number[]>(true);
same<OutputsOf<typeof spreadMany>["rest"], string | undefined>(true);

// One of several lists of steps brings for sure what all of them bring.
export const added = base.addAll(
  flag ? [step("one", [], () => 1)] : [step("one", [], () => "text"), step("two", [], () => 2)],
);
same<OutputsOf<typeof added>["one"], number | string>(true);
same<OutputsOf<typeof added>["two"], number | undefined>(true);
export const ordered = pipelineOf("ordered", flag ? [step("one", [], () => 1)] : [step("two", [], () => 2)]);
same<OutputsOf<typeof ordered>, { readonly one: number | undefined; readonly two: number | undefined }>(true);

// One of several steps that a condition adds.
export const guarded = base.when(
  "w",
  [],
  () => flag,
  (p) => (flag ? p.step("one", [], () => 1) : p.step("two", [], () => "text")),
);
same<OutputsOf<typeof guarded>["one"], number | undefined>(true);
same<OutputsOf<typeof guarded>["two"], string | undefined>(true);
