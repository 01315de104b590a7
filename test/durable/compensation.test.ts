/**
 * Compensations of recorded runs, whose process is killed at every write: each runs at least once with one key, in reverse order
 * of completion, and the run ends with its original error.
 */
import assert from "node:assert/strict";
import * as Data from "effect/Data";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { RunOptions } from "espalier";
import { pipeline, resumePromise, Runs } from "espalier";
import { SqliteStore } from "espalier/sqlite";
import { describe, expect, test } from "vitest";
import { MemoryStore } from "../../src/testing/memory-store.ts";
import { rejection, sleep, until, untilAborted } from "../core/support.ts";
import { temporary } from "../sqlite/support.ts";

const newFile = temporary();
const sqlite = () => SqliteStore.layer({ filename: newFile() });
const limit = { timeout: 60_000 };
const undo = { onFailure: "compensate" } as const;
let stores = 0;

class Refused extends Data.TaggedError("Refused")<{ readonly why: string }> {}

type Log = Array<string>;

/** A run with everything that hides steps from a resumed run: fallbacks, caches, turns, losers, items beyond enough. */
const everything = (log: Log) => {
  const note =
    (name: string) =>
    (output: unknown, ...given: ReadonlyArray<any>): void => {
      const { idempotencyKey, path } = given.at(-1) as { idempotencyKey: string; path: string };
      assert.equal(idempotencyKey, `r/${path}*compensate`);
      log.push(`${path} ${name} ${JSON.stringify(output)} ${JSON.stringify(given.slice(0, -1))}`);
    };
  const did = <Value>(path: string, value: Value): Value => {
    log.push(`did ${path}`);
    return value;
  };
  return pipeline("everything")
    .step("first", [], (_, { path }) => did(path, new Date(5)), {
      output: Schema.Date,
      compensate: (date, inputs, context) => note("date")(date.getTime(), inputs, context),
    })
    .dynamic(
      "hidden",
      ["first"],
      () =>
        pipeline("hidden")
          .step("a", [], (_, { path }) => did(path, 1), { compensate: note("a") })
          .step("hidden", ["a"], ({ a }, { path }) => did(path, a + 1), { compensate: note("h") }),
      { fallback: -1, compensate: note("hidden") },
    )
    .dynamic(
      "stored",
      ["hidden"],
      ({ hidden }) =>
        pipeline("stored").step("stored", [], (_, { path }) => did(path, hidden * 2), {
          compensate: note("s"),
        }),
      { cache: true },
    )
    .loop(
      "n",
      ["stored"],
      () => 0,
      (n) =>
        pipeline("turn")
          .step("t", [], (_, { path }) => did(path, n), { compensate: note("t") })
          .step("n", ["t"], ({ t }) => t + 1),
      { until: (n) => n === 2, compensate: note("n") },
    )
    .race("fastest", ["n"], {
      fast: () => sleep(3).then(() => "fast"),
      slow: () =>
        pipeline("slow")
          .step("s", [], (_, { path }) => did(path, "s"), { compensate: note("s") })
          .step("fastest", ["s"], (_, { signal }): Promise<string> => untilAborted(signal)),
    })
    .step("list", ["fastest"], () => ["x", "y"])
    .map("items", "list", ["first"], (item, _, { path }) => did(path, item + item), {
      key: (item) => item,
      concurrency: 1,
      compensate: note("item"),
    })
    .step("lost", ["items"], () => Effect.fail("lost") as Effect.Effect<number, string>, {
      fallback: 7,
      compensate: note("never"),
    })
    .dynamic("bad", ["lost"], () =>
      pipeline("bad")
        .step("before", [], (_, { path }) => did(path, "b"), { compensate: note("before") })
        .step(
          "bad",
          ["before"],
          () => Effect.fail(new Refused({ why: "no money" })) as Effect.Effect<number, Refused>,
        ),
    )
    .finally("closed", ["first", "bad"], ({ first, bad }) => {
      log.push(`closed ${first._tag} ${bad._tag === "Failure" ? (bad.failure as Refused)._tag : ""}`);
    });
};

const undone = [
  'bad/before before "b" [{}]',
  'items[y] item "yy" ["y",{"first":"1970-01-01T00:00:00.005Z"}]',
  'items[x] item "xx" ["x",{"first":"1970-01-01T00:00:00.005Z"}]',
  'fastest[slow]/s s "s" [{}]',
  'n[1] n 2 [1,{"stored":4}]',
  "n[1]/t t 1 [{}]",
  'n[0] n 1 [0,{"stored":4}]',
  "n[0]/t t 0 [{}]",
  "stored/stored s 4 [{}]",
  'hidden hidden 2 [{"first":"1970-01-01T00:00:00.005Z"}]',
  'hidden/hidden h 2 [{"a":1}]',
  "hidden/a a 1 [{}]",
  "first date 5 [{}]",
];

