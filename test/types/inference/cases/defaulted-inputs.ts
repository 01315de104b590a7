/** An input whose schema accepts undefined is optional in run. */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { pipeline } from "espalier";
import * as z from "zod";
const p = pipeline("p")
  .input("limit", z.number().default(3))
  .input("name", z.string().optional())
  .input("note", Schema.UndefinedOr(Schema.String))
  .step(
    "text",
    ["limit", "name", "note"],
    ({ limit, name, note }) => limit.toFixed() + (name?.length ?? 0) + (note ?? ""),
  );
export const none = p.runPromise({});
export const without = p.runPromise();
export const some = p.runPromise({ limit: 4 });
export const effect = Effect.map(p.run({ name: "x" }), (out) => out.text.length);
