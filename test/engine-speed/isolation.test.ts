/** Steps share fibers where that cannot be observed: a step's changes to its fiber are never visible in another. */
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as References from "effect/References";
import { CurrentStep, pipeline } from "espalier";
import { describe, expect, test } from "vitest";

const Tenant = Context.Reference<string>("test/Tenant", { defaultValue: () => "nobody" });

/** Sets a reference for the rest of a fiber's life, which no library function does. */
const setForGood = Effect.withFiber((fiber) => {
  fiber.setContext(Context.add(fiber.context, Tenant, "leaked"));
  return Effect.succeed("set");
});

const tenant = Effect.withFiber((fiber) => Effect.succeed(fiber.getRef(Tenant)));

describe("A step's change to its fiber", () => {
  test("is not visible in the next step, whether it suspends or not", async () => {
    const p = pipeline("p")
      .step("set", [], () => setForGood)
      .step("next", ["set"], () => tenant)
      .step("setAndWait", ["next"], () => Effect.andThen(setForGood, Effect.sleep(1)))
      .step("afterWait", ["setAndWait"], () => tenant)
      .step("failing", ["afterWait"], () => Effect.andThen(setForGood, Effect.fail("no")), {
        fallback: "none",
      })
      .step("afterFailure", ["failing"], () => tenant);
    expect(await p.runPromise({})).toMatchObject({
      next: "nobody",
      afterWait: "nobody",
      afterFailure: "nobody",
    });
  });

  test("is not visible in a plain function that runs between two Effects", async () => {
    const seen: Array<unknown> = [];
    const look = (): number => {
      const fiber = Fiber.getCurrent();
      seen.push(fiber?.getRef(Tenant), fiber && Context.getOrUndefined(fiber.context, CurrentStep)?.path);
      return 0;
    };
    await pipeline("p")
      .step("set", [], () => setForGood)
      .step("plain", ["set"], look)
      .step("again", ["plain"], () => setForGood)
      .step("last", ["again"], look)
      .runPromise({});
    expect(seen).not.toContain("leaked");
    expect(seen).not.toContain("set");
    expect(seen).not.toContain("again");
  });

  test("a service of the run stays, and a service that a step provides ends with it", async () => {
    const p = pipeline("p")
      .step("own", [], () => Effect.provideService(tenant, Tenant, "own"))
      .step("shared", ["own"], () => tenant)
      .step("late", ["shared"], () => Effect.andThen(Effect.sleep(1), tenant));
    const run = Effect.provideService(p.run({}), Tenant, "everybody");
    expect(await Effect.runPromise(run)).toEqual({ own: "own", shared: "everybody", late: "everybody" });
  });

  test("spans and log annotations are those of the step", async () => {
    const annotations = Effect.map(Effect.service(References.CurrentLogAnnotations), (all) => ({ ...all }));
    const span = Effect.match(Effect.currentSpan, { onSuccess: ({ name }) => name, onFailure: () => "none" });
    const both = Effect.all([annotations, span]);
    const p = pipeline("p")
      .step("inside", [], () => Effect.withSpan(Effect.annotateLogs(both, "step", "inside"), "inside"))
      .step("after", ["inside"], () => both)
      .step("slowInside", ["after"], () =>
        Effect.withSpan(Effect.annotateLogs(Effect.andThen(Effect.sleep(1), both), "step", "slow"), "slow"),
      )
      .step("last", ["slowInside"], () => both);
    const at = (path: string) => ({ "espalier.run": "r", "espalier.path": path });
    expect(await p.runPromise({}, { runId: "r" })).toEqual({
      inside: [{ ...at("inside"), step: "inside" }, "inside"],
      after: [at("after"), "none"],
      slowInside: [{ ...at("slowInside"), step: "slow" }, "slow"],
      last: [at("last"), "none"],
    });
  });

  test("CurrentStep is the step's own: in the step, after it has waited, and in its child fibers", async () => {
    const path = Effect.map(CurrentStep, (step) => step.path);
    const forked = Effect.gen(function* () {
      const now = yield* path;
      const child = yield* Effect.forkChild(Effect.andThen(Effect.yieldNow, path));
      yield* Effect.yieldNow;
      return [now, yield* Fiber.join(child), yield* path];
    });
    let p = pipeline("p") as any;
    for (let i = 0; i < 50; i++) {
      p = p.step(`a${i}`, [], () => path).step(`b${i}`, [`a${i}`], () => forked);
    }
    const all = (await p.runPromise({})) as Record<string, unknown>;
    for (let i = 0; i < 50; i++) {
      expect(all[`a${i}`]).toBe(`a${i}`);
      expect(all[`b${i}`]).toEqual([`b${i}`, `b${i}`, `b${i}`]);
    }
  });
});
