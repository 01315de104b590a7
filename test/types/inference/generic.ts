/** Steps and pipelines that pass through functions of the user's own. */
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { InputsOf, OutputsOf, Pipeline, Step } from "espalier";
import { pipeline, pipelineOf, step, type } from "espalier";
import * as v from "valibot";
import * as z from "zod";
import { same } from "./same.ts";

const passed = <Inputs, Outputs, Failure, Services>(
  made: Pipeline<Inputs, Outputs, Failure, Services>,
): Pipeline<Inputs, Outputs, Failure, Services> => made;

const through = passed(pipeline("p").step("a", [], () => 1)).step("b", ["a"], ({ a }) => `${a}`);
same<OutputsOf<typeof through>, { readonly a: number; readonly b: string }>(true);

// A step over any type of item.
const first = <Item>(items: ReadonlyArray<Item>) => step("first", [], () => items[0]);
const firsts = pipeline("p").add(first(["a", "b"]));
same<OutputsOf<typeof firsts>, { readonly first: string | undefined }>(true);

const identity = step("same", ["a"], <Value>({ a }: { readonly a: Value }) => a);
void identity;

// A function that adds steps to whatever pipeline has the outputs that it needs.
const counted = <Inputs, Failure, Services>(
  made: Pipeline<Inputs, { readonly rows: ReadonlyArray<number> }, Failure, Services>,
) => made.step("count", ["rows"], ({ rows }) => rows.length);
const report = counted(pipeline("p").step("rows", [], (): ReadonlyArray<number> => [1]));
same<OutputsOf<typeof report>, { readonly rows: ReadonlyArray<number>; readonly count: number }>(true);

// One of several pipelines with the same outputs is a pipeline.
const one = pipeline("one").step("a", [], () => 1);
const two = pipeline("two").step("a", [], () => "a");
const either = (Math.random() > 0.5 ? one : two).step("b", ["a"], ({ a }) => a);
same<OutputsOf<typeof either>["b"], string | number>(true);

// A pipeline with more outputs is not a pipeline with fewer: a name that is taken in one would be free in the other.
same<typeof through extends Pipeline<{}, { readonly a: number }, never, never> ? true : false, false>(true);

// Every pipeline is one of unknown inputs, outputs, errors and services, and a function of such keeps what it is given.
class Clockwork extends Context.Service<Clockwork, { readonly tick: number }>()("Clockwork") {}
const needing = pipeline("needing").step("a", [], () => Effect.map(Clockwork, ({ tick }) => tick));
const failing = pipeline("failing")
  .input("n", type<number>())
  .step("a", [], () => Effect.fail("no" as const));
const any: ReadonlyArray<Pipeline<any, any, any, any>> = [one, two, needing, failing];
const kept = <Kept extends Pipeline<any, { readonly a: number }, any, any>>(made: Kept): Kept => made;
void any.map((each) => each.plan());
void kept(needing).run;
void kept(one)
  .runPromise()
  .then(({ a }) => same<typeof a, number>(true));

// Names from constant arrays, unions and enums.
const names = ["a", "b"] as const;
declare enum Name {
  First = "first",
  Second = "second",
}
declare const which: "a" | "b";
const named = pipeline("named")
  .step("a", [], () => 1)
  .step("b", [], () => "b")
  .step("all", names, (read) => read)
  .step("one", [which], (read) => read)
  .step(Name.First, [], () => 1)
  .step(Name.Second, [Name.First], (read) => read[Name.First])
  .step("third", ["first"], ({ first }) => first);
same<OutputsOf<typeof named>["all"], { readonly a: number; readonly b: string }>(true);
same<OutputsOf<typeof named>["second"], number>(true);
same<OutputsOf<typeof named>["third"], number>(true);

// A pipeline may have a name that is not known yet.
declare const later: string;
void pipeline(later)
  .step("a", [], () => 1)
  .runPromise();

// Schemas of four libraries: what a run is given, and what steps read.
const schemas = pipeline("schemas")
  .input("effect", Schema.NumberFromString)
  .input(
    "zod",
    z.string().transform((text) => text.length),
  )
  .input("valibot", v.pipe(v.string(), v.transform(Number)))
  .input("unchecked", type<{ readonly a?: string }>());
same<
  InputsOf<typeof schemas>,
  {
    readonly effect: string;
    readonly zod: string;
    readonly valibot: string;
    readonly unchecked: { readonly a?: string };
  }
>(true);
same<
  OutputsOf<typeof schemas>,
  {
    readonly effect: number;
    readonly zod: number;
    readonly valibot: number;
    readonly unchecked: { readonly a?: string };
  }
>(true);

const parsed = step("parsed", { raw: Schema.NumberFromString }, ({ raw }) => raw + 1);
same<typeof parsed, Step<"parsed", { readonly raw: string }, { readonly parsed: number }, never, never>>(
  true,
);

// An input that may be absent need be provided by nothing.
const lenient = step(
  "out",
  ["a"],
  ({ a, b }: { readonly a: number; readonly b?: string }) => `${a}${b ?? ""}`,
);
const leniently = pipelineOf("p", [lenient, step("a", [], () => 1)]);
same<OutputsOf<typeof leniently>, { readonly out: string; readonly a: number }>(true);

const returned = named.returns("a", "third");
same<OutputsOf<typeof returned>, { readonly a: number; readonly third: number }>(true);
