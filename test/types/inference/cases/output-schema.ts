/** An output schema types the output, for zod and for Effect's Schema. */
import { same } from "../same.ts";
import * as Schema from "effect/Schema";
import type { OutputsOf } from "espalier";
import { pipeline } from "espalier";
import * as z from "zod";

declare const flag: boolean;
export const p = pipeline("p")
  .step("day", [], () => "2031-05-01", { output: z.coerce.date() })
  .step("count", [], async () => "5", { output: Schema.NumberFromString })
  .step("both", ["day", "count"], ({ day, count }) => [day.getTime(), count + 1] as const);
type Out = Awaited<ReturnType<typeof p.runPromise>>;
same<Out["day"], Date>(true);
same<Out["count"], number>(true);

// Each branch must be able to fit. One of several values may, or an object with more fields and less precise ones.
declare const row: { readonly id: number; readonly name: string | null; readonly made: Date } | undefined;
declare const rows: ReadonlyArray<{ readonly id: number; readonly name: string | null; readonly made: Date }>;
declare const unsure: unknown;
const Row = Schema.Struct({ id: Schema.Number, name: Schema.String });
export const fitting = pipeline("p")
  .step("found", [], () => row, { output: Row })
  .step("listed", [], () => rows, { output: Schema.Array(Row) })
  .step("literal", [], () => (flag ? ("a" as const) : undefined), { output: Schema.String })
  .switch(
    "chosen",
    [],
    (): "text" | "none" | "any" | "unsure" | "fails" | "either" => "text",
    {
      text: () => "1",
      none: () => (flag ? ("2" as const) : undefined),
      any: (): any => 1,
      unsure: () => unsure,
      fails: (): never => {
        throw new Error("never");
      },
      either: () => (flag ? pipeline("q").step("chosen", [], () => 1) : "3"),
    },
    { output: Schema.NumberFromString },
  )
  .race(
    "won",
    [],
    { one: async () => "1", other: () => pipeline("q").step("won", [], () => "2") },
    { output: Schema.NumberFromString },
  );
same<OutputsOf<typeof fitting>["chosen"], number>(true);
same<OutputsOf<typeof fitting>["won"], number>(true);
// @ts-expect-error: no field of this name has a fitting type
pipeline("p").step("found", [], () => ({ id: "1", name: "a", more: true }), { output: Row });

// With all outputs the schema decodes their record: what it leaves out is not an output.
const grown = pipeline("p").dynamic(
  "d",
  [],
  () =>
    flag
      ? { a: "1", b: 2 }
      : pipeline("q")
          .step("a", [], () => "2")
          .step("b", [], () => 3),
  { outputs: "all", output: Schema.Struct({ a: Schema.NumberFromString }) },
);
same<OutputsOf<typeof grown>, { readonly a: number }>(true);
// A schema that may be left out decodes possibly, with a list of outputs too.
const maybeDecoded = pipeline("p").dynamic("d", [], () => ({ a: "1", b: "2" }), {
  outputs: ["a", "b"],
  ...(flag ? { output: Schema.Struct({ a: Schema.NumberFromString, b: Schema.String }) } : {}),
});
same<OutputsOf<typeof maybeDecoded>["a"], string | number>(true);
