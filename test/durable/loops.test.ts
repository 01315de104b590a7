/** Loops and races in runs with a store: their records, and where a resumed run continues. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { Pipeline, PipelineEvent } from "espalier";
import { pipeline, resumePromise, Runs, type } from "espalier";
import { SqliteStore } from "espalier/sqlite";
import { describe, test } from "vitest";
import { temporary } from "../sqlite/support.ts";

const newFile = temporary();
const store = () => SqliteStore.layer({ filename: newFile() });
const limit = { timeout: 120_000 };

/** A loop of `turns` turns, which logs its turns and first state. A turn throws once, at `fails.at`. */
const counting = (turns: number, log: Array<string>, isGraph: boolean) => {
  const fails = { at: -1 };
  const turn = (state: number, path: string): number => {
    log.push(path);
    if (state === fails.at) {
      fails.at = -1;
      throw new Error("down");
    }
    return state + 1;
  };
  const p = pipeline("p")
    .loop(
      "n",
      [],
      () => {
        log.push("start");
        return 0;
      },
      (state, _, { path }) => {
        if (!isGraph) return turn(state, path);
        log.push(path);
        return pipeline("turn")
          .step("a", [], (_, context) => turn(state, context.path))
          .step("n", ["a"], ({ a }) => a);
      },
      { until: (state) => state === turns },
    )
    .step("after", ["n"], ({ n }) => {
      log.push("after");
      return n;
    });
  return { p, fails };
};

describe("A loop", () => {
  test.each([false, true])(
    "continues at the first turn that is not recorded, pipelines: %s",
    limit,
    async (isGraph) => {
      for (let at = 0; at < 4; at++) {
        const log: Array<string> = [];
        const { p, fails } = counting(4, log, isGraph);
        const options = { store: store(), runId: "r" };
        fails.at = at;
        await assert.rejects(p.runPromise({}, options), { _tag: "StepFailed" });
        log.length = 0;
        assert.equal((await resumePromise(p, "r", options)).after, 4);
        const turns = [0, 1, 2, 3]
          .slice(at)
          .flatMap((turn) => (isGraph ? [`n[${turn}]`, `n[${turn}]/a`] : [`n[${turn}]`]));
        assert.deepEqual(log, [...turns, "after"]);
        log.length = 0;
        assert.equal((await resumePromise(p, "r", options)).after, 4);
        assert.deepEqual(log, []);
      }
    },
  );

  test.each([false, true])(
    "runs again from a given turn, and so do its readers, pipelines: %s",
    limit,
    async (isGraph) => {
      const log: Array<string> = [];
      const { p } = counting(20, log, isGraph);
      const options = { store: store(), runId: "r" };
      await p.runPromise({}, options);
      log.length = 0;
      await resumePromise(p, "r", { ...options, from: "n[17]" });
      const turns = [17, 18, 19].flatMap((turn) =>
        isGraph ? [`n[${turn}]`, `n[${turn}]/a`] : [`n[${turn}]`],
      );
      assert.deepEqual(log, [...turns, "after"]);
      await assert.rejects(resumePromise(p, "r", { ...options, from: "n[20]" }), { _tag: "InvalidInput" });
    },
  );

  test("runs again from a step of a given turn", limit, async () => {
    const log: Array<string> = [];
    const { p } = counting(3, log, true);
    const options = { store: store(), runId: "r" };
    await p.runPromise({}, options);
    log.length = 0;
    await resumePromise(p, "r", { ...options, from: "n[1]/a" });
    assert.deepEqual(log, ["n[1]", "n[1]/a", "n[2]", "n[2]/a", "after"]);
  });

  test("takes more turns if maxTurns is raised, and starts with its last state", limit, async () => {
    const log: Array<string> = [];
    const many = (maxTurns: number) =>
      pipeline("p").loop(
        "n",
        [],
        () => Math.random(),
        (state, _, { path }) => {
          log.push(path);
          return Math.floor(state) + 1;
        },
        { until: (state) => state === 5, maxTurns },
      );
    const options = { store: store(), runId: "r" };
    await assert.rejects(many(3).runPromise({}, options), { _tag: "TooManyTurns", path: "n[2]" });
    log.length = 0;
    assert.equal((await resumePromise(many(10), "r", options)).n, 5);
    assert.deepEqual(log, ["n[3]", "n[4]"]);
  });

  test("begins with the recorded first state, which an interrupted turn has read", limit, async () => {
    const seen: Array<number> = [];
    let up = false;
    const p = pipeline("p").loop(
      "n",
      [],
      () => Math.random(),
      (state) =>
        pipeline("turn")
          .step("a", [], () => {
            seen.push(state);
            return state;
          })
          .step("n", ["a"], ({ a }) => {
            seen.push(state);
            if (!up) throw new Error("down");
            return a;
          }),
      { until: () => true },
    );
    const options = { store: store(), runId: "r" };
    await assert.rejects(p.runPromise({}, options));
    up = true;
    const { n } = await resumePromise(p, "r", options);
    assert.deepEqual(seen, [n, n, n]);
  });

  test("has its output, and the state of each turn, among the recorded values", limit, async () => {
    const { p } = counting(3, [], true);
    const shared = store();
    await p.runPromise({}, { store: shared, runId: "r" });
    const values = await Promise.all(
      ["n[0]", "n[1]", "n[2]", "n"].map((path) => Runs.valuePromise("r", path, { store: shared })),
    );
    assert.deepEqual(values, [1, 2, 3, 3]);
  });

  test("keeps states that its schema does not encode as JSON", limit, async () => {
    let up = false;
    const p = pipeline("p")
      .loop(
        "at",
        [],
        () => new Date(0),
        (state) => new Date(state.getTime() + 1),
        {
          until: (state) => state.getTime() === 3,
          output: Schema.Date,
        },
      )
      .step("after", ["at"], ({ at }) => {
        if (!up) throw new Error("down");
        return at.getTime();
      });
    const options = { store: store(), runId: "r" };
    await assert.rejects(p.runPromise({}, options), { _tag: "StepFailed", path: "after" });
    up = true;
    assert.equal((await resumePromise(p, "r", options)).after, 3);
  });

  test("takes a cached state for a turn that begins with the same state", limit, async () => {
    const computed: Array<number> = [];
    const shared = store();
    const p = pipeline("p").loop(
      "n",
      [],
      () => 0,
      (state) => {
        computed.push(state);
        return (state + 1) % 3;
      },
      { until: (state) => state === 0, cache: { key: (state) => state } },
    );
    await p.runPromise({}, { store: shared });
    await p.runPromise({}, { store: shared });
    assert.deepEqual(computed, [0, 1, 2]);
  });
});

