/** The values that a later step sees do not depend on whether the run was resumed. */
import assert from "node:assert/strict";
import * as Data from "effect/Data";
import * as Effect from "effect/Effect";
import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import type { ExpansionChanged, Pipeline } from "espalier";
import { pipeline, resume, resumePromise, StepFailed, StepTimedOut } from "espalier";
import { SqliteStore } from "espalier/sqlite";
import * as z from "zod";
import { describe, test } from "vitest";
import { temporary } from "../sqlite/support.ts";

const newFile = temporary();
const store = () => SqliteStore.layer({ filename: newFile() });
const limit = { timeout: 10_000 };

/** Runs it once with a stop before "look" and a resume, and once without a stop. Returns the values that "look" saw. */
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

test(
  "an output that its schema turns from text into a Date is a Date before and after a resume",
  limit,
  async () => {
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
  },
);

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
  "a collected failure of Espalier's own classes has its class again, and an error is an Error",
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

/** Failures of every kind; a later step's view of them must not depend on a resume. */
const cyclic = new Error("cyclic");
cyclic.cause = cyclic;
const chain = (length: number): Error => {
  let error = new Error("the first");
  for (let i = 1; i < length; i++) error = new Error(`number ${i}`, { cause: error });
  return error;
};
const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();
const kinds: ReadonlyArray<readonly [name: string, failure: unknown]> = [
  ["a record that looks like a recorded error", { "~error": { message: "no" } }],
  ["one within a list", [{ "~value": ["bigint", "1"] }, { "~plain": 1, "~parts": [] }]],
  ["an AggregateError", new AggregateError([new TypeError("one"), new RangeError("two")], "both")],
  ["an error with a code and a date", Object.assign(new Error("x"), { code: "E_X", at: new Date(0) })],
  ["a frozen error", Object.freeze(Object.assign(new SyntaxError("frozen"), { line: 3 }))],
  [
    "a record with values that JSON cannot hold",
    { _tag: "Odd", at: new Date(5), n: 10n, of: [Number.NaN, -0] },
  ],
  ["a map and a set", { map: new Map<unknown, unknown>([["a", new Set([1])]]), none: undefined }],
  ["an invalid date", new Date(Number.NaN)],
  ["NaN", Number.NaN],
  ["a bigint", 12n],
  ["a symbol", Symbol("s")],
  ["a function", () => 1],
  ["a class", new HttpError(404)],
  ["an error that causes itself", cyclic],
  ["a chain of 10,000 causes", chain(10_000)],
  ["a revoked proxy", revoked],
  [
    "an object whose fields throw",
    Object.defineProperty({}, "a", { enumerable: true, get: () => assert.fail("read") }),
  ],
  ["undefined", undefined],
  ["null", null],
  ["minus zero", -0],
];

const odd = (look: (failures: ReadonlyArray<unknown>) => number) =>
  pipeline("odd")
    .step("indices", [], () => kinds.map((_, i) => i))
    .map("m", "indices", [], (i): Effect.Effect<number, unknown> => Effect.fail(kinds[i]![1]), {
      failures: "collect",
    })
    .step("look", ["m"], ({ m }) => look(m.map((one) => (Result.isFailure(one) ? one.failure : undefined))));

test("collected failures of any kind are the same before and after a resume", limit, async () => {
  const shared = store();
  let before: ReadonlyArray<unknown> = [];
  const stopped = odd((failures) => {
    before = failures;
    throw new Error("stop");
  });
  await assert.rejects(stopped.runPromise({}, { store: shared, runId: "r" }));
  let after: ReadonlyArray<unknown> = [];
  const resumed = odd((failures) => (after = failures).length);
  await Effect.runPromise(resume(resumed, "r", { store: shared }));
  // Including enumerable fields: `JSON.stringify` and a copy see only those.
  const listed = (failure: unknown) => (failure instanceof Error ? Object.entries(failure) : []);
  for (const [i, [name]] of kinds.entries()) {
    assert.deepEqual(after[i], before[i], name);
    assert.deepEqual(listed(after[i]), listed(before[i]), name);
  }
  const [, , both, coded, frozen, record] = after as ReadonlyArray<any>;
  assert.ok(both instanceof AggregateError && both.errors[0] instanceof TypeError);
  assert.deepEqual([coded.code, coded.at, Object.keys(coded)], ["E_X", new Date(0), ["code", "at"]]);
  assert.ok(frozen instanceof SyntaxError);
  assert.deepEqual(record, { _tag: "Odd", at: new Date(5), n: 10n, of: [Number.NaN, -0] });
});

test(
  "values generated by a sub-pipeline's input schemas are the same before and after a resume",
  limit,
  async () => {
    let made = 0;
    const Options = z.object({ given: z.string(), id: z.string().default(() => `id-${++made}`) });
    const { resumed } = await seenBy((stop) =>
      pipeline("outer")
        .step("options", [], (): { given: string; id?: string | undefined } => ({ given: "x" }))
        .step("items", [], () => [0, 1])
        .map("look", "items", ["options"], () =>
          pipeline("inner")
            .input("options", Options)
            .step("first", ["options"], ({ options }) => options.id)
            .step("look", ["first", "options"], ({ first, options }) => {
              if (stop()) throw new Error("stop");
              return [first, options.id];
            }),
        ),
    );
    for (const [first, second] of resumed) assert.equal(second, first);
    assert.equal(new Set(resumed.flat()).size, 2);
  },
);

