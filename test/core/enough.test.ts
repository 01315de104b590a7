/** `enough`: a map that needs only some of its items. */
import { pipeline, type } from "espalier";
import * as Effect from "effect/Effect";
import * as Ref from "effect/Ref";
import { describe, expect, test } from "vitest";
import { rejection, thrown, untilAborted, untyped, watched } from "./support.ts";

/** A map over these items with `enough`. Each item determines its own outcome. */
type Does = "now" | "later" | "never" | "fails" | "fails later";

const later = async <Value>(value: Value): Promise<Value> => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  return value;
};

const doing = (does: ReadonlyArray<Does>, enough: number, more: object = {}) =>
  pipeline("p")
    .step("does", [], () => does)
    .map(
      "m",
      "does",
      [],
      (what, _, { signal, index }) => {
        switch (what) {
          case "now":
            return index;
          case "later":
            return later(index);
          case "never":
            return untilAborted(signal);
          case "fails":
            throw new Error(`item ${index}`);
          case "fails later":
            return later(index).then(() => {
              throw new Error(`item ${index}`);
            });
        }
      },
      { enough, ...more },
    );

describe("A map with enough", () => {
  test("provides the values of the items that succeeded, in item order, and interrupts the others", async () => {
    const { exit, types, events } = await watched(doing(["never", "later", "never", "now"], 2));
    expect(exit).toMatchObject({ _tag: "Success", value: { m: [1, 3] } });
    const interrupted = events.filter(({ type: each }) => each === "step.interrupted");
    expect(interrupted.map((event) => (event as any).path).sort()).toEqual(["m[0]", "m[2]"]);
    expect(types.at(-1)).toBe("run.succeeded");
  });

  test("has no more values than it asks for, even if all succeed at once", async () => {
    expect((await doing(["now", "now", "now"], 2).runPromise()).m).toEqual([0, 1]);
    expect((await doing(["later", "later", "later"], 2).runPromise()).m).toEqual([0, 1]);
  });

  test("does not start items once enough have succeeded, and reports them as skipped", async () => {
    const { exit, events, handle } = await watched(
      doing(["now", "now", "now", "now"], 2, { concurrency: 1 }),
    );
    expect(exit).toMatchObject({ _tag: "Success", value: { m: [0, 1] } });
    const started = events
      .filter(({ type: each }) => each === "step.started")
      .map((each) => (each as any).path);
    expect(started).toEqual(["does", "m[0]", "m[1]"]);
    expect(handle.report.skipped).toEqual([
      { path: "m[2]", because: "m" },
      { path: "m[3]", because: "m" },
    ]);
  });

  test("tolerates failures while enough items can still succeed", async () => {
    const { exit, handle } = await watched(doing(["fails", "later", "fails later", "now"], 2));
    expect(exit).toMatchObject({ _tag: "Success", value: { m: [1, 3] } });
    expect(handle.report.failed.map(({ path }) => path)).toEqual(["m[0]"]);
  });

  test("fails as TooFewSucceeded once too few are left, and interrupts the rest", async () => {
    const failing = doing(["fails", "now", "never", "fails later"], 3);
    const { exit, types } = await watched(failing);
    expect(exit._tag).toBe("Failure");
    expect(types).toContain("step.interrupted");
    const error = await rejection(failing.runPromise());
    expect(error).toMatchObject({
      _tag: "TooFewSucceeded",
      path: "m",
      succeeded: 1,
      total: 4,
      minSuccess: 3,
    });
    expect(error.message).toMatch(/enough is 3/);
  });

  test('with onFailure: "finish" lets running items end, and then fails', async () => {
    const failing = doing(["fails", "fails", "later"], 2);
    const handle = await failing.startPromise({}, { onFailure: "finish" });
    const error = await rejection(handle.result);
    expect(error).toMatchObject({ _tag: "TooFewSucceeded", succeeded: 1, total: 3 });
  });

  test("fails before its first item if there are too few items", async () => {
    let calls = 0;
    const short = pipeline("p")
      .input("xs", type<ReadonlyArray<number>>())
      .map("m", "xs", [], () => ++calls, { enough: 3 });
    const error = await rejection(short.runPromise({ xs: [1, 2] }));
    expect(error).toMatchObject({
      _tag: "TooFewSucceeded",
      path: "m",
      succeeded: 0,
      total: 2,
      minSuccess: 3,
    });
    expect(error.message).toBe(
      'Map "m" has 2 items, but enough is 3. It must be at most the number of items.',
    );
    expect(calls).toBe(0);
    expect((await rejection(short.runPromise({ xs: [] })))._tag).toBe("TooFewSucceeded");
  });

  test("interrupts expansions of its items, and counts failures inside them", async () => {
    const cleaned: Array<number> = [];
    const nested = pipeline("p")
      .step("xs", [], () => [0, 1, 2, 3])
      .map(
        "m",
        "xs",
        [],
        (x) =>
          pipeline("item")
            .step("work", [], async (_, { signal }) => {
              if (x === 0) throw new Error("down");
              if (x < 3) return later(x);
              return untilAborted(signal).catch(() => {
                cleaned.push(x);
                throw new Error("cleaned");
              });
            })
            .step("m", ["work"], ({ work }) => work * 10),
        { enough: 2 },
      )
      .step("sum", ["m"], ({ m }) => m.reduce((a, b) => a + b, 0));
    expect(await nested.runPromise()).toMatchObject({ m: [10, 20], sum: 30 });
    expect(cleaned).toEqual([3]);
  });

  test("runs the finalizers of interrupted items before its readers start", async () => {
    const program = Effect.gen(function* () {
      const log = yield* Ref.make<ReadonlyArray<string>>([]);
      const note = (text: string) => Ref.update(log, (all) => [...all, text]);
      const built = pipeline("p")
        .step("xs", [], () => [0, 1])
        .map(
          "m",
          "xs",
          [],
          (x) => (x === 1 ? Effect.succeed(x) : Effect.onInterrupt(Effect.never, () => note("finalized"))),
          {
            enough: 1,
          },
        )
        .step("after", ["m"], () => note("after"));
      yield* built.run({});
      return yield* Ref.get(log);
    });
    expect(await Effect.runPromise(program)).toEqual(["finalized", "after"]);
  });

  test("counts the value of a fallback as a success, and retries first", async () => {
    let calls = 0;
    const retried = pipeline("p")
      .step("xs", [], () => [0, 1])
      .map(
        "m",
        "xs",
        [],
        (x) => {
          calls++;
          throw new Error(`item ${x}`);
        },
        { enough: 1, retry: { times: 1 }, fallback: "none" },
      );
    expect((await retried.runPromise()).m).toEqual(["none"]);
    expect(calls).toBeGreaterThanOrEqual(2);
  });

  test("frees the slots of all its items, in pools and in the run's limit", async () => {
    const pooled = pipeline("p")
      .step("xs", [], () => [0, 1, 2, 3])
      .map("m", "xs", [], (x, _, { signal }) => (x === 1 ? x : untilAborted(signal)), {
        enough: 1,
        pool: "few",
      })
      .step("more", ["m"], () => [1, 2, 3])
      .map("n", "more", ["m"], (x) => later(x), { pool: "few" });
    expect((await pooled.runPromise({}, { pools: { few: 2 }, concurrency: 2 })).n).toEqual([1, 2, 3]);
  });

  test("is refused together with failures or minSuccess, and with an invalid number", () => {
    const map = (options: object) => () =>
      untyped
        .pipeline("p")
        .step("xs", [], () => [])
        .map("m", "xs", [], () => 1, options);
    expect(thrown(map({ enough: 1, failures: "fail" })).reason).toMatch(
      /enough cannot be combined with failures/,
    );
    expect(thrown(map({ enough: 1, failures: "collect", minSuccess: 1 })).reason).toMatch(
      /Remove one of them/,
    );
    expect(thrown(map({ enough: 1, minSuccess: 1 })).reason).toMatch(
      /enough cannot be combined with minSuccess/,
    );
    for (const enough of [0, -1, 1.5, NaN, Infinity, "2"]) {
      expect(thrown(map({ enough })).reason).toMatch(/enough must be a whole number of at least 1; got/);
    }
  });
});
