/** Runs without Effect: the behaviour of `runPromise`, `startPromise`, `resumePromise` and `sendPromise`, and their options. */
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Cause from "effect/Cause";
import * as Logger from "effect/Logger";
import type { OutputsOf, PipelineEvent, PromiseRun, StoreLayer } from "espalier";
import { pipeline, resume, resumePromise, Runs, Signal, StepFailed, type } from "espalier";
import { describe, expect, test } from "vitest";
import { storeAt, temporary } from "../sqlite/support.ts";
import { rejection, sleep, until, untilAborted, within } from "./support.ts";

const newFile = temporary();

const sum = pipeline("sum")
  .step("one", [], async () => 1)
  .step("two", ["one"], ({ one }) => one + 1);

/** A pipeline whose first step ends only when its signal fires, and a record of its calls. */
const endless = () => {
  const happened = { started: 0, reasons: new Array<unknown>() };
  const built = pipeline("endless")
    .step("slow", [], (_, { signal }) => {
      happened.started++;
      signal.addEventListener("abort", () => happened.reasons.push(signal.reason));
      return untilAborted(signal);
    })
    .step("after", ["slow"], () => 1);
  return { built, happened };
};

/** An abort signal that counts its listeners. */
const counted = () => {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...all: Parameters<typeof add>) => (listeners++, add(...all));
  signal.removeEventListener = (...all: Parameters<typeof remove>) => (listeners--, remove(...all));
  return { controller, signal, listeners: () => listeners };
};

const typesOf = (events: ReadonlyArray<PipelineEvent>): ReadonlyArray<string> =>
  events.map((event) => event.type);

const collected = async (events: AsyncIterable<PipelineEvent>): Promise<ReadonlyArray<PipelineEvent>> => {
  const all: Array<PipelineEvent> = [];
  for await (const event of events) all.push(event);
  return all;
};

const stores: ReadonlyArray<readonly [string, () => { store?: StoreLayer }]> = [
  ["without a store", () => ({})],
  ["with a store", () => ({ store: storeAt(newFile()) })],
];

describe.each(stores)("The option `signal`, %s,", (_, options) => {
  test("stops the run: the promise rejects with its reason, and so do the signals of the steps", async () => {
    const { built, happened } = endless();
    const { controller, signal, listeners } = counted();
    const events: Array<PipelineEvent> = [];
    const onEvent = (event: PipelineEvent): unknown => events.push(event);
    const result = rejection(built.runPromise({}, { ...options(), signal, onEvent }));
    await until(() => happened.started === 1);
    expect(listeners()).toBe(1);
    const reason = { left: "the client" };
    controller.abort(reason);
    expect(await within(10_000, result)).toBe(reason);
    expect(happened.reasons).toEqual([reason]);
    expect(happened.reasons[0]).toBe(reason);
    expect(typesOf(events)).toContain("step.interrupted");
    expect(typesOf(events).at(-1)).toBe("run.interrupted");
    expect(listeners()).toBe(0);
  });

  test("that fires without a reason rejects with an AbortError", async () => {
    const { built, happened } = endless();
    const controller = new AbortController();
    const result = rejection(built.runPromise({}, { ...options(), signal: controller.signal }));
    await until(() => happened.started === 1);
    controller.abort();
    expect(await within(10_000, result)).toMatchObject({ name: "AbortError" });
  });

  test("that fired earlier lets nothing start", async () => {
    const { built, happened } = endless();
    const events: Array<PipelineEvent> = [];
    const onEvent = (event: PipelineEvent): unknown => events.push(event);
    const given = { ...options(), signal: AbortSignal.abort("before"), onEvent, runId: "r" };
    expect(await rejection(built.runPromise({}, given))).toBe("before");
    expect(await rejection(built.startPromise({}, given))).toBe("before");
    const { runId, ...resuming } = { store: storeAt(newFile()), ...given };
    expect(await rejection(resumePromise(built, runId, resuming))).toBe("before");
    expect(happened.started).toBe(0);
    expect(events).toEqual([]);
    expect(await Runs.listPromise({ store: resuming.store })).toEqual([]);
  });

  test("stops nothing once the run has ended, and has no listeners left", async () => {
    const { controller, signal, listeners } = counted();
    expect(await sum.runPromise({}, { ...options(), signal })).toEqual({ one: 1, two: 2 });
    const run = await sum.startPromise({}, { ...options(), signal });
    expect(await run.result).toEqual({ one: 1, two: 2 });
    const failing = pipeline("failing").step("a", [], () => Effect.fail("no"));
    expect(await rejection(failing.runPromise({}, { ...options(), signal }))).toBe("no");
    expect(listeners()).toBe(0);
    controller.abort();
    expect(await run.result).toEqual({ one: 1, two: 2 });
  });

  test("either stops the whole run or does not affect it, at any moment", async () => {
    for (let moment = 0; moment < 25; moment++) {
      const { controller, signal, listeners } = counted();
      let under = 0;
      const work = pipeline("work")
        .step("xs", [], () => [1, 2, 3])
        .map("ys", "xs", [], async (x) => {
          under++;
          await sleep(1);
          under--;
          return x;
        });
      const settled = work.runPromise({}, { ...options(), signal }).then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      );
      for (let turn = 0; turn < moment; turn++) await (turn % 2 === 0 ? Promise.resolve() : sleep(0));
      controller.abort("now");
      const outcome = await within(10_000, settled);
      expect([{ error: "now" }, { value: { xs: [1, 2, 3], ys: [1, 2, 3] } }]).toContainEqual(outcome);
      expect(under).toBe(0);
      expect(listeners()).toBe(0);
    }
  });

  test("interrupts the Effects of run and start, but not the caller that runs them", async () => {
    const { built, happened } = endless();
    const controller = new AbortController();
    const given = { ...options(), signal: controller.signal };
    const program = Effect.gen(function* () {
      const run = yield* built.start({}, { ...given, runId: "started" });
      const exits = yield* Effect.all([Effect.exit(run.await), Effect.exit(built.run({}, given))], {
        concurrency: "unbounded",
      });
      return { exits, went: "on" };
    });
    const result = Effect.runPromise(program);
    await until(() => happened.started === 2);
    controller.abort("why");
    const { exits, went } = await within(10_000, result);
    expect(went).toBe("on");
    for (const exit of exits) expect(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)).toBe(true);
    expect(happened.reasons).toEqual(["why", "why"]);
  });
});

