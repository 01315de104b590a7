/** Fibers that a step forked end before the step does, and uninterruptible regions are not interrupted. */
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import { pipeline } from "espalier";
import { describe, expect, test } from "vitest";
import { sleep } from "../core/support.ts";

/** Never ends by itself; when it is interrupted, it reports this once it has cleaned up. */
const endless = (ended: Array<string>, name: string, cleanUpMillis = 0): Effect.Effect<never> =>
  Effect.onInterrupt(Effect.never, () =>
    Effect.andThen(
      cleanUpMillis === 0 ? Effect.void : Effect.sleep(cleanUpMillis),
      Effect.sync(() => void ended.push(name)),
    ),
  );

/** A step that returns its value at once and leaves a child behind. */
const leaving =
  (ended: Array<string>, name: string, cleanUpMillis = 0) =>
  () =>
    Effect.as(Effect.forkChild(endless(ended, name, cleanUpMillis), { startImmediately: true }), name);

describe("A step's own children", () => {
  test("have ended when the step's readers start", async () => {
    const ended: Array<string> = [];
    const seen: Array<ReadonlyArray<string>> = [];
    const look = (): void => void seen.push([...ended]);
    await pipeline("p")
      .step("a", [], leaving(ended, "a"))
      .step("afterA", ["a"], look)
      .step("b", ["afterA"], leaving(ended, "b", 5))
      .step("afterB", ["b"], look)
      .runPromise({});
    expect(seen).toEqual([["a"], ["a", "b"]]);
  });

  test("end with their step, while other ready steps continue", async () => {
    const ended: Array<string> = [];
    let p = pipeline("p") as any;
    for (let i = 0; i < 100; i++) {
      p = p.step(`child${i}`, [], leaving(ended, `child${i}`)).step(`plain${i}`, [], () => Effect.succeed(i));
    }
    const all = (await p.runPromise({})) as Record<string, unknown>;
    expect(ended.length).toBe(100);
    expect(Object.keys(all).length).toBe(200);
  });

  test("end if the step fails", async () => {
    const ended: Array<string> = [];
    const p = pipeline("p").step("a", [], () =>
      Effect.andThen(leaving(ended, "a")(), Effect.fail(new Error("no"))),
    );
    await expect(p.runPromise({})).rejects.toThrow("no");
    expect(ended).toEqual(["a"]);
  });

  test("do not include a detached fiber, which continues", async () => {
    let release = (): void => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    let end = (value: string): void => void value;
    const ended = new Promise<string>((resolve) => (end = resolve));
    const p = pipeline("p").step("a", [], () =>
      Effect.forkDetach(
        Effect.andThen(
          Effect.promise(() => released),
          Effect.sync(() => end("ended")),
        ),
      ),
    );
    // If the run waited for the fiber, it would never end.
    await p.runPromise({});
    release();
    expect(await ended).toBe("ended");
  });
});

describe("An uninterruptible region", () => {
  const critical = (done: Array<string>) => () =>
    Effect.uninterruptible(
      Effect.andThen(
        Effect.sleep(20),
        Effect.sync(() => void done.push("written")),
      ),
    );

  test("is waited for when the run is interrupted", async () => {
    const done: Array<string> = [];
    const p = pipeline("p")
      .step("fast", [], () => Effect.succeed(1))
      .step("critical", ["fast"], critical(done));
    const fiber = Effect.runFork(p.run({}));
    await sleep(2);
    await Effect.runPromise(Fiber.interrupt(fiber));
    expect(done).toEqual(["written"]);
  });

  test("is waited for when another step fails", async () => {
    const done: Array<string> = [];
    const p = pipeline("p")
      .step("critical", [], critical(done))
      .step("failing", [], () => Effect.andThen(Effect.sleep(2), Effect.fail(new Error("no"))));
    await expect(p.runPromise({})).rejects.toThrow("no");
    expect(done).toEqual(["written"]);
  });

  test("of one step does not make the next one uninterruptible", async () => {
    const p = pipeline("p")
      .step("critical", [], () => Effect.uninterruptible(Effect.succeed(1)))
      .step("endless", ["critical"], () => Effect.never);
    const fiber = Effect.runFork(p.run({}));
    await sleep(1);
    const began = performance.now();
    await Effect.runPromise(Fiber.interrupt(fiber));
    expect(performance.now() - began).toBeLessThan(1000);
  });
});
