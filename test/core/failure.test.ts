import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Fiber from "effect/Fiber";
import { pipeline, step } from "espalier";
import { describe, expect, test } from "vitest";
import { rejection, sleep, until, untilAborted, untyped, watched, within } from "./support.ts";

describe("The first failure", () => {
  test("fires the signals of running steps, waits for them to end, and fails the run", async () => {
    const ended: Array<string> = [];
    const clean =
      (name: string) =>
      (_: {}, { signal }: { readonly signal: AbortSignal }) =>
        untilAborted(signal, 10).finally(() => ended.push(name));
    const p = pipeline("p")
      .step("promise", [], clean("promise"))
      .step("effect", [], () =>
        Effect.onInterrupt(Effect.never, () => Effect.sync(() => void ended.push("effect"))),
      )
      .step("slow finalizer", [], () =>
        Effect.onInterrupt(Effect.never, () =>
          Effect.andThen(
            Effect.sleep(15),
            Effect.sync(() => void ended.push("slow finalizer")),
          ),
        ),
      )
      .dynamic("dynamic", [], () => pipeline("sub").step("dynamic", [], clean("sub-step")))
      .step("items", [], () => [1, 2])
      .map("map", "items", [], (item, _, { signal }) => clean(`item ${item}`)({}, { signal }))
      .step("bad", [], () => Effect.delay(Effect.fail("first"), 5));
    const error = await within(10_000, rejection(p.runPromise({})));
    expect(error).toBe("first");
    expect([...ended].sort()).toEqual([
      "effect",
      "item 1",
      "item 2",
      "promise",
      "slow finalizer",
      "sub-step",
    ]);
  });
  test("is the failure that the run reports, even if others fail while they are stopped", async () => {
    const p = pipeline("p")
      .step("other", [], (_, { signal }) => untilAborted(signal))
      .step("dies", [], () => Effect.onInterrupt(Effect.never, () => Effect.die("in a finalizer")))
      .step("bad", [], () => Effect.delay(Effect.fail("first"), 5));
    expect(await within(10_000, rejection(p.runPromise({})))).toBe("first");
  });
  test("lets nothing more start: neither ready steps nor those that become ready", async () => {
    const ran: Array<string> = [];
    const p = pipeline("p")
      .step("slow", [], () => sleep(10))
      .step("after slow", ["slow"], () => void ran.push("after slow"))
      .step("bad", [], () => {
        throw new Error("bad");
      })
      .step("queued", [], () => void ran.push("queued"));
    await rejection(p.runPromise({}, { concurrency: 1 }));
    await sleep(20);
    expect(ran).toEqual([]);
  });
  test("inside a sub-pipeline ends the steps that run around it", async () => {
    let aborted = false;
    const p = pipeline("p")
      .step("around", [], (_, { signal }) =>
        untilAborted(signal).finally(() => {
          aborted = true;
        }),
      )
      .dynamic("x", [], () =>
        pipeline("sub").dynamic("x", [], () =>
          pipeline("deep").step("x", [], () => Effect.delay(Effect.fail("deep"), 5)),
        ),
      );
    expect(await within(10_000, rejection(p.runPromise({})))).toBe("deep");
    expect(aborted).toBe(true);
  });
  test("makes the run ignore an expansion that arrives later", async () => {
    let ran = 0;
    const p = pipeline("p")
      .dynamic("x", [], async () => {
        await sleep(10);
        return pipeline("sub").step("x", [], () => ++ran);
      })
      .step("bad", [], () => Effect.delay(Effect.fail("first"), 1));
    const { types, handle } = await watched(p);
    expect(ran).toBe(0);
    expect(types).not.toContain("expansion.succeeded");
    expect(types).not.toContain("expansion.expanded");
    expect(handle.report.failed).toEqual([{ path: "bad", error: "first" }]);
  });
  test("is not followed by a second one when several outputs arrive later", async () => {
    const p = untyped
      .pipeline("p")
      .dynamic(
        "two",
        [],
        async () => {
          await sleep(200);
          return pipeline("sub");
        },
        { outputs: ["a", "b"] },
      )
      .step("bad", [], () => Effect.delay(Effect.fail("first"), 1));
    const { handle } = await watched<any, any>(p);
    expect(handle.report.failed).toEqual([{ path: "bad", error: "first" }]);
  });
  test("leaves the pipeline usable for the next run", async () => {
    let fail = true;
    const p = pipeline("p")
      .step("a", [], async () => {
        if (fail) throw new Error("no");
        return 1;
      })
      .step("b", ["a"], ({ a }) => a);
    await rejection(p.runPromise({}));
    fail = false;
    expect(await p.runPromise({})).toEqual({ a: 1, b: 1 });
  });
  test("an Effect that interrupts itself ends the run as interrupted", async () => {
    const p = pipeline("p")
      .step("self", [], () => Effect.interrupt)
      .step("other", [], (_, { signal }) => untilAborted(signal));
    const exit = await within(10_000, Effect.runPromiseExit(p.run({})));
    expect(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)).toBe(true);
  });
});

