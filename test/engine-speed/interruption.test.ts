/** Interruption, timers of other code, and the text of errors. */
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import { pipeline } from "espalier";
import { describe, expect, test } from "vitest";
import { ownMillis } from "../bench/clock.ts";
import { rejection, sleep, untilAborted } from "../core/support.ts";

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("Interruption", () => {
  test("fires the signals of promise steps within one tick, and the run ends", async () => {
    const signals: Array<AbortSignal> = [];
    let p = pipeline("p") as any;
    for (let i = 0; i < 100; i++) {
      p = p.step(`s${i}`, [], (_: unknown, { signal }: { signal: AbortSignal }) => {
        signals.push(signal);
        return untilAborted(signal);
      });
    }
    const fiber = Effect.runFork(p.run({}) as Effect.Effect<unknown>);
    while (signals.length < 100) await tick(); // On a busy machine they start over several turns.
    fiber.interruptUnsafe();
    await tick();
    expect(signals.filter(({ aborted }) => aborted).length).toBe(100);
    await Effect.runPromise(Fiber.await(fiber));
  });

  test("of a sibling fires a promise step's signal within one tick of the failure", async () => {
    let signal: AbortSignal | undefined;
    let failedAt = 0;
    const p = pipeline("p")
      .step("slow", [], (_, context) => {
        signal = context.signal;
        return untilAborted(context.signal);
      })
      .step("failing", [], async () => {
        await sleep(2);
        setImmediate(() => (failedAt = signal!.aborted ? 1 : -1));
        throw new Error("no");
      });
    await rejection(p.runPromise({}));
    expect(failedAt).toBe(1);
  });

  test("reaches waiting Effects at once", async () => {
    const started: Array<number> = [];
    let interrupted = 0;
    let p = pipeline("p") as any;
    for (let i = 0; i < 100; i++) {
      p = p.step(`s${i}`, [], () =>
        Effect.onInterrupt(
          Effect.andThen(
            Effect.sync(() => started.push(i)),
            Effect.never,
          ),
          () => Effect.sync(() => void interrupted++),
        ),
      );
    }
    const fiber = Effect.runFork(p.run({}) as Effect.Effect<unknown>);
    while (started.length < 100) await tick();
    fiber.interruptUnsafe();
    await tick();
    expect(interrupted).toBe(100);
  });
});

/** The average delay of a timer of 10 ms while `run` continues; the time that other programs take does not count. */
const lateness = async (run: () => Promise<unknown>): Promise<number> => {
  const late: Array<number> = [];
  let due = ownMillis() + 10;
  const next = (): void => {
    late.push(ownMillis() - due);
    due = ownMillis() + 10;
    timer = setTimeout(next, 10);
  };
  let timer = setTimeout(next, 10);
  await run();
  clearTimeout(timer);
  return late.length === 0 ? Infinity : late.reduce((a, b) => a + b, 0) / late.length;
};

describe("Timers of other code", () => {
  test.each([
    ["values", (item: number) => item],
    ["Effects", (item: number) => Effect.sync(() => item)],
  ])(
    "are at most 20 ms late during 1,000,000 synchronous steps: %s",
    { timeout: 60_000 },
    async (_, each) => {
      const items = Array.from({ length: 1_000_000 }, (_, i) => i);
      const p = pipeline("p")
        .step("items", [], () => items)
        .map("all", "items", [], each as (item: number) => number);
      // A busy machine delays timers too: the best of three.
      let best = Infinity;
      for (let attempt = 0; attempt < 3 && best > 20; attempt++) {
        best = Math.min(best, await lateness(() => p.runPromise({}, { maxSteps: 2_000_000 })));
      }
      expect(best).toBeLessThan(20);
    },
  );
});

describe("An error that a step throws", () => {
  const explode = (): never => {
    throw new TypeError("of the step");
  };

  test.each<readonly [string, () => unknown]>([
    ["a function", () => explode()],
    ["an Effect", () => Effect.sync(explode)],
    ["an Effect that waited", () => Effect.andThen(Effect.sleep(1), Effect.sync(explode))],
    ["a promise", async () => explode()],
  ])("keeps its stack and names the step: %s", async (_, run) => {
    const p = pipeline("p")
      .step("before", [], () => Effect.succeed(1))
      .step("guilty", ["before"], run);
    const error = await rejection(p.runPromise({}));
    expect(error).toMatchObject({ _tag: "StepFailed", path: "guilty" });
    expect(error.message).toContain('"guilty"');
    expect(error.cause).toBeInstanceOf(TypeError);
    expect(error.cause.stack).toContain("explode");
    expect(error.cause.stack).toContain("interruption.test.ts");
  });

  test("a typed failure is the step's own, and earlier steps have run once", async () => {
    const ran: Array<string> = [];
    const p = pipeline("p")
      .step("a", [], () => Effect.sync(() => void ran.push("a")))
      .step("b", ["a"], () => Effect.fail({ _tag: "Mine", code: 7 } as const))
      .step("c", ["b"], () => Effect.sync(() => void ran.push("c")));
    const exit = await Effect.runPromise(Effect.flip(p.run({})));
    expect(exit).toEqual({ _tag: "Mine", code: 7 });
    expect(ran).toEqual(["a"]);
  });

  test("a failing Effect stops no other step if failures may finish", async () => {
    const ran: Array<number> = [];
    let p = pipeline("p") as any;
    for (let i = 0; i < 20; i++) {
      p = p.step(`s${i}`, [], () => (i % 5 === 0 ? Effect.fail(i) : Effect.sync(() => void ran.push(i))));
    }
    await rejection(p.runPromise({}, { onFailure: "finish" }));
    expect(ran.length).toBe(16);
  });
});

describe("Steps that suspend among steps that do not", () => {
  test("delay no others, and the limit counts only running ones", async () => {
    let running = 0;
    let most = 0;
    const waiting = Effect.gen(function* () {
      most = Math.max(most, ++running);
      yield* Effect.sleep(1);
      running--;
    });
    let p = pipeline("p") as any;
    for (let i = 0; i < 60; i++) {
      p = p.step(`wait${i}`, [], () => waiting).step(`now${i}`, [], () => Effect.succeed(i));
    }
    await p.runPromise({}, { concurrency: 4 });
    expect(most).toBe(4);
    expect(running).toBe(0);
  });

  test("items of a map can return Effects of pipelines, and each runs once", async () => {
    let ran = 0;
    const p = pipeline("p")
      .step("items", [], () => [1, 2, 3, 4])
      .map("doubled", "items", [], (item) =>
        Effect.sync(() => {
          ran++;
          return pipeline("one").step("doubled", [], () => Effect.succeed(item * 2));
        }),
      );
    expect((await p.runPromise({})).doubled).toEqual([2, 4, 6, 8]);
    expect(ran).toBe(4);
  });
});
