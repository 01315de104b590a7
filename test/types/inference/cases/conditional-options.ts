/** Options that a condition leaves out: the output has either type, and what only the option makes sure is not. */
import type { FailureOf, OutputsOf } from "espalier";
import { dynamic, pipeline, step } from "espalier";
import * as Effect from "effect/Effect";
import type { Result } from "effect/Result";
import * as Schema from "effect/Schema";
import { same } from "../same.ts";

declare const flag: boolean;
class Down {
  readonly _tag = "Down";
}
const item = (n: number) => (n > 1 ? Effect.fail(new Down()) : Effect.succeed(n));
const numbers = pipeline("numbers").step("xs", [], () => [1, 2]);

// Without `enough` the map fails with the items' errors.
const chosen = numbers.map("ys", "xs", [], item, flag ? { enough: 2 } : {});
same<FailureOf<typeof chosen>, Down>(true);
const spread = numbers.map("ys", "xs", [], item, { timeout: 10, ...(flag ? { enough: 2 } : {}) });
same<FailureOf<typeof spread>, Down>(true);
const shared: { readonly enough?: number } = {};
const annotated = numbers.map("ys", "xs", [], item, shared);
same<FailureOf<typeof annotated>, Down>(true);
const surely = numbers.map("ys", "xs", [], item, flag ? { enough: 2 } : { enough: 3, key: (x) => x });
same<FailureOf<typeof surely>, never>(true);

// Without `failures` it provides values.
const collected = numbers.map("ys", "xs", [], (x) => x, flag ? { failures: "collect" } : {});
type Collected = OutputsOf<typeof collected>["ys"];
same<Extract<Collected[number], number>, number>(true);
same<Extract<Collected[number], Result<any, any>>["_tag"], "Success" | "Failure">(true);
const failing = numbers.map("ys", "xs", [], item, {
  concurrency: 1,
  ...(flag ? { failures: "collect" as const } : {}),
});
same<FailureOf<typeof failing>, Down>(true);

// Without `output` nothing is decoded.
const decoded = pipeline("p")
  .step("a", [], () => "1", flag ? { output: Schema.NumberFromString } : {})
  .step("xs", [], () => ["1"])
  .map("ys", "xs", [], (x) => x, flag ? { output: Schema.NumberFromString } : {});
same<OutputsOf<typeof decoded>["a"], string | number>(true);
same<OutputsOf<typeof decoded>["ys"][number], string | number>(true);

// Without `outputs` the step provides its own name.
const named = pipeline("p").step("s", [], () => ({ x: 1, y: "a" }), flag ? { outputs: ["x", "y"] } : {});
same<OutputsOf<typeof named>["x"], number | undefined>(true);
same<OutputsOf<typeof named>["s"], { x: number; y: string } | undefined>(true);
// @ts-expect-error: y may be missing
named.step("z", ["y"], ({ y }) => y);
const exposed = pipeline("p").dynamic(
  "s",
  [],
  () =>
    pipeline("q")
      .step("s", [], () => 1)
      .step("x", [], () => "a"),
  flag ? { outputs: "all" } : {},
);
same<OutputsOf<typeof exposed>["s"], number>(true);
same<OutputsOf<typeof exposed>["x"], string | undefined>(true);

// A fallback that may be left out replaces no error, in every member and in standalone steps.
const fails = (): Effect.Effect<number, Down> => Effect.fail(new Down());
const maybeSaved = pipeline("p")
  .step("a", [], fails, flag ? { fallback: 1 } : {})
  .dynamic("b", [], () => 1);
same<FailureOf<typeof maybeSaved>, Down>(true);
const spreadFallback = pipeline("p").step("a", [], fails, { timeout: 3, ...(flag ? { fallback: 1 } : {}) });
same<FailureOf<typeof spreadFallback>, Down>(true);
const savedItems = numbers.map("ys", "xs", [], fails, flag ? { fallback: 1 } : {});
same<FailureOf<typeof savedItems>, Down>(true);
const savedTurns = pipeline("p").loop("a", [], () => 1, fails, {
  until: (n) => n > 1,
  ...(flag ? { fallback: 1 } : {}),
});
same<Extract<FailureOf<typeof savedTurns>, Down>, Down>(true);
const savedRace = pipeline("p").race("a", [], { one: fails }, flag ? { fallback: 1 } : {});
same<FailureOf<typeof savedRace>["_tag"], "AllFailed">(true);
const savedBranch = pipeline("p").dynamic("a", [], fails, flag ? { fallback: 1 } : {});
same<FailureOf<typeof savedBranch>, Down>(true);
const savedLater = pipeline("p").add(step("a", [], fails, flag ? { fallback: 1 } : {}));
same<FailureOf<typeof savedLater>, Down>(true);
const savedBranchLater = pipeline("p").add(dynamic("a", [], fails, flag ? { fallback: 1 } : {}));
same<FailureOf<typeof savedBranchLater>, Down>(true);
const saved = pipeline("p").step("a", [], fails, { fallback: flag ? 1 : undefined });
same<FailureOf<typeof saved>, never>(true);

// The same for schemas and lists of outputs.
const chosenSchema = pipeline("p")
  .switch(
    "a",
    [],
    () => flag,
    { true: () => "1", false: () => "2" },
    flag ? { output: Schema.NumberFromString } : {},
  )
  .dynamic("b", [], () => "1", flag ? { output: Schema.NumberFromString } : {})
  .race("c", [], { one: () => "1" }, flag ? { output: Schema.NumberFromString } : {})
  .add(step("d", [], () => "1", flag ? { output: Schema.NumberFromString } : {}));
same<OutputsOf<typeof chosenSchema>["a" | "b" | "c" | "d"], string | number>(true);
const listedLater = pipeline("p")
  .add(step("s", [], () => ({ x: 1, y: "a" }), flag ? { outputs: ["x", "y"] } : {}))
  .add(dynamic("d", [], () => ({ v: 1, w: "a" }), flag ? { outputs: ["v"] } : { outputs: "all" }));
same<OutputsOf<typeof listedLater>["s"], { x: number; y: string } | undefined>(true);
same<OutputsOf<typeof listedLater>["x"], number | undefined>(true);
same<OutputsOf<typeof listedLater>["w"], string | undefined>(true);
