/**
 * The law of several processes that execute one run by one store, in many drawn histories of faults. Its planted faults are
 * in the simulated processes, their store and the journal (`scripts/mutations/cluster-plants.ts`).
 */
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import { pipeline, type } from "espalier";
import { checkPipeline, storeConformance } from "espalier/testing";
import * as fc from "fast-check";
import type { StoreService } from "../src/journal/store.ts";
import { Store } from "../src/journal/store.ts";
import { MemoryStore } from "../src/testing/memory-store.ts";

/** Time passes in its steps, so that faults can come in the middle of them. */
const mixed = pipeline("mixed")
  .input("sizes", type<ReadonlyArray<number>>())
  .step("doubled", ["sizes"], ({ sizes }) =>
    Effect.as(
      Effect.sleep(5),
      sizes.map((size) => 2 * size),
    ),
  )
  .map("parts", "doubled", [], (size) =>
    pipeline("part")
      .step("half", [], () => Effect.as(Effect.sleep(3), size / 2))
      .step("parts", ["half"], ({ half }) => half + 1),
  )
  .dynamic("grown", ["parts"], ({ parts }) =>
    parts.length % 2 === 0
      ? pipeline("even").step("grown", [], () => Effect.as(Effect.sleep(20), parts.length))
      : parts.length,
  )
  .await("approval", type<string>())
  .step("text", ["grown", "approval"], ({ grown, approval }) => `${grown} ${approval}`);

/** It fails as soon as its value has come. */
const failing = pipeline("failing")
  .input("sizes", type<ReadonlyArray<number>>())
  .step("sum", ["sizes"], ({ sizes }) => Effect.as(Effect.sleep(5), sizes.length))
  .step("text", ["sum"], () => Effect.andThen(Effect.sleep(5), Effect.fail("down" as const)));

/** So many inputs, each with its histories: the time that a law may take is shared by fewer if they are slow. */
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

const sum = pipeline("sum")
  .input("sizes", type<ReadonlyArray<number>>())
  .step("sum", ["sizes"], ({ sizes }) => sizes.reduce((a, b) => a + b, 0));

let stores = 0;
const newStore = (): MemoryStore => new MemoryStore(`cluster laws ${++stores}`);

const yields = (count: number): Effect.Effect<void> =>
  count === 0 ? Effect.void : Effect.andThen(Effect.yieldNow, yields(count - 1));

/** A store whose messages take a while to arrive, like those of a database. */
const slowly = ({ service }: MemoryStore): StoreService => ({
  ...service,
  claim: (...asked) =>
    Effect.tap(service.claim(...asked), (claim) =>
      Effect.sync(() => {
        const receive = () => new Promise<void>((resolve) => setTimeout(resolve, 3));
        if ("journal" in claim) Object.assign(claim.journal, { receive });
      }),
    ),
});

/** Reads a run that has succeeded, and is interrupted after each number of turns. */
const readAndInterrupted = async (): Promise<void> => {
  for (let moment = 0; moment < 30; moment++) {
    const store = newStore();
    const read = sum.run({ sizes: [1] }, { runId: "r" }).pipe(Effect.provideService(Store, slowly(store)));
    await Effect.runPromise(read);
    const fiber = Effect.runFork(read);
    await Effect.runPromise(yields(moment));
    await Effect.runPromise(Fiber.interrupt(fiber));
    if (store.statusOf("r") !== "succeeded") throw new Error(`After ${moment} turns: ${store.statusOf("r")}`);
  }
};

export const clusterLaws = {
  "several processes give what one does, whatever happens to them": (seed: number, runs: number) =>
    kept(mixed, seed, runs),
  "a run that has failed stays failed, whichever process looks at it": (seed: number, runs: number) =>
    kept(failing, seed, Math.ceil(runs / 2)),
  "their store keeps the laws of every store": async () => {
    await storeConformance(() => newStore().layer);
  },
  "a run that has succeeded stays so, whenever a reader of it is interrupted": readAndInterrupted,
};
