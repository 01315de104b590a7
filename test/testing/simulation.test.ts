/** Simulated runs: a seed reproduces them, and faults are injected on purpose. */
import * as Cause from "effect/Cause";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Random from "effect/Random";
import { pipeline, step, StepFailed, type } from "espalier";
import { arbitrary, Injected, mock, Simulation } from "espalier/testing";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

const fanOut = pipeline("fan out")
  .input("count", type<number>())
  .step("start", ["count"], ({ count }) => Array.from({ length: count }, (_, i) => i))
  .map("items", "start", [], (item) =>
    Effect.gen(function* () {
      yield* Effect.sleep(yield* Random.nextIntBetween(1, 5));
      return item * 2;
    }),
  )
  .step("total", ["items"], async ({ items }) => items.reduce((sum, item) => sum + item, 0));

describe("a simulation", () => {
  test("has the same trace for the same seeds, byte for byte", async () => {
    const once = () => Simulation.run(fanOut, { count: 6 }, { schedule: { seed: 7 }, seed: 3 });
    const [first, second] = [await once(), await once()];
    expect(first.trace).toBe(second.trace);
    expect(first.trace).toMatchInlineSnapshot(`
      "0 run.started [start, items, total] { pipeline: "fan out" }
      0 step.started start
      0 step.succeeded start { outputs: { start: [0, 1, 2, 3, 4, 5] } }
      0 expansion.started items
      0 expansion.expanded items { items: 6 }
      0 step.started items[0]
      0 step.started items[1]
      0 step.started items[5]
      0 step.started items[2]
      0 step.started items[3]
      0 step.started items[4]
      1 step.succeeded items[1] { outputs: { items: 2 } }
      1 step.succeeded items[2] { outputs: { items: 4 } }
      3 step.succeeded items[5] { outputs: { items: 10 } }
      3 step.succeeded items[4] { outputs: { items: 8 } }
      4 step.succeeded items[0] { outputs: { items: 0 } }
      4 step.succeeded items[3] { outputs: { items: 6 } }
      4 expansion.succeeded items { outputs: { items: [0, 2, 4, 6, 8, 10] } }
      4 step.started total
      4 step.succeeded total { outputs: { total: 30 } }
      4 run.succeeded
      "
    `);
  });

  test("explores other orders with other seeds", async () => {
    const traces = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      traces.add((await Simulation.run(fanOut, { count: 6 }, { schedule: { seed } })).trace);
    }
    expect(traces.size).toBeGreaterThan(15);
  });

  test("repeats a run from the choices that it made", async () => {
    const found = await Simulation.run(fanOut, { count: 5 }, { schedule: { seed: 11 } });
    const again = await Simulation.run(fanOut, { count: 5 }, { schedule: found.schedule });
    expect(again.trace).toBe(found.trace);
  });

  test("does not disturb another one at the same time", async () => {
    const run = (seed: number) => Simulation.run(fanOut, { count: 6 }, { schedule: { seed } });
    const alone = [(await run(1)).trace, (await run(2)).trace];
    const together = await Promise.all([run(1), run(2)]);
    expect(together.map(({ trace }) => trace)).toEqual(alone);
  });

  test("advances the clock by an hour without taking any time", async () => {
    const patient = pipeline("patient").step("a", [], () => Effect.as(Effect.sleep("1 hour"), 1));
    expect((await Simulation.run(patient, {})).time).toBe(3_600_000);
  });
});

const chain = pipeline("chain")
  .step("a", [], () => 1, { retry: { times: 1 } })
  .step("b", ["a"], ({ a }) => a + 1);