describe("The option `onEvent`", () => {
  test("is called with each event, in order, by every form of a run", async () => {
    const expected = typesOf(await collected((await sum.startPromise()).events));
    expect(expected[0]).toBe("run.started");
    expect(expected.at(-1)).toBe("run.succeeded");
    const events: Array<PipelineEvent> = [];
    const onEvent = (event: PipelineEvent): unknown => events.push(event);
    await sum.runPromise({}, { onEvent });
    expect(typesOf(events.splice(0))).toEqual(expected);
    await Effect.runPromise(sum.run({}, { onEvent }));
    expect(typesOf(events.splice(0))).toEqual(expected);
    await (await sum.startPromise({}, { onEvent })).result;
    expect(typesOf(events.splice(0))).toEqual(expected);
    const run = await Effect.runPromise(sum.start({}, { onEvent }));
    await Effect.runPromise(run.await);
    expect(typesOf(events.splice(0))).toEqual(expected);
  });

  test.each<readonly [string, () => unknown]>([
    [
      "throws",
      () => {
        throw new Error("broken listener");
      },
    ],
    ["rejects", () => Promise.reject(new Error("broken listener"))],
  ])("that %s does not break the run, and is logged once", async (_, onEvent) => {
    const lines: Array<unknown> = [];
    const logger = Logger.layer([Logger.make(({ message }) => lines.push(message))]);
    const run = sum.run({}, { onEvent });
    expect(await Effect.runPromise(Effect.provide(run, logger))).toEqual({ one: 1, two: 2 });
    await sleep(5);
    expect(lines).toHaveLength(1);
    expect(String(lines[0])).toContain('onEvent failed at an event "run.started": broken listener');
  });

  test("does not affect Effect's loggers: log lines of steps still arrive there", async () => {
    const lines: Array<unknown> = [];
    const logger = Logger.layer([Logger.make(({ message }) => lines.push(message))]);
    const events: Array<PipelineEvent> = [];
    const logging = pipeline("logging").step("a", [], (_, { log }) => (log("hello"), 1));
    const run = logging.run({}, { onEvent: (event) => events.push(event) });
    await Effect.runPromise(Effect.provide(run, logger));
    expect(lines.flat()).toEqual(["hello"]);
    expect(typesOf(events)).toContain("step.logged");
  });
});

test.each<readonly [string, object]>([
  ["signal must be an AbortSignal, such as the signal of an AbortController; got a number.", { signal: 1 }],
  [
    "signal must be an AbortSignal, such as the signal of an AbortController; got an object.",
    { signal: new AbortController() },
  ],
  ["onEvent must be a function of each event; got a string.", { onEvent: "log" }],
])("An invalid option is refused before anything runs: %s", async (reason, options) => {
  expect(await rejection(sum.runPromise({}, options))).toMatchObject({ _tag: "InvalidInput", reason });
  expect(await rejection(sum.startPromise({}, options))).toMatchObject({ _tag: "InvalidInput", reason });
});

