/** What a later step sees does not depend on whether the run was resumed. */
import assert from "node:assert/strict";
import * as Data from "effect/Data";
import * as Effect from "effect/Effect";
import * as Result from "effect/Result";
import { pipeline, resume, StepFailed, StepTimedOut } from "espalier";
import { SqliteStore } from "espalier/sqlite";
import * as z from "zod";
import { test } from "vitest";
import { temporary } from "../sqlite/support.ts";

const newFile = temporary();
const store = () => SqliteStore.layer({ filename: newFile() });
const limit = { timeout: 10_000 };

/** Runs it once with a stop before "look" and a resume, and once without a stop: what "look" saw in each. */
const seenBy = async (make: (stop: () => boolean) => any, inputs: object = {}) => {
  const shared = store();
  let stop = false;
  const made = make(() => stop);
  const atOnce = (await made.runPromise(inputs, { store: shared, runId: "at once" })).look;
  stop = true;
  await assert.rejects(made.runPromise(inputs, { store: shared, runId: "stopped" }));
  stop = false;
  const resumed = (
    (await Effect.runPromise(resume(made, "stopped", { store: shared }) as Effect.Effect<any>)) as any
  ).look;
  return { atOnce, resumed };
};

test(
  "a default that the input's schema generates each time is the same before and after a resume",
  limit,
  async () => {
    const shared = store();
    let made = 0;
    let stop = true;
    const batch = pipeline("batch")
      .input(
        "id",
        z.string().default(() => `id-${++made}`),
      )
      .step("first", ["id"], ({ id }) => id)
      .step("second", ["first", "id"], ({ first, id }) => {
        if (stop) throw new Error("stop");
        return [first, id];
      });
    await assert.rejects((batch as any).runPromise({}, { store: shared, runId: "r" }), {
      _tag: "StepFailed",
    });
    stop = false;
    const { second } = await Effect.runPromise(resume(batch, "r", { store: shared }));
    assert.equal(second[1], second[0]);
  },
);

test("an input that its schema looks up is the same before and after a resume", limit, async () => {
  const shared = store();
  let listed = ["a.csv", "b.csv"];
  let stop = true;
  const folder = pipeline("folder")
    .input(
      "files",
      z.string().transform(() => listed),
    )
    .map("rows", "files", [], (name) => {
      if (stop && name === "b.csv") throw new Error("stop");
      return `rows of ${name}`;
    })
    .step("pairs", ["files", "rows"], ({ files, rows }) => files.map((name, i) => [name, rows[i]]));
  await assert.rejects(
    folder.runPromise({ files: "here" }, { store: shared, runId: "r", onFailure: "finish" }),
  );
  stop = false;
  listed = ["0.csv", "a.csv", "b.csv"];
  const { pairs } = await Effect.runPromise(resume(folder, "r", { store: shared }));
  assert.deepEqual(pairs, [
    ["a.csv", "rows of a.csv"],
    ["b.csv", "rows of b.csv"],
  ]);
});

test("an output whose schema makes a Date of text is a Date before and after a resume", limit, async () => {
  const { atOnce, resumed } = await seenBy((stop) =>
    pipeline("dated")
      .step("day", [], () => "2031-05-01", { output: z.coerce.date() as any })
      .step("look", ["day"], ({ day }: any) => {
        if (stop()) throw new Error("stop");
        return [day instanceof Date, day.toISOString()];
      }),
  );
  assert.deepEqual(atOnce, [true, "2031-05-01T00:00:00.000Z"]);
  assert.deepEqual(resumed, atOnce);
});

class NotFound extends Data.TaggedError("NotFound")<{ readonly id: number }> {}
class HttpError extends Error {
  readonly status: number;
  constructor(status: number, options?: ErrorOptions) {
    super(`HTTP ${status}`, options);
    this.name = "HttpError";
    this.status = status;
  }
}

const collected = (look: (failure: any) => unknown) => (stop: () => boolean) =>
  pipeline("collected")
    .step("xs", [], () => [0, 1, 2, 3, 4])
    .map(
      "m",
      "xs",
      [],
      (x): any => {
        if (x === 0)
          throw new HttpError(503, { cause: new Error("socket hang up", { cause: { code: "ECONNRESET" } }) });
        if (x === 1) return Effect.fail(new NotFound({ id: 1 }));
        if (x === 2) return Effect.fail("plain text");
        if (x === 3) return Effect.never;
        return x;
      },
      { failures: "collect", timeout: "150 millis" },
    )
    .step("look", ["m"], ({ m }) => {
      if (stop()) throw new Error("stop");
      return m.map((one: any) => (Result.isFailure(one) ? look(one.failure) : one.success));
    });

test("a collected failure keeps its tag, code, message, path and own fields", limit, async () => {
  const { atOnce, resumed } = await seenBy(
    collected((e) =>
      typeof e === "string"
        ? e
        : {
            tag: e._tag,
            code: e.code,
            message: e.message,
            path: e.path,
            id: e.id,
            millis: e.timeoutMillis,
            stack: typeof e.stack,
          },
    ),
  );
  assert.equal(atOnce[0].tag, "StepFailed");
  assert.deepEqual(resumed, atOnce);
});

test("a collected failure keeps its chain of causes, with the fields of each", limit, async () => {
  const { atOnce, resumed } = await seenBy(
    collected((e) => {
      const chain: Array<unknown> = [];
      for (let cause = e?.cause; cause !== undefined && cause !== null; cause = cause.cause)
        chain.push({ name: cause.name, message: cause.message, status: cause.status, code: cause.code });
      return chain;
    }),
  );
  assert.deepEqual(
    atOnce[0].map((one: any) => one.message ?? one.code),
    ["HTTP 503", "socket hang up", "ECONNRESET"],
  );
  assert.deepEqual(resumed, atOnce);
});

test(
  "a collected failure of Espalier's own classes is of that class again, and an error is an Error",
  limit,
  async () => {
    const { atOnce, resumed } = await seenBy(
      collected((e) => [
        e instanceof StepFailed,
        e instanceof StepTimedOut,
        e instanceof Error,
        e?.cause instanceof Error,
      ]),
    );
    assert.deepEqual(atOnce.slice(0, 1), [[true, false, true, true]]);
    assert.deepEqual(resumed, atOnce);
  },
);
