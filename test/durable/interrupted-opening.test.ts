/** A run that is interrupted while it is opened must not stay claimed by a process that does not execute it. */
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import { pipeline, resume, type } from "espalier";
import { expect, test } from "vitest";
import type { StoreService } from "../../src/journal/store.ts";
import { Store } from "../../src/journal/store.ts";
import { MemoryStore } from "../../src/testing/memory-store.ts";

const sum = pipeline("sum")
  .input("a", type<number>())
  .step("twice", ["a"], ({ a }) => Effect.as(Effect.sleep(1), 2 * a));

const yields = (count: number): Effect.Effect<void> =>
  count === 0 ? Effect.void : Effect.andThen(Effect.yieldNow, yields(count - 1));

/** A store whose claims take a while, and are granted even if the caller no longer waits, like those of a database. */
const slowly = (memory: MemoryStore): StoreService => ({
  ...memory.service,
  claim: (...asked) => Effect.uninterruptible(Effect.andThen(yields(3), memory.service.claim(...asked))),
});

test("a run that has succeeded stays succeeded, whenever a second call for it is interrupted", async () => {
  for (let moment = 0; moment < 25; moment++) {
    const memory = new MemoryStore(`again ${moment}`);
    const running = Effect.provideService(sum.run({ a: 1 }, { runId: "r" }), Store, slowly(memory));
    await Effect.runPromise(running);
    const fiber = Effect.runFork(running);
    await Effect.runPromise(yields(moment));
    await Effect.runPromise(Fiber.interrupt(fiber));
    expect([moment, memory.statusOf("r")]).toEqual([moment, "succeeded"]);
  }
});

test.each(["run", "start", "resume"] as const)(
  "%s, interrupted at any moment, leaves a run that can be claimed",
  async (how) => {
    for (let moment = 0; moment < 25; moment++) {
      const memory = new MemoryStore(`${how} ${moment}`);
      const service = slowly(memory);
      if (how === "resume") {
        await Effect.runPromise(
          service.submit({
            id: "r",
            pipeline: "sum",
            shape: "",
            inputs: '{"a":"1"}',
            origin: undefined,
            time: 0,
          }),
        );
      }
      const running: Effect.Effect<unknown, unknown> =
        how === "run"
          ? sum.run({ a: 1 }, { runId: "r" })
          : how === "start"
            ? Effect.flatMap(sum.start({ a: 1 }, { runId: "r" }), (run) =>
                Effect.onInterrupt(run.await, () => run.interrupt),
              )
            : resume(sum, "r");
      const fiber = Effect.runFork(Effect.provideService(running, Store, service));
      await Effect.runPromise(yields(moment));
      await Effect.runPromise(Fiber.interrupt(fiber));
      // Handles outlive their callers: such a run ends by itself.
      if (how === "start") await Effect.runPromise(Effect.sleep(20));
      const claim = await Effect.runPromise(service.claim("r", undefined));
      expect([moment, claim.type]).not.toEqual([moment, "held"]);
    }
  },
);
