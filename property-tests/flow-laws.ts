/** Promises about loops, races, conditions, `finally` steps and compensations, checked for random ones and orders. */
import * as Effect from "effect/Effect";
import { AllFailed, pipeline } from "espalier";
import { arbitrary } from "espalier/testing";
import * as fc from "fast-check";
import { mostPassed } from "../src/engine/ready.ts";
import type { EngineLaw } from "./engine-laws.ts";
import type { Outputs } from "./support.ts";
import { errorOf, explored, graphOf, leavesNothing, outputsOf, ranIn, same, yes } from "./support.ts";

const order = arbitrary.schedule().map(explored);

const law =
  <Drawn>(drawn: fc.Arbitrary<Drawn>, check: (drawn: Drawn, order: object) => Promise<void>): EngineLaw =>
  (seed, runs) =>
    fc.assert(fc.asyncProperty(drawn, order, check), { seed, numRuns: runs });

const after = <Value>(millis: number, value: () => Value): Effect.Effect<Value> =>
  Effect.andThen(Effect.sleep(millis), Effect.sync(value));

// --- Loops ---

type Turn = "value" | "promise" | "effect" | "pipeline" | "fails once";

const turns = fc.array(fc.constantFrom<Turn>("value", "promise", "effect", "pipeline", "fails once"), {
  minLength: 1,
  maxLength: 6,
});

const looped = (kinds: ReadonlyArray<Turn>) => {
  const failed = new Set<number>();
  const turn = (state: ReadonlyArray<number>, index: number): any => {
    const next = [...state, index];
    switch (kinds[index]!) {
      case "value":
        return next;
      case "promise":
        return Promise.resolve(next);
      case "effect":
        return after(1, () => next);
      case "pipeline":
        return pipeline("turn")
          .step("a", [], () => next)
          .step("n", ["a"], ({ a }) => after(1, () => a));
      case "fails once":
        if (failed.has(index)) return next;
        failed.add(index);
        return Effect.fail("once");
    }
  };
  return pipeline("looped")
    .step("first", [], () => [-1] as ReadonlyArray<number>)
    .loop(
      "n",
      ["first"],
      ({ first }) => first,
      (state, _, { index }) => turn(state, index!) as ReadonlyArray<number>,
      { until: (state) => state.length === kinds.length + 1, retry: { times: 1 } },
    );
};

/** The calls of a turn, in order. */
const callsOf = (kind: Turn, index: number): ReadonlyArray<string> => {
  const path = `n[${index}]`;
  if (kind === "pipeline") return [path, `${path}/a`, `${path}/n`];
  return kind === "fails once" ? [path, path] : [path];
};

// --- Races ---

interface Contender {
  readonly millis: number;
  readonly does: "succeed" | "grow" | "fail" | "throw" | "hang";
}

const contenders = fc.array(
  fc.record({
    millis: fc.integer({ min: 1, max: 6 }),
    does: fc.constantFrom<Contender["does"]>("succeed", "grow", "fail", "throw", "hang"),
  }),
  { minLength: 1, maxLength: 5 },
);

const contending = ({ millis, does }: Contender, name: string): any => {
  switch (does) {
    case "succeed":
      return after(millis, () => name);
    case "grow":
      return pipeline("grown")
        .step("a", [], () => after(millis, () => name))
        .step("first", ["a"], ({ a }) => a);
    case "fail":
      return Effect.andThen(Effect.sleep(millis), Effect.fail(name));
    case "throw":
      throw new Error(name);
    case "hang":
      return Effect.never;
  }
};

const raced = (all: ReadonlyArray<Contender>) =>
  pipeline("raced")
    .race(
      "first",
      [],
      Object.fromEntries(all.map((one, i) => [`c${i}`, (): string => contending(one, `c${i}`)])) as {
        c0: () => string;
      },
    )
    .step("after", ["first"], ({ first }) => first);

// --- Conditions ---

const conditions = fc.array(fc.boolean(), { minLength: 1, maxLength: 3 });

/** Nested conditions, the outermost first; each has a step before the next one and one after it. */
const conditional = (made: any, [holds, ...rest]: ReadonlyArray<boolean>, depth = 0): any =>
  holds === undefined
    ? made
    : made.when(
        `w${depth}`,
        [],
        () => (depth % 2 === 0 ? after(1, () => holds) : holds),
        (p: any) =>
          conditional(
            p.step(`a${depth}`, [], () => depth),
            rest,
            depth + 1,
          ).step(`b${depth}`, [`a${depth}`], () => depth),
      );

// --- Succeeded steps that are undone or read finally ---

