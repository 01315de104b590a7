/** Fallbacks of every kind: what they provide, and which errors are left. */
import type { FailureOf, OutputsOf, StepFailed } from "espalier";
import { dynamic, pipeline, step } from "espalier";
import * as Data from "effect/Data";
import * as Effect from "effect/Effect";
import type { Result } from "effect/Result";
import * as Schema from "effect/Schema";
import { same } from "../same.ts";

declare const flag: boolean;
class Down extends Data.TaggedError("Down")<{ readonly host: string }> {}
class Busy extends Data.TaggedError("Busy") {}
const down = (): Effect.Effect<number, Down> => Effect.fail(new Down({ host: "a" }));

// A fallback for all outputs may be a pipeline, which need not provide the step's name.
const all = pipeline("p")
  .step("taken", [], () => 1)
  .dynamic("grown", [], () => (flag ? pipeline("q").step("a", [], down) : { a: 1, b: true }), {
    outputs: "all",
    fallback: () => pipeline("r").step("a", [], () => "text"),
  })
  .step("read", ["a", "b?"], ({ a, b }) => {
    same<typeof a, number | string>(true);
    same<typeof b, boolean | undefined>(true);
    return 1;
  });
same<FailureOf<typeof all>, never>(true);
const standalone = dynamic("grown", [], () => ({ a: 1 }), {
  outputs: "all",
  fallback: pipeline("r").step("a", [], () => "text"),
});
same<OutputsOf<ReturnType<typeof withStandalone>>["a"], number | string>(true);
const withStandalone = () => pipeline("p").add(standalone);

// A switch has one like any other step. It replaces the errors of the choice and of the cases.
const chosen = pipeline("p").switch(
  "s",
  [],
  () => (flag ? Effect.succeed("left" as const) : Effect.fail(new Busy())),
  { left: down },
  { fallback: (error) => (same<typeof error, Busy | Down | StepFailed>(false), "none" as const) },
);
same<OutputsOf<typeof chosen>["s"], number | "none">(true);
same<FailureOf<typeof chosen>, never>(true);
const left = pipeline("p").switch(
  "s",
  [],
  () => flag,
  { true: down, false: () => 1 },
  flag ? { fallback: 0 } : {},
);
same<FailureOf<typeof left>, Down>(true);
const expanded = pipeline("p").switch(
  "s",
  [],
  () => "a" as const,
  { a: down },
  {
    fallback: () => pipeline("q").step("s", [], (): Effect.Effect<boolean, Busy> => Effect.fail(new Busy())),
  },
);
same<OutputsOf<typeof expanded>["s"], number | boolean>(true);
same<FailureOf<typeof expanded>, Busy>(true);

// A map that collects failures collects those that its fallback leaves.
const collected = pipeline("p")
  .step("xs", [], () => [1])
  .map("ys", "xs", [], down, {
    failures: "collect",
    fallback: () => (flag ? 0 : Effect.fail(new Busy())),
  });
same<OutputsOf<typeof collected>["ys"], ReadonlyArray<Result<number, Busy | StepFailed>>>(true);

// An error is a value, although Effect's errors are Effects.
const error = pipeline("p").step("a", [], down, { fallback: new Down({ host: "none" }) });
same<OutputsOf<typeof error>["a"], number | Down>(true);

// What a run refuses of a fallback, the compiler refuses too.
const fails = (): { readonly columns: number } => {
  throw new Error("no data");
};
// @ts-expect-error: an Effect would be run for its value, or be the value
pipeline("p").step("a", [], down, { fallback: Effect.succeed(0) });
// @ts-expect-error: likewise
pipeline("p").switch("a", [], () => "x" as const, { x: down }, { fallback: Effect.succeed(0) });
// @ts-expect-error: there is no timeout
pipeline("p").await("answer", Schema.String, { fallback: "nobody" });
pipeline("p")
  .step("rows", [], () => 1)
  // @ts-expect-error: a taken output
  .dynamic("d", [], fails, { outputs: "all", fallback: { columns: 0, rows: 0 } });
// @ts-expect-error: all outputs must be a record
pipeline("p").dynamic("d", [], fails, { outputs: "all", fallback: 0 });
// @ts-expect-error: a standalone step does not run
pipeline("p").dynamic("d", [], down, { fallback: () => step("d", [], () => 1) });

// Anything may come.
declare const anything: any;
pipeline("p")
  .step("a", [], down, { fallback: anything })
  .dynamic("b", [], fails, { outputs: "all", fallback: anything });
