/** Several callers ask for the same run: the fate of one does not affect the others. */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Stream from "effect/Stream";
import type { PipelineEvent } from "espalier";
import { pipeline, resume, Runs, type } from "espalier";
import { SqliteStore } from "espalier/sqlite";
import { test } from "vitest";
import { temporary } from "../sqlite/support.ts";

const newFile = temporary();
const store = () => SqliteStore.layer({ filename: newFile() });
const sleep = (millis: number) => new Promise<void>((done) => setTimeout(done, millis));
const limit = { timeout: 120_000 };

test(
  "a caller that joined a run is not stopped with the first caller: it gets the outcome, or a typed error",
  limit,
  async () => {
    const shared = store();
    const job = pipeline("job").step("work", [], async () => {
      await sleep(200);
      return "done";
    });
    const first = Effect.runFork(job.run({}, { store: shared, runId: "r" }));
    await sleep(50);
    const second = job.runPromise({}, { store: shared, runId: "r" }).then(
      (out) => out.work,
      (error) => error,
    );
    await sleep(30);
    await Effect.runPromise(Fiber.interrupt(first));
    const got: any = await second;
    assert.ok(
      got === "done" || (typeof got?._tag === "string" && typeof got.code === "string"),
      `the second caller got ${got}`,
    );
    assert.equal((await job.runPromise({}, { store: shared, runId: "r" })).work, "done");
  },
);

/** A run that has begun, continues until it is released, and is joined by another caller, who sees its events. */
const joined = async () => {
  const shared = store();
  const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const job = pipeline("job")
    .step("work", [], async () => {
      begun.resolve();
      await gate.promise;
      return "done";
    })
    .step("after", ["work"], ({ work }) => work);
  const first = job.runPromise({}, { store: shared, runId: "r" });
  await begun.promise;
  const seen: Array<string> = [];
  const isIn = Promise.withResolvers<void>();
  const onEvent = (event: PipelineEvent): void => {
    seen.push("path" in event ? `${event.type} ${event.path}` : event.type);
    isIn.resolve();
  };
  const second = Effect.runFork(job.run({}, { store: shared, runId: "r", onEvent }));
  await isIn.promise;
  return { first, second, seen, letGo: gate.resolve };
};

test("a caller that joined and is interrupted does not stop the run of the first", limit, async () => {
  const { first, second, letGo } = await joined();
  await Effect.runPromise(Fiber.interrupt(second));
  letGo();
  assert.equal((await first).work, "done");
});

test("a caller that joins a run without a handle sees its events from then on", limit, async () => {
  const { first, second, seen, letGo } = await joined();
  letGo();
  await Effect.runPromise(Fiber.join(second));
  await first;
  assert.deepEqual(seen, [
    "run.started",
    "step.succeeded work",
    "step.started after",
    "step.succeeded after",
    "run.succeeded",
  ]);
});

test("a caller that joins a run sees its events", limit, async () => {
  const shared = store();
  const job = pipeline("job").step("work", [], async () => {
    await sleep(150);
    return "done";
  });
  const started = await Effect.runPromise(
    Effect.all([job.start({}, { store: shared, runId: "r" }), job.start({}, { store: shared, runId: "r" })]),
  );
  const seen = await Promise.all(started.map((run) => Effect.runPromise(Stream.runCollect(run.events))));
  for (const events of seen) {
    const types = [...events].map((event) => event.type);
    assert.ok(types.includes("step.succeeded") && types.includes("run.succeeded"), types.join());
  }
});

test("a second call for a succeeded run leaves its record unchanged", limit, async () => {
  const shared = store();
  const calls: Array<string> = [];
  const job = pipeline("job")
    .input("n", type<number>())
    .step("a", ["n"], ({ n }) => (calls.push("a"), n + 1), { cache: true })
    .step("list", [], () => [1, 2])
    .map("squares", "list", ["a"], (item, { a }) => pipeline("square").step("squares", [], () => item * a));
  const outputs = await job.runPromise({ n: 1 }, { store: shared, runId: "r" });
  const before = await Runs.getPromise("r", { store: shared });
  await sleep(20);
  assert.deepEqual(await job.runPromise({ n: 1 }, { store: shared, runId: "r" }), outputs);
  assert.deepEqual(await Effect.runPromise(resume(job, "r", { store: shared })), outputs);
  assert.deepEqual(calls, ["a"]);
  assert.deepEqual(await Runs.getPromise("r", { store: shared }), before);
});

test("a succeeded run that is resumed from a step ends again", limit, async () => {
  const shared = store();
  const job = pipeline("job").step("a", [], () => 1);
  await job.runPromise({}, { store: shared, runId: "r" });
  const before = await Runs.getPromise("r", { store: shared });
  await sleep(20);
  await Effect.runPromise(resume(job, "r", { store: shared, from: "a" }));
  const after = await Runs.getPromise("r", { store: shared });
  assert.equal(after.status, "succeeded");
  assert.ok(after.ended! > before.ended!);
});