describe("a fault", () => {
  test("fails a step, which is retried if the step has a retry policy", async () => {
    const { calls, exit } = await Simulation.run(chain, {}, { faults: [{ path: "a", kind: "fail" }] });
    expect(exit).toEqual(Exit.succeed({ a: 1, b: 2 }));
    expect(calls).toEqual(["a", "a", "b"]);
  });

  test("fails the run if the step has no policy", async () => {
    const { exit } = await Simulation.run(chain, {}, { faults: [{ path: "b", kind: "failAfter" }] });
    expect(exit).toEqual(Exit.fail(new Injected({ path: "b" })));
  });

  test("delays a step on the simulation's clock", async () => {
    const faults = [{ path: "b", kind: "delay", millis: 250 }] as const;
    expect((await Simulation.run(chain, {}, { faults })).time).toBe(250);
  });

  test("hangs a step, and the simulation reports that nothing can continue", async () => {
    const faults = [{ path: "b", kind: "hang" }] as const;
    const { exit, left, stuck } = await Simulation.run(chain, {}, { faults, patience: 50 });
    expect(exit).toBeUndefined();
    expect(stuck).toContain("no ready step or timer is left");
    expect(left.steps).toEqual(["b"]);
  });

  test("fails a contender only in the named attempt of its race", async () => {
    const attempts: Array<number> = [];
    const raced = pipeline("raced").race(
      "first",
      [],
      { only: (_, { attempt }) => attempts.push(attempt) },
      { retry: { times: 2 } },
    );
    const faults = [1, 2].map((attempt) => ({ path: "first[only]", attempt, kind: "fail" }) as const);
    const { exit } = await Simulation.run(raced, {}, { faults });
    expect([exit?._tag, attempts]).toEqual(["Success", [3]]);
  });

  test("interrupts the run as a step begins", async () => {
    const { exit } = await Simulation.run(chain, {}, { faults: [{ path: "a", kind: "interrupt" }] });
    expect(exit !== undefined && Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)).toBe(true);
  });

  test("crashes the process: no finalizer runs", async () => {
    let finalizers = 0;
    const held = pipeline("held")
      .step("a", [], () =>
        Effect.onExit(Effect.sleep(10), () =>
          Effect.sync(() => {
            finalizers++;
          }),
        ),
      )
      .step("b", [], () => 1);
    const { stuck } = await Simulation.run(held, {}, { faults: [{ path: "b", kind: "crash" }] });
    expect(stuck).toContain("crashed");
    expect(finalizers).toBe(0);
  });

  test("of any kind, at any step, leaves nothing of an ended run behind", async () => {
    const cases = arbitrary.shape({ maxSteps: 6, maxDepth: 2 }).chain((shape) =>
      fc.record({
        shape: fc.constant(shape),
        faults: arbitrary.faults(shape),
        schedule: arbitrary.schedule(),
      }),
    );
    const { build } = await import("../../src/testing/arbitrary/build.ts");
    const property = fc.asyncProperty(cases, async ({ faults, schedule, shape }) => {
      const { exit, left } = await Simulation.run(build(shape), {}, { faults, schedule, patience: 10 });
      return exit === undefined || (left.steps.length === 0 && left.fibers === 0);
    });
    await expect(fc.assert(property, { numRuns: 200 })).resolves.toBeUndefined();
  });
});

describe("a simulation receives", () => {
  class Rate extends Context.Service<Rate, { readonly of: number }>()("Rate") {}

  test("the services that steps need", async () => {
    const priced = pipeline("priced").step("rate", [], () => Effect.map(Rate, ({ of }) => of));
    const services = Context.make(Rate, { of: 7 });
    expect((await Simulation.run(priced, {}, { services })).exit).toEqual(Exit.succeed({ rate: 7 }));
  });

  test("mocks", async () => {
    const load = step("load", [], async (): Promise<number> => {
      throw new Error("no network here");
    });
    const { exit } = await Simulation.run(
      pipeline("loading").add(load),
      {},
      { mocks: [mock(load, () => 5)] },
    );
    expect(exit).toEqual(Exit.succeed({ load: 5 }));
  });

  test("a value that is not a pipeline, and refuses it", async () => {
    await expect(Simulation.run({} as never, {} as never)).rejects.toThrow(
      "Simulation.run takes a pipeline.",
    );
  });

  test("a step that throws null, and reports it", async () => {
    const bad = pipeline("bad").step("a", [], (): number => {
      // oxlint-disable-next-line typescript/only-throw-error -- users do
      throw null;
    });
    const { exit } = await Simulation.run(bad, {});
    expect(exit).toEqual(Exit.fail(new StepFailed({ path: "a", cause: null })));
  });
});
