/** The log lines of a run's steps, at a collector: each names the run and the step that it comes from. */
import { inspect } from "node:util";
import * as Console from "effect/Console";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Logger from "effect/Logger";
import * as References from "effect/References";
import * as Schedule from "effect/Schedule";
import * as Schema from "effect/Schema";
import * as SchemaGetter from "effect/SchemaGetter";
import * as Stream from "effect/Stream";
import { pipeline, resume, step } from "espalier";
import { SqliteStore } from "espalier/sqlite";
import { describe, expect, test } from "vitest";
import { Listeners } from "../../src/engine/seams.ts";
import { sleep } from "../core/support.ts";
import type { Line } from "./collector.ts";
import { collected } from "./collector.ts";

/** `run path: message`. */
const told = ({ attributes, body }: Line): string =>
  `${attributes["espalier.run"]} ${attributes["espalier.path"]}: ${body}`;

const talking = pipeline("talking")
  .step("effect", [], () => Effect.annotateLogs(Effect.as(Effect.log("from an Effect"), ["x"]), "mine", 1))
  .map("m", "effect", [], async (item, _, { log }) => {
    await Promise.resolve();
    log("from a function");
    return item;
  })
  .dynamic("grown", ["m"], () =>
    pipeline("sub").step("grown", [], (_, { log }) => Effect.sync(() => log("from below"))),
  );

const linesOfTalking = (run: string) => [
  `${run} effect: from an Effect`,
  `${run} m[0]: from a function`,
  `${run} grown/grown: from below`,
];

describe("A log line of a step", () => {
  test("contains run and path, in Effects and in functions", async () => {
    const { lines, spans } = await collected(
      Effect.annotateLogs(talking.run({}, { runId: "run-7" }), "around", true),
    );
    expect(lines.map(told)).toEqual(linesOfTalking("run-7"));
    expect(lines.map(({ attributes }) => attributes["around"])).toEqual([true, true, true]);
    expect(lines.map(({ attributes }) => attributes["mine"])).toEqual([1, undefined, undefined]);
    expect(spans).toEqual([]);
  });

  test("contains them in a run without an explicit id, which gets one id for all lines", async () => {
    const { lines } = await collected(talking.run());
    const [run] = new Set(lines.map(({ attributes }) => attributes["espalier.run"]));
    expect(run).toMatch(/^[0-9a-f-]{36}$/);
    expect(lines.map(told)).toEqual(linesOfTalking(String(run)));
  });

  test("belongs to the step's span if the run is traced", async () => {
    const { lines, spans } = await collected(talking.run({}, { tracing: true, runId: "traced" }));
    expect(lines.map(told)).toEqual(linesOfTalking("traced"));
    for (const { attributes, spanId, traceId } of lines) {
      const [span] = spans.filter((each) => each.attributes["espalier.path"] === attributes["espalier.path"]);
      expect({ spanId, traceId }).toEqual({ spanId: span!.spanId, traceId: span!.traceId });
    }
  });

  test("contains them wherever in the step it is written: late, in a child, in a retry schedule", async () => {
    const forks = Effect.gen(function* () {
      yield* Effect.sleep(1);
      yield* Effect.log("late");
      yield* Fiber.join(yield* Effect.forkChild(Effect.andThen(Effect.yieldNow, Effect.log("a child"))));
    });
    const again = Schedule.tap(Schedule.recurs(1), () => Effect.log("again"));
    const Spoken = Schema.String.pipe(
      Schema.decodeTo(Schema.String, {
        decode: SchemaGetter.checkEffect(() => Effect.as(Effect.log("decoding"), undefined)),
        encode: SchemaGetter.passthrough(),
      }),
    );
    const wide = pipeline("wide")
      .addAll(["a", "b"].map((name) => step(`do ${name}`, [], () => forks)))
      .step("shaky", ["do *"], (_, { attempt }) => (attempt < 2 ? Effect.fail("no") : Effect.succeed("ok")), {
        retry: again,
        output: Spoken,
      })
      .add(step("reads", { shaky: Spoken }, ({ shaky }) => shaky));
    const { lines } = await collected(wide.run({}, { runId: "w" }));
    expect(lines.map(told).toSorted()).toEqual([
      "w do a: a child",
      "w do a: late",
      "w do b: a child",
      "w do b: late",
      "w reads: decoding",
      "w shaky: again",
      "w shaky: decoding",
    ]);
  });

  test("contains those of the inner run if a step runs a pipeline, and none before and after", async () => {
    const inner = pipeline("inner").step("leaf", [], () => Effect.log("inside"));
    const outer = pipeline("outer").step("calls", [], () =>
      Effect.andThen(Effect.annotateLogs(inner.run({}, { runId: "in" }), "by", "calls"), Effect.log("then")),
    );
    const { lines } = await collected(
      Effect.andThen(outer.run({}, { runId: "out" }), Effect.log("and then")),
    );
    expect(lines.map(told)).toEqual(["in leaf: inside", "out calls: then", "undefined undefined: and then"]);
    expect(lines[0]!.attributes["by"]).toBe("calls");
    expect(lines[2]!.attributes).not.toHaveProperty("espalier.run");
  });

  test("contains them in runs with a store, and when those are resumed", async () => {
    let isUp = false;
    const report = pipeline("report")
      .step("rows", [], (_, { log }) => log("reading"))
      .step("sent", ["rows"], () =>
        Effect.andThen(
          Effect.log("sending"),
          Effect.suspend(() => (isUp ? Effect.void : Effect.fail("down"))),
        ),
      );
    const both = Effect.gen(function* () {
      yield* Effect.exit(report.run({}, { runId: "night" }));
      isUp = true;
      yield* resume(report, "night");
    });
    const { lines } = await collected(Effect.provide(both, SqliteStore.layer({ filename: ":memory:" })));
    expect(lines.map(told)).toEqual(["night rows: reading", "night sent: sending", "night sent: sending"]);
  });

  test("shows them on the console as Effect's default logger prints it", async () => {
    const printed: Array<string> = [];
    const console = {
      ...globalThis.console,
      log: (...parts: ReadonlyArray<unknown>) => printed.push(parts.map((part) => inspect(part)).join(" ")),
    };
    await Effect.runPromise(
      talking
        .run({}, { runId: "shown" })
        .pipe(
          Effect.provideService(Logger.CurrentLoggers, new Set([Logger.defaultLogger])),
          Effect.provideService(Console.Console, console),
        ),
    );
    expect(printed).toHaveLength(3);
    expect(printed[1]).toContain("{ 'espalier.run': 'shown', 'espalier.path': 'm[0]' }");
  });
});

