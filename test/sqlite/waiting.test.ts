import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import * as TestClock from "effect/testing/TestClock";
import { pipeline, resume, Signal, type } from "espalier";
import { describe, expect, test } from "vitest";
import { failureOf } from "../core/support.ts";
import { byClock, storeAt, temporary, untilDeadline, untilEvent, withStore } from "./support.ts";

const newFile = temporary();
const hour = 3_600_000;

const Approval = Schema.Struct({ by: Schema.String, at: Schema.DateFromString });

const release = pipeline("release")
  .step("notes", [], () => "1.0")
  .await("approval", Approval, { after: ["notes"] })
  .step("text", ["notes", "approval"], ({ notes, approval }) => {
    // The compiler knows what the schema decodes to.
    const at: Date = approval.at;
    return `${notes} by ${approval.by} in ${at.getUTCFullYear()}`;
  })
  .returns("text");

const value = { by: "Ada", at: "1970-01-01T00:00:00.000Z" };
const text = { text: "1.0 by Ada in 1970" };

describe("A step that waits for a value from outside", () => {
  test("gets what is sent to it, decoded by its schema", async () => {
    const run = await Effect.runPromise(release.start({}));
    await Effect.runPromise(untilEvent(run, "step.waiting", "approval"));
    await Effect.runPromise(Signal.send(run.id, "approval", value));
    expect(await Effect.runPromise(run.await)).toEqual(text);
  });

  test("refuses a value that does not fit, and continues to wait", async () => {
    const run = await Effect.runPromise(release.start({}));
    await Effect.runPromise(untilEvent(run, "step.waiting", "approval"));
    const refused = await failureOf(Signal.send(run.id, "approval", { by: 1 }));
    expect(refused).toMatchObject({ _tag: "SignalRefused", path: "approval" });
    await Effect.runPromise(Signal.send(run.id, "approval", value));
    expect(await Effect.runPromise(run.await)).toEqual(text);
    // No step is waiting any more.
    expect(await failureOf(Signal.send(run.id, "approval", value))).toMatchObject({ _tag: "SignalRefused" });
  });

  test.each([
    [Schema.Number, "no", "Expected number"],
    [Schema.Union([Schema.String, Schema.Number]), {}, "Expected string | number"],
    [Schema.Struct({ n: Schema.Number, at: Schema.Date }), { n: "x", at: 1 }, "at n: Expected number"],
    [Schema.Date, "x", "Expected a valid Date"],
  ])(
    "says what was expected of a value of the schema, not of its JSON form",
    async (schema, sent, reason) => {
      const run = await Effect.runPromise(
        pipeline("asks")
          .await("value", schema as Schema.Codec<unknown>)
          .start({}),
      );
      await Effect.runPromise(untilEvent(run, "step.waiting", "value"));
      const refused = await failureOf(Signal.send(run.id, "value", sent));
      expect(refused).toMatchObject({ reason: `The value does not fit: ${reason}` });
      await Effect.runPromise(run.interrupt);
    },
  );

  test("gets it with a store, while it waits", async () => {
    await withStore(
      newFile(),
      Effect.gen(function* () {
        const run = yield* release.start({}, { runId: "r" });
        yield* untilEvent(run, "step.waiting", "approval");
        yield* Signal.send("r", "approval", value);
        expect(yield* run.await).toEqual(text);
        expect(yield* resume(release, "r")).toEqual(text);
      }),
    );
  });

  test("waits on when the run is resumed, and gets what was sent meanwhile", async () => {
    const file = newFile();
    await withStore(
      file,
      Effect.gen(function* () {
        const run = yield* release.start({}, { runId: "r" });
        yield* untilEvent(run, "step.waiting", "approval");
        yield* run.interrupt;
      }),
    );
    await Effect.runPromise(Signal.send("r", "approval", value, { store: storeAt(file) }));
    expect(await Effect.runPromise(resume(release, "r", { store: storeAt(file) }))).toEqual(text);
  });

  test("cannot be sent to where there is no such run, path, or wait", async () => {
    const file = newFile();
    await withStore(
      file,
      Effect.gen(function* () {
        const run = yield* release.start({}, { runId: "r" });
        yield* untilEvent(run, "step.waiting", "approval");
        yield* run.interrupt;
        const reason = (runId: string, path: string) =>
          Effect.map(Effect.flip(Signal.send(runId, path, value)), (error) => error.message);
        expect(yield* reason("x", "approval")).toBe('There is no run "x" in the store.');
        expect(yield* reason("r", "nothing")).toContain("There is no step at this path");
        expect(yield* reason("r", "notes")).toContain("waits for no value");
      }),
    );
    expect(await failureOf(Signal.send("r", "approval", value))).toMatchObject({ _tag: "SignalRefused" });
  });

  test("takes no slot of the concurrency limit, and no other step waits for it", async () => {
    const p = pipeline("p")
      .await("never", type<number>())
      .step("a", [], async () => 1)
      .step("b", ["a"], async () => 2);
    const run = await Effect.runPromise(p.start({}, { concurrency: 1 }));
    await Effect.runPromise(untilEvent(run, "step.succeeded", "b"));
    expect(run.report.failed).toEqual([]);
    await Effect.runPromise(Signal.send(run.id, "never", 1));
    expect(await Effect.runPromise(run.await)).toMatchObject({ never: 1, b: 2 });
  });

  test("gives up after its timeout, restarts of the run included", async () => {
    const p = pipeline("p").await("approval", type<string>(), { timeout: "1 hour" });
    await withStore(
      newFile(),
      Effect.gen(function* () {
        const began = Date.now();
        const run = yield* p.start({}, { runId: "r" }).pipe(byClock(() => began));
        yield* untilEvent(run, "step.waiting", "approval");
        yield* run.interrupt;
        const later = byClock(() => began + hour);
        expect(yield* Effect.flip(resume(p, "r")).pipe(later)).toMatchObject({
          _tag: "StepTimedOut",
          path: "approval",
          timeoutMillis: hour,
        });
      }),
    );
  });

  test("works inside of expansions, by its path there", async () => {
    const p = pipeline("p").dynamic("d", [], () => pipeline("sub").await("d", type<number>()));
    await withStore(
      newFile(),
      Effect.gen(function* () {
        const run = yield* p.start({}, { runId: "r" });
        yield* untilEvent(run, "step.waiting", "d/d");
        yield* Signal.send("r", "d/d", 5);
        expect(yield* run.await).toEqual({ d: 5 });
      }),
    );
  });
});

