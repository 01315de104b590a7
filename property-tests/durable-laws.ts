/**
 * Espalier's promises about recorded runs: nothing recorded, cached, sent or resumed is ever wrong. Random and fixed
 * pipelines are checked with the laws of `espalier/testing`, in a store in memory that crashes at each of its writes.
 */
import * as assert from "node:assert/strict";
import * as Data from "effect/Data";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Fiber from "effect/Fiber";
import * as Schema from "effect/Schema";
import { pipeline, Signal, type } from "espalier";
import { arbitrary, checkPipeline, LawViolation } from "espalier/testing";
import type { LawName } from "espalier/testing";
import * as fc from "fast-check";
import { build } from "../src/testing/arbitrary/build.ts";
import { crashedAt, newStore, withStore } from "../src/testing/stored.ts";
import { observe } from "../src/testing/observe.ts";
import type { Subject } from "../src/testing/observe.ts";
import { durableFlowLaws } from "./durable-flow-laws.ts";
import type { EngineLaw } from "./engine-laws.ts";
import { graphOf, outputsOf } from "./support.ts";

type Kind = "dynamic" | "map" | "switch";

/** Nested expansions around one cached step, whose function reads no inputs but has captured all values around it. */
const nested = (kinds: ReadonlyArray<Kind>, captured: ReadonlyArray<unknown>, seed: number): any => {
  const [kind, ...rest] = kinds;
  const made = pipeline("nested") as any;
  const inner = (more: unknown) => nested(rest, [...captured, more], seed + 1);
  switch (kind) {
    case undefined:
      return made.step("out", [], () => JSON.stringify(captured), { cache: true });
    case "dynamic":
      return made.step("in", [], () => seed).dynamic("out", ["in"], (read: any) => inner(read.in));
    case "map":
      return made
        .step("items", [], () => [seed, seed + 1, seed + 2])
        .map("out", "items", [], (item: number) => inner(item));
    case "switch":
      return made
        .step("in", [], () => seed)
        .switch("out", ["in"], (read: any) => (read.in % 2 === 0 ? "even" : "odd"), {
          even: (read: any) => inner(["even", read.in]),
          odd: (read: any) => inner(["odd", read.in]),
        });
  }
};

const kinds = fc.array(fc.constantFrom<Kind>("dynamic", "map", "switch"), { minLength: 1, maxLength: 3 });

/** Checks a pipeline with a law that something in it could break. */
const keeps = async (
  law: LawName,
  made: object,
  input: fc.Arbitrary<object>,
  seed: number,
  runs: number,
): Promise<void> => {
  const report = await checkPipeline(made as any, {
    input: input as never,
    laws: [law, "succeeds"],
    seed,
    runs,
    interleavings: 16,
    patience: 1000,
  });
  assert.deepEqual(
    report.laws.map(({ result }) => result),
    ["passed", "passed"],
  );
};

const number = fc.record({ n: fc.nat(9) });
const nothing = fc.constant({});

class Refused extends Data.TaggedError("Refused")<{ readonly id: number }> {}

/** A schema that returns a different value each time. */
const numbered = () => {
  let count = 0;
  return {
    "~standard": {
      version: 1,
      vendor: "numbered",
      validate: (value: unknown) => ({ value: { value, number: ++count } }),
    },
  } as any;
};

/**
 * Failures that are collected and read, a retried expansion that differs from its first attempt, an input that is decoded once.
 */
