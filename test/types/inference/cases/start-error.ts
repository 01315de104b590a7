/** Start can fail with InvalidInput, RunExists and StoreError. */
import * as Effect from "effect/Effect";
import { pipeline, type } from "espalier";
const p = pipeline("p")
  .input("n", type<number>())
  .step("a", ["n"], ({ n }) => n);
export const handled = p.start({ n: 1 }, { runId: "r" }).pipe(
  Effect.catchTags({
    InvalidInput: (error) => Effect.succeed(error.input),
    RunExists: (error) => Effect.succeed(error.runId),
    StoreError: (error) => Effect.succeed(error.message),
  }),
);