/** Runs it until the process is killed, right after a write. Returns whether it was. */
const killedAt = async (
  store: MemoryStore,
  point: number,
  run: (options: RunOptions) => Promise<unknown>,
) => {
  const dying = new AbortController();
  let wasKilled = false;
  store.crashAfter(point, () => {
    wasKilled = true;
    dying.abort(new Error("killed"));
  });
  const error = await rejection(run({ store: store.layer, signal: dying.signal, gracePeriod: 0 }));
  store.restart();
  return { wasKilled, error };
};

const lastOf = <Value>(list: ReadonlyArray<Value>): ReadonlyArray<Value> =>
  [...new Set(list.toReversed())].toReversed();

describe("A run that compensates", () => {
  test("and is killed at every write", limit, async () => {
    const first: Log = [];
    const whole = new MemoryStore(`saga ${++stores}`);
    const { error } = await killedAt(whole, 1e9, (options) =>
      everything(first).runPromise({}, { ...options, ...undo, runId: "r" }),
    );
    expect(error).toMatchObject({ _tag: "Refused", why: "no money" });
    expect(first.filter((line) => !line.startsWith("did"))).toEqual([...undone, "closed Success Refused"]);
    expect(whole.writes).toBeGreaterThan(30);
    for (let point = 1; point <= whole.writes; point++) {
      const log: Log = [];
      const store = new MemoryStore(`saga ${++stores}`);
      const p = everything(log);
      const { wasKilled } = await killedAt(store, point, (options) =>
        p.runPromise({}, { ...options, ...undo, runId: "r" }),
      );
      const before = log.splice(0);
      const ended = await rejection(resumePromise(p, "r", { store: store.layer, ...undo }));
      const all = [...before, ...log].filter((line) => !line.startsWith("did") && !line.startsWith("closed"));
      const last = log.at(-1);
      const again = await rejection(resumePromise(p, "r", { store: store.layer, ...undo }));
      const anew = await rejection(p.runPromise({}, { store: store.layer, runId: "r" }));
      expect({
        point,
        wasKilled,
        ended,
        undone: lastOf(all),
        // Only the compensation that was running when the process was killed runs twice.
        twice: all.length - undone.length <= 1,
        last,
        again: again._tag,
        anew: anew._tag,
      }).toMatchObject({
        point,
        wasKilled: true,
        ended: { _tag: "Refused", why: "no money" },
        undone,
        twice: true,
        last: "closed Success Refused",
        again: "RunCompensated",
        anew: "RunCompensated",
      });
    }
  });

  test("and is killed at every write of every part that resumes it", limit, async () => {
    const log: Log = [];
    const store = new MemoryStore(`saga ${++stores}`);
    const p = everything(log);
    let parts = 1;
    let last = await killedAt(store, 4, (options) => p.runPromise({}, { ...options, ...undo, runId: "r" }));
    for (; last.wasKilled; parts++) {
      // A part that is killed at its first write still makes progress, so every part can be killed.
      last = await killedAt(store, 2, (options) => resumePromise(p, "r", { ...options, ...undo }));
    }
    expect(last.error).toMatchObject({ _tag: "Refused" });
    expect(parts).toBeGreaterThan(10);
    const all = log.filter((line) => !line.startsWith("did") && !line.startsWith("closed"));
    expect(lastOf(all)).toEqual(undone);
  });
});

