/** Events are plain data, and every step that is reported as started is reported as ended. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Stream from "effect/Stream";
import { pipeline } from "espalier";
import { SqliteStore } from "espalier/sqlite";
import { assert, test } from "vitest";

const store = (filename = join(mkdtempSync(join(tmpdir(), "espalier-")), "runs.db")) =>
  SqliteStore.layer({ filename });
const limit = { timeout: 15_000 };

const eventsOf = async (made: any, options: object = {}): Promise<Array<any>> => {
  const run: any = await Effect.runPromise(made.start({}, options));
  return [...(await Effect.runPromise(Stream.runCollect(run.events) as Effect.Effect<Iterable<any>>))];
};

/** The paths that were reported as started but never as ended. */
const open = (events: ReadonlyArray<any>) => {
  const left = new Set<string>();
  for (const { type, path } of events) {
    if (type === "step.started") left.add(path);
    else if (/^step\.(succeeded|failed|interrupted|skipped)$/.test(type)) left.delete(path);
  }
  return [...left];
};

test(
  "a step that succeeds in the turn in which another fails is reported as succeeded, with and without a store",
  limit,
  async () => {
    const turn = pipeline("turn")
      .step("good", [], () => 1)
      .step("bad", [], (): number => {
        throw new Error("no");
      });
    for (const options of [{}, { store: store() }, { store: store(":memory:") }]) {
      const events = await eventsOf(turn, options);
      assert.deepStrictEqual(open(events), []);
      assert.ok(events.some(({ type, path }) => type === "step.succeeded" && path === "good"));
      assert.strictEqual(events.at(-1).type, "run.failed");
    }
  },
);

test(
  "every item that is reported as started is reported as ended when any one of many fails",
  limit,
  async () => {
    const shared = store();
    for (let bad = 0; bad < 40; bad += 4) {
      const many = pipeline("many")
        .step("xs", [], () => Array.from({ length: 40 }, (_, i) => i))
        .map("m", "xs", [], (x) => {
          if (x === bad) throw new Error("no");
          return x % 2 ? x : Promise.resolve(x);
        });
      for (const options of [{}, { store: shared }]) {
        assert.deepStrictEqual(open(await eventsOf(many, options)), [], `item ${bad} failed`);
      }
    }
  },
);

test(
  "steps whose commit is pending when their expansion fails are reported as succeeded",
  limit,
  async () => {
    const nested = pipeline("nested").dynamic("d", [], () =>
      pipeline("inner")
        .step("good", [], () => 1, { timeout: "1 minute" })
        .step("bad", [], (): number => {
          throw new Error("no");
        })
        .step("d", ["good", "bad"], ({ good }) => good),
    );
    for (const options of [{}, { store: store() }]) {
      const events = await eventsOf(nested, options);
      assert.deepStrictEqual(open(events), []);
      assert.ok(events.some(({ type, path }) => type === "step.succeeded" && path === "d/good"));
    }
  },
);

test(
  "a failure in an event is plain data: JSON keeps tag, code, message, path and the causes",
  limit,
  async () => {
    const failing = pipeline("failing").step("a", [], async () => {
      throw new TypeError("boom", { cause: new Error("deep", { cause: { code: "ECONNRESET" } }) });
    });
    for (const options of [{}, { store: store() }]) {
      const told = JSON.parse(JSON.stringify(await eventsOf(failing, options))).filter(({ type }: any) =>
        type.endsWith("failed"),
      );
      assert.ok(told.length >= 2, "step.failed and run.failed");
      for (const { error } of told) {
        assert.strictEqual(error._tag, "StepFailed");
        assert.strictEqual(error.code, "ESPALIER_STEP_FAILED");
        assert.strictEqual(error.path, "a");
        assert.match(error.message, /boom/);
        assert.match(error.cause.message, /boom/);
        assert.match(error.cause.cause.message, /deep/);
        assert.strictEqual(error.cause.cause.cause.code, "ECONNRESET");
      }
    }
  },
);

test(
  "JSON of an event survives errors that contain themselves, bigints, throwing getters and aggregates",
  limit,
  async () => {
    const circular: any = new Error("circle");
    circular.cause = circular;
    const hostile: Array<[unknown, RegExp]> = [
      [circular, /circle/],
      [Object.assign(new Error("big"), { size: 10n }), /big/],
      [new AggregateError([new Error("one"), new Error("two")], "both"), /one.*two/],
      [
        {
          get message() {
            throw new Error("getter");
          },
        },
        /step\.failed/,
      ],
      [10n, /10/],
      [undefined, /step\.failed/],
    ];
    for (const [thrown, expected] of hostile) {
      const events = await eventsOf(
        pipeline("p").step("a", [], () => {
          throw thrown;
        }),
      );
      assert.match(JSON.stringify(events), expected);
    }
  },
);

test(
  "a caller that joined a run receives a typed error when the first caller is interrupted",
  limit,
  async () => {
    const shared = store();
    let release = () => {};
    const job = pipeline("job").step(
      "work",
      [],
      () =>
        new Promise<string>((done) => {
          release = () => done("done");
        }),
    );
    const first = Effect.runFork(job.run({}, { store: shared, runId: "r", gracePeriod: "10 millis" }));
    await new Promise((done) => setTimeout(done, 100));
    const second = Effect.runPromise(Effect.flip(job.run({}, { store: shared, runId: "r" })));
    await new Promise((done) => setTimeout(done, 50));
    await Effect.runPromise(Fiber.interrupt(first));
    const error: any = await second;
    assert.deepStrictEqual(
      [error._tag, error.code, error.runId],
      ["RunInterrupted", "ESPALIER_RUN_INTERRUPTED", "r"],
    );
    release();
  },
);

test("a glob reads its family in the order in which the steps were added", limit, async () => {
  const late = pipeline("late")
    .dynamic(
      "first",
      [],
      async () => {
        await new Promise((done) => setTimeout(done, 5));
        return pipeline("a")
          .step("feat_z", [], () => 1)
          .step("feat_y", [], () => 2);
      },
      { outputs: "all" },
    )
    .step("feat_b", [], () => 3)
    .dynamic("second", [], () => pipeline("b").step("feat_a", [], () => 4), { outputs: "all" })
    .step("names", ["feat_*"], (all: any) => Object.keys(all["feat_*"]));
  assert.deepStrictEqual((await (late as any).runPromise({})).names, [
    "feat_z",
    "feat_y",
    "feat_b",
    "feat_a",
  ]);
});
