/** Parts of which a condition chooses one: steps, names, options and lists. Only sure outputs are present. */
import * as Effect from "effect/Effect";
import type { DynamicOptions, Pipeline, RunError, WaitOptions } from "espalier";
import { dynamic, pipeline, pipelineOf, step } from "espalier";
import * as Schema from "effect/Schema";
import { same } from "../same.ts";

declare const flag: boolean;

// A step that has one of two names: a direct value is its output, whichever name it has.
const named = pipeline("named")
  .step("xs", [], () => [1])
  .dynamic(flag ? "a" : "b", [], () => 1)
  .map(flag ? "c" : "d", "xs", [], (x) => x)
  .switch(flag ? "e" : "f", [], () => flag, { true: () => 1, false: () => "text" })
  .loop(
    flag ? "g" : "h",
    [],
    () => 1,
    (n) => n + 1,
    { until: (n) => n > 3 },
  )
  .race(flag ? "i" : "j", [], { first: () => 1, second: () => 2 });
named.step("z", ["a?", "c?", "e?", "g?", "i?"], ({ a, c, e, g, i }) => {
  same<typeof a, number | undefined>(true);
  same<typeof c, ReadonlyArray<number> | undefined>(true);
  same<typeof e, number | string | undefined>(true);
  same<typeof g, number | undefined>(true);
  same<typeof i, number | undefined>(true);
  return 1;
});
// @ts-expect-error: it may have the other name
named.step("z", ["b"], ({ b }) => b);

// One of two steps in a list: what both provide is sure.
const either = flag ? step("a", [], () => 1) : step("b", [], () => 2);
const same2 = flag ? step("a", [], () => 1) : step("a", [], () => "text");
pipeline("p")
  .addAll([same2, step("c", [], () => 3)])
  .step("z", ["a", "c"], ({ a, c }) => {
    same<typeof a, number | string>(true);
    return c;
  });
pipelineOf("p", [same2, step("c", ["a"], ({ a }: { readonly a: number | string }) => a)]);
const two = pipeline("p").addAll([either, step("c", [], () => 3)]);
// @ts-expect-error: of two steps only one is there
two.step("z", ["a"], ({ a }) => a);
// @ts-expect-error: of two steps only one is there
pipelineOf("p", [either, step("c", ["a"], ({ a }: { readonly a: number }) => a)]);
// @ts-expect-error: where the first is b, there are two
pipelineOf("p", [either, step("b", [], () => 1)]);

// A direct value that stands for all outputs may lack one.
const direct = pipeline("p").dynamic("d", [], (): { x: number; y?: string } => ({ x: 1 }), {
  outputs: "all",
});
direct.step("z", ["x", "y?"], ({ x, y }) => {
  same<typeof y, string | undefined>(true);
  return x;
});
// @ts-expect-error: y may be missing
direct.step("z", ["y"], ({ y }) => y);

// A standalone dynamic step exposes its own name and nothing else.
const alone = pipeline("p").add(dynamic("d", [], () => "1", { output: Schema.NumberFromString }));
alone.step("z", ["d"], ({ d }) => d.toFixed());
const inner = pipeline("p").add(
  dynamic(
    "d",
    [],
    () =>
      pipeline("q")
        .step("x", [], () => 1)
        .step("d", ["x"], ({ x }) => x),
    { timeout: 1 },
  ),
);
inner.step("z", ["d"], ({ d }) => d.toFixed());
// @ts-expect-error: x is of the sub-pipeline
inner.step("z", ["x"], ({ x }) => x);

// An option that is undefined is left out; a fallback that may be undefined gives undefined.
const left = pipeline("p")
  .step("a", [], () => [1], { outputs: undefined, output: undefined })
  .dynamic("b", [], () => 1, { outputs: undefined })
  .add(step("c", [], () => "text", { outputs: undefined }))
  .add(dynamic("d", [], () => true, { outputs: undefined }))
  .map("e", "a", [], (x) => x, { failures: undefined, enough: undefined, minSuccess: undefined })
  .step("f", [], () => 1, { fallback: flag ? 2 : undefined });