describe('onFailure: "finish"', () => {
  const finish = { onFailure: "finish" } as const;
  test("runs everything that does not depend on the failed steps, and reports both", async () => {
    const ran: Array<string> = [];
    const p = pipeline("p")
      .step("bad", [], () => Effect.fail("no"))
      .step("reader", ["bad"], () => void ran.push("reader"))
      .step("reader of reader", ["reader"], () => void ran.push("reader of reader"))
      .step("slow", [], async () => {
        await sleep(10);
        ran.push("slow");
      })
      .step("after slow", ["slow"], () => void ran.push("after slow"))
      .step("both", ["slow", "bad"], () => void ran.push("both"));
    const { exit, handle, types } = await watched(p, finish);
    expect(ran).toEqual(["slow", "after slow"]);
    expect(Exit.isFailure(exit)).toBe(true);
    expect(handle.report).toEqual({
      failed: [{ path: "bad", error: "no" }],
      skipped: expect.arrayContaining([
        { path: "reader", because: "bad" },
        { path: "reader of reader", because: "bad" },
        { path: "both", because: "bad" },
      ]),
      leaked: [],
    });
    expect(handle.report.skipped).toHaveLength(3);
    expect(types.at(-1)).toBe("run.failed");
  });
  test("includes every failure in the run's cause", async () => {
    const p = pipeline("p")
      .step("one", [], () => Effect.fail("one"))
      .step("two", [], async () => {
        await sleep(5);
        throw new Error("two");
      })
      .dynamic("three", [], () =>
        pipeline("sub")
          .step("three", [], () => Effect.fail("three"))
          .step("four", [], () => Effect.fail("four")),
      );
    const exit = await Effect.runPromiseExit(p.run({}, finish));
    const failures = Exit.isFailure(exit) ? exit.cause.reasons.map((reason) => (reason as any).error) : [];
    expect(failures).toHaveLength(4);
    expect(failures).toEqual(
      expect.arrayContaining(["one", "three", "four", expect.objectContaining({ path: "two" })]),
    );
  });
  test("continues inside sub-pipelines and maps", async () => {
    const ran: Array<string> = [];
    const p = pipeline("p")
      .step("items", [], () => [1, 2, 3])
      .map(
        "m",
        "items",
        [],
        (item) => {
          ran.push(`item ${item}`);
          if (item === 1) throw new Error("one");
          return item;
        },
        { concurrency: 1 },
      )
      .step("after m", ["m"], () => void ran.push("after m"))
      .dynamic("d", [], () =>
        pipeline("sub")
          .step("d", [], () => Effect.fail("d"))
          .step("beside", [], async () => {
            await sleep(5);
            ran.push("beside");
          }),
      );
    const { handle } = await watched(p, finish);
    expect([...ran].sort()).toEqual(["beside", "item 1", "item 2", "item 3"]);
    expect(handle.report.failed.map(({ path }) => path).sort()).toEqual(["d", "d/d", "m", "m[0]"]);
  });
  test("a retried step that finally succeeds has not failed", async () => {
    const p = pipeline("p").step(
      "a",
      [],
      (_, { attempt }) => (attempt === 1 ? Effect.fail("no") : Effect.succeed(1)),
      { retry: { times: 1 } },
    );
    expect(await p.runPromise({}, finish)).toEqual({ a: 1 });
  });
  test("a retried dynamic step runs again only after its failed attempt has fully ended", async () => {
    let beside = 0;
    const p = pipeline("p").dynamic(
      "x",
      [],
      (_, { attempt }) =>
        pipeline("sub")
          .step("x", [], () => (attempt === 1 ? Effect.fail("no") : Effect.succeed(1)))
          .step("beside", [], async () => {
            await sleep(2);
            beside++;
          }),
      { retry: { times: 1 } },
    );
    expect(await within(10_000, p.runPromise({}, finish))).toEqual({ x: 1 });
    expect(beside).toBe(2);
  });
  test("runs everything if nothing fails", async () => {
    expect(
      await pipeline("p")
        .step("a", [], () => 1)
        .runPromise({}, finish),
    ).toEqual({ a: 1 });
  });
});

test("a run of synchronous steps is synchronous, even inside a step of another run", () => {
  const inner = pipeline("inner").step("z", [], () => 2);
  const outer = pipeline("outer")
    .step("a", [], () => Effect.runSync(inner.run({})).z)
    .step("b", ["a"], ({ a }) => Effect.succeed(a + 1));
  expect(Effect.runSync(outer.run({}))).toEqual({ a: 2, b: 3 });
});

