import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import { expect, test } from "vitest";
import type { PipelineEvent } from "espalier";
import { CurrentStep, pipeline } from "espalier";
import { Report } from "espalier/draw";
import { apply } from "../../src/fold/apply.ts";
import { RunState } from "../../src/fold/run-state.ts";
import { asText, frame } from "../../src/progress/frame.ts";
import { plainLines } from "../../src/progress/plain-lines.ts";
import { dataOf } from "../draw/page-data.ts";

const talking = pipeline("talking")
  .step("answer", [], async (_, { emit }) => {
    for (const token of ["Hel", "lo", "!"]) {
      await Promise.resolve();
      emit(token);
    }
    return "Hello!";
  })
  .step("effect", ["answer"], ({ answer }) =>
    Effect.map(CurrentStep, ({ emit }) => {
      emit({ length: answer.length });
      return 1;
    }),
  );

const eventsOf = (): Promise<ReadonlyArray<PipelineEvent>> =>
  Effect.runPromise(
    Effect.flatMap(talking.start({}), (run) => Effect.map(Stream.runCollect(run.events), (all) => [...all])),
  );

test("what a step emits is told at once and in order, between its start and its end", async () => {
  const events = await eventsOf();
  expect(
    events.flatMap((event) =>
      event.type === "step.emitted" ? [[event.path, event.value, event.attempt]] : [],
    ),
  ).toEqual([
    ["answer", "Hel", 1],
    ["answer", "lo", 1],
    ["answer", "!", 1],
    ["effect", { length: 6 }, 1],
  ]);
  const types = events.flatMap((event) => ("path" in event && event.path === "answer" ? [event.type] : []));
  expect([types[0], types.at(-1)]).toEqual(["step.started", "step.succeeded"]);
});

test("a step emits into nothing when nobody watches, and the run is the same", async () => {
  expect(await talking.runPromise({})).toEqual({ answer: "Hello!", effect: 1 });
});

test("a retried attempt counts what it emits anew", async () => {
  const p = pipeline("p").step(
    "a",
    [],
    (_, { attempt, emit }) => {
      for (let i = 0; i < (attempt === 1 ? 5 : 2); i++) emit(i);
      if (attempt === 1) throw new Error("no");
      return attempt;
    },
    { retry: { times: 1, delay: 1 } },
  );
  const html = await Effect.runPromise(Effect.flatMap(p.start({}), Report.fromRun));
  expect(dataOf(html).steps[0]!.run?.emitted).toEqual({ count: 2, last: "1" });
});

test("terminal, lines and report show the count and the last value", async () => {
  const events = await eventsOf();
  const state = new RunState("talking");
  const lines: Array<string> = [];
  const { event: line } = plainLines((text) => lines.push(text));
  let during = "";
  for (const event of events) {
    apply(state, event);
    line(event);
    if (event.type === "step.emitted" && event.value === "lo") {
      during = frame(state, { columns: 80, rows: 10 }, event.time).map(asText).join("\n");
    }
  }
  expect(during).toMatch(/answer .* 2 values lo/);
  expect(lines.some((text) => text.startsWith("✓ answer: 3 values ("))).toBe(true);
  // Nothing of the run is held on to once the step has ended.
  expect(state.step("answer")).toMatchObject({ emitted: 3, lastEmitted: undefined });
  expect(dataOf(Report.fromEvents(events)).steps[0]!.run?.emitted).toEqual({ count: 3, last: '"!"' });
});