describe.each(stores)("startPromise, %s,", (_, options) => {
  test("returns a run with its id, its outputs, its plan and its events, for every reader", async () => {
    const growing = pipeline("growing").dynamic("x", [], () => pipeline("sub").step("x", [], async () => 4));
    const run = await growing.startPromise({}, { ...options(), runId: "mine" });
    expect(run.id).toBe("mine");
    expect(await run.result).toEqual({ x: 4 });
    const [first, second] = await Promise.all([collected(run.events), collected(run.events)]);
    expect(typesOf(first).at(-1)).toBe("run.succeeded");
    expect(second).toEqual(first);
    expect(JSON.stringify(run.plan)).toContain("sub");
    expect(run.report).toEqual({ failed: [], skipped: [], leaked: [] });
  });

  test("can be stopped: result rejects as RunInterrupted, and nothing is left running", async () => {
    const { built, happened } = endless();
    const run = await built.startPromise({}, { ...options(), runId: "mine" });
    await until(() => happened.started === 1);
    await within(10_000, run.interrupt());
    expect(happened.reasons).toHaveLength(1);
    expect(await rejection(run.result)).toMatchObject({ _tag: "RunInterrupted", runId: "mine" });
    expect(run.report.skipped).toMatchObject([{ path: "after" }]);
    await within(10_000, run.interrupt());
  });

  test("and by its signal: result rejects with the reason", async () => {
    const { built, happened } = endless();
    const controller = new AbortController();
    const run = await built.startPromise({}, { ...options(), signal: controller.signal });
    await until(() => happened.started === 1);
    controller.abort("why");
    expect(await rejection(within(10_000, run.result))).toBe("why");
    expect(happened.reasons).toEqual(["why"]);
    expect(typesOf(await collected(run.events)).at(-1)).toBe("run.interrupted");
  });

  test("does not end the process if no one reads the result of a failed run", async () => {
    const unhandled: Array<unknown> = [];
    const note = (reason: unknown): unknown => unhandled.push(reason);
    process.on("unhandledRejection", note);
    const failing = pipeline("failing").step("a", [], () => Effect.fail("no"));
    const run = await failing.startPromise({}, options());
    await collected(run.events);
    await sleep(10);
    process.off("unhandledRejection", note);
    expect(unhandled).toEqual([]);
    expect(run.report.failed).toMatchObject([{ path: "a", error: "no" }]);
    expect(await rejection(run.result)).toBe("no");
  });

  test("lets a loop over its events end early, while the run continues", async () => {
    const run = await sum.startPromise({}, options());
    for await (const event of run.events) if (event.type === "run.started") break;
    expect(await run.result).toEqual({ one: 1, two: 2 });
  });
});

test("startPromise rejects if inputs are invalid, and its result if an output is a method `then`", async () => {
  const taking = pipeline("taking").input("n", type<number>());
  const untyped: any = taking;
  expect(await rejection(untyped.startPromise({}))).toMatchObject({ _tag: "InvalidInput", input: "n" });
  const holding = pipeline("holding").step("then", [], () => () => 1);
  const run = await holding.startPromise();
  expect(await rejection(within(10_000, run.result))).toMatchObject({ _tag: "InvalidOutput", path: "then" });
});

