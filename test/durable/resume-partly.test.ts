/** The steps that `from` and `retryFailed` run again, and the outputs that a resumed run keeps. */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import * as Result from "effect/Result";
import { pipeline, resume, type } from "espalier";
import { SqliteStore } from "espalier/sqlite";
import { test } from "vitest";
import { temporary } from "../sqlite/support.ts";

const newFile = temporary();
const store = () => SqliteStore.layer({ filename: newFile() });
const limit = { timeout: 10_000 };

test(
  "from a step inside a dynamic step with a fallback runs that step and its dependents, inside and outside",
  limit,
  async () => {
    const log: Array<string> = [];
    const shared = store();
    const report = pipeline("report")
      .dynamic(
        "d",
        [],
        () =>
          pipeline("inner")
            .step("a", [], () => {
              log.push("a");
              return 1;
            })
            .step("d", ["a"], ({ a }) => {
              log.push("d");
              return a + 1;
            }),
        { fallback: 0 },
      )
      .step("end", ["d"], ({ d }) => {
        log.push("end");
        return d;
      });
    await report.runPromise({}, { store: shared, runId: "r" });
    log.length = 0;
    const out = await Effect.runPromise(resume(report, "r", { store: shared, from: "d/a" }));
    assert.deepEqual(log, ["a", "d", "end"]);
    assert.equal(out.end, 2);
  },
);

test(
  "retryFailed runs the failed items of a map inside a dynamic step with a fallback, and their dependents",
  limit,
  async () => {
    const log: Array<string> = [];
    const shared = store();
    let up = false;
    const counted = pipeline("counted").dynamic(
      "d",
      [],
      () =>
        pipeline("inner")
          .step("xs", [], () => [1, 2, 3])
          .map(
            "m",
            "xs",
            [],
            (x) => {
              log.push(`m${x}`);
              if (x === 2 && !up) throw new Error("down");
              return x;
            },
            { failures: "collect" },
          )
          .step("d", ["m"], ({ m }) => {
            log.push("d");
            return m.filter(Result.isSuccess).length;
          }),
      { fallback: 0 },
    );
    assert.equal((await counted.runPromise({}, { store: shared, runId: "r" })).d, 2);
    up = true;
    log.length = 0;
    const out = await Effect.runPromise(resume(counted, "r", { store: shared, retryFailed: true }));
    assert.equal(out.d, 3);
    assert.deepEqual(log, ["m2", "d"]);
  },
);

test("from a step of an item of a map whose items have a fallback runs it again", limit, async () => {
  const log: Array<string> = [];
  const shared = store();
  const each = pipeline("each")
    .step("xs", [], () => ["u", "v"])
    .map(
      "m",
      "xs",
      [],
      (x) =>
        pipeline("item")
          .step("raw", [], () => {
            log.push(`raw ${x}`);
            return x;
          })
          .step("m", ["raw"], ({ raw }) => {
            log.push(`m ${x}`);
            return raw;
          }),
      { fallback: "-" },
    )
    .step("end", ["m"], ({ m }) => {
      log.push("end");
      return m.join("");
    });
  await each.runPromise({}, { store: shared, runId: "r" });
  log.length = 0;
  await Effect.runPromise(resume(each, "r", { store: shared, from: "m[1]/raw" }));
  assert.deepEqual(log, ["raw v", "m v", "end"]);
});

test(
  "a dynamic step that was stopped in its second attempt resumes with the sub-pipeline of that attempt",
  limit,
  async () => {
    const shared = store();
    let waits = true;
    const chosen = pipeline("chosen").dynamic(
      "d",
      [],
      (_, { attempt }) =>
        attempt === 1
          ? pipeline("fast").step("d", [], (): number => {
              throw new Error("the fast way fails");
            })
          : pipeline("slow")
              .step(
                "s",
                [],
                (_, { signal }) =>
                  new Promise<number>((done, fail) => {
                    signal.addEventListener("abort", () => fail(signal.reason));
                    if (!waits) done(1);
                  }),
              )
              .step("d", ["s"], ({ s }) => s),
      { retry: { times: 1 } },
    );
    const run = await Effect.runPromise(chosen.start({}, { store: shared, runId: "r" }));
    await new Promise((done) => setTimeout(done, 200));
    await Effect.runPromise(run.interrupt);
    waits = false;
    assert.equal((await Effect.runPromise(resume(chosen, "r", { store: shared }))).d, 1);
  },
);

test("the same id and inputs with keys in another order are the same run", limit, async () => {
  let calls = 0;
  const shared = store();
  const area = pipeline("area")
    .input("box", type<{ a: number; b: number }>())
    .input("unit", type<string>())
    .step("size", ["box"], ({ box }) => {
      calls++;
      return box.a * box.b;
    });
  await area.runPromise({ box: { a: 2, b: 3 }, unit: "m" }, { store: shared, runId: "r" });
  const out = await area.runPromise({ unit: "m", box: { b: 3, a: 2 } }, { store: shared, runId: "r" });
  assert.equal(out.size, 6);
  assert.equal(calls, 1);
});

for (const how of ["returns", "throws"] as const) {
  test(
    `a step that ${how} once its signal has fired ${how === "returns" ? "has that value as its output" : "runs again in a resumed run"}`,
    limit,
    async () => {
      const shared = store();
      const stopping = new AbortController();
      let calls = 0;
      const stopped = pipeline("stopped").step("partly", [], async (_, { signal }) => {
        const call = ++calls;
        if (call === 1) {
          stopping.abort(new Error("stopped"));
          await new Promise((done) => {
            if (signal.aborted) done(undefined);
            else signal.addEventListener("abort", done);
          });
          if (how === "throws") signal.throwIfAborted();
        }
        return call;
      });
      await assert.rejects(
        stopped.runPromise({}, { store: shared, runId: "r", signal: stopping.signal }),
        /stopped/,
      );
      const { partly } = await Effect.runPromise(resume(stopped, "r", { store: shared }));
      assert.deepEqual([partly, calls], how === "returns" ? [1, 1] : [2, 2]);
    },
  );
}