const mixed = (pipeline("mixed") as any)
  .input("n", type<number>())
  .input("once", numbered())
  .step("items", ["n"], ({ n }: any) => [n, n + 1, n + 2])
  .map(
    "parts",
    "items",
    [],
    (item: number) =>
      (pipeline("part") as any)
        .step("half", [], () => ({ at: new Date(item).toISOString() }), {
          cache: true,
          output: Schema.Struct({ at: Schema.DateFromString }),
        })
        .step("parts", ["half"], ({ half }: any) =>
          item % 2 === 0 ? Effect.fail(new Refused({ id: item })) : half.at.getTime(),
        ),
    { failures: "collect" },
  )
  .step("refused", ["parts"], ({ parts }: any) =>
    parts.flatMap((part: any) => (part._tag === "Failure" ? [part.failure.id] : [])),
  )
  .dynamic(
    "tried",
    ["refused"],
    (_: unknown, { attempt }: any) =>
      (pipeline("tried") as any)
        .step(`in attempt ${attempt}`, [], () => attempt)
        .step("base", [], () => attempt)
        .step("tried", ["base", `in attempt ${attempt}`], ({ base }: any) =>
          attempt === 1 ? Effect.fail("again") : base,
        ),
    { retry: { times: 2 } },
  )
  .step("first", ["once", "tried"], ({ once }: any) => once.number)
  .step("later", ["once", "first"], ({ once, first }: any) => once.number === first)
  .returns("refused", "tried", "later");

const waiting = (pipeline("waiting") as any)
  .input("n", type<number>())
  .await("approval", Schema.Struct({ by: Schema.String }), { timeout: "1 hour" })
  .await("free", Schema.Finite)
  .step("items", ["n"], ({ n }: any) => [n, n + 1])
  .map(
    "answers",
    "items",
    [],
    (item: number) =>
      (pipeline("ask") as any)
        .await("answer", Schema.Boolean, { timeout: 1000 })
        .step("answers", ["answer"], ({ answer }: any) => [item, answer]),
    { failures: "collect" },
  )
  // Starts to wait long after its value may have been sent.
  .step("soon", [], () => Effect.sleep(50))
  .step("after", ["soon"], () => Effect.sleep(50))
  .await("late", Schema.String, { after: ["after"] })
  // Its deadline leads to work that takes time.
  .dynamic(
    "asked",
    [],
    () =>
      (pipeline("ask") as any)
        .await("word", Schema.String, { timeout: 500 })
        .step("asked", ["word"], ({ word }: any) => word),
    { fallback: () => (pipeline("else") as any).sleep("pause", 200).step("asked", ["pause"], () => "none") },
  )
  .step(
    "all",
    ["approval", "free", "answers", "late", "asked"],
    ({ approval, free, answers, late, asked }: any) => [
      approval.by,
      free,
      late,
      asked,
      answers.map((answer: any) => answer.success ?? "none"),
    ],
  )
  .returns("all");

const subjectOf = (made: object): Subject => ({
  name: "subject",
  check: "checkPipeline",
  graph: graphOf(made),
  options: {},
  world: {},
});

const fails = async (check: Promise<unknown>): Promise<LawViolation> => {
  try {
    await check;
  } catch (error) {
    if (error instanceof LawViolation) return error;
    throw error;
  }
  throw new Error("no law was broken");
};

const few = (runs: number): number => Math.max(1, Math.ceil(runs / 20));