describe("Interrupting a run", () => {
  test("fires every signal and runs every finalizer before the run has ended", async () => {
    const ended: Array<string> = [];
    let running = 0;
    const p = pipeline("p")
      .step("promise", [], (_, { signal }) => {
        running++;
        return untilAborted(signal, 5).finally(() => ended.push("promise"));
      })
      .step("effect", [], () =>
        Effect.suspend(() => {
          running++;
          return Effect.never;
        }).pipe(Effect.onInterrupt(() => Effect.sync(() => void ended.push("effect")))),
      )
      .dynamic("x", [], () =>
        pipeline("sub").step("x", [], (_, { signal }) => {
          running++;
          return untilAborted(signal).finally(() => ended.push("sub"));
        }),
      );
    const run = await Effect.runPromise(p.start({}));
    await until(() => running === 3);
    await within(10_000, Effect.runPromise(run.interrupt));
    expect([...ended].sort()).toEqual(["effect", "promise", "sub"]);
    expect((await Effect.runPromiseExit(run.await))._tag).toBe("Failure");
  });
  test("through the fiber that runs it waits in the same way", async () => {
    let cleaned = false;
    const p = pipeline("p").step("a", [], (_, { signal }) =>
      untilAborted(signal, 10).finally(() => {
        cleaned = true;
      }),
    );
    const fiber = Effect.runFork(p.run({}));
    await sleep(5);
    await Effect.runPromise(Fiber.interrupt(fiber));
    expect(cleaned).toBe(true);
  });
  test("works before it has begun, while it decodes, and after it has ended", async () => {
    const z = await import("zod");
    const slow = pipeline("p")
      .input(
        "n",
        z.number().transform(async (n) => {
          await sleep(10);
          return n;
        }),
      )
      .step("a", ["n"], ({ n }) => n);
    const fiber = Effect.runFork(slow.run({ n: 1 }));
    await sleep(1);
    await within(10_000, Effect.runPromise(Fiber.interrupt(fiber)));
    const at = Effect.runFork(slow.run({ n: 1 }));
    await within(10_000, Effect.runPromise(Fiber.interrupt(at)));
    const run = await Effect.runPromise(
      pipeline("q")
        .step("a", [], () => 1)
        .start({}),
    );
    await Effect.runPromise(run.await);
    await within(10_000, Effect.runPromise(run.interrupt));
    expect(await Effect.runPromise(run.await)).toEqual({ a: 1 });
  });
  test("works from one of its own steps, in the middle of its loop", async () => {
    let stop = (): void => {};
    let ran = 0;
    const p = pipeline("p")
      .step("wait", [], () => sleep(1))
      .step("stops", ["wait"], () => stop())
      .step("after", ["stops"], () => ++ran);
    const run = await Effect.runPromise(p.start({}));
    stop = () => void Effect.runFork(run.interrupt);
    const exit = await within(10_000, Effect.runPromiseExit(run.await));
    expect(exit._tag).toBe("Failure");
    expect(ran).toBe(0);
  });
  test("right after start reports that it began and that it was interrupted", async () => {
    const program = Effect.gen(function* () {
      const run = yield* pipeline("q")
        .step("a", [], () => Effect.never)
        .start({});
      yield* run.interrupt;
      return run;
    });
    const run = await within(10_000, Effect.runPromise(program));
    const { runCollect } = await import("effect/Stream");
    const events = await within(10_000, Effect.runPromise(runCollect(run.events)));
    expect([events[0]?.type, events.at(-1)?.type]).toEqual(["run.started", "run.interrupted"]);
  });
  test("ends a run of synchronous steps between two turns", async () => {
    let ran = 0;
    const p = pipeline("p").addAll(
      Array.from({ length: 100_000 }, (_, i) => step(`s_${i}`, [], () => ++ran)),
    );
    const fiber = Effect.runFork(p.run({}));
    await new Promise((resolve) => setImmediate(resolve));
    await within(10_000, Effect.runPromise(Fiber.interrupt(fiber)));
    expect(ran).toBeGreaterThan(0);
    expect(ran).toBeLessThan(100_000);
  });
  test("makes a signal that is first read afterwards already aborted", async () => {
    let aborted: boolean | undefined;
    const p = pipeline("p").step("late", [], async (_, context) => {
      await sleep(10);
      aborted = context.signal.aborted;
    });
    const run = await Effect.runPromise(p.start({}));
    await Effect.runPromise(run.interrupt);
    expect(aborted).toBe(true);
  });
  test("fires the signals of retries, of steps with schemas, and of steps that wait for a slot", async () => {
    const z = await import("zod");
    const ended: Array<string> = [];
    const clean = (name: string, signal: AbortSignal) =>
      untilAborted(signal, 5).finally(() => ended.push(name));
    const p = pipeline("p")
      .step("text", [], () => "a")
      .step("retried", [], (_, { signal }) => clean("retried", signal), { retry: { times: 3 } })
      .add(step("decoded", { text: z.string() }, (_, { signal }) => clean("decoded", signal)))
      .step("waits", ["text"], (_, { signal }) => clean("waits", signal), { retry: { times: 1 } });
    const fiber = Effect.runFork(p.run({}, { concurrency: 2 }));
    await sleep(10);
    await within(10_000, Effect.runPromise(Fiber.interrupt(fiber)));
    expect([...ended].sort()).toEqual(["decoded", "retried"]);
  });
  test("ends a delay between attempts", async () => {
    const p = pipeline("p").step("a", [], () => Effect.fail("no"), { retry: { delay: "1 hour" } });
    const fiber = Effect.runFork(p.run({}));
    await sleep(5);
    await within(10_000, Effect.runPromise(Fiber.interrupt(fiber)));
    expect(fiber.pollUnsafe()?._tag).toBe("Failure");
  });
});

