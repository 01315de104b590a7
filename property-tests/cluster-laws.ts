/**
 * The law of several processes that execute one run through one store, in many random histories of faults. Its planted
 * faults are in the simulated processes, their store and the journal (`scripts/mutations/cluster-plants.ts`).
 */
import * as Effect from "effect/Effect";
import { pipeline, type } from "espalier";
import { checkPipeline, storeConformance } from "espalier/testing";
import * as fc from "fast-check";
import { newStore } from "../src/testing/stored.ts";

/** Its steps take time, so that faults can occur in the middle of them. */
const mixed = pipeline("mixed")
  .input("sizes", type<ReadonlyArray<number>>())
  .step(
    "doubled",
    ["sizes"],
    ({ sizes }) =>
      Effect.as(
        Effect.sleep(5),
        sizes.map((size) => 2 * size),
      ),
    { where: "worker" },
  )
  .map("parts", "doubled", [], (size) =>
    pipeline("part")
      .step("half", [], () => Effect.as(Effect.sleep(3), size / 2), { where: "worker" })
      .step("parts", ["half"], ({ half }) => half + 1),
  )
  .dynamic("grown", ["parts"], ({ parts }) =>
    parts.length % 2 === 0
      ? // It takes longer than a lease: the next owner joins it.
        pipeline("even").step("grown", [], () => Effect.as(Effect.sleep(60), parts.length), {
          where: "worker",
        })
      : parts.length,
  )
  .await("approval", type<string>())
  .step("text", ["grown", "approval"], ({ grown, approval }) => `${grown} ${approval}`);

/** It fails as soon as its value has arrived. */
const failing = pipeline("failing")
  .input("sizes", type<ReadonlyArray<number>>())
  .step("sum", ["sizes"], ({ sizes }) => Effect.as(Effect.sleep(5), sizes.length))
  .step("text", ["sum"], () => Effect.andThen(Effect.sleep(5), Effect.fail("down" as const)), {
    where: "worker",
  });

/** The number of inputs, each with its histories: when they are slow, fewer of them share a law's time limit. */
const inputs = 5;

const kept = async (
  subject: Parameters<typeof checkPipeline>[0],
  seed: number,
  runs: number,
): Promise<void> => {
  const report = await checkPipeline(subject as any, {
    input: fc.record({ sizes: fc.array(fc.nat(9), { maxLength: 3 }) }) as fc.Arbitrary<any>,
    answers: { approval: fc.constant("yes") },
    laws: ["clusterSafe"],
    runs: inputs,
    interleavings: Math.ceil(runs / inputs),
    deadline: "10 minutes",
    seed,
  });
  const [law] = report.laws;
  if (law?.result !== "passed" || law.runs < inputs) throw new Error(`It was not checked: ${String(report)}`);
};

export const clusterLaws = {
  "several processes give what one does, whatever happens to them": (seed: number, runs: number) =>
    kept(mixed, seed, runs),
  "a failed run stays failed, whichever process examines it": (seed: number, runs: number) =>
    kept(failing, seed, Math.ceil(runs / 2)),
  "their store keeps the laws of every store": async () => {
    await storeConformance(() => newStore().layer);
  },
};