describe("A race", () => {
  test("does not run its losers again once its winner is recorded", limit, async () => {
    const log: Array<string> = [];
    let up = false;
    const p = pipeline("p")
      .race("r", [], {
        slow: (_, { path }) => {
          log.push(path);
          return Effect.never as Effect.Effect<string>;
        },
        graph: () =>
          pipeline("g").step("r", [], async (_, { path }) => {
            log.push(path);
            return "graph";
          }),
      })
      .step("after", ["r"], ({ r }) => {
        if (!up) throw new Error("down");
        return r;
      });
    const options = { store: store(), runId: "x" };
    await assert.rejects(p.runPromise({}, options));
    assert.deepEqual(log, ["r[slow]", "r[graph]/r"]);
    up = true;
    log.length = 0;
    assert.equal((await resumePromise(p, "x", options)).after, "graph");
    assert.deepEqual(log, []);
    assert.equal(await Runs.valuePromise("x", "r", { store: options.store }), "graph");
    // From a step of the winner, or from the race.
    await resumePromise(p, "x", { ...options, from: "r[graph]/r" });
    assert.ok(new Set<string>(log).has("r[graph]/r"));
    log.length = 0;
    await resumePromise(p, "x", { ...options, from: "r" });
    assert.deepEqual(log, ["r[slow]", "r[graph]/r"]);
  });

  test("continues with the attempt in which its contenders expanded", limit, async () => {
    const log: Array<string> = [];
    const stopping = new AbortController();
    const noted = (value: number, path: string): number => {
      log.push(path);
      return value;
    };
    const p = pipeline("p")
      .step("list", [], () => [1, 2])
      .race(
        "r",
        ["list"],
        {
          grows: (_, { attempt }) =>
            pipeline("g")
              .input("list", type<Array<number>>())
              .step(`x${attempt}`, [], async (_, { path }) => noted(attempt, path))
              .map("m", "list", [], async (each, _, { path }) => noted(each, path))
              .step("r", ["m"], async (_, { path, signal }) => {
                if (attempt === 1) throw new Error("the first fails");
                log.push(path);
                if (!stopping.signal.aborted) {
                  const hasStopped = once(signal, "abort");
                  stopping.abort(new Error("stopped"));
                  await hasStopped;
                  throw new Error("it was stopped");
                }
                return "grown";
              }),
          other: (): string => {
            throw new Error("it fails");
          },
        },
        { retry: { times: 1 } },
      );
    const options = { store: store(), runId: "x" };
    await assert.rejects(p.runPromise({}, { ...options, signal: stopping.signal }), new Error("stopped"));
    log.length = 0;
    const attempts: Array<number> = [];
    const onEvent = (event: PipelineEvent): void => {
      if (event.type === "step.started" && event.path === "r[grows]") attempts.push(event.attempt);
    };
    assert.equal((await resumePromise(p, "x", { ...options, onEvent })).r, "grown");
    assert.deepEqual([log, attempts], [["r[grows]/r"], [2]]);
  });

  test("that failed runs all of its contenders again", limit, async () => {
    let up = false;
    const p = pipeline("p").race("r", [], {
      a: async () => {
        throw new Error("a");
      },
      b: async () => {
        if (!up) throw new Error("b");
        return "b";
      },
    });
    const options = { store: store(), runId: "x" };
    await assert.rejects(p.runPromise({}, options), { _tag: "AllFailed" });
    up = true;
    assert.equal((await resumePromise(p, "x", options)).r, "b");
  });
});

