/** A run's state, rebuilt from its records: the latest outcomes are shown, and those of an earlier attempt are marked. */
import * as Effect from "effect/Effect";
import { expect, test } from "vitest";
import { Signal, pipeline, resume, type } from "espalier";
import { recordedState } from "../../src/run/recorded-state.ts";
import type { StepStatus } from "../../src/fold/run-state.ts";
import { Store } from "../../src/journal/store.ts";
import { espalier } from "../cli/espalier.ts";
import { storeAt, temporary, withStore } from "./support.ts";

const newFile = temporary();

const recorded = (filename: string, runId = "r") =>
  withStore(
    filename,
    Effect.map(
      Effect.flatMap(Store, (store) => store.find(runId)),
      (run) => recordedState(run!),
    ),
  );

const statuses = async (filename: string): Promise<Readonly<Record<string, StepStatus>>> => {
  const { state } = await recorded(filename);
  return Object.fromEntries([...state.all].map(({ path, status }) => [path, status]));
};

test("a step that failed and succeeded when resumed has succeeded, and so has what is around it", async () => {
  const filename = newFile();
  let fails = true;
  const nested = pipeline("nested")
    .dynamic("d", [], () =>
      pipeline("inner")
        .step("before", [], () => 1)
        .step("d", ["before"], ({ before }) => {
          if (fails) throw new Error("first time");
          return before;
        }),
    )
    .step("after", ["d"], ({ d }) => d);
  await expect(nested.runPromise({}, { store: storeAt(filename), runId: "r" })).rejects.toThrow("first time");
  expect(await statuses(filename)).toEqual({
    d: "failed",
    "d/before": "done",
    "d/d": "failed",
    after: "pending",
  });
  fails = false;
  await Effect.runPromise(resume(nested, "r", { store: storeAt(filename) }));
  expect(await statuses(filename)).toEqual({ d: "done", "d/before": "done", "d/d": "done", after: "done" });
  const { earlier } = await recorded(filename);
  expect(earlier.get("d/d")).toMatchObject([
    { type: "step.failed", detail: expect.stringContaining("first time") },
  ]);
  const shown = await espalier(["show", "r", "--store", filename]);
  expect(shown.stdout).toContain("succeeded");
  expect(shown.stdout).not.toContain("✗");
  expect(shown.stdout).toMatch(/✓ d: 1 .*; an earlier attempt failed at .*first time/);
  const why = await espalier(["why", "r", "d/d", "--store", filename]);
  expect(why.stdout).toContain("failed, in an earlier attempt: StepFailed");
}, 60_000);

test("the steps of an attempt that was given up are not shown", async () => {
  const filename = newFile();
  const twice = pipeline("twice").dynamic(
    "d",
    [],
    (_, { attempt }) =>
      attempt === 1
        ? pipeline("first")
            .step("a", [], () => "of attempt 1")
            .step("d", ["a"], (): string => {
              throw new Error("no");
            })
        : "of attempt 2",
    { retry: { times: 1 } },
  );
  await twice.runPromise({}, { store: storeAt(filename), runId: "r" });
  expect(await statuses(filename)).toEqual({ d: "done" });
});

test("a run that failed again after a resume shows its last failure", async () => {
  const filename = newFile();
  let round = 0;
  const failing = pipeline("failing")
    .step("first", [], () => {
      if (round === 0) throw new Error("round 0");
      return 1;
    })
    .step("second", ["first"], (): number => {
      throw new Error(`round ${round}`);
    });
  await expect(failing.runPromise({}, { store: storeAt(filename), runId: "r" })).rejects.toThrow("round 0");
  expect(await statuses(filename)).toEqual({ first: "failed", second: "pending" });
  round = 1;
  await expect(Effect.runPromise(resume(failing, "r", { store: storeAt(filename) }))).rejects.toThrow(
    "round 1",
  );
  expect(await statuses(filename)).toEqual({ first: "done", second: "failed" });
  const { state } = await recorded(filename);
  expect(String(state.step("second")!.error)).toContain("round 1");
});

test("failures that a map collected, items that became pipelines, and a map that is done", async () => {
  const filename = newFile();
  const collecting = pipeline("collecting")
    .step("rows", [], () => [1, 2, 3])
    .map(
      "m",
      "rows",
      [],
      (row) => {
        if (row === 2) throw new Error("two");
        return pipeline("item").step("m", [], () => row);
      },
      { failures: "collect" },
    );
  await collecting.runPromise({}, { store: storeAt(filename), runId: "r" });
  expect(await statuses(filename)).toMatchObject({
    rows: "done",
    m: "done",
    "m[0]": "done",
    "m[1]": "failed",
  });
});

test("a step that waits for a value, or for time to pass, is seen waiting", async () => {
  const filename = newFile();
  const asking = pipeline("asking")
    .step("before", [], () => 1)
    .await("approval", type<string>(), { after: ["before"] })
    .sleep("later", "1 hour", { after: ["before"] });
  await withStore(
    filename,
    Effect.gen(function* () {
      const run = yield* asking.start({}, { runId: "r" });
      const store = yield* Store;
      const seen = Effect.map(store.find("r"), (found) => recordedState(found!).state);
      for (let i = 0; i < 200; i++) {
        const state = yield* seen;
        if (state.step("approval")?.status === "waiting" && state.step("later")?.status === "waiting") break;
        yield* Effect.sleep(10);
      }
      const state = yield* seen;
      expect(state.step("approval")).toMatchObject({ status: "waiting", kind: "await" });
      expect(state.step("later")).toMatchObject({ status: "waiting", kind: "sleep" });
      yield* Signal.send("r", "approval", "yes");
      for (let i = 0; i < 200 && (yield* seen).step("approval")?.status !== "done"; i++)
        yield* Effect.sleep(10);
      expect((yield* seen).step("approval")?.status).toBe("done");
      yield* run.interrupt;
    }),
  );
});

test("a fallback that was used is shown, until the step runs again without it", async () => {
  const filename = newFile();
  const options = { store: storeAt(filename), runId: "r" };
  let fails = true;
  const built = pipeline("p").step(
    "page",
    [],
    () => {
      if (fails) throw new Error("gone");
      return "whole";
    },
    { fallback: "empty" },
  );
  await built.runPromise({}, options);
  expect((await recorded(filename)).state.step("page")?.fellBackFor?.error).toContain("gone");
  const shown = await espalier(["show", "r", "--store", filename], { records: true });
  expect(shown.stdout).toMatch(/✓ page: "empty" .*; by its fallback, after: .*gone/);
  const why = await espalier(["why", "r", "page", "--store", filename], { records: true });
  expect(why.stdout).toMatch(/its fallback was used: .*gone/);
  fails = false;
  await new Promise((resolve) => setTimeout(resolve, 5));
  await Effect.runPromise(resume(built, "r", { store: options.store, from: "page" }));
  expect((await recorded(filename)).state.step("page")?.fellBackFor).toBeUndefined();
});