interface Task {
  readonly millis: number;
  readonly kind: "step" | "dynamic" | "map" | "loop";
  /** Whether it waits for the previous one. */
  readonly waits: boolean;
}

export const tasks = fc.record({
  all: fc.array(
    fc.record({
      millis: fc.nat(6),
      kind: fc.constantFrom<Task["kind"]>("step", "dynamic", "map", "loop"),
      waits: fc.boolean(),
    }),
    { minLength: 1, maxLength: 6 },
  ),
  failsAfter: fc.nat(12),
});

/** Each task reports when its work is done; after some time the run fails. */
export const booking = ({
  all,
  failsAfter,
}: {
  readonly all: ReadonlyArray<Task>;
  readonly failsAfter: number;
}) => {
  const done: Array<string> = [];
  const undone: Array<string> = [];
  let active = 0;
  let most = 0;
  const finally_: Array<ReadonlyArray<string>> = [];
  const compensate = (_: unknown, ...given: ReadonlyArray<any>) =>
    Effect.gen(function* () {
      most = Math.max(most, ++active);
      undone.push(given.at(-1).path);
      yield* Effect.sleep(1);
      active--;
    });
  const options = { compensate };
  const does = (millis: number) => (_: unknown, context: any) => after(millis, () => done.push(context.path));
  let made: any = pipeline("booking").step("list", [], () => [1, 2]);
  all.forEach(({ millis, kind, waits }, i) => {
    const name = `t${i}`;
    const reads = waits && i > 0 ? [`t${i - 1}`] : [];
    if (kind === "step") made = made.step(name, reads, does(millis), options);
    else if (kind === "dynamic")
      made = made.dynamic(name, reads, () =>
        (pipeline("in") as any)
          .step(`${name}in`, [], does(0), options)
          .step(name, [`${name}in`], does(millis), options),
      );
    else if (kind === "loop")
      made = made.loop(
        name,
        reads,
        () => 0,
        (turn: number, inputs: unknown, context: any) => Effect.as(does(millis)(inputs, context), turn + 1),
        { until: (turn: number) => turn === 2, ...options },
      );
    else
      made = made.map(
        name,
        "list",
        reads,
        (item: number, inputs: unknown, context: any) => does(millis * item)(inputs, context),
        options,
      );
  });
  made = made
    .step("fails", [], () => Effect.andThen(Effect.sleep(failsAfter), Effect.fail("refused")))
    .finally("told", ["list", "fails"], (read: any) => {
      finally_.push([...undone, read.list._tag, read.fails._tag, String(read.fails.failure)]);
    });
  return { made, done, undone, most: () => most, told: finally_ };
};

// --- Ready steps next to others that always keep the engine busy ---

const busy = fc.record({
  loops: fc.integer({ min: 1, max: 3 }),
  growing: fc.integer({ min: 1, max: 4 }),
  plain: fc.nat(4),
});

/** Loops whose next turn is always ready, and other ready steps; records the order of starts. */
const beside = ({ loops, growing, plain }: { loops: number; growing: number; plain: number }) => {
  const started: Array<string> = [];
  const starts = (_: unknown, { path }: { readonly path: string }): number => started.push(path);
  const turns = 8 * mostPassed;
  let made: any = pipeline("busy");
  for (let i = 0; i < loops; i++) {
    const turn = (state: number, _: unknown, context: any): number => (starts(_, context), state + 1);
    made = made.loop(`loop${i}`, [], () => 0, turn, { until: (n: number) => n === turns, maxTurns: turns });
  }
  for (let i = 0; i < growing; i++) made = made.dynamic(`grows${i}`, [], starts);
  for (let i = 0; i < plain; i++) made = made.step(`plain${i}`, [], starts);
  return { made, started };
};