/** Beside what it generates, it makes something that JSON has no form for. */
const Day = z
  .object({ day: z.string(), id: z.string().default(() => `id-${Math.random()}`) })
  .transform(({ day, id }) => ({
    id,
    at: new Date(day),
    tags: new Set([id, new Map([[-0, Number.NaN]])]),
    sum: 10n,
    none: undefined,
    "~": ["date", 5],
    url: new URL("https://example.org/a"),
  }));

test(
  "what an input's schema generates beside dates, maps and bigints is the same after a resume",
  limit,
  async () => {
    const { resumed } = await seenBy(
      (stop) =>
        pipeline("outer")
          .input("given", Day)
          .step("first", ["given"], ({ given }) => given.id)
          .dynamic("inner", ["given"], () =>
            pipeline("inner")
              .input("given", z.object({ id: z.string(), again: z.date().default(() => new Date()) }))
              .step("before", ["given"], ({ given }) => given.again.getTime())
              .step("inner", ["before", "given"], ({ before, given }) => {
                if (stop()) throw new Error("stop");
                return [before, given.again.getTime(), given.id];
              }),
          )
          .step("look", ["first", "inner", "given"], ({ first, inner, given }) => {
            assert.deepEqual(given, {
              ...given,
              at: new Date("2024-05-06"),
              tags: new Set([first, new Map([[-0, Number.NaN]])]),
              sum: 10n,
              none: undefined,
              "~": ["date", 5],
              url: new URL("https://example.org/a"),
            });
            return [first, given.id, ...inner];
          }),
      { given: { day: "2024-05-06" } },
    );
    const [first, id, before, again, innerId] = resumed;
    assert.deepEqual([id, innerId, again], [first, first, before]);
  },
);

test("a sub-pipeline's input that its schema no longer accepts on resume is a change", limit, async () => {
  const shared = store();
  const outer = (schema: Schema.Codec<any>, stop: boolean, options: { readonly fallback?: string }) =>
    pipeline("outer")
      .step("id", [], () => undefined as any)
      .dynamic(
        "look",
        ["id"],
        () =>
          pipeline("inner")
            .input("id", schema)
            .step("look", ["id"], ({ id }): string => {
              if (stop) throw new Error("stop");
              return String(id);
            }),
        options,
      );
  const text = Schema.String.pipe(Schema.withDecodingDefault(Effect.succeed("generated")));
  const number = Schema.Int.pipe(Schema.withDecodingDefault(Effect.succeed(1)));
  await assert.rejects(outer(text, true, {}).runPromise({}, { store: shared, runId: "r" }));
  const error = await Effect.runPromise(
    Effect.flip(
      resume(outer(number, false, { fallback: "hidden" }), "r", { store: shared, gracePeriod: "1 hour" }),
    ),
  );
  assert.deepEqual([error._tag, (error as ExpansionChanged).changed], ["ExpansionChanged", ["look"]]);
  const resumed = await Effect.runPromise(resume(outer(text, false, {}), "r", { store: shared }));
  assert.equal(resumed.look, "generated");
});

describe.each([
  ["an Effect Schema", Schema.Date, new Date(3), new Date(3)],
  ["zod", z.coerce.date(), "1970-01-01T00:00:00.003Z", new Date(3)],
])(
  "the result of a step's schema, %s, within an expansion is the same after a resume",
  (_, schema, given, made) => {
    const inner = () =>
      pipeline("inner").step("v", [], () => given as never, { output: schema as z.ZodType });
    const list = pipeline("list").step("xs", [], () => [1]);
    let isUp = false;
    const fails = () => {
      if (isUp) return "it runs again";
      throw new Error("down");
    };
    const never = () => Effect.never;
    test.each<readonly [string, Pipeline<any, any, any, any>]>([
      ["a dynamic step with a fallback", pipeline("p").dynamic("v", [], inner, { fallback: "none" })],
      [
        "a fallback",
        pipeline("p").dynamic("v", [], fails as unknown as typeof inner as never, { fallback: inner }),
      ],
      ["a cached dynamic step", pipeline("p").dynamic("v", [], inner, { cache: true })],
      ["a map whose items have a fallback", list.map("v", "xs", [], inner, { fallback: "none" })],
      ["a map whose items are cached", list.map("v", "xs", [], inner, { cache: true })],
      ["a race", pipeline("p").race("v", [], { a: inner, b: never })],
      [
        "a race in a race",
        pipeline("p").race("v", [], {
          a: () => pipeline("q").race("v", [], { c: inner, d: never }),
          b: never,
        }),
      ],
    ])("%s", limit, async (_, p: any) => {
      const seen: Array<unknown> = [];
      let stop = true;
      const seeing = p.step("end", ["v"], ({ v }: { v: unknown }) => {
        seen.push([v].flat());
        if (stop) throw new Error("stop");
      });
      const shared = { store: store() };
      isUp = false;
      await assert.rejects(seeing.runPromise({}, { ...shared, runId: "r" }), { message: /stop/ });
      stop = false;
      isUp = true;
      await resumePromise(seeing, "r", shared);
      assert.deepEqual(seen, [[made], [made]]);
    });
  },
);