describe("A step that sleeps", () => {
  const nap = pipeline("nap")
    .sleep("pause", "300 millis")
    .step("end", ["pause"], () => "awake")
    .returns("end");

  test("follows the clock of the run", async () => {
    const program = Effect.gen(function* () {
      const run = yield* pipeline("long").sleep("pause", "30 days").start({});
      yield* TestClock.adjust("31 days");
      return yield* run.await;
    });
    expect(await Effect.runPromise(Effect.provide(program, TestClock.layer()))).toEqual({ pause: undefined });
  });

  test("sleeps only for what is left of it when the run is resumed", async () => {
    await withStore(
      newFile(),
      Effect.gen(function* () {
        const night = pipeline("night").sleep("pause", "1 hour");
        const began = Date.now();
        const run = yield* night.start({}, { runId: "r" }).pipe(byClock(() => began));
        yield* untilDeadline("r");
        yield* run.interrupt;
        // It would take an hour if it slept for the whole duration again.
        const resumed = performance.now();
        const later = byClock(() => began + hour - 100 + (performance.now() - resumed));
        expect(yield* resume(night, "r").pipe(later)).toEqual({ pause: undefined });
        expect(performance.now() - resumed).toBeGreaterThan(90);
      }),
    );
  });

  test("does not wake early, wherever the clock is set", async () => {
    const shifted = (millis: number) => byClock(() => Date.now() + millis);
    for (const [first, then] of [
      [0, -hour],
      [hour, -hour],
      [-hour, -hour],
    ] as const) {
      await withStore(
        newFile(),
        Effect.gen(function* () {
          const began = performance.now();
          const run = yield* nap.start({}, { runId: "r" }).pipe(shifted(first));
          yield* untilDeadline("r");
          yield* run.interrupt;
          expect(yield* resume(nap, "r").pipe(shifted(then))).toEqual({ end: "awake" });
          expect(performance.now() - began).toBeGreaterThan(290);
        }),
      );
    }
  });
});
