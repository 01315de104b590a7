/** Properties that the engine must have for every pipeline, every order and every failure. */
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import { StepFailed } from "espalier";
import { arbitrary, Injected } from "espalier/testing";
import type { Shape } from "espalier/testing";
import { build } from "../src/testing/arbitrary/build.ts";
import * as fc from "fast-check";
import type { StepDefinition } from "../src/graph/definition.ts";
import { isFinal, isKept, isLoser } from "../src/testing/arbitrary/shape.ts";
import { modelOf } from "../src/testing/arbitrary/interpret.ts";
import type { EngineLaw } from "./engine-laws.ts";
import {
  counted,
  errorOf,
  explored,
  graphOf,
  leavesNothing,
  outputsOf,
  ranIn,
  same,
  Watch,
  yes,
} from "./support.ts";

const law =
  <Values extends [unknown, ...Array<unknown>]>(
    arbitraries: { [Index in keyof Values]: fc.Arbitrary<Values[Index]> },
    check: (...values: Values) => Promise<void>,
  ): EngineLaw =>
  (seed, runs) => {
    const property = fc.asyncProperty(...(arbitraries as unknown as [fc.Arbitrary<unknown>]), check as never);
    return fc.assert(property as fc.IAsyncProperty<unknown>, { seed, numRuns: runs });
  };

const shapes = arbitrary.shape({ maxSteps: 30 });
const schedules = arbitrary.schedule();
const limits = fc.constantFrom(1, 2, 3, 16, Infinity);

/** The paths of the steps whose failure fails the run. */
const fatalIn = (shape: Shape): ReadonlyArray<string> =>
  Object.keys(modelOf(shape).calls).filter((path) => !isKept(path));

/** A shape, and the path of one of its steps. */
const struck = arbitrary
  .shape({ maxSteps: 12, maxDepth: 2 })
  .filter((shape) => fatalIn(shape).length > 0)
  .chain((shape) => fc.record({ shape: fc.constant(shape), path: fc.constantFrom(...fatalIn(shape)) }));

const failingAt = (path: string): Watch =>
  new Watch((call, next) => (call.path === path ? Effect.fail(new Injected({ path })) : next(call)));

/** The law that is checked with ten thousand pipelines. */
export const model = law<[Shape, ReturnType<typeof explored>, number]>(
  [shapes, schedules.map(explored), limits],
  async (shape, order, concurrency) => {
    const { calls, graph } = counted(shape);
    const expected = modelOf(shape);
    const ran = await ranIn(graph, { ...order, run: { concurrency } });
    same("outputs", outputsOf(ran.ended), expected.outputs);
    same("calls", calls, expected.calls);
    yes(`at most ${concurrency} at once, not ${ran.watch.most}`, ran.watch.most <= concurrency);
    leavesNothing(ran);
    // Independent steps run at once: the clock shows whether any step waited for one that it does not read.
    if (concurrency === Infinity) same("time", ran.world.time, expected.time);
  },
);

const failure = law<[{ shape: Shape; path: string }, ReturnType<typeof explored>, number]>(
  [struck, schedules.map(explored), limits],
  async ({ path, shape }, order, concurrency) => {
    const { calls, graph } = counted(shape);
    // Thrown, and therefore known at once: an Effect that fails may yield first, and then other steps rightly start.
    const watch = new Watch((call, next) => {
      if (call.path === path) throw new Injected({ path });
      return next(call);
    });
    const ran = await ranIn(graph, { ...order, run: { concurrency }, watch });
    same("error", errorOf(ran.ended), new StepFailed({ path, cause: new Injected({ path }) }));
    const { begun } = ran.watch;
    const after = begun.slice(begun.indexOf(path) + 1).filter((one) => !isFinal(one));
    same("started after the failure", after, []);
    yes(
      "no function is called twice",
      Object.values(calls).every((count) => count === 1),
    );
    leavesNothing(ran);
  },
);

const finishing = law<[{ shape: Shape; path: string }, ReturnType<typeof explored>, number]>(
  [struck, schedules.map(explored), limits],
  async ({ path, shape }, order, concurrency) => {
    const { calls, graph } = counted(shape);
    const run = { concurrency, onFailure: "finish" } as const;
    const ran = await ranIn(graph, { ...order, run, watch: failingAt(path) });
    same("error", errorOf(ran.ended), new Injected({ path }));
    same("calls", calls, modelOf(shape, path).calls);
    leavesNothing(ran);
  },
);

