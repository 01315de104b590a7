/** Expansions: the union over their branches, whatever each returns. */
import * as Effect from "effect/Effect";
import type { FailureOf, InputsOf, OutputsOf, ServicesOf } from "espalier";
import { dynamic, pipeline, step, type } from "espalier";
import { same } from "./same.ts";

const base = pipeline("base")
  .input("rate", type<number>())
  .step("rows", [], () => [1, 2]);

const branches = base
  .dynamic("direct", ["rate"], ({ rate }) => rate)
  .dynamic("either", ["rate"], ({ rate }) => (rate > 1 ? pipeline("s").step("either", [], () => "a") : true))
  .dynamic("later", ["rate"], async ({ rate }) =>
    rate > 1 ? pipeline("s").step("later", [], async () => "a") : pipeline("t").step("later", [], () => 1),
  )
  .dynamic("effect", ["rate", "rows"], ({ rate }) =>
    Effect.succeed(
      pipeline("s")
        .input("rows", type<ReadonlyArray<number>>())
        .step("effect", ["rows"], ({ rows }) => rows.length > rate),
    ),
  )
  .dynamic(
    "several",
    [],
    () =>
      pipeline("s")
        .step("p", [], () => 1)
        .step("q", [], () => "q"),
    {
      outputs: ["p", "q"],
    },
  )
  .dynamic("nothing", [], () => undefined)
  .dynamic("any", [], () => JSON.parse("1"));
type Branches = OutputsOf<typeof branches>;
same<Branches["direct"], number>(true);
same<Branches["either"], string | true>(true);
same<Branches["later"], string | number>(true);
same<Branches["effect"], boolean>(true);
same<Branches["p"], number>(true);
same<Branches["q"], string>(true);
same<Branches["nothing"], undefined>(true);
same<Branches["any"], any>(true);
same<InputsOf<typeof branches>, { readonly rate: number }>(true);

// All that a sub-pipeline provides, but not what it is given; what only some branches provide may be undefined.
const all = base
  .dynamic(
    "open",
    ["rate"],
    ({ rate }) =>
      rate > 1
        ? pipeline("s")
            .input("rate", type<number>())
            .step("x", ["rate"], ({ rate }) => rate)
            .step("y", [], () => "y")
        : rate > 0
          ? pipeline("t").step("x", [], () => true)
          : { x: null },
    { outputs: "all" },
  )
  .dynamic(
    "returned",
    [],
    () =>
      pipeline("u")
        .step("z", [], () => 1)
        .step("hidden", [], () => 2)
        .returns("z"),
    {
      outputs: "all",
    },
  );
same<
  OutputsOf<typeof all>,
  {
    readonly rate: number;
    readonly rows: Array<number>;
    readonly x: number | boolean | null;
    readonly y: string | undefined;
    readonly z: number;
  }
>(true);

// Three levels, each typed from the one above without an annotation.
const nested = base.dynamic("out", ["rows"], ({ rows }) =>
  pipeline("one")
    .step("size", [], () => rows.length)
    .dynamic("out", ["size"], ({ size }) =>
      pipeline("two").dynamic("out", [], () => pipeline("three").step("out", [], () => ({ size, rows }))),
    ),
);
same<OutputsOf<typeof nested>["out"], { size: number; rows: Array<number> }>(true);

const mapped = base
  .step("pairs", [], () => new Map([["a", 1]]))
  .step("text", [], () => ["a"] as const)
  .map("subs", "rows", ["rate"], (row, { rate }, { index }) =>
    row > 1 ? pipeline("s").step("subs", [], () => `${rate} ${index}`) : row,
  )
  .map("entries", "pairs", [], ([key, value]) => `${key}${value}`)
  .map("letters", "text", [], (letter) => letter);
same<OutputsOf<typeof mapped>["subs"], ReadonlyArray<string | number>>(true);
same<OutputsOf<typeof mapped>["entries"], ReadonlyArray<string>>(true);
same<OutputsOf<typeof mapped>["letters"], ReadonlyArray<"a">>(true);

const chosen = base
  .switch("value", ["rate"], ({ rate }) => (rate > 1 ? "high" : "low"), {
    high: ({ rate }) => rate,
    low: ({ rate }, { path }) => pipeline("s").step("value", [], () => `${path}${rate}`),
  })
  .switch("async", ["rate"], async ({ rate }) => (rate > 1 ? ("a" as const) : ("b" as const)), {
    a: async () => 1,
    b: () => Effect.succeed(true),
  })
  .switch("one", [], () => "only", { only: () => null })
  .switch("sign", ["rate"], ({ rate }) => rate > 0, { true: ({ rate }) => rate, false: () => "negative" })
  .switch("count", ["rate"], ({ rate }) => (rate > 1 ? 2 : 1), { 1: () => "one", 2: ({ rate }) => [rate] });
same<OutputsOf<typeof chosen>["value"], string | number>(true);
same<OutputsOf<typeof chosen>["async"], number | boolean>(true);
same<OutputsOf<typeof chosen>["one"], null>(true);
same<OutputsOf<typeof chosen>["sign"], string | number>(true);
same<OutputsOf<typeof chosen>["count"], string | Array<number>>(true);

// Families: by template literals, and by several names that are alike.
const families = pipeline("families")
  .addAll(["a", "b"].map((name) => step(`feat_${name}`, [], () => 1)))
  .addAll(["c"].map((name) => step(`feat_${name}`, [], () => "c")))
  .addAll((["x", "y"] as const).map((name) => step(`col_${name}`, [], () => name)))
  .step("feats", ["feat_*"], (found) => found["feat_*"])
  .step("cols", ["col_*"], (found) => found["col_*"])
  .step("both", ["col_x?", "feat_*"], ({ col_x, ...rest }) => [col_x, rest["feat_*"]["feat_a"]] as const);
same<OutputsOf<typeof families>["feats"], { readonly [x: `feat_${string}`]: number | string }>(true);
same<OutputsOf<typeof families>["cols"], { readonly col_x?: "x" | "y"; readonly col_y?: "x" | "y" }>(true);
same<OutputsOf<typeof families>["both"], readonly ["x" | "y" | undefined, string | number | undefined]>(true);

// A direct call gives the sub-pipeline with its types, and nothing is decoded on the way.
const search = dynamic("best", ["rates"], ({ rates }: { readonly rates: ReadonlyArray<number> }) =>
  pipeline("s").step("best", [], () => rates.length),
);
const sub = search.expand({ rates: [1] });
same<OutputsOf<typeof sub>, { readonly best: number }>(true);

// What a step may leave out of its record is read as what it may be; `any` says nothing of errors and services.
const partly = pipeline("partly")
  .step("halves", [], (): { readonly train: number; readonly test?: string } => ({ train: 1 }), {
    outputs: ["train", "test"],
  })
  .dynamic("parsed", [], () => JSON.parse("1"));
same<OutputsOf<typeof partly>["test"], string | undefined>(true);
same<FailureOf<typeof partly>, never>(true);
same<ServicesOf<typeof partly>, never>(true);
