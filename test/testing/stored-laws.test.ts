/**
 * The laws about recorded runs: the faults that each finds, the steps that each accepts, and a pasted test that finds
 * the fault again.
 */
import * as Data from "effect/Data";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { dynamic, pipeline, type } from "espalier";
import type { CheckOptions, LawName } from "espalier/testing";
import { checkDynamic, checkPipeline, LawViolation } from "espalier/testing";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

const seed = 20_261_126;
const rows = fc.record({ rows: fc.array(fc.record({ id: fc.nat(9), size: fc.nat(99) }), { maxLength: 4 }) });
type Row = { readonly id: number; readonly size: number };
const rowsType = type<ReadonlyArray<Row>>();
const numbers = fc.record({ n: fc.nat(99) });
const few = { seed, runs: 12, interleavings: 16 };

const resultOf = async (law: LawName, made: any, input: fc.Arbitrary<any>, more: object = {}) => {
  const report = await checkPipeline(made, { input, laws: [law], ...few, ...more });
  return report.laws[0]?.result;
};

const violationOf = async (check: Promise<unknown>): Promise<LawViolation> => {
  const error: unknown = await check.then(
    (report) => report,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(LawViolation);
  return error as LawViolation;
};

/** Runs the test that a violation prints: it must find the same broken law, with the same text. */
const pasted = async (found: LawViolation, subject: unknown): Promise<void> => {
  const tests: Array<Promise<unknown>> = [];
  const fake = (_name: string, run: () => Promise<unknown>) => tests.push(run());
  const name = /await check\w+\((\w+),/.exec(found.regression)![1]!;
  const parameters = ["test", "fc", "checkPipeline", "checkDynamic", name];
  // The text is what a user would paste.
  // oxlint-disable-next-line typescript/no-implied-eval
  const run = new Function(...parameters, found.regression) as (...given: ReadonlyArray<unknown>) => void;
  run(fake, fc, checkPipeline, checkDynamic, subject);
  const again = await violationOf(tests[0]!);
  expect([again.law, again.input, again.declared, again.actual]).toEqual([
    found.law,
    found.input,
    found.declared,
    found.actual,
  ]);
};

const breaks = async (
  law: LawName,
  made: any,
  input: fc.Arbitrary<any>,
  more: Partial<CheckOptions<any>> = {},
): Promise<LawViolation> => {
  const found = await violationOf(checkPipeline(made, { input, laws: [law], ...few, runs: 60, ...more }));
  expect(found.law).toBe(law);
  await pasted(found, made);
  return found;
};

describe("cacheTransparent", () => {
  const perRow = (cache: unknown) =>
    pipeline("sizes")
      .input("rows", rowsType)
      .map("sizes", "rows", [], (row) => row.size * 2, { cache: cache as true });

  test("passes caches that depend on all their inputs, including captured values", async () => {
    expect(await resultOf("cacheTransparent", perRow(true), rows)).toBe("passed");
    const captured = pipeline("captured")
      .input("rows", rowsType)
      .map("sizes", "rows", [], (row) =>
        pipeline("row")
          .step("half", [], () => row.size / 2, { cache: true })
          .dynamic("sizes", ["half"], ({ half }) =>
            pipeline("deeper").step("sizes", [], () => `${row.id} ${half}`, { cache: true }),
          ),
      );
    expect(await resultOf("cacheTransparent", captured, rows)).toBe("passed");
  });

  test("passes failures, which are never cached", async () => {
    const failing = pipeline("failing")
      .input("rows", rowsType)
      .map(
        "sizes",
        "rows",
        [],
        (row) => (row.id % 2 === 0 ? Effect.succeed(row.size) : Effect.fail({ _tag: "Odd", id: row.id })),
        { cache: true, failures: "collect" },
      )
      .step("text", ["sizes"], ({ sizes }) => JSON.stringify(sizes));
    expect(await resultOf("cacheTransparent", failing, rows)).toBe("passed");
  });

  test("finds a key that omits something the output depends on, and reports the earlier run", async () => {
    const found = await breaks("cacheTransparent", perRow({ key: ({ id }: Row) => id }), rows);
    expect(found.input).toEqual({ rows: [{ id: 0, size: 0 }] });
    expect(found.actual).toMatch(/with a cache filled by a run with the input \{ rows: \[.*\] \}/);
    expect(found.details).toContain('"sizes[0]" took the output of "sizes[0]"');
    expect(found.regression).toContain("earlier: [{ rows: [");
  });

  test("finds a name that two steps share by mistake", async () => {
    const shared = pipeline("shared")
      .input("n", type<number>())
      .step("twice", ["n"], ({ n }) => n * 2, { cache: { name: "times" } })
      .step("thrice", ["n", "twice"], ({ n }) => n * 3, { cache: { name: "times", key: ({ n }) => n } })
      .step("again", ["n", "thrice"], ({ n }) => n * 4, { cache: { name: "times", key: ({ n }) => n } });
    expect((await breaks("cacheTransparent", shared, numbers)).input).toEqual({ n: 1 });
  });

  test("finds an output that a cache cannot keep", async () => {
    const indexed = pipeline("indexed")
      .input("n", type<number>())
      .step("index", ["n"], ({ n }) => new Map([[n, 1]]), { cache: true })
      .step("size", ["index"], ({ index }) => index.size);
    const found = await breaks("cacheTransparent", indexed, numbers);
    expect([found.step, found.declared]).toEqual(["index", "each output can be recorded"]);
  });

  test("is vacuous if nothing is cached, and the report notes this", async () => {
    const report = await checkPipeline(
      pipeline("plain")
        .input("n", type<number>())
        .step("twice", ["n"], ({ n }) => n * 2),
      {
        input: numbers,
        laws: ["cacheTransparent"],
        ...few,
      },
    );
    expect(report.laws[0]).toMatchObject({
      result: "vacuous",
      reason: 'no step that ran has the option "cache"',
    });
  });

  test("is named as not checked in the report of a pipeline that caches", async () => {
    const report = await checkPipeline(perRow(true), { input: rows, laws: ["succeeds"], ...few });
    expect(String(report)).toContain("cacheTransparent:");
    expect(String(report)).not.toContain("signalSafe:");
  });
});

const Approval = Schema.Struct({ by: Schema.String, ok: Schema.Boolean });

const release = pipeline("release")
  .input("n", type<number>())
  .step("plan", ["n"], ({ n }) => n + 1)
  .await("approval", Approval, { after: ["plan"], timeout: "1 hour" })
  .await("count", Schema.Number.check(Schema.isFinite()), { after: ["plan"] })
  .step("text", ["approval", "count"], ({ approval, count }) => `${approval.by} ${approval.ok} ${count}`);

describe("signalSafe", () => {
  test("passes waits with and without deadlines, next to each other", async () => {
    expect(await resultOf("signalSafe", release, numbers)).toBe("passed");
  });

  test("passes waits in items and expansions, and a deadline that leads elsewhere", async () => {
    const reviews = pipeline("reviews")
      .input("rows", rowsType)
      .map(
        "reviewed",
        "rows",
        [],
        (row) =>
          pipeline("review")
            .await("answer", Schema.Literals(["yes", "no"]), { timeout: "2 days" })
            .step("reviewed", ["answer"], ({ answer }) => `${row.id}: ${answer}`),
        { failures: "collect" },
      )
      .step("all", ["reviewed"], ({ reviewed }) => reviewed.length);
    expect(await resultOf("signalSafe", reviews, rows)).toBe("passed");
  });

  test("passes a wait in a retried expansion", async () => {
    const again = pipeline("again")
      .input("n", type<number>())
      .dynamic(
        "answer",
        ["n"],
        ({ n }) =>
          pipeline("ask")
            .await("word", Schema.String)
            .step("answer", ["word"], ({ word }, { attempt }) =>
              attempt === 1 && n % 2 === 0 ? Effect.fail("again" as const) : Effect.succeed(word.length),
            ),
        { retry: { times: 2 } },
      );
    expect(await resultOf("signalSafe", again, numbers)).toBe("passed");
  });

  test("finds steps that depend on the order in which values arrived", async () => {
    const ordered = dynamic("order", ["n"], ({ n }: { n: number }) => {
      const arrived: Array<string> = [];
      return pipeline("both")
        .await("left", Schema.Boolean)
        .await("right", Schema.Boolean)
        .step("first", ["left"], () => arrived.push("left"))
        .step("second", ["right"], () => arrived.push("right"))
        .step("order", ["first", "second"], () => `${n} ${arrived.join()}`);
    });
    const found = await violationOf(
      checkDynamic(ordered, { input: numbers, laws: ["signalSafe"], ...few, runs: 60 }),
    );
    expect(found.law).toBe("signalSafe");
    expect(found.input).toEqual({ n: 0 });
    expect(found.details.join("\n")).toMatch(/"order\/left" ← (true|false), sent .*: (delivered|kept)/);
    await pasted(found, ordered);
  });

  test("finds a decision that a resumed run makes again, and reports the crash that shows it", async () => {
    let begun = 0;
    const numbered = pipeline("numbered")
      .input("n", type<number>())
      .await("answer", Schema.Boolean)
      .dynamic("ticket", ["answer"], () => pipeline("made").step(`ticket`, [], () => 1))
      .dynamic("late", ["answer"], () =>
        (pipeline("counted") as any).step(`part ${++begun % 7}`, [], () => 1).step("late", [], () => 1),
      );
    const found = await violationOf(
      checkPipeline(numbered as any, { input: numbers, laws: ["signalSafe"], ...few, runs: 60 }),
    );
    expect(found.law).toBe("signalSafe");
    expect(found.actual).toMatch(
      /^after a crash at write \d+, and \d+ ms in which no one ran it, it failed with/,
    );
  });

  test("takes the answers from the option if the schema does not list its values", async () => {
    const unknown = pipeline("unknown")
      .await("approval", type<{ by: { name: string } }>())
      .step("text", ["approval"], ({ approval }) => approval.by.name.length);
    const answers = { approval: fc.record({ by: fc.record({ name: fc.string() }) }) };
    expect(await resultOf("signalSafe", unknown, fc.constant({}), { answers })).toBe("passed");
    expect(await resultOf("succeeds", unknown, fc.constant({}), { answers })).toBe("passed");
  });

  test("is vacuous if no step waits", async () => {
    const made = pipeline("plain").step("a", [], () => 1);
    const report = await checkPipeline(made, { input: fc.constant({}), laws: ["signalSafe"], ...few });
    expect(report.laws[0]).toMatchObject({ result: "vacuous", reason: "no step waits for a value" });
  });
});

class Refused extends Data.TaggedError("Refused")<{ readonly id: number }> {}

describe("crashSafe", () => {
  test("passes waits, caches, and failures that a map collects", async () => {
    expect(await resultOf("crashSafe", release, numbers)).toBe("passed");
    const mixed = pipeline("mixed")
      .input("rows", rowsType)
      .map(
        "sizes",
        "rows",
        [],
        (row) =>
          pipeline("row")
            .step("size", [], () => row.size, { cache: true })
            .step("sizes", ["size"], ({ size }) =>
              size % 3 === 0 ? Effect.fail(new Refused({ id: row.id })) : Effect.succeed(size),
            ),
        { failures: "collect" },
      )
      .step("refused", ["sizes"], ({ sizes }) =>
        sizes.flatMap((each: any) => (each._tag === "Failure" ? [String(each.failure ?? each.error)] : [])),
      );
    expect(await resultOf("crashSafe", mixed, rows)).toBe("passed");
  });

  test("finds runs that affect each other through something outside them", async () => {
    let current = -1;
    const shared = pipeline("shared")
      .input("n", type<number>())
      .step("take", ["n"], () => Effect.sync(() => ++current))
      .step("work", ["take"], () => Effect.sleep(10))
      .step("done", ["take", "work"], ({ take }) => {
        const others = current - take;
        current = -1;
        return others;
      });
    const found = await violationOf(
      checkPipeline(shared.returns("done"), { input: numbers, laws: ["crashSafe"], ...few }),
    );
    expect(found.law).toBe("crashSafe");
  });
});

test("other laws provide a waiting step's value at once", async () => {
  const report = await checkPipeline(release, { input: numbers, ...few });
  expect(report.laws.filter(({ result }) => result === "passed").map(({ law }) => law)).toEqual([
    "repeatable",
    "succeeds",
    "leavesNothing",
    "pure",
    "orderIndependent",
    "retryIdempotent",
    "interruptSafe",
  ]);
  expect(String(report)).toContain("signalSafe:");
});

test("a mocked step does not wait", async () => {
  const mocks = [{ name: "count", run: () => 3 }];
  const report = await checkPipeline(release, {
    input: numbers,
    mocks,
    laws: ["expect"],
    ...few,
    expect: (_, { count }) => count === 3,
  });
  expect(report.laws[0]?.result).toBe("passed");
});
