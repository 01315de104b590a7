/** A map with `enough` has the same values after a resume: its choice of items is recorded before anything reads it. */
import { pipeline, resumePromise } from "espalier";
import { SqliteStore } from "espalier/sqlite";
import { expect, test } from "vitest";
import { temporary } from "../sqlite/support.ts";

const newFile = temporary();

const votes = (
  ran: Array<number>,
  does: (x: number, signal: AbortSignal) => unknown,
  report: () => unknown,
) =>
  pipeline("votes")
    .step("xs", [], () => [0, 1, 2, 3])
    .map(
      "m",
      "xs",
      [],
      (x, _, { signal }) => {
        ran.push(x);
        return does(x, signal);
      },
      { enough: 2 },
    )
    .step("report", ["m"], report);

const until = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error("aborted")));
  });

test("the chosen items stay the same after a resume, and no others run again", async () => {
  const store = SqliteStore.layer({ filename: newFile() });
  const ran: Array<number> = [];
  const options = { store, runId: "r" };
  const first = votes(
    ran,
    async (x, signal) => (x === 1 || x === 3 ? x : until(signal)),
    () => {
      throw new Error("down");
    },
  );
  await expect(first.runPromise({}, options)).rejects.toMatchObject({ _tag: "StepFailed" });
  expect(ran).toEqual([0, 1, 2, 3]);
  ran.length = 0;
  // All items would succeed now, but the choice stays.
  const second = votes(
    ran,
    (x) => x,
    () => "done",
  );
  const outputs = await resumePromise(second, "r", { store });
  expect(outputs).toMatchObject({ m: [1, 3], report: "done" });
  expect(ran).toEqual([]);
  // From an earlier step, all run again.
  expect((await resumePromise(second, "r", { store, from: "m" })).m).toEqual([0, 1]);
  expect(ran).toEqual([0, 1, 2, 3]);
});

test("resuming from one of its items makes a new choice", async () => {
  const store = SqliteStore.layer({ filename: newFile() });
  const ran: Array<number> = [];
  const build = () =>
    votes(
      ran,
      (x) => (x === 0 ? new Promise<never>(() => {}) : `${x}`),
      () => "done",
    );
  const outputs = await build().runPromise({}, { store, runId: "r", gracePeriod: 1 });
  expect(outputs.m).toEqual(["1", "2"]);
  ran.length = 0;
  const again = votes(
    ran,
    (x) => `again ${x}`,
    () => "done",
  );
  const resumed = await resumePromise(again, "r", { store, from: "m[1]" });
  expect(resumed.m).toHaveLength(2);
  expect(resumed.m).not.toEqual(outputs.m);
});