describe("In a store on disk, a run", () => {
  const failing = (log: Log, fails = { now: true }) =>
    pipeline("p")
      .step("a", [], () => 1, { compensate: () => void log.push("undo a") })
      .step("b", ["a"], ({ a }) => a + 1, { compensate: () => void log.push("undo b") })
      .step("bad", ["b"], () => (fails.now ? Effect.fail(new Refused({ why: "now" })) : Effect.succeed(3)));

  test("that failed without compensation can be resumed; once compensated it cannot", limit, async () => {
    const log: Log = [];
    const fails = { now: true };
    const options = { store: sqlite(), runId: "r" };
    await assert.rejects(failing(log, fails).runPromise({}, options), { _tag: "Refused" });
    await assert.rejects(resumePromise(failing(log, fails), "r", { store: options.store }), {
      _tag: "Refused",
    });
    expect(log).toEqual([]);
    await assert.rejects(resumePromise(failing(log, fails), "r", { store: options.store, ...undo }), {
      _tag: "Refused",
    });
    expect(log).toEqual(["undo b", "undo a"]);
    fails.now = false;
    await assert.rejects(resumePromise(failing(log, fails), "r", { store: options.store }), {
      _tag: "RunCompensated",
      message:
        'Run "r" has been compensated: its steps are undone, so it cannot be resumed. Start a new run.',
    });
    expect(await Runs.getPromise("r", { store: options.store })).toMatchObject({
      status: "failed",
      compensation: { state: "compensated", undone: [{ path: "b" }, { path: "a" }] },
    });
  });

  test("with nothing to undo can be resumed", limit, async () => {
    const fails = { now: true };
    const options = { store: sqlite(), runId: "r" };
    const p = pipeline("p")
      .step("a", [], () => 1)
      .step("b", ["a"], () => (fails.now ? Effect.fail("down") : Effect.succeed(3)), {
        compensate: () => {},
      });
    await assert.rejects(p.runPromise({}, { ...options, ...undo }));
    await assert.rejects(resumePromise(p, "r", { store: options.store, ...undo }));
    fails.now = false;
    expect((await resumePromise(p, "r", { store: options.store, ...undo })).b).toBe(3);
  });

  test("that is cancelled with compensate is undone, and ends as interrupted", limit, async () => {
    const log: Log = [];
    const store = sqlite();
    const p = pipeline("p")
      .step("a", [], () => 1, { compensate: () => sleep(1).then(() => void log.push("undo a")) })
      .step("b", ["a"], (_, { signal }) => untilAborted(signal).finally(() => log.push("stopped")))
      .finally("closed", ["b"], () => void log.push("closed"));
    const run = await p.startPromise({}, { store, runId: "r" });
    for await (const event of run.events) if (event.type === "step.started" && event.path === "b") break;
    await Runs.cancelPromise("r", { store, compensate: true });
    await assert.rejects(run.result, { _tag: "RunInterrupted" });
    expect(log).toEqual(["stopped", "undo a", "closed"]);
    expect(run.report.compensated).toEqual(["a"]);
    expect((await Runs.getPromise("r", { store })).status).toBe("interrupted");
    await assert.rejects(resumePromise(p, "r", { store }), { _tag: "RunCompensated" });
    await assert.rejects(Runs.cancelPromise("r", { store, compensate: true }), { _tag: "CancelRefused" });
  });

  test(
    "that was interrupted while it compensated continues to compensate, whatever its options",
    limit,
    async () => {
      const log: Log = [];
      const store = sqlite();
      const hangs = { now: true };
      const p = pipeline("p")
        .step("a", [], () => 1, { compensate: () => void log.push("undo a") })
        .step("b", ["a"], () => 1, {
          compensate: (_, __, { signal }): unknown => {
            log.push("undo b");
            return hangs.now ? untilAborted(signal) : undefined;
          },
        })
        .step("c", ["b"], () => 1, {
          compensate: () => {
            throw new Error("c is gone");
          },
        })
        .step("bad", ["c"], () => Effect.fail(new Refused({ why: "now" })));
      const run = await p.startPromise({}, { store, runId: "r", ...undo });
      await until(() => log.length === 1);
      await Runs.cancelPromise("r", { store });
      await assert.rejects(run.result, { _tag: "RunInterrupted" });
      expect(await Runs.getPromise("r", { store })).toMatchObject({
        status: "interrupted",
        compensation: {
          state: "compensating",
          undone: [{ path: "c", error: expect.stringContaining("c is gone") as string }],
        },
      });
      hangs.now = false;
      await assert.rejects(resumePromise(p, "r", { store, from: "a" }), {
        _tag: "InvalidInput",
        input: "from",
      });
      const events: Array<string> = [];
      await assert.rejects(
        resumePromise(p, "r", {
          store,
          onEvent: (event) => void events.push(`${event.type} ${"path" in event ? event.path : ""}`),
        }),
        { _tag: "Refused", why: "now" },
      );
      expect(log).toEqual(["undo b", "undo b", "undo a"]);
      expect(events).toContain("compensation.failed c");
      expect(events).toContain("step.failed bad");
    },
  );

  test(
    "is undone despite later changes, except for steps that it cannot find, which it names",
    limit,
    async () => {
      const log: Log = [];
      const store = sqlite();
      const build = (inner: "x" | "y", failed: boolean) =>
        pipeline("p")
          .step("a", [], () => 1, { compensate: () => void log.push("undo a") })
          .dynamic(
            "d",
            ["a"],
            () =>
              pipeline("sub")
                .step(inner, [], () => 1, { compensate: () => void log.push("undo d/x") })
                .step("d", [], () => 2),
            { fallback: 0 },
          )
          .step("bad", ["d"], () =>
            failed ? Effect.fail(new Refused({ why: "now" })) : (Effect.never as Effect.Effect<number>),
          );
      await assert.rejects(build("x", true).runPromise({}, { store, runId: "r" }));
      const run = await resumePromise(build("y", true), "r", { store, ...undo }).catch(
        (error: unknown) => error,
      );
      expect(run).toMatchObject({ _tag: "Refused" });
      expect(log).toEqual(["undo a"]);
      const { compensation } = await Runs.getPromise("r", { store });
      expect(compensation!.undone.find(({ path }) => path === "d")!.error).toMatch(/changed/);
    },
  );
});