const interruption = law<[Shape, ReturnType<typeof explored>, number]>(
  [
    arbitrary.shape({ maxSteps: 12, styles: ["sleeping effect", "effect", "value"] }),
    schedules.map(explored),
    fc.nat(40),
  ],
  async (shape, order, interruptAt) => {
    const { calls, graph } = counted(shape);
    const ran = await ranIn(graph, { ...order, interruptAt });
    yes("it ended", "exit" in ran.ended);
    const { exit } = ran.ended as { readonly exit: Exit.Exit<unknown, unknown> };
    const ending = Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause);
    yes("it succeeded or was interrupted", ending);
    yes(
      "no function is called twice",
      Object.values(calls).every((count) => count === 1),
    );
    leavesNothing(ran);
  },
);

const compensation = law<[{ shape: Shape; path: string }, ReturnType<typeof explored>, number]>(
  [struck, schedules.map(explored), limits],
  async ({ path, shape }, order, concurrency) => {
    const undoable = new Set<string>();
    const undone: Array<string> = [];
    let active = 0;
    const undoing = {
      undoable: (called: string) => undoable.add(called),
      undone: (called: string) =>
        Effect.gen(function* () {
          yes("two compensations ran at once", active++ === 0);
          undone.push(called);
          yield* Effect.sleep(1);
          active--;
        }),
    };
    const ends: Array<string> = [];
    const watch = failingAt(path);
    const ran = await ranIn(graphOf(build(shape, () => {}, undoing)), {
      ...order,
      run: {
        concurrency,
        onFailure: "compensate",
        onEvent: ({ type, ...of }) => {
          if (type === "step.succeeded" || type === "expansion.succeeded")
            ends.push((of as { path: string }).path);
        },
      },
      watch,
    });
    same("error", errorOf(ran.ended), new Injected({ path }));
    const isToUndo = (one: string): boolean => undoable.has(one) && !isFinal(one);
    same("what was undone", undone, ends.filter(isToUndo).toReversed());
    leavesNothing(ran);
  },
);

const retries = law<[Shape, ReturnType<typeof explored>, number]>(
  [arbitrary.shape({ maxSteps: 12, maxDepth: 2 }), schedules.map(explored), limits],
  async (shape, order, concurrency) => {
    const { graph } = counted(shape);
    const attempts = new Map<string, number>();
    const once = new Set<string>();
    const watch = new Watch((call, next) => {
      const { attempt, definition, path } = call;
      // The options of a loop apply to its turns: the function that makes its first state is not retried.
      if (call.phase === "start") once.add(path);
      const isUncounted = call.phase === "case" || call.phase === "start" || definition.kind === "sleep";
      if (isUncounted || isLoser(path)) return next(call);
      attempts.set(path, attempt);
      return attempt === 1 ? Effect.fail(new Injected({ path })) : next(call);
    });
    const policy = (definition: StepDefinition) => ({
      ...definition,
      options: { ...definition.options, retry: { times: 1 } },
    });
    const expected = modelOf(shape);
    const ran = await ranIn(graph, { ...order, run: { concurrency }, watch, policy });
    same("outputs", outputsOf(ran.ended), expected.outputs);
    same(
      "attempts",
      Object.fromEntries(attempts),
      Object.fromEntries(
        Object.keys(expected.calls)
          .filter((path) => !once.has(path))
          .map((path) => [path, 2]),
      ),
    );
    yes(`at most ${concurrency} at once, not ${ran.watch.most}`, ran.watch.most <= concurrency);
    leavesNothing(ran);
  },
);

export const randomLaws: Readonly<Record<string, EngineLaw>> = {
  "a run has the outputs of the interpreter, and each step runs exactly once, in any order": model,
  "a run fails with its first failure; nothing starts after it, and nothing is left": failure,
  'with onFailure "finish", all that does not depend on the failure still runs, and nothing that does':
    finishing,
  'with onFailure "compensate", a failed run undoes all that has succeeded, one at a time and the last first':
    compensation,
  "a run that is interrupted at any moment ends, its finalizers have run, and nothing is left": interruption,
  "a run whose every step fails once and is retried has the same outputs, each step called twice": retries,
};
