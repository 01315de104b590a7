/** An await with a fallback gives what its schema decodes or what its fallback gives. */
import { same } from "../same.ts";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { FailureOf, OutputsOf, StepTimedOut } from "espalier";
import { pipeline } from "espalier";

const plain = pipeline("p").await("a", Schema.Number);
same<OutputsOf<typeof plain>["a"], number>(true);

const late = pipeline("p")
  .step("q", [], () => "why")
  .await("a", Schema.Date, {
    after: ["q"],
    ask: ({ q }) => q.length,
    timeout: "1 hour",
    fallback: (error) => {
      same<typeof error, StepTimedOut>(true);
      return Effect.fail("nobody");
    },
  })
  .await("b", Schema.Number, { timeout: 5, fallback: async () => "none" });
same<OutputsOf<typeof late>["a"], Date>(true);
same<OutputsOf<typeof late>["b"], number | string>(true);
same<FailureOf<typeof late>, string | import("espalier").StepFailed>(true);
