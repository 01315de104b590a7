/** Steps with `where: "worker"`: every kind of step, within every kind of expansion, behaves there as it does here. */
import { describe, expect, test } from "vitest";
import * as Context from "effect/Context";
import * as Data from "effect/Data";
import * as Effect from "effect/Effect";
import * as Logger from "effect/Logger";
import * as Schema from "effect/Schema";
import type { PipelineEvent } from "espalier";
import { pipeline, step, type } from "espalier";
import { inProcess } from "./in-process.ts";

const worker = { where: "worker" } as const;

/** A pipeline with work of every kind, deep within expansions of every kind. */
const everything = pipeline("everything")
  .input("n", type<number>())
  .step("numbers", ["n"], ({ n }) => Array.from({ length: n }, (_, i) => i + 1), worker)
  .map("squares", "numbers", [], (number) => number * number, worker)
  .dynamic("grown", ["n"], ({ n }) =>
    pipeline("grown")
      .addAll(Array.from({ length: n }, (_, i) => step(`feat_${i}`, [], () => i * 10 + n, worker)))
      .step(
        "grown",
        ["feat_*"],
        (found) => Object.values(found["feat_*"]).reduce((a, b) => a + b, 0),
        worker,
      ),
  )
  .map(
    "nested",
    "numbers",
    ["n"],
    (number, { n }) =>
      pipeline("item")
        .step("half", [], () => number / 2, worker)
        .switch(
          "nested",
          ["half"],
          ({ half }) => (half > 1 ? "large" : "small"),
          {
            large: ({ half }) => pipeline("large").step("nested", [], () => half * n, worker),
            small: ({ half }) => half,
          },
          worker,
        ),
    worker,
  )
  .loop(
    "counted",
    ["n"],
    () => 1,
    (state, { n }) => state * n,
    { until: (state) => state > 20, ...worker },
  )
  .loop(
    "expanded",
    ["n"],
    () => 1,
    (state, { n }) => pipeline("turn").step("expanded", [], () => state + n, worker),
    { until: (state) => state > 6 },
  )
  .race("first", ["n"], { a: ({ n }) => n + 1, b: () => new Promise<number>(() => {}) }, worker)
  .race("within", ["n"], {
    a: ({ n }) => pipeline("contender").step("within", [], () => n + 2, worker),
  })
  .dynamic(
    "saved",
    ["n"],
    (): number => {
      throw new Error("no");
    },
    {
      fallback: () =>
        pipeline("saved")
          .input("n", type<number>())
          .step("saved", ["n"], ({ n }) => n * 100, worker),
    },
  );