describe("A step that ignores its interruption", () => {
  test("is abandoned after the grace period and reported as leaked; the run ends", async () => {
    const p = pipeline("p")
      .step("deaf", [], () => new Promise<never>(() => {}))
      .step("good", [], (_, { signal }) => untilAborted(signal, 5))
      .step("bad", [], () => Effect.delay(Effect.fail("no"), 1));
    const start = performance.now();
    const { handle, exit, types } = await within(10_000, watched(p, { gracePeriod: 30 }));
    expect(performance.now() - start).toBeGreaterThan(25);
    expect(exit._tag).toBe("Failure");
    expect(handle.report.leaked).toEqual(["deaf"]);
    expect(types.filter((type) => type === "step.leaked")).toHaveLength(1);
    // Only the one that received its signal was interrupted.
    expect(types.filter((type) => type === "step.interrupted")).toHaveLength(1);
  });
  test("is named by its path inside dynamic steps, retries and maps, each once", async () => {
    const deaf = () => new Promise<void>(() => {});
    const p = pipeline("p")
      .dynamic("x", [], () => pipeline("sub").step("x", [], deaf, { retry: { times: 2 } }))
      .step("items", [], () => [1, 2])
      .map("m", "items", [], deaf)
      .step("uninterruptible", [], () => Effect.uninterruptible(Effect.never));
    const run = await Effect.runPromise(p.start({}, { gracePeriod: 20 }));
    await sleep(5);
    await within(10_000, Effect.runPromise(run.interrupt));
    expect([...run.report.leaked].sort()).toEqual(["m[0]", "m[1]", "uninterruptible", "x/x"]);
  });
  test("can still end: its value is ignored", async () => {
    let ran = 0;
    const p = pipeline("p")
      .step("deaf", [], () => sleep(40).then(() => 1))
      .step("reader", ["deaf"], () => ++ran)
      .step("bad", [], () => Effect.fail("no"));
    await rejection(p.runPromise({}, { gracePeriod: 5 }));
    await sleep(60);
    expect(ran).toBe(0);
  });
  test("can still reject without an unhandled rejection", async () => {
    const seen: Array<unknown> = [];
    const note = (error: unknown): void => void seen.push(error);
    process.on("unhandledRejection", note);
    const p = pipeline("p")
      .step("deaf", [], () =>
        sleep(20).then(() => {
          throw new Error("late");
        }),
      )
      .step("bad", [], () => Effect.fail("no"));
    await rejection(p.runPromise({}, { gracePeriod: 5 }));
    await sleep(40);
    process.off("unhandledRejection", note);
    expect(seen).toEqual([]);
  });
  test("reports nothing more once its run has ended", async () => {
    const p = pipeline("p")
      .step("deaf", [], async (_, { log }) => {
        await sleep(30);
        log("still here");
      })
      .step("bad", [], () => Effect.fail("no"));
    const run = await Effect.runPromise(p.start({}, { gracePeriod: 5 }));
    await Effect.runPromiseExit(run.await);
    await sleep(40);
    const { runCollect } = await import("effect/Stream");
    expect((await Effect.runPromise(runCollect(run.events))).at(-1)?.type).toBe("run.failed");
  });
  test("with a grace period of zero is abandoned at once", async () => {
    const p = pipeline("p")
      .step("deaf", [], () => new Promise<never>(() => {}))
      .step("bad", [], () => Effect.fail("no"));
    expect(await within(10_000, rejection(p.runPromise({}, { gracePeriod: 0 })))).toBe("no");
  });
});
