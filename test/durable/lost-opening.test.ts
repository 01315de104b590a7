/** A run that its process loses while opening it ends there at once, and starts nothing. */
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Fiber from "effect/Fiber";
import { pipeline, resume, StoreError, type } from "espalier";
import { expect, test } from "vitest";
import type { Journal, StoreService } from "../../src/journal/store.ts";
import { Store } from "../../src/journal/store.ts";
import { MemoryStore } from "../../src/testing/memory-store.ts";

const yields = (count: number): Effect.Effect<void> =>
  count === 0 ? Effect.void : Effect.andThen(Effect.yieldNow, yields(count - 1));

/** A store that has the run "r" of that pipeline, which no process has claimed. */
const withRun = async (name: string, pipelineName: string, inputs: object): Promise<MemoryStore> => {
  const memory = new MemoryStore(name);
  const run = {
    id: "r",
    pipeline: pipelineName,
    shape: "",
    inputs: JSON.stringify(inputs),
    origin: undefined,
    time: 0,
  };
  await Effect.runPromise(memory.service.submit(run));
  return memory;
};

test("a run that was submitted only by the name of its pipeline can be resumed", async () => {
  const doubling = pipeline("doubling")
    .input("count", type<number>())
    .step("twice", ["count"], ({ count }) => 2 * count);
  const memory = await withRun("by name", "doubling", { count: "21" });
  const running = Effect.provideService(resume(doubling, "r"), Store, memory.service);
  expect(await Effect.runPromise(running)).toEqual({ count: 21, twice: 42 });
});

/** A store whose records take a while to arrive, like those of a database. */
const slowly = ({ service }: MemoryStore): StoreService => ({
  ...service,
  claim: (...asked) =>
    Effect.map(service.claim(...asked), (claim) => {
      if (!("journal" in claim)) return claim;
      const append = claim.journal.append.bind(claim.journal);
      const later: Journal["append"] = (entry, done) => void setImmediate(() => append(entry, done));
      Object.assign(claim.journal, { append: later });
      return claim;
    }),
});

test("the lease can end at any moment while earlier sent values are recorded", async () => {
  const asking = pipeline("asking")
    .await("approval", type<string>())
    .step("text", ["approval"], ({ approval }) => `${approval}!`);
  const ended = new Set<string>();
  for (let moment = 0; moment < 40; moment++) {
    const memory = await withRun(`receiving ${moment}`, "asking", {});
    const sent = { runId: "r", type: "signal", path: "approval", text: '"yes"', time: 0 } as const;
    await Effect.runPromise(memory.service.send(sent));
    const fiber = Effect.runFork(Effect.provideService(resume(asking, "r"), Store, slowly(memory)));
    await Effect.runPromise(yields(moment));
    memory.expire("r", 1);
    const exit = await Effect.runPromise(Fiber.await(fiber));
    const error = Exit.isFailure(exit)
      ? exit.cause.reasons.map((reason) => "error" in reason && reason.error)[0]
      : undefined;
    expect(error === undefined || error instanceof StoreError, `after ${moment} turns: ${String(exit)}`).toBe(
      true,
    );
    ended.add(error instanceof StoreError ? error.kind : "succeeded");
  }
  expect([...ended].sort()).toEqual(["fenced", "succeeded"]);
});

test("the lease can end while the schemas decode the recorded inputs", async () => {
  let journal: Journal | undefined;
  const slow = {
    "~standard": {
      version: 1 as const,
      vendor: "test",
      validate: async (value: unknown) => {
        await Promise.resolve();
        journal?.onLost(new StoreError({ store: "lost", kind: "fenced", reason: "it has another owner." }));
        return { value: value as number };
      },
    },
  };
  const called: Array<number> = [];
  const counting = pipeline("counting")
    .input("count", slow)
    .step("seen", ["count"], ({ count }) => called.push(count as number));
  const memory = await withRun("decoding", "counting", { count: "1" });
  const service: StoreService = {
    ...memory.service,
    claim: (...asked) =>
      Effect.map(memory.service.claim(...asked), (claim) => {
        if ("journal" in claim) {
          journal = claim.journal;
          // A journal that has lost its run no longer confirms anything.
          Object.assign(claim.journal, { append: () => {}, isBlocked: () => true });
        }
        return claim;
      }),
  };
  const exit = await Effect.runPromiseExit(Effect.provideService(resume(counting, "r"), Store, service));
  expect(String(exit)).toContain("it has another owner.");
  expect(called).toEqual([]);
});