describe("steps on workers", () => {
  test("every kind of step has the same outputs as in this process, and receives its inputs", async () => {
    const here = await everything.runPromise({ n: 3 });
    const { layer, paths } = inProcess([everything]);
    expect(await everything.runPromise({ n: 3 }, { workers: layer })).toEqual(here);
    expect(paths()).toEqual([
      "counted[0]",
      "counted[1]",
      "counted[2]",
      "expanded[0]/expanded",
      "expanded[1]/expanded",
      "first[a]",
      "first[b]",
      "grown/feat_0",
      "grown/feat_1",
      "grown/feat_2",
      "grown/grown",
      "nested[0]",
      "nested[0]/half",
      "nested[0]/nested",
      "nested[1]",
      "nested[1]/half",
      "nested[1]/nested",
      "nested[2]",
      "nested[2]/half",
      "nested[2]/nested",
      "nested[2]/nested/nested",
      "numbers",
      "saved/saved",
      "squares[0]",
      "squares[1]",
      "squares[2]",
      "within[a]/within",
    ]);
  });

  test("values are encoded with their schemas", async () => {
    class Point extends Schema.Class<Point>("Point")({ x: Schema.Number }) {
      get double(): number {
        return this.x * 2;
      }
    }
    const doubled = pipeline("doubled")
      .input("origin", Point)
      .step("list", ["origin"], ({ origin }) => [{ x: origin.x + 1 }, { x: origin.x + 2 }], {
        output: Schema.Array(Point),
        ...worker,
      })
      .map("each", "list", ["origin"], (point, { origin }) => point.double + origin.double, worker)
      .step("when", [], () => "2026-01-02T00:00:00.000Z", { output: Schema.DateFromString })
      .step("year", ["when"], ({ when }) => when.getUTCFullYear(), worker);
    const { layer } = inProcess([doubled]);
    const outputs = await doubled.runPromise({ origin: new Point({ x: 1 }) } as never, { workers: layer });
    expect(outputs.each).toEqual([6, 8]);
    expect(outputs.year).toBe(2026);
  });

  test("failures are the same as in this process: typed and thrown ones", async () => {
    class Full extends Data.TaggedError("Full")<{ readonly size: number }> {}
    const failing = pipeline("failing")
      .step("typed", [], () => Effect.fail(new Full({ size: 7 })), worker)
      .step(
        "thrown",
        [],
        (): number => {
          throw new TypeError("no rows");
        },
        worker,
      )
      .step("rejected", [], () => Promise.reject<number>(new RangeError("late")), worker);
    const { layer } = inProcess([failing]);
    const errorOf = async (name: "typed" | "thrown" | "rejected") => {
      const error = await failing
        .only(name)
        .runPromise({}, { workers: layer })
        .catch((error: unknown) => error);
      return error as { readonly _tag: string; readonly size?: number; readonly cause?: Error };
    };
    expect(await errorOf("typed")).toMatchObject({ _tag: "Full", size: 7 });
    const thrown = await errorOf("thrown");
    expect(thrown).toMatchObject({ _tag: "StepFailed", path: "thrown" });
    expect(thrown.cause).toMatchObject({ name: "TypeError", message: "no rows" });
    expect(await errorOf("rejected")).toMatchObject({ _tag: "StepFailed", cause: { message: "late" } });
  });

  test("emitted values, log lines and progress of a step reach the run's events", async () => {
    const talking = pipeline("talking").step(
      "talk",
      [],
      async function* (_, { log, progress }) {
        log("begins", { n: 1 });
        progress(0.5, "half");
        yield { token: "a" };
        return "done";
      },
      worker,
    );
    const events: Array<PipelineEvent> = [];
    const { layer } = inProcess([talking]);
    await talking.runPromise({}, { workers: layer, onEvent: (event) => events.push(event) });
    const told = events.filter(({ type }) => type.startsWith("step."));
    expect(told.map(({ type }) => type)).toEqual([
      "step.started",
      "step.logged",
      "step.progressed",
      "step.emitted",
      "step.succeeded",
    ]);
    expect(told[3]).toMatchObject({ path: "talk", value: { token: "a" } });
  });

  test("a value that cannot be sent fails its step with a sentence, and others finish", async () => {
    class Model {
      readonly weights = [1];
    }
    const models = pipeline("models")
      .step("model", [], () => new Model())
      .step("used", ["model"], ({ model }) => model.weights.length, worker)
      .step("made", [], () => ({ model: new Model() }), worker)
      .step("other", [], () => 1, worker);
    const { layer } = inProcess([models]);
    const errorOf = (name: "used" | "made") =>
      models
        .only(name)
        .runPromise({}, { workers: layer })
        .catch((error: unknown) => error);
    expect(String(await errorOf("used"))).toBe(
      'WorkerFailed: Step "used" did not run on a worker: its input "model" cannot be sent to a worker: it is an instance of Model. Make it plain data, or give the step "model" a schema that can encode it, or give the step where: "here".',
    );
    expect(String(await errorOf("made"))).toBe(
      'WorkerFailed: Step "made" did not run on a worker: its output cannot be sent back from its worker at model: it is an instance of Model. Return plain data, or give the step where: "here".',
    );
    expect(await models.only("other").runPromise({}, { workers: layer })).toEqual({ other: 1 });
  });

  test("a worker without the pipeline, with another version of it, or without a service reports this", async () => {
    const Database = Context.Service<{ readonly rows: number }>("test/Database");
    const reading = pipeline("reading").step(
      "rows",
      [],
      () => Effect.map(Database, ({ rows }) => rows),
      worker,
    );
    const other = pipeline("reading").step("lines", [], () => 1);
    const runOn = (pipelines: ReadonlyArray<object>, services?: Context.Context<never>) =>
      Effect.runPromise(
        Effect.provideService(reading.run({}, { workers: inProcess(pipelines, services).layer }), Database, {
          rows: 0,
        }).pipe(
          Effect.map(({ rows }) => String(rows)),
          Effect.catch((error) => Effect.succeed(error.message)),
        ),
      );
    expect(await runOn([])).toBe(
      'Step "rows" did not run on a worker: The worker cannot run it: its module exports no pipeline, but the run is of "reading". Export that pipeline from the module.',
    );
    expect(await runOn([other])).toBe(
      'Step "rows" did not run on a worker: The worker cannot run it: its version of the pipeline "reading" has no step "rows". Run the same version everywhere.',
    );
    expect(await runOn([reading])).toContain(
      'it needs the service "test/Database", but the module\'s layer does not provide it.',
    );
    expect(await runOn([reading], Context.make(Database, { rows: 3 }) as never)).toBe("3");
  });

  test("a timeout and an interruption reach the step, and its signal fires", async () => {
    const fired: Array<string> = [];
    const hanging = pipeline("hanging").step(
      "hang",
      [],
      (_, { path, signal }) =>
        new Promise<number>((_, reject) =>
          signal.addEventListener("abort", () => {
            fired.push(path);
            reject(new Error("stopped"));
          }),
        ),
      { timeout: "20 millis", ...worker },
    );
    const { layer, answers } = inProcess([hanging]);
    const error = await hanging.runPromise({}, { workers: layer }).catch((error: unknown) => error);
    expect(error).toMatchObject({ _tag: "StepTimedOut", path: "hang" });
    expect(fired).toEqual(["hang"]);
    expect(answers).toEqual([]);
  });

  test("a run without workers runs such steps in this process, and reports this once", async () => {
    const lines: Array<unknown> = [];
    const logger = Logger.make(({ message }) => lines.push(message));
    const outputs = await Effect.runPromise(Effect.provide(everything.run({ n: 2 }), Logger.layer([logger])));
    expect(outputs.squares).toEqual([1, 4]);
    expect(lines).toEqual([
      [
        'The step "numbers" needs a worker, but the run has none, so such steps run in this process. Give the run the option workers, such as ThreadWorkers.layer({ module }), or provide that layer.',
      ],
    ]);
  });

  test("workers can be provided as a service", async () => {
    const { layer, paths } = inProcess([everything]);
    await Effect.runPromise(Effect.provide(everything.only("squares").run({ n: 1 }), layer));
    expect(paths()).toEqual(["numbers", "squares[0]"]);
  });
});
