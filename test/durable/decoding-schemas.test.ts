/**
 * Outputs of schemas that can only decode (zod, valibot, arktype): the value before decoding is recorded, and a later
 * step sees the decoded one, whether or not the run was resumed or the value came from the cache.
 */
import assert from "node:assert/strict";
import { type as ark } from "arktype";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import { pipeline, resume, Runs } from "espalier";
import { SqliteStore } from "espalier/sqlite";
import * as v from "valibot";
import { test } from "vitest";
import * as z from "zod";
import { temporary } from "../sqlite/support.ts";

const newFile = temporary();
const store = () => SqliteStore.layer({ filename: newFile() });
const limit = { timeout: 120_000 };
const iso = "2031-05-01T00:00:00.000Z";

type Shared = ReturnType<typeof store>;

/** The output of the step `look` in an undisturbed run, and in one that was stopped there and resumed. */
const seenBy = async (make: (stop: () => boolean) => unknown, shared: Shared = store()) => {
  let stop = false;
  const made = make(() => stop) as any;
  const atOnce = (await made.runPromise({}, { store: shared, runId: "whole" })).look;
  stop = true;
  await assert.rejects(made.runPromise({}, { store: shared, runId: "stopped" }), { _tag: "StepFailed" });
  stop = false;
  const resumed: any = await Effect.runPromise(resume(made, "stopped", { store: shared }) as any);
  return { atOnce, resumed: resumed.look };
};

const recorded = (path: string, shared: Shared) =>
  Effect.runPromise(Runs.value("stopped", path, { store: shared }) as Effect.Effect<unknown, any>);

/** A step `made` with this value and these options, and the next step's view of it. */
const step = (value: unknown, options: object, look: (made: any) => unknown) => (stop: () => boolean) =>
  (pipeline("one") as any)
    .step("made", [], () => value, options)
    .step("look", ["made"], ({ made }: any) => {
      if (stop()) throw new Error("stop");
      return look(made);
    });

const date = (made: any) => [made instanceof Date, made.toISOString()];

test(
  "schemas of zod, valibot and arktype that turn text into a Date still do so after a resume",
  limit,
  async () => {
    const schemas = {
      zod: z.iso.datetime().transform((text) => new Date(text)),
      "asynchronous zod": z.iso.datetime().transform(async (text) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        return new Date(text);
      }),
      valibot: v.pipe(
        v.string(),
        v.transform((text) => new Date(text)),
      ),
      arktype: ark("string.date.iso.parse"),
    };
    for (const [name, output] of Object.entries(schemas)) {
      const shared = store();
      const { atOnce, resumed } = await seenBy(step(iso, { output }, date), shared);
      assert.deepEqual(atOnce, [true, iso], name);
      assert.deepEqual(resumed, atOnce, name);
      assert.equal(await recorded("made", shared), iso, name);
    }
  },
);

test("a transform that would not accept its own result is decoded once", limit, async () => {
  const output = z.number().transform((n) => n * 2);
  const { atOnce, resumed } = await seenBy(step(5, { output }, (made) => made));
  assert.deepEqual([atOnce, resumed], [10, 10]);
});

test("items of a map are decoded after a resume, including collected ones", limit, async () => {
  for (const failures of ["fail", "collect"]) {
    const options = { output: z.coerce.date(), ...(failures === "collect" ? { failures } : {}) };
    const { atOnce, resumed } = await seenBy((stop) =>
      (pipeline("many") as any)
        .step("days", [], () => ["2031-05-01", "2031-05-02"])
        .map("dates", "days", [], (day: string) => day, options)
        .step("look", ["dates"], ({ dates }: any) => {
          if (stop()) throw new Error("stop");
          return dates.map((one: any) => date(failures === "collect" ? one.success : one));
        }),
    );
    assert.deepEqual(atOnce[1], [true, "2031-05-02T00:00:00.000Z"]);
    assert.deepEqual(resumed, atOnce);
  }
});

test("a step of several outputs is decoded as a whole", limit, async () => {
  const output = z
    .object({ from: z.string(), to: z.string() })
    .transform(({ from, to }) => ({ start: new Date(from), end: new Date(to) }));
  const { atOnce, resumed } = await seenBy((stop) =>
    (pipeline("several") as any)
      .step("span", [], () => ({ from: iso, to: iso }), { outputs: ["start", "end"], output })
      .step("look", ["start", "end"], ({ start, end }: any) => {
        if (stop()) throw new Error("stop");
        return [date(start), date(end)];
      }),
  );
  assert.deepEqual(atOnce, [
    [true, iso],
    [true, iso],
  ]);
  assert.deepEqual(resumed, atOnce);
});

test("a fallback's value is not decoded, neither before nor after a resume", limit, async () => {
  const output = z.number().transform((n) => n * 2);
  const options = { output, fallback: 7 };
  const { atOnce, resumed } = await seenBy(step("no number", options, (made) => made));
  assert.deepEqual([atOnce, resumed], [7, 7]);
});

