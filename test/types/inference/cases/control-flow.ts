/** `.when` and `.finally`: what is there inside and after, and how a run can fail. */
import { same } from "../same.ts";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import type { Result } from "effect/Result";
import type { FailureOf, OutputsOf, ServicesOf } from "espalier";
import { pipeline } from "espalier";

class Mailer extends Context.Service<Mailer, { readonly send: () => void }>()("Mailer") {}

const mailing = pipeline("mailing")
  .step("rows", [], () => [1, 2, 3])
  .when(
    "large",
    ["rows"],
    ({ rows }) => {
      same<typeof rows, Array<number>>(true);
      return rows.length > 2 ? Effect.fail("too large") : Effect.succeed(true);
    },
    (p) =>
      p
        .step("sample", ["rows", "large"], ({ rows, large }) => {
          same<typeof large, boolean>(true);
          return rows.slice(0, 1);
        })
        .step("mail", ["sample"], ({ sample }) =>
          Effect.map(Mailer, (mailer) => (mailer.send(), sample.length)),
        ),
  )
  .step("report", ["mail?", "large"], ({ mail, large }) => {
    same<typeof mail, number | undefined>(true);
    same<typeof large, boolean>(true);
    return "text";
  })
  .finally("closed", ["rows", "mail?"], ({ rows, mail }) => {
    same<typeof rows, Result<Array<number>, unknown>>(true);
    same<typeof mail, Result<number | undefined, unknown>>(true);
    if (rows._tag === "Success") same<typeof rows.success, Array<number>>(true);
    return Effect.as(Effect.fail("cannot close"), 5);
  })
  .step("end", ["closed?"], ({ closed }) => {
    same<typeof closed, number | undefined>(true);
    return closed;
  });
same<FailureOf<typeof mailing>, string>(true);
same<ServicesOf<typeof mailing>, Mailer>(true);
same<OutputsOf<typeof mailing>["mail"], number | undefined>(true);
same<OutputsOf<typeof mailing>["large"], boolean>(true);
same<keyof OutputsOf<typeof mailing>, "rows" | "large" | "sample" | "mail" | "report" | "closed" | "end">(
  true,
);

// With more outputs than a plain object holds.
const many = pipeline("many")
  .step("s1", [], () => 1)
  .step("s2", [], () => 1)
  .step("s3", [], () => 1)
  .step("s4", [], () => 1)
  .step("s5", [], () => 1)
  .step("s6", [], () => 1)
  .step("s7", [], () => 1)
  .step("s8", [], () => 1)
  .step("s9", [], () => 1)
  .step("s10", [], () => 1)
  .step("s11", [], () => 1)
  .step("s12", [], () => 1)
  .step("s13", [], () => 1)
  .step("s14", [], () => 1)
  .step("s15", [], () => 1)
  .step("s16", [], () => 1)
  .when(
    "on",
    ["s1", "s16"],
    async () => true,
    (p) =>
      p
        .step("a", ["s1", "s16"], () => "a")
        .when(
          "deep",
          ["a"],
          () => false,
          (q) => q.step("b", ["a", "s2"], () => 2),
        ),
  )
  .step("end", ["a?", "b?", "deep?", "on"], ({ a, b, deep }) => {
    same<typeof a, string | undefined>(true);
    same<typeof b, number | undefined>(true);
    same<typeof deep, boolean | undefined>(true);
    return a;
  });
same<OutputsOf<typeof many>["b"], number | undefined>(true);
same<OutputsOf<typeof many>["s16"], number>(true);

// The end of a loop knows the inputs.
pipeline("p")
  .step("limits", [], () => ({ most: 3 }))
  .loop(
    "count",
    ["limits"],
    () => 0,
    (count) => count + 1,
    {
      until: (count, { limits }) => (same<typeof limits, { most: number }>(true), count >= limits.most),
    },
  )
  .loop(
    "other",
    ["limits"],
    () => 0,
    (count) => count + 1,
    // @ts-expect-error: they have no such field
    { until: (count, { limits }) => count > limits.mots },
  );
