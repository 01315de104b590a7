/** `.when`: steps that run only if a condition holds. */
import * as Effect from "effect/Effect";
import { pipeline, Plan, resumePromise, step, type } from "espalier";
import { SqliteStore } from "espalier/sqlite";
import { describe, expect, test } from "vitest";
import { temporary } from "../sqlite/support.ts";
import { rejection, thrown, untyped, watched } from "./support.ts";

const newFile = temporary();

const mailing = (isLarge: unknown, log: Array<string> = []) =>
  pipeline("mailing")
    .step("rows", [], () => [1, 2, 3])
    .when(
      "large",
      ["rows"],
      () => isLarge as boolean,
      (p) =>
        p
          .step("sample", ["rows", "large"], ({ rows, large }) => {
            log.push(`sample ${large}`);
            return rows.slice(0, 1);
          })
          .map("checked", "sample", [], (row) => row * 10)
          .step("mail", ["checked"], ({ checked }) => {
            log.push("mail");
            return checked.length;
          }),
    )
    .step("report", ["rows", "mail?", "large"], ({ rows, mail, large }) => `${rows.length} ${mail} ${large}`);

describe("The steps of a condition", () => {
  test("run if it holds, whether its value is direct, a Promise or an Effect", async () => {
    for (const holds of [true, Promise.resolve(true), Effect.succeed(true)]) {
      const log: Array<string> = [];
      const outputs = await mailing(holds, log).runPromise();
      expect(outputs).toEqual({
        rows: [1, 2, 3],
        large: true,
        sample: [1],
        checked: [10],
        mail: 1,
        report: "3 1 true",
      });
      expect(log).toEqual(["sample true", "mail"]);
    }
  });

  test("are skipped if it does not hold, and reported as skipped; their readers can do without them", async () => {
    for (const fails of [false, Promise.resolve(false), Effect.succeed(false)]) {
      const log: Array<string> = [];
      const { exit, handle, types } = await watched(mailing(fails, log));
      expect(exit).toMatchObject({ _tag: "Success" });
      expect((exit as any).value).toEqual({ rows: [1, 2, 3], large: false, report: "3 undefined false" });
      expect(handle.report).toEqual({
        failed: [],
        skipped: ["sample", "checked", "mail"].map((path) => ({ path, because: "large" })),
        leaked: [],
      });
      expect(types.at(-1)).toBe("run.succeeded");
      expect(log).toEqual([]);
    }
  });

  test("wait for the condition, even if they read nothing that does", async () => {
    const log: Array<string> = [];
    const slow = pipeline("p").when(
      "on",
      [],
      async () => {
        await new Promise((resolve) => setImmediate(resolve));
        log.push("decided");
        return true;
      },
      (p) => p.step("a", [], () => log.push("a")),
    );
    await slow.runPromise();
    expect(log).toEqual(["decided", "a"]);
  });

  test("are always part of the plan, with their condition", () => {
    const plan = mailing(false).plan();
    expect(plan.steps.map(({ path, kind, when }) => [path, kind, when])).toEqual([
      ["rows", "step", undefined],
      ["large", "when", undefined],
      ["sample", "step", "large"],
      ["checked", "map", "large"],
      ["mail", "step", "large"],
      ["report", "step", undefined],
    ]);
    expect(plan.steps.find(({ path }) => path === "mail")?.inputs).toContainEqual({
      name: "large",
      from: "large",
    });
    expect(Plan.toMermaid(plan)).toContain("mail");
    expect(Plan.toDot(plan)).toContain("diamond");
  });

  test("can contain conditions: if the outer one does not hold, the inner ones are not evaluated", async () => {
    const log: Array<string> = [];
    const nested = (outer: boolean, inner: boolean) =>
      pipeline("p")
        .when(
          "outer",
          [],
          () => outer,
          (p) =>
            p
              .when(
                "inner",
                [],
                () => {
                  log.push("inner");
                  return inner;
                },
                (q) => q.step("a", ["outer"], () => "a"),
              )
              .step("b", ["a?", "inner"], ({ a }) => `b ${a}`),
        )
        .step("c", ["a?", "b?", "inner?"], ({ a, b, inner }) => [a, b, inner]);
    expect((await nested(true, true).runPromise()).c).toEqual(["a", "b a", true]);
    expect((await nested(true, false).runPromise()).c).toEqual([undefined, "b undefined", false]);
    log.length = 0;
    expect((await nested(false, true).runPromise()).c).toEqual([undefined, undefined, undefined]);
    expect(log).toEqual([]);
  });

  test("are members of a family only if they ran", async () => {
    const family = (holds: boolean) =>
      pipeline("p")
        .step("feat_a", [], () => 1)
        .when(
          "on",
          [],
          () => holds,
          (p) => p.step("feat_b", [], () => 2).addAll([step("feat_c", [], () => 3)]),
        )
        .step("all", ["feat_*"], (found: any) => found["feat_*"]);
    expect((await family(true).runPromise()).all).toEqual({ feat_a: 1, feat_b: 2, feat_c: 3 });
    expect((await family(false).runPromise()).all).toEqual({ feat_a: 1 });
  });

  test("can be a whole pipeline, and be kept by only", async () => {
    const other = pipeline("other")
      .input("n", type<number>())
      .step("twice", ["n"], ({ n }) => n * 2)
      .step("found", ["twice"], ({ twice }) => twice + 1)
      .returns("found");
    const built = (holds: boolean) =>
      pipeline("p")
        .step("n", [], () => 3)
        .step("unused", [], () => 0)
        .when(
          "on",
          ["n"],
          () => holds,
          (p) => p.add(other),
        );
    expect(await built(true).runPromise()).toEqual({ n: 3, unused: 0, on: true, found: 7 });
    expect(await built(false).runPromise()).toEqual({ n: 3, unused: 0, on: false });
    expect(
      built(true)
        .only("found")
        .plan()
        .steps.map(({ path }) => path),
    ).toEqual(["n", "on", "other/twice", "found"]);
    expect(await built(true).only("found").runPromise()).toEqual({ found: 7 });
    expect(await built(false).only("found").runPromise()).toEqual({});
  });

  test("in a sub-pipeline whose outputs are merged, are missing outside if they were skipped", async () => {
    const built = (holds: boolean) =>
      pipeline("p")
        .dynamic(
          "grown",
          [],
          () =>
            pipeline("inner").when(
              "on",
              [],
              () => holds,
              (p) => p.step("a", [], () => 1),
            ),
          { outputs: "all" },
        )
        .step("b", ["a?", "on"], ({ a, on }) => [a, on]);
    expect((await built(true).runPromise()).b).toEqual([1, true]);
    expect((await built(false).runPromise()).b).toEqual([undefined, false]);
    const plain = (built(false) as any).step("c", ["a"], () => 1);
    expect(await rejection(plain.runPromise())).toMatchObject({ _tag: "ExpansionError", path: "c" });
  });

  test('with onFailure: "finish" are skipped if their inputs have failed, and others still run', async () => {
    const built = pipeline("p")
      .step("bad", [], (): number => {
        throw new Error("bad");
      })
      .when(
        "on",
        [],
        () => true,
        (p) => p.step("a", ["bad"], ({ bad }) => bad).step("b", [], () => 1),
      )
      .step("c", ["b?"], ({ b }) => b);
    const run = await built.startPromise({}, { onFailure: "finish" });
    await rejection(run.result);
    expect(run.report.failed.map(({ path }) => path)).toEqual(["bad"]);
    expect(run.report.skipped).toEqual([{ path: "a", because: "bad" }]);
  });
});