export const durableLaws: Readonly<Record<string, EngineLaw>> = {
  "with and without a cache the same, over random pipelines with closures": async (seed, runs) => {
    for (const each of fc.sample(kinds, { seed, numRuns: 3 * few(runs) })) {
      const made = (pipeline("root") as any)
        .input("n", type<number>())
        .dynamic("out", ["n"], ({ n }: any) => nested(each, [n], n));
      await keeps("cacheTransparent", made, number, seed, 4);
    }
  },

  "cached steps and items each have their own output": async (seed) => {
    const made = (pipeline("two") as any)
      .input("n", type<number>())
      .step("one", ["n"], ({ n }: any) => n + 1, { cache: true })
      .step("two", ["n", "one"], ({ n }: any) => n + 2, { cache: { key: ({ n }: any) => n } })
      .step("three", ["n", "two"], ({ n }: any) => n + 3, { cache: { key: ({ n }: any) => n } })
      .step("items", ["n"], ({ n }: any) => [n, n + 1])
      .map("each", "items", [], (item: number) => item * 2, { cache: true });
    await keeps("cacheTransparent", made, number, seed, 3);
  },

  "a cached value is decoded by its schema": async (seed) => {
    const made = (pipeline("dated") as any)
      .input("n", type<number>())
      .step("at", ["n"], ({ n }: any) => new Date(n).toISOString(), {
        cache: true,
        output: Schema.DateFromString,
      })
      .step("time", ["at"], ({ at }: any) => at.getTime() + 1);
    await keeps("cacheTransparent", made, number, seed, 3);
  },

  "after a crash at any write, a random pipeline has the same outputs, and no recorded step runs again":
    async (seed, runs) => {
      for (const shape of fc.sample(arbitrary.shape({ maxSteps: 6 }), { seed, numRuns: few(runs) }))
        await keeps("crashSafe", build(shape), nothing, seed, 1);
    },

  "after a crash, a resumed run sees the same inputs, failures and attempts": (seed) =>
    keeps(
      "crashSafe",
      mixed,
      number.map((given) => ({ ...given, once: 1 })),
      seed,
      3,
    ),

  "an accepted value reaches its step exactly once, whatever it raced with": (seed, runs) =>
    keeps("signalSafe", waiting, number, seed, 2 * few(runs)),

  "a different graph in a resumed run is detected": async (seed) => {
    let expansions = 0;
    const forgetful = (pipeline("forgetful") as any).dynamic("out", [], () =>
      (pipeline("sub") as any)
        .step(`part ${++expansions}`, [], () => 1)
        .step("out", [`part ${expansions}`], () => 1),
    );
    const { actual } = await fails(
      checkPipeline(forgetful, { input: nothing as never, laws: ["crashSafe"], seed, runs: 1 }),
    );
    assert.match(actual, /ExpansionChanged/);
  },

  "a deadline counts from when its step began to wait, over a restart": async () => {
    const made = (pipeline("late") as any)
      .step("a", [], () => 1)
      .await("answer", Schema.Boolean, { after: ["a"], timeout: 100 });
    const subject = subjectOf(made);
    const store = newStore();
    // The records of `a` and of the deadline.
    const { before } = await crashedAt(subject, {}, store, 2);
    const after = await observe(withStore(subject, store), {}, { time: before.time + 60 });
    assert.equal(after.time, before.time + 100);
  },

  "a step that has stopped waiting accepts no value": async () => {
    let stopped = (): void => {};
    const hasStopped = new Promise<void>((resolve) => (stopped = resolve));
    let end = (): void => {};
    const over = new Promise<void>((resolve) => (end = resolve));
    const made = pipeline("late")
      .await("answer", Schema.Boolean, { timeout: 1 })
      .step("other", [], () => over);
    const run = made.runPromise(
      {},
      {
        runId: "late",
        onFailure: "finish",
        onEvent: (event) => {
          if (event.type === "step.failed") stopped();
        },
      },
    );
    const ended = run.then(
      () => "succeeded",
      () => "failed",
    );
    await hasStopped;
    const heard = await Signal.sendPromise("late", "answer", true).then(
      (answer) => answer,
      (error: { readonly _tag: string }) => error._tag,
    );
    end();
    assert.deepEqual([heard, await ended], ["SignalRefused", "failed"]);
  },

  "two stores that hold one run id never cross": async () => {
    const made = pipeline("job").await("answer", Schema.Finite);
    const [one, other] = [newStore(), newStore()];
    const runs = [one, other].map(({ layer }) => Effect.runFork(made.run({}, { store: layer, runId: "r" })));
    const send = (store: typeof one, value: number) =>
      Effect.runPromise(Signal.send("r", "answer", value, { store: store.layer }));
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    await send(other, 2);
    await send(one, 1);
    const exits = await Promise.all(runs.map((run) => Effect.runPromise(Fiber.await(run))));
    assert.deepEqual(
      exits.map((exit) => Exit.isSuccess(exit) && exit.value.answer),
      [1, 2],
    );
  },

  "inputs that differ in the order of their keys are the same run": async () => {
    const made = pipeline("keys")
      .input("config", type<object>())
      .step("a", ["config"], ({ config }) => Object.keys(config).length);
    const store = newStore();
    const subject = withStore(subjectOf(made), store);
    const first = outputsOf((await observe(subject, { config: { a: 1, b: 2 } })).ended);
    assert.deepEqual(outputsOf((await observe(subject, { config: { b: 2, a: 1 } })).ended), {
      ...first,
      config: { a: 1, b: 2 },
    });
  },

  ...durableFlowLaws,
};