test(
  "a value that is JSON only after decoding is recorded in that form, and not decoded again",
  limit,
  async () => {
    const output = z.map(z.string(), z.number()).transform((counts) => [...counts]);
    const shared = store();
    const { atOnce, resumed } = await seenBy(
      step(new Map([["a", 1]]), { output }, (made) => made),
      shared,
    );
    assert.deepEqual(atOnce, [["a", 1]]);
    assert.deepEqual(resumed, atOnce);
    assert.deepEqual(await recorded("made", shared), [["a", 1]]);
  },
);

test(
  "a value that is too large for the store before decoding is recorded in its decoded form",
  limit,
  async () => {
    const output = z.object({ count: z.number(), rows: z.string() }).transform(({ count }) => count + 1);
    const shared = SqliteStore.layer({ filename: newFile(), maxValueBytes: 1_000 });
    const value = { count: 1, rows: "x".repeat(2_000) };
    const { atOnce, resumed } = await seenBy(
      step(value, { output }, (made) => made),
      shared,
    );
    assert.deepEqual([atOnce, resumed], [2, 2]);
    assert.equal(await recorded("made", shared), 2);
  },
);

test(
  "a run that is interrupted while a recorded value is decoded ends, and can be resumed",
  limit,
  async () => {
    const shared = store();
    let isStopped = true;
    let isSlow = false;
    const output = z.string().transform(async (text) => {
      if (isSlow) await new Promise(() => {});
      return new Date(text);
    });
    const made: any = step(iso, { output }, date)(() => isStopped);
    await assert.rejects(made.runPromise({}, { store: shared, runId: "r" }), { _tag: "StepFailed" });
    isStopped = false;
    isSlow = true;
    const asked: Effect.Effect<any, any> = resume(made, "r", { store: shared }) as any;
    const exit = await Effect.runPromiseExit(Effect.timeout(asked, 200));
    assert.equal(exit._tag, "Failure");
    isSlow = false;
    assert.deepEqual((await Effect.runPromise(asked)).look, [true, iso]);
  },
);

test("a value that is JSON neither before nor after decoding is refused", limit, async () => {
  const output = z.map(z.string(), z.number());
  const made: any = step(new Map([["a", 1]]), { output }, () => 1)(() => false);
  await assert.rejects(made.runPromise({}, { store: store() }), { _tag: "OutputNotEncodable", path: "made" });
});

test("a secret that a schema makes from text is not recorded in the clear", limit, async () => {
  const output = z.string().transform((text) => Redacted.make(text));
  for (const cache of [false, true]) {
    const options = { output, ...(cache ? { cache: { version: "1" } } : {}) };
    const made: any = step("hunter2", options, () => 1)(() => false);
    await assert.rejects(made.runPromise({}, { store: store() }), {
      _tag: "OutputNotEncodable",
      path: "made",
    });
  }
});

test(
  "a cached output is decoded when it is taken from the cache, and when that run is resumed",
  limit,
  async () => {
    let calls = 0;
    const options = { output: z.number().transform((n) => new Date(n)), cache: { version: "1" } };
    const { atOnce, resumed } = await seenBy((stop) =>
      (pipeline("cached") as any)
        .step("made", [], () => (calls++, Date.parse(iso)), options)
        .step("look", ["made"], ({ made }: any) => {
          if (stop()) throw new Error("stop");
          return date(made);
        }),
    );
    assert.deepEqual(atOnce, [true, iso]);
    assert.deepEqual(resumed, atOnce);
    assert.equal(calls, 1);
  },
);

test("a cached output that cannot be decoded again is computed again", limit, async () => {
  let calls = 0;
  const options = {
    output: z.map(z.string(), z.number()).transform((counts) => [...counts]),
    cache: { version: "1" },
  };
  const { atOnce, resumed } = await seenBy((stop) =>
    (pipeline("cached") as any)
      .step("made", [], () => (calls++, new Map([["a", 1]])), options)
      .step("look", ["made"], ({ made }: any) => {
        if (stop()) throw new Error("stop");
        return made;
      }),
  );
  assert.deepEqual(resumed, atOnce);
  assert.equal(calls, 2);
});

test("a run of many asynchronously decoded items is resumed", limit, async () => {
  const output = z.string().transform(async (text) => new Date(text));
  const { atOnce, resumed } = await seenBy((stop) =>
    (pipeline("many") as any)
      .step("days", [], () => Array.from({ length: 200 }, () => iso))
      .map("dates", "days", [], (day: string) => day, { output, concurrency: 3 })
      .step("look", ["dates"], ({ dates }: any) => {
        if (stop()) throw new Error("stop");
        return dates.filter((one: any) => one instanceof Date).length;
      }),
  );
  assert.deepEqual([atOnce, resumed], [200, 200]);
});
