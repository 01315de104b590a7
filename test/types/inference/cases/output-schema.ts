/** An output schema types the output, for zod and for Effect's Schema. */
import { same } from "../same.ts";
import * as Schema from "effect/Schema";
import { pipeline } from "espalier";
import * as z from "zod";
export const p = pipeline("p")
  .step("day", [], () => "2031-05-01", { output: z.coerce.date() })
  .step("count", [], async () => "5", { output: Schema.NumberFromString })
  .step("both", ["day", "count"], ({ day, count }) => [day.getTime(), count + 1] as const);
type Out = Awaited<ReturnType<typeof p.runPromise>>;
same<Out["day"], Date>(true);
same<Out["count"], number>(true);