describe("A message of context.log", () => {
  const says = pipeline("says").step("a", [], (_, { log }) => log("one", { two: 2 }));

  test("goes to listeners, and to Effect's loggers if there are none", async () => {
    const heard: Array<string> = [];
    const listener = ({ type }: { readonly type: string }) => void heard.push(type);
    const listened = await collected(Effect.provideService(says.run(), Listeners, [listener]));
    expect(heard).toContain("step.logged");
    expect(listened.lines).toEqual([]);
    expect((await collected(says.run())).lines).toHaveLength(1);
    expect((await collected(says.run({}, { metrics: true }))).lines).toHaveLength(1);
  });

  test("is among the events of a started run, which contain run and path", async () => {
    const seen = Effect.gen(function* () {
      const run = yield* says.start({}, { runId: "handled" });
      return [...(yield* Stream.runCollect(run.events))].filter(({ type }) => type === "step.logged");
    });
    let events: ReadonlyArray<unknown> = [];
    const { lines } = await collected(Effect.map(seen, (all) => void (events = all)));
    expect(events).toMatchObject([{ runId: "handled", path: "a", message: ["one", { two: 2 }] }]);
    expect(lines).toEqual([]);
  });

  test("goes to both listeners and loggers with tracing, once to each", async () => {
    const traced = Effect.flatMap(says.start({}, { tracing: true, runId: "both" }), (run) => run.await);
    const { lines } = await collected(traced);
    expect(lines.map(({ attributes }) => attributes["espalier.path"])).toEqual(["a"]);
  });

  test("is harmless if a logger throws", async () => {
    const broken = Logger.make(() => {
      throw new Error("no");
    });
    const run = Effect.provideService(says.run(), Logger.CurrentLoggers, new Set([broken]));
    expect(await Effect.runPromise(run)).toEqual({ a: undefined });
  });

  test("is kept for an abandoned step that logs after its run has ended", async () => {
    const rude = pipeline("rude").step("a", [], async (_, { log }) => {
      await sleep(30);
      log("still here");
    });
    for (const tracing of [false, true]) {
      const run = Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(rude.run({}, { gracePeriod: 1, runId: "left", tracing }));
        yield* Effect.sleep(5);
        yield* Fiber.interrupt(fiber);
        yield* Effect.sleep(50);
      });
      expect((await collected(run)).lines.map(told)).toEqual(["left a: still here"]);
    }
  });

  test("respects the minimum log level", async () => {
    const run = Effect.provideService(says.run(), References.MinimumLogLevel, "Warn");
    expect((await collected(run)).lines).toEqual([]);
  });
});
