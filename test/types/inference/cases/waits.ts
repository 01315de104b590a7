/** Lists in `after` under conditions, in waits of both kinds, and what the functions get. */
import type { FailureOf, OutputsOf, SleepOptions, WaitOptions } from "espalier";
import { pipeline } from "espalier";
import * as Schema from "effect/Schema";
import { same } from "../same.ts";

declare const flag: boolean;
declare const names: ReadonlyArray<"a" | "b">;
const start = pipeline("p")
  .step("a", [], () => 1)
  .step("b", [], () => "text");
const timed = { timeout: 1, fallback: null } as const;

export const slept = start
  .sleep("s1", ({ a, b }) => (same<typeof a, number>(true), same<typeof b, string | undefined>(true), a), {
    after: ["a", ...(flag ? (["b"] as const) : [])],
  })
  .sleep("s2", ({ a, b }) => (same<typeof a | typeof b, number | string | undefined>(true), 1), {
    after: names,
  })
  .sleep("s3", ({ a }) => (same<typeof a, number | undefined>(true), 1), flag ? { after: ["a"] } : {})
  .sleep("s4", ({ a }) => (same<typeof a, number | undefined>(true), 1), {
    description: "short",
    ...(flag ? ({ after: ["a"] } as const) : {}),
  })
  .sleep("s5", ({ b }) => (same<typeof b, string>(true), 1), { after: ["b"], description: "short" })
  .sleep("s6", 1, { after: undefined, description: undefined, tags: undefined });

export const awaited = start
  .await("w1", Schema.String, {
    after: ["a", ...(flag ? (["b"] as const) : [])],
    ask: ({ a, b }) => (same<typeof a, number>(true), same<typeof b, string | undefined>(true), a),
  })
  .await("w2", Schema.String, {
    after: names,
    ask: ({ a }) => (same<typeof a, number | undefined>(true), a),
  })
  .await("w3", Schema.String, {
    ...(flag ? ({ after: ["a"] } as const) : {}),
    ask: ({ a }) => (same<typeof a, number | undefined>(true), a),
    ...timed,
  })
  .await("w4", Schema.String, { after: ["b"], ask: ({ b }) => (same<typeof b, string>(true), b), ...timed })
  // A fallback and its timeout may be left out together.
  .await("w5", Schema.String, flag ? { timeout: "1 day", fallback: 1 } : {})
  .await("w6", Schema.String, { timeout: "1 day", fallback: (error) => error._tag })
  .await("w7", Schema.String, { fallback: undefined });
same<OutputsOf<typeof awaited>["w3"], string | null>(true);
same<OutputsOf<typeof awaited>["w5"], string | number>(true);
same<OutputsOf<typeof awaited>["w6"], string>(true);
same<FailureOf<typeof awaited>, never>(true);

// @ts-expect-error: the timeout may be left out
start.await("w", Schema.String, { fallback: 1, ...(flag ? { timeout: 1 } : {}) });

// Annotated options: a list that may be left out is read as such.
declare const waiting: WaitOptions<readonly ["a"]>;
declare const sleeping: SleepOptions<readonly ["a"]>;
start.sleep("s", ({ a }) => (same<typeof a, number | undefined>(true), 1), sleeping);
start.await("w", Schema.String, {
  ...waiting,
  ask: ({ a }) => (same<typeof a, number | undefined>(true), a),
});
