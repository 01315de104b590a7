/** Simulated processes whose connection is cut for about as long as a lease. */
import * as Effect from "effect/Effect";
import { pipeline } from "espalier";
import { expect, test } from "vitest";
import type { Graph } from "../../src/engine/graph.ts";
import { graphOf } from "../../src/engine/graph.ts";
import { leaseMillis } from "../../src/testing/cluster.ts";
import { played } from "../../src/testing/laws/cluster-safe.ts";

const late = pipeline("late")
  .step("doubled", [], () => Effect.as(Effect.sleep(5), [6, 0]), { where: "worker" })
  .map("parts", "doubled", [], (size) =>
    pipeline("part")
      .step("half", [], () => Effect.as(Effect.sleep(3), size / 2), { where: "worker" })
      .step("parts", ["half"], ({ half }) => half + 1),
  )
  .step("grown", ["parts"], ({ parts }) => Effect.as(Effect.sleep(60), parts.length), { where: "worker" });

const subject = {
  name: "late",
  check: "checkPipeline",
  graph: (late as unknown as { readonly [graphOf]: Graph })[graphOf],
  options: {},
  world: {},
} as const;

// A process that is connected again at the moment at which its lease ends either keeps it, or learns that it has ended.
test("each process ends, whatever request is cut, and for however long", { timeout: 120_000 }, async () => {
  const stuck: Array<string> = [];
  for (let seed = 1; seed <= 12; seed++)
    for (let at = 1; at <= 12; at++)
      for (const millis of [leaseMillis - 1, leaseMillis, leaseMillis + 1]) {
        const { run } = await played(subject, {}, { seed, faults: [{ at, kind: "cut", millis }], skews: [] });
        if ("stuck" in run.ended) stuck.push(`seed ${seed}, request ${at}, ${millis} ms`);
      }
  expect(stuck).toEqual([]);
});