export const flowLaws: Readonly<Record<string, EngineLaw>> = {
  "a ready step starts after a bounded number of others, however busy they keep the engine": async (
    seed,
    runs,
  ) => {
    // In the order of a plain run: one that explores orders may pass over a node for any length of time.
    for (const drawn of fc.sample(busy, { seed, numRuns: Math.ceil(runs / 20) })) {
      const { made, started } = beside(drawn);
      await made.runPromise({}, { maxSteps: Infinity });
      const ready = drawn.loops + drawn.growing + drawn.plain;
      for (let i = 0; i < drawn.plain; i++) yes("a plain step waited", started.indexOf(`plain${i}`) < ready);
      for (let i = 0; i < drawn.growing; i++) {
        const before = started.indexOf(`grows${i}`);
        const most = (drawn.loops + drawn.growing) * (mostPassed + ready);
        yes(`${before} steps started before "grows${i}", and not ${most} at most`, before <= most);
      }
    }
  },

  "a loop takes its turns one after another, each from the state before it, until until holds": law(
    turns,
    async (kinds, order) => {
      const ran = await ranIn(graphOf(looped(kinds)), order);
      leavesNothing(ran);
      same("state", outputsOf(ran.ended)["n"], [-1, ...kinds.keys()]);
      same("calls", ran.watch.begun, ["first", "n", ...kinds.flatMap(callsOf)]);
    },
  ),

  "a loop ends with TooManyTurns after maxTurns, and not before": law(
    fc.record({ until: fc.integer({ min: 1, max: 8 }), maxTurns: fc.integer({ min: 1, max: 8 }) }),
    async ({ until, maxTurns }, order) => {
      const made = pipeline("p").loop(
        "n",
        [],
        () => 0,
        (n) => after(1, () => n + 1),
        { until: (n) => n === until, maxTurns },
      );
      const ran = await ranIn(graphOf(made), order);
      leavesNothing(ran);
      if (until <= maxTurns) same("state", outputsOf(ran.ended)["n"], until);
      else {
        const { _tag, path } = errorOf(ran.ended) as { _tag: string; path: string };
        same("error", [_tag, path], ["TooManyTurns", `n[${maxTurns - 1}]`]);
      }
      same("turns", ran.world.time, Math.min(until, maxTurns));
    },
  ),

  "a race provides the first contender that succeeds, once the others are stopped; if all fail, their errors":
    law(contenders, async (all, order) => {
      const succeeding = all.filter(({ does }) => does === "succeed" || does === "grow");
      if (succeeding.length === 0 && all.some(({ does }) => does === "hang")) return;
      const ran = await ranIn(graphOf(raced(all)), order);
      leavesNothing(ran);
      if (succeeding.length === 0) {
        const error = errorOf(ran.ended);
        yes("it failed with another error", error instanceof AllFailed);
        const { errors } = error as AllFailed & { readonly errors: Readonly<Record<string, any>> };
        const names = Object.values(errors).map((one) => one?.cause?.message ?? one);
        same(
          "whose errors",
          Object.keys(errors),
          [...all.keys()].map((i) => `c${i}`),
        );
        same("the errors", names, Object.keys(errors));
        return;
      }
      const soonest = Math.min(...succeeding.map(({ millis }) => millis));
      const { first, after } = outputsOf(ran.ended) as Record<string, string>;
      const winner = all[Number(first!.slice(1))]!;
      yes(`${first} was not the first`, succeeding.includes(winner) && winner.millis === soonest);
      same("the value that was read", after, first);
      same("time", ran.world.time, soonest);
    }),

  "the steps of a condition run exactly where it and all around it hold": law(
    conditions,
    async (all, order) => {
      const ran = await ranIn(graphOf(conditional(pipeline("conditional"), all)), order);
      leavesNothing(ran);
      const held = all.indexOf(false) === -1 ? all.length : all.indexOf(false);
      const expected: Record<string, unknown> = {};
      for (let depth = 0; depth < all.length; depth++) {
        if (depth <= held) expected[`w${depth}`] = depth < held;
        if (depth < held) expected[`a${depth}`] = expected[`b${depth}`] = depth;
      }
      const outputs: Outputs = outputsOf(ran.ended);
      const there = Object.fromEntries(Object.entries(outputs).filter(([, value]) => value !== undefined));
      same(
        "outputs",
        new Map(Object.entries(there).toSorted()),
        new Map(Object.entries(expected).toSorted()),
      );
      same("calls", ran.watch.begun.toSorted(), Object.keys(expected).toSorted());
    },
  ),

  "a failed run undoes what has succeeded, one at a time and the last first, and then runs finally steps":
    law(tasks, async (drawn, order) => {
      const { made, done, undone, most, told } = booking(drawn);
      const ran = await ranIn(graphOf(made), { ...order, run: { onFailure: "compensate" } });
      leavesNothing(ran);
      same("error", errorOf(ran.ended), "refused");
      same("what was undone", undone, done.toReversed());
      yes("two compensations ran at once", most() <= 1);
      same("what ran finally", told, [[...undone, "Success", "Failure", "refused"]]);
    }),

  "a finally step runs once, and undoes nothing, where nothing is to be compensated": law(
    tasks,
    async (drawn, order) => {
      const { made, undone, told } = booking(drawn);
      const ran = await ranIn(graphOf(made), order);
      leavesNothing(ran);
      same("error", errorOf(ran.ended), "refused");
      same("what ran finally", told, [["Success", "Failure", "refused"]]);
      same("what was undone", undone, []);
    },
  ),
};
