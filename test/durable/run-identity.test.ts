/** A live run is identified by its store and its run id; a run id and a path together name one step of one run. */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import { GraphError, pipeline, Runs, Signal, type } from "espalier";
import { SqliteStore } from "espalier/sqlite";
import { test } from "vitest";
import { temporary } from "../sqlite/support.ts";
import { espalier } from "../cli/espalier.ts";

const file = temporary();
const store = (filename = file()) => SqliteStore.layer({ filename });
const sleep = (millis: number) => new Promise<void>((done) => setTimeout(done, millis));
const limit = { timeout: 120_000 };

test(
  "a value sent to a run in one store does not reach the run with the same id in another store",
  limit,
  async () => {
    const order = pipeline("order").await("approval", type<string>(), { timeout: "30 seconds" });
    const [a, b] = [store(), store()];
    const isWaiting = async (one: typeof a): Promise<void> => {
      while ((await Runs.waitingPromise({ store: one })).length === 0) await sleep(5);
    };
    const runs = [a, b].map((one) =>
      order.runPromise({}, { store: one, runId: "order-1" }).then(
        (out) => out.approval,
        (error) => error._tag,
      ),
    );
    await Promise.all([isWaiting(a), isWaiting(b)]);
    await Effect.runPromise(Signal.send("order-1", "approval", "for a", { store: a }));
    await Effect.runPromise(Signal.send("order-1", "approval", "for b", { store: b }));
    assert.deepEqual(await Promise.all(runs), ["for a", "for b"]);
  },
);

test("runs with the same id in two stores are separate, even at the same time", limit, async () => {
  let calls = 0;
  const slow = pipeline("slow")
    .input("n", type<number>())
    .step("out", ["n"], async ({ n }) => {
      calls++;
      await sleep(80);
      return n * 2;
    });
  const outs = await Promise.all(
    [1, 2].map((n) => slow.runPromise({ n }, { store: store(), runId: "same" })),
  );
  assert.deepEqual(
    outs.map(({ out }) => out),
    [2, 4],
  );
  assert.equal(calls, 2);
});

test("two stores in memory are separate: so are runs with the same id at the same time", limit, async () => {
  let calls = 0;
  const slow = pipeline("slow")
    .input("n", type<number>())
    .step("out", ["n"], async ({ n }) => {
      calls++;
      await sleep(80);
      return n * 2;
    });
  const memory = () => SqliteStore.layer({ filename: ":memory:" });
  const outs = await Promise.all(
    [1, 1, 2].map((n) => slow.runPromise({ n }, { store: memory(), runId: "same" })),
  );
  assert.deepEqual(
    outs.map(({ out }) => out),
    [2, 2, 4],
  );
  assert.equal(calls, 3);
});

test("a cancel in one store does not stop the run with the same id in another store", limit, async () => {
  const files = [file(), file()] as const;
  const other = Promise.withResolvers<string>();
  const job = pipeline("job").step("work", [], (_, { signal }) => {
    const stopped = Promise.withResolvers<string>();
    signal.addEventListener("abort", () => stopped.reject(signal.reason));
    return Promise.race([other.promise, stopped.promise]);
  });
  const runs = files.map((one) =>
    job.runPromise({}, { store: store(one), runId: "nightly" }).then(
      (out) => out.work,
      () => "stopped",
    ),
  );
  await sleep(200);
  await espalier(["cancel", "nightly", "--store", files[1]]);
  assert.equal(await runs[1], "stopped");
  // The other run was not cancelled.
  other.resolve("done");
  assert.equal(await runs[0], "done");
});

test("two steps of two runs never have the same idempotency key", limit, async () => {
  const keys: Array<string> = [];
  const nested = pipeline("nested").dynamic("charge", [], () =>
    pipeline("inner").step("charge", [], (_, { idempotencyKey }) => {
      keys.push(idempotencyKey);
      return 1;
    }),
  );
  const flat = pipeline("flat").step("charge", [], (_, { idempotencyKey }) => {
    keys.push(idempotencyKey);
    return 1;
  });
  const shared = store();
  await nested.runPromise({}, { store: shared, runId: "order" });
  await flat.runPromise({}, { store: shared, runId: "order/charge" }).catch(() => {});
  assert.equal(new Set(keys).size, keys.length);
});

for (const [what, runId] of [
  ["is empty", ""],
  ["has a /", "a/b"],
  ["has a line break", "a\nb"],
  ["has a NUL", "a\0b"],
  ["has a control character", "a\u0085b"],
  ["has 201 characters", "x".repeat(201)],
  ["has a lone surrogate", "run \ud83d"],
  ["is a number", 17],
  ["is an object", {}],
  ["is null", null],
] as const)
  test(`a run id that ${what} is refused before any step runs, with and without a store`, limit, async () => {
    let calls = 0;
    const one = pipeline("one").step("a", [], () => ++calls);
    for (const options of [{}, { store: store() }]) {
      const error: any = await one.runPromise({}, { ...options, runId: runId as string }).then(
        () => undefined,
        (reason) => reason,
      );
      assert.ok(
        typeof error?._tag === "string" && typeof error.code === "string",
        `it was accepted, or failed with ${error}`,
      );
    }
    assert.equal(calls, 0);
  });

test("a run id of 200 characters of any script is accepted", limit, async () => {
  const one = pipeline("one").step("a", [], (_, { idempotencyKey }) => idempotencyKey);
  const runId = "é漢😀 ü.".repeat(40).slice(0, 200).toWellFormed();
  assert.equal((await one.runPromise({}, { store: store(), runId })).a, `${runId}/a`);
});

test("a step, an input and a pipeline whose name has a lone surrogate are refused at build time", () => {
  const untyped: any = pipeline("untyped");
  assert.throws(() => untyped.step("a\ud800", [], () => 1), GraphError);
  assert.throws(() => untyped.input("\udc00b", type<number>()), GraphError);
  assert.throws(() => untyped.step("s", [], () => ({}), { outputs: ["o\ud83d"] }), GraphError);
});

test("map keys with a lone surrogate are refused: two of them never become one item", limit, async () => {
  const keyed = pipeline("keyed")
    .step("titles", [], () => ["\ud800", "\ud801"])
    .map("codes", "titles", [], (title) => title.charCodeAt(0), { key: (title) => title });
  for (const options of [{}, { store: store() }])
    await assert.rejects(
      keyed.runPromise({}, options),
      (error: any) => error._tag === "ExpansionError" && error.path.startsWith("codes"),
    );
});
