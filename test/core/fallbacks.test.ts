/** Fallbacks are reported when they are used, and a wait can have one. */
import * as Data from "effect/Data";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { pipeline, resumePromise, Signal, type } from "espalier";
import { SqliteStore } from "espalier/sqlite";
import { describe, expect, test } from "vitest";
import { plainLines } from "../../src/progress/plain-lines.ts";
import { Report } from "../../src/draw/index.ts";
import { temporary } from "../sqlite/support.ts";
import { rejection, thrown, untyped, watched } from "./support.ts";

const newFile = temporary();
const newStore = () => SqliteStore.layer({ filename: newFile() });

const used = (events: ReadonlyArray<{ readonly type: string }>): ReadonlyArray<any> =>
  events.filter(({ type: each }) => each === "step.fallback");

describe("A fallback that is used", () => {
  const built = pipeline("p")
    .step(
      "page",
      [],
      () => {
        throw new Error("gone");
      },
      { retry: { times: 1 }, fallback: "empty" },
    )
    .step("fine", [], () => 1, { fallback: 2 })
    .step("list", [], () => [1, 2])
    .map("m", "list", [], (x) => (x === 2 ? Effect.fail("odd") : x), { fallback: () => 0 })
    .dynamic("d", [], () => Effect.fail("down"), {
      fallback: () => pipeline("other").step("d", [], () => 3),
    });

  test("is reported by an event, with the error that it replaces and the attempt", async () => {
    const { exit, events } = await watched(built);
    expect(exit).toMatchObject({ _tag: "Success", value: { page: "empty", fine: 1, m: [1, 0], d: 3 } });
    expect(used(events).toSorted((a, b) => (a.path < b.path ? -1 : 1))).toMatchObject([
      { path: "d", attempt: 1, error: "down" },
      { path: "m[1]", attempt: 1, error: "odd" },
      { path: "page", attempt: 2, error: { _tag: "StepFailed", path: "page" } },
    ]);
  });

  test("is not reported if the fallback fails as well", async () => {
    const failing = pipeline("p").step("a", [], () => Effect.fail("first"), {
      fallback: () => Effect.fail("second"),
    });
    const { exit, events } = await watched(failing);
    expect(exit._tag).toBe("Failure");
    expect(used(events)).toEqual([]);
  });

  test("appears in plain lines and in the report", async () => {
    const { events } = await watched(built);
    const lines: Array<string> = [];
    const plain = plainLines((line) => lines.push(line));
    for (const event of events) plain.event(event);
    expect(lines.join("\n")).toMatch(/^↷ page: its fallback is used \(.*gone\)$/m);
    expect(Report.fromEvents(events)).toContain("its fallback, since all attempts failed");
  });
});

describe("The fallback of an await", () => {
  const asking = (fallback: unknown) =>
    (pipeline("p") as any)
      .await("approved", Schema.Boolean, { timeout: "10 millis", fallback })
      .step("after", ["approved"], ({ approved }: any) => approved);

  test("is the output once the timeout has passed: a value, a function, a Promise or an Effect", async () => {
    expect(await asking(false).runPromise()).toEqual({ approved: false, after: false });
    expect(await asking("late").runPromise()).toEqual({ approved: "late", after: "late" });
    expect((await asking(async (error: any) => error._tag).runPromise()).after).toBe("StepTimedOut");
    expect((await asking(() => Effect.succeed(7)).runPromise()).after).toBe(7);
  });

  test("is reported by an event", async () => {
    const { events } = await watched(asking("late"));
    expect(used(events)).toMatchObject([{ path: "approved", error: { _tag: "StepTimedOut" } }]);
  });

  test("is not used if a value came in time, nor for another error", async () => {
    const built = pipeline("p").await("n", Schema.Number, { timeout: "1 hour", fallback: 0 });
    const run = await built.startPromise({});
    expect(await Signal.sendPromise(run.id, "n", 5)).toMatch(/delivered|kept/);
    expect(await run.result).toEqual({ n: 5 });
    const broken = pipeline("p").await("n", Schema.Number, {
      timeout: "1 hour",
      fallback: 0,
      ask: () => {
        throw new Error("no question");
      },
    });
    expect(await rejection(broken.runPromise())).toMatchObject({ _tag: "StepFailed", path: "n" });
  });

  test("is recorded, even if the schema cannot encode it, and is not called again after a resume", async () => {
    for (const fallback of ["late", false, { late: true }]) {
      let isUp = false;
      let calls = 0;
      const built = (pipeline("p") as any)
        .await("approved", Schema.Boolean, { timeout: "10 millis", fallback: () => (calls++, fallback) })
        .step("after", ["approved"], ({ approved }: any) => {
          if (!isUp) throw new Error("down");
          return approved;
        });
      const store = newStore();
      await rejection(built.runPromise({}, { store, runId: "r" }));
      isUp = true;
      const outputs = await resumePromise(built, "r", { store });
      expect(outputs).toEqual({ approved: fallback, after: fallback });
      expect(calls).toBe(1);
    }
  });

  test("is refused without a timeout, and for a sleep", () => {
    const build =
      (name: string, ...given: ReadonlyArray<unknown>) =>
      () =>
        untyped.pipeline("p")[name]("a", ...given);
    expect(thrown(build("await", type(), { fallback: 1 })).reason).toMatch(/there is no timeout. Add one/);
    expect(thrown(build("sleep", 5, { fallback: 1 })).reason).toMatch(/A sleep has no option "fallback"/);
  });
});

test("the fallback of a step need not fit its output schema to be recorded", async () => {
  let isUp = false;
  const built = pipeline("p")
    .step(
      "n",
      [],
      (): number => {
        throw new Error("down");
      },
      { output: Schema.Number, fallback: "none" },
    )
    .step("after", ["n"], ({ n }) => {
      if (!isUp) throw new Error("down");
      return n;
    });
  const store = newStore();
  await rejection(built.runPromise({}, { store, runId: "r" }));
  isUp = true;
  expect((await resumePromise(built, "r", { store })).after).toBe("none");
});

class Down extends Data.TaggedError("Down")<{ readonly host: string }> {}

test("a fallback that is an error of Effect is a value, not an Effect that fails", async () => {
  const built = pipeline("p").step("a", [], () => Effect.fail("first"), {
    fallback: new Down({ host: "x" }),
  });
  expect((await built.runPromise()).a).toEqual(new Down({ host: "x" }));
});

describe("The fallback of a switch", () => {
  const failing = (): never => {
    throw new Error("down");
  };

  test("replaces a choice and a case that fail", async () => {
    const built = pipeline("p")
      .switch("choice", [], (): "a" => failing(), { a: () => 1 }, { fallback: "none" })
      .switch("case", [], () => "a" as const, { a: failing }, { fallback: (error) => error._tag });
    expect(await built.runPromise()).toEqual({ choice: "none", case: "StepFailed" });
  });

  test("may be a pipeline", async () => {
    const built = pipeline("p").switch(
      "s",
      [],
      () => "a" as const,
      { a: failing },
      { fallback: () => pipeline("q").step("s", [], () => 2) },
    );
    expect(await built.runPromise()).toEqual({ s: 2 });
  });
});

test("the fallback of all outputs may be a pipeline that does not provide the step's name", async () => {
  const built = pipeline("p").dynamic(
    "grown",
    [],
    () => Effect.fail("down") as Effect.Effect<{ readonly a: number }, string>,
    { outputs: "all", fallback: () => pipeline("q").step("a", [], () => "text") },
  );
  expect(await built.runPromise()).toEqual({ a: "text" });
});
