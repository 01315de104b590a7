/**
 * The engine's promises in addition to the outputs: limits, order, failures, interruption, events. Each promise is checked
 * for random pipelines and numbers, in a world that a seed creates.
 *
 * Plain functions, since they run in two places: in the tests, and in the mutation check on engines with planted faults.
 */
import * as assert from "node:assert/strict";
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Result from "effect/Result";
import { CurrentStep, pipeline, step, type } from "espalier";
import type { PipelineEvent, RunOptions } from "espalier";
import type { Simulated } from "espalier/testing";
import { arbitrary, Simulation as simulation } from "espalier/testing";
import * as fc from "fast-check";
import { build } from "../src/testing/arbitrary/build.ts";
import { isLoser } from "../src/testing/arbitrary/shape.ts";
import { modelOf } from "../src/testing/arbitrary/interpret.ts";

export type EngineLaw = (seed: number, runs: number) => Promise<void>;

/** A run that hangs does so immediately: nothing here waits for anything outside its world. */
const Simulation: typeof simulation = {
  run: (pipeline, input, options) => simulation.run(pipeline, input, { patience: 1000, ...options }),
};

const holds =
  <Values extends [unknown, ...Array<unknown>]>(
    arbitraries: { [Index in keyof Values]: fc.Arbitrary<Values[Index]> },
    check: (...values: Values) => Promise<void>,
  ): EngineLaw =>
  async (seed, runs) => {
    const property = fc.asyncProperty(...(arbitraries as unknown as [fc.Arbitrary<unknown>]), check as never);
    await fc.assert(property as fc.IAsyncProperty<unknown>, { seed, numRuns: runs, ...reporting });
  };

/** When the only question is whether a law holds, the first input that breaks it is enough. */
export const reporting: { endOnFailure: boolean } = { endOnFailure: false };

const outputsOf = ({ exit, stuck }: Simulated<object>): Readonly<Record<string, unknown>> => {
  if (exit === undefined) return assert.fail(`The run never ended: ${stuck}`);
  if (Exit.isFailure(exit)) return assert.fail(`The run failed: ${String(Cause.squash(exit.cause))}`);
  return exit.value as Readonly<Record<string, unknown>>;
};

const errorOf = ({ exit, stuck }: Simulated<object>): unknown => {
  if (exit === undefined) return assert.fail(`The run never ended: ${stuck}`);
  if (Exit.isSuccess(exit)) return assert.fail("The run succeeded.");
  return Cause.squash(exit.cause);
};

/** All errors that the run failed with. */
const errorsOf = (run: Simulated<object>): ReadonlyArray<string> => {
  errorOf(run);
  return (run.exit as Exit.Failure<never, string>).cause.reasons
    .filter(Cause.isFailReason)
    .map(({ error }) => error);
};

const tagOf = (error: unknown): unknown => (error as { readonly _tag?: unknown } | undefined)?._tag;

/** Counts the calls that are inside at the same time. */
class Gauge {
  now = 0;
  most = 0;
  total = 0;
  readonly work = (millis: number): Effect.Effect<number> =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        this.total++;
        this.most = Math.max(this.most, ++this.now);
      }),
      () => Effect.as(Effect.sleep(millis), millis),
      () => Effect.sync(() => this.now--),
    );
}

const few = fc.integer({ min: 1, max: 5 });
const several = fc.integer({ min: 1, max: 8 });
const schedule = arbitrary.schedule();
const durations = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 10 });

const workers = (millis: ReadonlyArray<number>, work: (millis: number) => unknown, options: object = {}) =>
  pipeline("work").addAll(
    millis.map((each, i) => step(`work ${i}`, [], () => work(each) as number, options)),
  );

const pathOf = (event: PipelineEvent): string | undefined => ("path" in event ? event.path : undefined);

const sorted = (texts: ReadonlyArray<string | undefined>): ReadonlyArray<string | undefined> =>
  texts.toSorted((a = "", b = "") => (a < b ? -1 : a > b ? 1 : 0));

const indexOf = (
  events: ReadonlyArray<PipelineEvent>,
  path: string,
  ...types: ReadonlyArray<string>
): number => events.findIndex((event) => pathOf(event) === path && types.includes(event.type));