describe("resumePromise", () => {
  const halves = () => {
    const state = { isUp: false, first: 0 };
    const built = pipeline("halves")
      .step("first", [], async () => ++state.first)
      .step("second", ["first"], async ({ first }) => {
        if (!state.isUp) throw new Error("down");
        return first + 1;
      });
    return { built, state };
  };

  test("continues a run: recorded steps do not run again", async () => {
    const store = storeAt(newFile());
    const { built, state } = halves();
    expect(await rejection(built.runPromise({}, { store, runId: "r" }))).toBeInstanceOf(StepFailed);
    expect(await rejection(resumePromise(built, "r", { store }))).toBeInstanceOf(StepFailed);
    state.isUp = true;
    const events: Array<PipelineEvent> = [];
    const outputs = await resumePromise(built, "r", { store, onEvent: (event) => events.push(event) });
    expect(outputs).toEqual({ first: 1, second: 2 });
    expect(typesOf(events).at(-1)).toBe("run.succeeded");
    expect(await resumePromise(built, "r", { store, from: "first" })).toEqual({ first: 2, second: 3 });
  });

  test("is stopped by its signal, and continues later", async () => {
    const store = storeAt(newFile());
    const { built, happened } = endless();
    const first = new AbortController();
    const run = rejection(built.runPromise({}, { store, runId: "r", signal: first.signal }));
    await until(() => happened.started === 1);
    first.abort("one");
    expect(await within(10_000, run)).toBe("one");
    expect(await Runs.getPromise("r", { store })).toMatchObject({ status: "interrupted" });
    const second = new AbortController();
    const resumed = rejection(resumePromise(built, "r", { store, signal: second.signal }));
    const third = new AbortController();
    await until(() => happened.started === 2);
    // A caller that joined an active run stops waiting for it, but does not stop it.
    const joined = rejection(resumePromise(built, "r", { store, signal: third.signal }));
    await sleep(20);
    third.abort("three");
    expect(await within(10_000, joined)).toBe("three");
    expect(happened.reasons).toEqual(["one"]);
    second.abort("two");
    expect(await within(10_000, resumed)).toBe("two");
    expect(happened.reasons).toEqual(["one", "two"]);
  });

  test("rejects as RunInterrupted if the run is cancelled by its id", async () => {
    const store = storeAt(newFile());
    const { built, happened } = endless();
    const run = rejection(built.runPromise({}, { store, runId: "r" }));
    await until(() => happened.started === 1);
    await Runs.cancelPromise("r", { store });
    expect(await within(10_000, run)).toMatchObject({ _tag: "RunInterrupted", runId: "r" });
  });

  test("rejects if there is no such run, no store, or no pipeline", async () => {
    const { built } = halves();
    const store = storeAt(newFile());
    expect(await rejection(resumePromise(built, "r", { store }))).toMatchObject({ _tag: "RunNotFound" });
    expect(await rejection(resumePromise(built, "r"))).toMatchObject({
      _tag: "InvalidInput",
      input: "store",
    });
    expect(await rejection(resumePromise(5 as never, "r"))).toMatchObject({
      message: "resumePromise takes a pipeline.",
    });
  });
});

describe("Signal.sendPromise", () => {
  const release = pipeline("release")
    .await("approval", type<string>())
    .step("text", ["approval"], ({ approval }) => `by ${approval}`);

  test("answers a waiting step of a run that is active in this process", async () => {
    const run = await release.startPromise();
    await sleep(5);
    expect(await Signal.sendPromise(run.id, "approval", "Ada")).toBe("delivered");
    expect(await run.result).toMatchObject({ text: "by Ada" });
    expect(await rejection(Signal.sendPromise(run.id, "approval", "Ada"))).toMatchObject({
      _tag: "SignalRefused",
    });
  });

  test("keeps a value for a recorded run that no process runs now", async () => {
    const store = storeAt(newFile());
    const run = await release.startPromise({}, { store, runId: "r" });
    await sleep(5);
    await run.interrupt();
    expect(await Signal.sendPromise("r", "approval", "Ada", { store })).toBe("kept");
    expect(await resumePromise(release, "r", { store })).toEqual({ approval: "Ada", text: "by Ada" });
    expect(await rejection(Signal.sendPromise("none", "approval", "Ada", { store }))).toMatchObject({
      _tag: "RunNotFound",
    });
  });
});

/** Checked by the compiler only: never run. */
export const typed = async (): Promise<void> => {
  class Database extends Context.Service<Database, number>()("Database") {}
  const needing = pipeline("needing").step("rows", [], () => Effect.map(Database, (n) => n));
  const given = pipeline("given").input("n", type<number>());

  const run: PromiseRun<{ readonly one: number; readonly two: number }> = await sum.startPromise({}, {});
  const outputs: OutputsOf<typeof sum> = await run.result;
  const resumed: number = (await resumePromise(sum, "r", { retryFailed: true, onEvent: ({ type }) => type }))
    .two;
  const sent: "delivered" | "kept" = await Signal.sendPromise("r", "a", 1);
  const untyped: any = await resumePromise(sum as any, "r");
  void [outputs, resumed, sent, untyped];
  await given.startPromise({ n: 1 }, { signal: AbortSignal.timeout(5) });
  await Effect.runPromise(resume(sum, "r", { signal: AbortSignal.timeout(5) }));

  // @ts-expect-error: the input is missing.
  await given.startPromise();
  // @ts-expect-error: the input is of another type.
  await given.startPromise({ n: "1" });
  // @ts-expect-error: a controller is not a signal.
  await sum.startPromise({}, { signal: new AbortController() });
  // @ts-expect-error: an event has no such field.
  await sum.runPromise({}, { onEvent: (event) => event.nothing });
  // @ts-expect-error: the pipeline needs services.
  await needing.startPromise();
  // @ts-expect-error: the pipeline needs services.
  await resumePromise(needing, "r");
  // @ts-expect-error: the run is given by its id already.
  await resumePromise(sum, "r", { runId: "s" });
};