left.step("z", ["a", "b", "c", "d", "e", "f"], (all) => {
  same<
    typeof all,
    {
      readonly a: number[];
      readonly b: number;
      readonly c: string;
      readonly d: boolean;
      readonly e: ReadonlyArray<number>;
      readonly f: number | undefined;
    }
  >(true);
  return 1;
});
const some = pipeline("p")
  .step("xs", [], () => [1])
  .map("ys", "xs", [], (x) => (flag ? Effect.fail("bad" as const) : Effect.succeed(x)), {
    enough: flag ? 2 : undefined,
  });
// @ts-expect-error: without enough, it fails with "bad"
some.run() satisfies Effect.Effect<unknown, RunError>;
const collected = pipeline("p")
  .step("xs", [], () => [1])
  .map("ys", "xs", [], (x) => x, { failures: flag ? "collect" : undefined });
// @ts-expect-error: without failures, it is a number
collected.step("z", ["ys"], ({ ys }) => ys.map((y) => y._tag));

// Inputs of finally that are only possibly in the list have no result.
pipeline("p")
  .step("a", [], () => 1)
  .finally("end", flag ? ["a"] : [], ({ a }) => a?._tag);
pipeline("p")
  .step("a", [], () => 1)
  // @ts-expect-error: a is only possibly in the list
  .finally("end", flag ? ["a"] : [], ({ a }) => a._tag);

// A member of a family may be read by its name.
declare const columns: ReadonlyArray<string>;
const family = pipeline("p").addAll(columns.map((column) => step(`mean_${column}`, [], () => 1)));
family.step("z", ["mean_age?"], ({ mean_age }) => {
  same<typeof mean_age, number | undefined>(true);
  return mean_age;
});
// @ts-expect-error: no family has that
family.step("z", ["sum_age?"], ({ sum_age }) => sum_age);
// @ts-expect-error: it is a number
family.add(step("z", ["mean_age?"], ({ mean_age }: { readonly mean_age: string | undefined }) => mean_age));

// Options that wait and those of dynamic steps can be annotated.
const waits: WaitOptions = { timeout: "1 second" };
const grows: DynamicOptions = { timeout: "1 second" };
pipeline("p")
  .step("a", [], () => 1)
  .await("b", Schema.Number, waits)
  .sleep("c", "1 second", waits)
  .dynamic("d", [], () => 1, grows);

// A pipeline's outputs are covariant: it can stand for one that promises less of each, and has neither more nor fewer.
const lists = pipeline("p").step("xs", [], () => [1]);
const annotated: Pipeline<{}, { readonly xs: ReadonlyArray<number> }, never, never> = lists;
annotated.step("z", ["xs"], ({ xs }) => xs.length);
// @ts-expect-error: the items are numbers
lists satisfies Pipeline<{}, { readonly xs: ReadonlyArray<string> }, never, never>;
// @ts-expect-error: the list is read-only
annotated satisfies Pipeline<{}, { readonly xs: number[] }, never, never>;
// @ts-expect-error: that has one output fewer
lists.step("ys", [], () => 1) satisfies Pipeline<{}, { readonly xs: number[] }, never, never>;

// Functions that are generic in the state of a loop, or in a schema.
export const iterate = <State>(
  start: State,
  turn: (state: State) => Promise<State>,
  done: (state: State) => boolean,
) =>
  pipeline("iterate").loop(
    "state",
    [],
    () => start,
    (state) => turn(state),
    { until: (state) => done(state) },
  );
export const counted = iterate(
  1,
  async (n) => n + 1,
  (n) => n > 3,
).step("z", ["state"], ({ state }) => state.toFixed());
export const withInput = <const S extends Schema.Codec<any, any>>(schema: S) =>
  pipeline("p")
    .input("x", schema)
    .step("y", ["x"], ({ x }) => x);

// The name of a step that provides other names is taken.
const split = pipeline("p").step("split", [], () => ({ a: 1, b: 2 }), { outputs: ["a", "b"] });
// @ts-expect-error: a step has that name
split.step("split", [], () => 1);
const splits = step("split", [], () => ({ a: 1, b: 2 }), { outputs: ["a", "b"] });
const again = step("split", [], () => ({ c: 1, d: 2 }), { outputs: ["c", "d"] });
// @ts-expect-error: two steps have that name
pipeline("p").addAll([splits, again]);
// @ts-expect-error: two steps have that name
pipelineOf("p", [splits, again]);
pipeline("p")
  .add(splits)
  // @ts-expect-error: a step has that name
  .add(again);