const shape = arbitrary.shape({ maxSteps: 8 });

/** The path of the expansion or item that a step is in. */
const ownerOf = (path: string): string | undefined => {
  const item = path.endsWith("]") ? path.lastIndexOf("[") : -1;
  if (item !== -1) return path.slice(0, item);
  const slash = path.lastIndexOf("/");
  return slash === -1 ? undefined : path.slice(0, slash);
};

export const engineLaws: Readonly<Record<string, EngineLaw>> = {
  "a run has the outputs of the interpreter, and calls each function once": holds(
    [arbitrary.shape({ maxSteps: 12 }), schedule, fc.constantFrom(1, 2, 3, Infinity)],
    async (data, order, concurrency) => {
      const calls: Record<string, number> = {};
      const built = build(data, (path) => {
        calls[path] = (calls[path] ?? 0) + 1;
      });
      const model = modelOf(data);
      const run = await Simulation.run(built, {}, { schedule: order, run: { concurrency } });
      assert.deepEqual({ ...outputsOf(run) }, model.outputs);
      assert.deepEqual(calls, model.calls);
      assert.deepEqual(run.left, { steps: [], fibers: 0 });
    },
  ),

  "as many steps run at once as concurrency allows, and no more": holds(
    [durations, few, schedule],
    async (millis, concurrency, order) => {
      const gauge = new Gauge();
      outputsOf(
        await Simulation.run(workers(millis, gauge.work), {}, { schedule: order, run: { concurrency } }),
      );
      assert.equal(gauge.most, Math.min(concurrency, millis.length));
      assert.equal(gauge.total, millis.length);
    },
  ),

  "as many steps of a pool run at once as the run allows, and no more": holds(
    [durations, few, schedule],
    async (millis, size, order) => {
      const gauge = new Gauge();
      const run = { pools: { narrow: size } };
      const built = workers(millis, gauge.work, { pool: "narrow" });
      outputsOf(await Simulation.run(built, {}, { schedule: order, run }));
      assert.equal(gauge.most, Math.min(size, millis.length));
    },
  ),

  "a dynamic step that waits for its expansion holds no slot of its pool": holds(
    [durations, few, few, schedule],
    async (millis, size, depth, order) => {
      const gauge = new Gauge();
      const nested = (left: number): any =>
        (pipeline("nested") as any).dynamic(
          "inner",
          [],
          () => (left === 0 ? workers(millis, gauge.work, { pool: "narrow" }) : nested(left - 1)),
          { pool: "narrow", outputs: "all" },
        );
      const run = { pools: { narrow: size } };
      outputsOf(await Simulation.run(nested(depth), {}, { schedule: order, run }));
      assert.equal(gauge.most, Math.min(size, millis.length));
      assert.equal(gauge.total, millis.length);
    },
  ),

  "a step that waits for its next attempt holds no slot of its pool": holds(
    [fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 50 })],
    async (takes, more) => {
      const delay = takes + more;
      const built = pipeline("shared")
        .step(
          "a",
          [],
          (_, { attempt }) => (attempt === 1 ? Effect.fail("no" as const) : Effect.succeed(attempt)),
          { pool: "narrow", retry: { times: 1, delay } },
        )
        .step("b", [], () => Effect.as(Effect.sleep(takes), 1), { pool: "narrow" });
      const run = await Simulation.run(built, {}, { run: { pools: { narrow: 1 } } });
      assert.deepEqual({ ...outputsOf(run) }, { a: 2, b: 1 });
      assert.equal(run.time, delay);
    },
  ),

  "work that blocks for longer than its timeout times out": holds(
    [fc.constantFrom("value", "promise", "effect"), fc.integer({ min: 3, max: 6 })],
    async (style, takes) => {
      const block = () => {
        const end = performance.now() + takes;
        while (performance.now() < end);
        return 1;
      };
      const work = {
        value: block,
        promise: async () => block(),
        effect: () => Effect.sync(block),
      }[style];
      const blocking = pipeline("blocking").step("a", [], work as () => number, { timeout: 1 });
      const exit = await Effect.runPromiseExit(blocking.run({}));
      assert.equal(Exit.isFailure(exit) && tagOf(Cause.squash(exit.cause)), "StepTimedOut");
    },
  ),

  "a failed step frees its slot of a pool": holds([durations, few], async (millis, size) => {
    const gauge = new Gauge();
    const built = pipeline("items")
      .step("list", [], () => millis)
      .map(
        "done",
        "list",
        [],
        (each, _, { attempt }) =>
          Effect.andThen(gauge.work(each), attempt > 9 ? Effect.succeed(1) : Effect.fail("no")),
        {
          pool: "narrow",
          failures: "collect",
        },
      );
    const run = await Simulation.run(built, {}, { run: { pools: { narrow: size } } });
    assert.equal((outputsOf(run)["done"] as ReadonlyArray<unknown>).length, millis.length);
    assert.equal(gauge.most, Math.min(size, millis.length));
  }),

  "a map runs as many items at once as it allows, and returns them in order": holds(
    [durations, few, schedule],
    async (millis, concurrency, order) => {
      const gauge = new Gauge();
      const built = pipeline("items")
        .step("list", [], () => millis)
        .map("done", "list", [], (each) => gauge.work(each), { concurrency });
      const run = await Simulation.run(built, {}, { schedule: order });
      assert.deepEqual(outputsOf(run)["done"], millis);
      assert.equal(gauge.most, Math.min(concurrency, millis.length));
    },
  ),

  "a step with two outputs provides each to its readers": holds(
    [fc.nat(), fc.nat(), schedule],
    async (a, b, order) => {
      const built = pipeline("pair")
        .step("two", [], () => ({ left: a, right: b }), { outputs: ["left", "right"] })
        .step("l", ["left"], ({ left }) => left)
        .step("r", ["right"], ({ right }) => right);
      assert.deepEqual(
        { ...outputsOf(await Simulation.run(built, {}, { schedule: order })) },
        { left: a, right: b, l: a, r: b },
      );
    },
  ),

  "retries have the requested number and delays": holds(
    [
      fc.nat({ max: 4 }),
      fc.nat({ max: 5 }),
      fc.integer({ min: 1, max: 100 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 6 }),
    ],
    async (times, failures, delay, factor, last) => {
      let attempts = 0;
      const built = pipeline("retrying").step(
        "a",
        [],
        (_, { attempt }) => {
          assert.equal(attempt, ++attempts);
          return attempts > failures ? Effect.succeed(attempts) : Effect.fail(attempts);
        },
        { retry: { times, delay, factor, while: (error) => typeof error === "number" && error < last } },
      );
      const run = await Simulation.run(built, {});
      const made = Math.min(times, failures, last - 1);
      assert.equal(attempts, made + 1);
      if (failures > made) assert.equal(errorOf(run), made + 1);
      else assert.equal(outputsOf(run)["a"], failures + 1);
      let waited = 0;
      for (let i = 0; i < made; i++) waited += delay * factor ** i;
      assert.equal(run.time, waited);
      assert.equal(run.events.filter((event) => event.type === "step.retried").length, made);
    },
  ),

  "a timeout ends steps that take longer, and no others": holds(
    [fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 50 })],
    async (takes, timeout) => {
      fc.pre(takes !== timeout);
      const gauge = new Gauge();
      const run = await Simulation.run(
        pipeline("timed").step("a", [], () => gauge.work(takes), { timeout }),
        {},
      );
      if (takes < timeout) assert.equal(outputsOf(run)["a"], takes);
      else assert.equal(tagOf(errorOf(run)), "StepTimedOut");
      assert.equal(run.time, Math.min(takes, timeout));
      assert.equal(gauge.now, 0);
      assert.equal(run.left.fibers, 0);
    },
  ),

  "a fallback replaces a failure, once all attempts have failed": holds(
    [fc.nat({ max: 3 })],
    async (times) => {
      let attempts = 0;
      const run = await Simulation.run(
        pipeline("falling")
          .step("a", [], () => Effect.suspend(() => (attempts++, Effect.fail("no" as const))), {
            retry: { times },
            fallback: () => -1,
          })
          .step("b", ["a"], ({ a }) => a),
        {},
      );
      assert.equal(outputsOf(run)["b"], -1);
      assert.equal(attempts, times + 1);
      const failing = pipeline("falling").step("a", [], () => Effect.fail("no"), {
        fallback: () => Effect.fail("nor this"),
      });
      assert.equal(errorOf(await Simulation.run(failing, {})), "nor this");
    },
  ),

  "a failure ends the run with its error; its readers never run, and started steps are ended": holds(
    [durations, fc.nat(), schedule],
    async (millis, at, order) => {
      const gauge = new Gauge();
      const failing = at % millis.length;
      const built = pipeline("failing")
        .addAll(
          millis.map((each, i) =>
            step(`work ${i}`, [], () =>
              i === failing ? Effect.andThen(gauge.work(each), Effect.fail("no")) : gauge.work(each),
            ),
          ),
        )
        .step("after", ["work *"], () => 1);
      const run = await Simulation.run(built, {}, { schedule: order });
      assert.equal(errorOf(run), "no");
      assert.equal(gauge.now, 0);
      assert.ok(!run.calls.includes("after"));
      assert.deepEqual(run.left, { steps: [], fibers: 0 });
      assert.equal(run.time, millis[failing]!);
      assert.ok(run.events.some((event) => event.type === "step.skipped" && event.path === "after"));
    },
  ),

  'with onFailure: "finish" all steps that do not depend on the failure still run': holds(
    [
      fc.array(fc.record({ takes: fc.integer({ min: 1, max: 20 }), fails: fc.boolean() }), { minLength: 1 }),
      schedule,
    ],
    async (works, order) => {
      const gauge = new Gauge();
      let built: any = pipeline("finishing");
      works.forEach(({ fails, takes }, i) => {
        built = built.step(`w${i}`, [], () =>
          fails ? Effect.andThen(gauge.work(takes), Effect.fail(`w${i}`)) : gauge.work(takes),
        );
        built = built.step(`r${i}`, [`w${i}`], () => i);
      });
      const run = await Simulation.run(built, {}, { schedule: order, run: { onFailure: "finish" } });
      const failed = works.flatMap(({ fails }, i) => (fails ? [`w${i}`] : []));
      if (failed.length === 0) outputsOf(run);
      else assert.deepEqual(sorted(errorsOf(run)), sorted(failed));
      const expected = works.flatMap(({ fails }, i) => (fails ? [`w${i}`] : [`w${i}`, `r${i}`]));
      assert.deepEqual(sorted(run.calls), sorted(expected));
    },
  ),

  "a map that collects returns each item's own result, and requires minSuccess successes": holds(
    [fc.array(fc.boolean(), { maxLength: 8 }), several, schedule],
    async (succeeds, minSuccess, order) => {
      const built = pipeline("collecting")
        .step("list", [], () => succeeds)
        .map("done", "list", [], (each) => (each ? Effect.succeed(1) : Effect.fail("no")), {
          failures: "collect",
          minSuccess,
        });
      const run = await Simulation.run(built, {}, { schedule: order });
      const good = succeeds.filter(Boolean).length;
      if (good < minSuccess) {
        const error = errorOf(run) as { readonly succeeded?: number };
        assert.equal(tagOf(error), "TooFewSucceeded");
        assert.equal(error.succeeded, good);
      } else {
        const done = outputsOf(run)["done"] as ReadonlyArray<Result.Result<number, string>>;
        assert.deepEqual(done.map(Result.isSuccess), succeeds);
      }
    },
  ),

  "a map that collects also collects failures inside an item, and an interruption ends it": holds(
    [fc.array(fc.constantFrom("gives", "fails", "fails inside"), { maxLength: 8 }), schedule],
    async (items, order) => {
      const built = pipeline("collecting")
        .step("list", [], () => items)
        .map(
          "done",
          "list",
          [],
          (each) => {
            const work = Effect.andThen(
              Effect.sleep(1),
              each === "gives" ? Effect.succeed(1) : Effect.fail("no"),
            );
            return each === "fails inside" ? pipeline("inside").step("done", [], () => work) : work;
          },
          { failures: "collect" },
        );
      const done = outputsOf(await Simulation.run(built, {}, { schedule: order }))["done"];
      assert.deepEqual(
        (done as ReadonlyArray<Result.Result<number, string>>).map(Result.isSuccess),
        items.map((each) => each === "gives"),
      );
      const ended = pipeline("interrupted")
        .step("list", [], () => [...items, "is interrupted"])
        .map("done", "list", [], (each) => (each === "is interrupted" ? Effect.interrupt : 1), {
          failures: "collect",
        });
      const { exit } = await Simulation.run(ended, {}, { schedule: order });
      assert.ok(exit !== undefined && Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause));
    },
  ),

  "retries and timeouts apply to an expansion as a whole": holds(
    [fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 50 }), fc.nat({ max: 3 }), schedule],
    async (takes, timeout, times, order) => {
      fc.pre(2 * takes !== timeout);
      const gauge = new Gauge();
      const attempts: Array<number> = [];
      const built = pipeline("whole").dynamic(
        "all",
        [],
        (_, { attempt }) => (
          attempts.push(attempt),
          pipeline("part")
            .step("one", [], () => gauge.work(takes))
            .step("two", ["one"], () => gauge.work(takes))
            .step("all", ["two"], () => (attempt > times ? Effect.succeed(attempt) : Effect.fail("no")))
        ),
        { timeout, retry: { times: 3 } },
      );
      const run = await Simulation.run(built, {}, { schedule: order });
      const isInTime = 2 * takes < timeout;
      if (isInTime) assert.equal(outputsOf(run)["all"], times + 1);
      else assert.equal(tagOf(errorOf(run)), "StepTimedOut");
      assert.equal(run.time, isInTime ? (times + 1) * 2 * takes : 4 * timeout);
      assert.equal(attempts.length, isInTime ? times + 1 : 4);
      assert.equal(gauge.now, 0);
      assert.deepEqual(run.left, { steps: [], fibers: 0 });
    },
  ),

  "an expansion is checked before any of its steps runs": holds(
    [fc.constantFrom("exposes nothing", "reads what is not there"), schedule],
    async (how, order) => {
      let ran = 0;
      const sub: any =
        how === "exposes nothing"
          ? pipeline("sub").step("other", [], () => ran++)
          : pipeline("sub")
              .input("absent", type<number>())
              .step("grown", [], () => ran++);
      const built = (pipeline("host") as any).dynamic("grown", [], () => sub);
      const run = await Simulation.run(built, {}, { schedule: order });
      assert.equal(tagOf(errorOf(run)), "ExpansionError");
      assert.equal(ran, 0);
    },
  ),

  "maxSteps and maxDepth are kept exactly, and before anything beyond them runs": holds(
    [several, few],
    async (width, depth) => {
      const nested = (left: number): any =>
        left === 0
          ? pipeline("leaf")
              .addAll(Array.from({ length: width }, (_, i) => step(`leaf ${i}`, [], () => ++ran)))
              .step("grown", [], () => 0)
          : (pipeline("deeper") as any).dynamic("grown", [], () => nested(left - 1));
      let ran = 0;
      const total = width + 1 + (depth - 1);
      const host = (): any => (pipeline("host") as any).dynamic("grown", [], () => nested(depth - 1));
      const go = async (run: RunOptions): Promise<Simulated<object>> => {
        ran = 0;
        return Simulation.run(host(), {}, { run });
      };
      outputsOf(await go({ maxSteps: total, maxDepth: depth }));
      assert.equal(ran, width);
      assert.match(String(errorOf(await go({ maxSteps: total - 1 }))), /maxSteps/);
      assert.equal(ran, 0);
      if (depth > 1) {
        assert.match(String(errorOf(await go({ maxDepth: depth - 1 }))), /maxDepth/);
        assert.equal(ran, 0);
      }
    },
  ),

  "interrupted at any moment, finalizers run, signals fire, and nothing is left": holds(
    [durations, few, fc.nat(), schedule],
    async (millis, concurrency, at, order) => {
      const gauge = new Gauge();
      const signals: Array<{ readonly signal: AbortSignal; ended: boolean }> = [];
      const built = pipeline("interrupted")
        .step("list", [], () => millis)
        .map("done", "list", [], (each) => pipeline("item").step("done", [], () => gauge.work(each)))
        .step("promised", [], (_, { signal }) => {
          const asked = { signal, ended: false };
          signals.push(asked);
          return new Promise<number>((resolve) => {
            const end = (): void => {
              asked.ended = true;
              resolve(1);
            };
            signal.addEventListener("abort", end);
            setImmediate(end);
          });
        })
        .step("long", [], () => gauge.work(10_000));
      const options = { schedule: order, run: { concurrency: concurrency + 2 } };
      const whole = await Simulation.run(built, {}, options);
      const moment = 1 + (at % (whole.moments - 1));
      const run = await Simulation.run(built, {}, { ...options, interruptAt: moment });
      assert.ok(run.exit !== undefined, run.stuck);
      // In the last moments, all timed work is over.
      if (moment < whole.moments - 8) assert.ok(run.time < 10_000, "it continued after its interruption");
      assert.equal(gauge.now, 0);
      assert.deepEqual(run.left, { steps: [], fibers: 0 });
      for (const { ended, signal } of signals) assert.ok(ended || signal.aborted);
      const wasInterrupted = Exit.isFailure(run.exit) && Cause.hasInterruptsOnly(run.exit.cause);
      assert.equal(run.events.at(-1)?.type, wasInterrupted ? "run.interrupted" : "run.succeeded");
    },
  ),

  "after a failure nothing starts, even if it was ready before": holds(
    [several, fc.integer({ min: 1, max: 20 })],
    async (waiting, millis) => {
      const began: Array<string> = [];
      const built = pipeline("failing")
        .step("slow", [], () => Effect.onInterrupt(Effect.sleep(1000), () => Effect.sleep(50)))
        .step("failing", [], () => Effect.andThen(Effect.sleep(millis), Effect.fail("no")))
        .addAll(
          Array.from({ length: waiting }, (_, i) =>
            step(`later ${i}`, [], (_, { path }) => began.push(path)),
          ),
        );
      const run = await Simulation.run(built, {}, { run: { concurrency: 2 } });
      assert.equal(errorOf(run), "no");
      assert.deepEqual(began, []);
      assert.equal(run.time, millis + 50);
    },
  ),

  "the signal of a step that is stopped fires": holds([fc.integer({ min: 1, max: 20 })], async (millis) => {
    let fired = 0;
    const built = pipeline("signals")
      .step("waiting", [], (_, { signal }) => {
        return new Promise<number>((resolve) => {
          signal.addEventListener("abort", () => {
            fired++;
            resolve(1);
          });
        });
      })
      .step("failing", [], () =>
        Effect.andThen(
          Effect.promise(() => Promise.resolve()),
          Effect.fail(millis),
        ),
      );
    assert.equal(errorOf(await Simulation.run(built, {}, { patience: 500 })), millis);
    assert.equal(fired, 1);
  }),

  "a step that ignores its interruption is abandoned after the grace period, and reported": holds(
    [fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1, max: 10_000 })],
    async (gracePeriod, takes) => {
      fc.pre(gracePeriod !== takes);
      const built = pipeline("stubborn")
        .step("a", [], () => Effect.uninterruptible(Effect.sleep(takes)))
        .step("b", [], () => Effect.andThen(Effect.yieldNow, Effect.fail("no")));
      const run = await Simulation.run(built, {}, { run: { gracePeriod } });
      assert.equal(errorOf(run), "no");
      assert.equal(run.time, Math.min(gracePeriod, takes));
      const leaked = run.events.filter((event) => event.type === "step.leaked").map(pathOf);
      assert.deepEqual(leaked, takes > gracePeriod ? ["a"] : []);
    },
  ),

  "each step is reported once as started and then once as ended": holds(
    [shape, schedule],
    async (data, order) => {
      const { events } = await Simulation.run(
        build(data, () => {}),
        {},
        { schedule: order },
      );
      const began = events
        .filter(({ type }) => type === "step.started" || type === "expansion.started")
        .map(pathOf);
      // Losers fail or are interrupted, possibly before they have started.
      const ended = events
        .filter(
          (event) =>
            event.type === "step.succeeded" ||
            event.type === "expansion.succeeded" ||
            ((event.type === "step.failed" || event.type === "step.interrupted") &&
              isLoser(event.path) &&
              began.includes(event.path)),
        )
        .map(pathOf);
      assert.deepEqual(sorted(ended), sorted(began));
      assert.equal(new Set(began).size, began.length);
      for (const path of began as ReadonlyArray<string>) {
        const start = indexOf(events, path, "step.started", "expansion.started");
        const losing = isLoser(path) ? (["step.failed", "step.interrupted"] as const) : [];
        const end = indexOf(events, path, "step.succeeded", "expansion.succeeded", ...losing);
        assert.ok(start < end);
        const owner = ownerOf(path);
        if (owner === undefined) continue;
        assert.ok(indexOf(events, owner, "step.started", "expansion.started") < start);
        assert.ok(end < indexOf(events, owner, "step.succeeded", "expansion.succeeded"));
      }
      assert.equal(events[0]?.type, "run.started");
      assert.equal(events.at(-1)?.type, "run.succeeded");
    },
  ),

  "a step's inputs were provided before it began": holds([shape, schedule], async (data, order) => {
    const { events, plan } = await Simulation.run(
      build(data, () => {}),
      {},
      { schedule: order },
    );
    const isSkipped = (path: string): boolean => indexOf(events, path, "step.skipped") !== -1;
    for (const { inputs, path } of plan.steps) {
      if (isSkipped(path)) continue;
      const start = indexOf(events, path, "step.started", "expansion.started");
      for (const { from } of inputs) {
        if (from === "") continue;
        const end = indexOf(events, from, "step.succeeded", "expansion.succeeded", "step.skipped");
        assert.ok(end !== -1 && end < start, `"${path}" began before "${from}" had given its outputs`);
      }
    }
  }),

  "the same seed gives the same trace": holds([shape, schedule], async (data, order) => {
    const built = build(data, () => {});
    const one = await Simulation.run(built, {}, { schedule: order });
    const other = await Simulation.run(built, {}, { schedule: order });
    assert.equal(one.trace, other.trace);
  }),

  "an all step's outputs are read by name and by glob": holds(
    [fc.uniqueArray(fc.constantFrom("a", "b", "c"), { minLength: 1 }), schedule],
    async (names, order) => {
      const built = (pipeline("late") as any)
        .dynamic(
          "part",
          [],
          () => pipeline("parts").addAll(names.map((name) => step(`part ${name}`, [], () => name))),
          { outputs: "all" },
        )
        .step("all", ["part *"], (read: any) => Object.values(read["part *"]).join(""));
      const run = await Simulation.run(built, {}, { schedule: order });
      assert.equal(outputsOf(run)["all"], names.join(""));
    },
  ),

  "a switch runs the chosen case, and no other": holds([fc.boolean(), schedule], async (chosen, order) => {
    const ran: Array<string> = [];
    const built = pipeline("choice")
      .step("yes", [], () => chosen)
      .switch("way", ["yes"], ({ yes }) => (yes ? "on" : "off"), {
        on: () => (ran.push("on"), 1),
        off: () => pipeline("off").step("way", [], () => (ran.push("off"), 2)),
      });
    assert.equal(outputsOf(await Simulation.run(built, {}, { schedule: order }))["way"], chosen ? 1 : 2);
    assert.deepEqual(ran, [chosen ? "on" : "off"]);
  }),

  "each attempt's context has its path and attempt": holds([few], async (times) => {
    const seen: Array<string> = [];
    const built = pipeline("contexts")
      .step("list", [], () => [1, 2])
      .map("each", "list", [], () =>
        pipeline("sub").step(
          "each",
          [],
          () =>
            Effect.flatMap(CurrentStep, ({ attempt, path }) => {
              seen.push(`${path}#${attempt}`);
              return attempt <= times ? Effect.fail("no") : Effect.succeed(attempt);
            }),
          { retry: { times } },
        ),
      );
    outputsOf(await Simulation.run(built, {}));
    const expected = [0, 1].flatMap((item) =>
      Array.from({ length: times + 1 }, (_, attempt) => `each[${item}]/each#${attempt + 1}`),
    );
    assert.deepEqual(sorted(seen), sorted(expected));
  }),
};
