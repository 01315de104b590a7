/** `.sleep` waits for a duration or until a date, fixed or computed. */
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as TestClock from "effect/testing/TestClock";
import { GraphError, pipeline, type } from "espalier";
import { describe, expect, test } from "vitest";

/** The outputs, and the time they took in milliseconds of Effect's clock. */
const timed = (p: any, inputs: object = {}): Promise<number> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const now = Effect.clockWith((clock) => clock.currentTimeMillis);
      const began = yield* now;
      const fiber = yield* Effect.forkChild(
        Effect.andThen(p.run(inputs) as Effect.Effect<unknown, unknown>, now),
      );
      yield* TestClock.adjust("60 days");
      return (yield* Fiber.join(fiber)) - began;
    }).pipe(Effect.scoped, Effect.provide(TestClock.layer())),
  );

const computed = (of: (inputs: { wait: number }) => any) =>
  pipeline("p")
    .input("wait", type<number>())
    .sleep("pause", of, { after: ["wait"] });

describe("A sleep", () => {
  test("waits for the duration that its function computes from its inputs", async () => {
    expect(
      await timed(
        computed(({ wait }) => wait * 2),
        { wait: 1_500 },
      ),
    ).toBe(3_000);
    expect(
      await timed(
        computed(({ wait }) => `${wait} minutes`),
        { wait: 2 },
      ),
    ).toBe(120_000);
  });

  test("waits until a date, fixed or computed, and not at all if the date is past", async () => {
    expect(await timed(pipeline("p").sleep("pause", new Date(5_000)))).toBe(5_000);
    expect(
      await timed(
        computed(({ wait }) => new Date(wait)),
        { wait: 7_000 },
      ),
    ).toBe(7_000);
    expect(
      await timed(
        computed(() => new Date(-5)),
        { wait: 0 },
      ),
    ).toBe(0);
  });

  test("waits longer than one timer can", async () => {
    const days = 40;
    expect(
      await timed(
        computed(() => `${days} days`),
        { wait: 0 },
      ),
    ).toBe(days * 86_400_000);
  });

  test("returns undefined and types its inputs", async () => {
    const p = pipeline("p")
      .step("text", [], () => "x")
      .sleep("pause", ({ text }) => text.length, { after: ["text"] })
      .step("seen", ["pause"], ({ pause }) => pause satisfies undefined);
    expect(await p.runPromise()).toEqual({ text: "x", pause: undefined, seen: undefined });
    // @ts-expect-error: it does not read "other".
    pipeline("p").sleep("pause", ({ other }) => other);
  });

  test.each([
    ["-5", () => -5, "duration must not be negative; got -5."],
    ["soon", () => "soon", 'duration is not a valid duration: "soon".'],
    ["undefined", () => undefined, "duration is not a valid duration: undefined."],
    ["an invalid date", () => new Date(NaN), "duration must be a valid date; got an invalid one."],
  ])("fails if its function returns %s", async (_, of, sentence) => {
    const error: any = await computed(of)
      .runPromise({ wait: 1 })
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ _tag: "StepFailed", path: "pause" });
    expect(error.message).toContain(sentence);
  });

  test("fails if its function throws", async () => {
    const broken = computed(() => {
      throw new Error("no idea");
    });
    await expect(broken.runPromise({ wait: 1 })).rejects.toMatchObject({ _tag: "StepFailed", path: "pause" });
  });

  test("refuses an invalid date when the pipeline is built", () => {
    expect(() => pipeline("p").sleep("pause", new Date(NaN))).toThrow(GraphError);
  });
});