describe("A condition", () => {
  test("must be a boolean", async () => {
    for (const bad of [1, "yes", undefined, null, Promise.resolve(0)]) {
      const error = await rejection(mailing(bad).runPromise());
      expect(error).toMatchObject({ _tag: "InvalidOutput", path: "large" });
      expect(error.message).toMatch(/^Step "large": The result of a condition must be true or false; got /);
    }
  });

  test("that throws fails the run", async () => {
    const broken = pipeline("p").when(
      "on",
      [],
      () => {
        throw new Error("no idea");
      },
      (p) => p.step("a", [], () => 1),
    );
    expect(await rejection(broken.runPromise())).toMatchObject({ _tag: "StepFailed", path: "on" });
  });

  test("is evaluated once in the lifetime of a run", async () => {
    for (const first of [true, false]) {
      const store = SqliteStore.layer({ filename: newFile() });
      let isUp = false;
      let calls = 0;
      const build = (holds: boolean) =>
        pipeline("p")
          .when(
            "on",
            [],
            () => (calls++, holds),
            (p) => p.step("a", [], () => "a"),
          )
          .step("end", ["a?", "on"], ({ a }) => {
            if (!isUp) throw new Error("down");
            return a;
          });
      await rejection(build(first).runPromise({}, { store, runId: "r" }));
      isUp = true;
      const outputs = await resumePromise(build(!first), "r", { store });
      expect(outputs).toEqual(first ? { on: true, a: "a", end: "a" } : { on: false, end: undefined });
      expect(calls).toBe(1);
    }
  });

  test("rejects plain reads of its outputs after it, and a build that is not a function", () => {
    const guarded = () =>
      untyped
        .pipeline("p")
        .step("xs", [], () => [])
        .when(
          "on",
          [],
          () => true,
          (p: any) => p.step("a", [], () => []),
        );
    const only = /exists only under a condition/;
    expect(thrown(() => guarded().step("b", ["a"], () => 1)).reason).toBe(
      'It reads "a", which exists only under a condition. Read "a?" instead: it is undefined where nothing provides it.',
    );
    expect(thrown(() => guarded().map("b", "a", [], () => 1)).reason).toMatch(only);
    for (const over of ["a?", "a*"]) {
      expect(thrown(() => guarded().map("b", over, [], () => 1)).reason).toBe(
        `It reads "${over}", but over must be the name of one output that is always there. Read "${over}" in a step that provides a list, and map over that.`,
      );
    }
    expect(thrown(() => guarded().map("b", "xs", ["a"], () => 1)).reason).toMatch(only);
    expect(thrown(() => guarded().add(pipeline("q").input("a", type()))).reason).toMatch(only);
    expect(
      thrown(() =>
        guarded().when(
          "on2",
          ["a"],
          () => true,
          (p: any) => p,
        ),
      ).reason,
    ).toMatch(only);
    for (const build of [
      () => undefined,
      () => pipeline("q"),
      (p: any) => p.returns("on"),
      (p: any) => p.only("on"),
    ]) {
      expect(thrown(() => untyped.pipeline("p").when("on", [], () => true, build)).reason).toMatch(
        /build must return the pipeline that it was given/,
      );
    }
    expect(thrown(() => untyped.pipeline("p").when("on", [], () => true)).reason).toMatch(/got undefined/);
    expect(
      thrown(() =>
        untyped.pipeline("p").when(
          "on",
          [],
          () => true,
          (p: any) => p,
          { timeout: 1 },
        ),
      ).reason,
    ).toMatch(/^when takes no options; got an object\./);
    expect(thrown(() => untyped.pipeline("p").when("on", [], true, (p: any) => p)).reason).toMatch(
      /condition must be a function/,
    );
  });

  test("a branch must not provide an output that it exposes only under a condition", async () => {
    const built = (untyped.pipeline("p") as any).dynamic("a", [], () =>
      pipeline("inner").when(
        "on",
        [],
        () => true,
        (p) => p.step("a", [], () => 1),
      ),
    );
    const error = await rejection(built.runPromise());
    expect(error).toMatchObject({ _tag: "ExpansionError", path: "a" });
    expect(error.message).toMatch(/only under a condition/);
  });
});