type Counting = Pipeline<{}, { readonly n: number }, any, never>;

describe("The file of a run", () => {
  const bytes = async (p: Counting, size: number): Promise<number> => {
    const file = newFile();
    await p.runPromise({}, { store: SqliteStore.layer({ filename: file }), maxDepth: size + 10 });
    return readFileSync(file).length;
  };
  const looping = (turns: number) =>
    pipeline("p").loop(
      "n",
      [],
      () => 0,
      (n) => n + 1,
      { until: (n) => n === turns },
    );
  const recursing = (depth: number): Counting =>
    pipeline("p").dynamic("n", [], () => (depth === 0 ? 0 : recursing(depth - 1)));

  test.each([
    ["a loop grows with its turns", looping],
    ["a recursion grows with its depth, although its paths do as well", recursing],
  ] as const)("of %s", limit, async (_, made) => {
    const [few, many, most] = [
      await bytes(made(1), 1),
      await bytes(made(200), 200),
      await bytes(made(400), 400),
    ];
    // In pages of 4 KiB; twice as much takes at most twice the space.
    assert.ok(most - few <= 2 * (many - few) + 3 * 4096, `${few}, ${many}, ${most} bytes`);
    assert.ok(most < 150_000, `${most} bytes`);
  });

  test("of a recursion that failed at its end is read and resumed", limit, async () => {
    let isUp = false;
    let ran = 0;
    const failing = (depth: number): Counting =>
      pipeline("p").dynamic("n", [], () => {
        if (depth > 0) return failing(depth - 1);
        ran++;
        if (!isUp) throw new Error("down");
        return 7;
      });
    const options = { store: store(), runId: "r" };
    await assert.rejects(failing(30).runPromise({}, options), { _tag: "StepFailed" });
    isUp = true;
    assert.deepEqual(await resumePromise(failing(30), "r", options), { n: 7 });
    assert.equal(ran, 2);
    const deepest = Array.from({ length: 31 }, () => "n").join("/");
    assert.equal(await Runs.valuePromise("r", deepest, options), 7);
  });
});
