import type { PipelineEvent } from "espalier";
import { pipeline, type } from "espalier";
import { expect, test } from "vitest";
import { unread } from "../../src/cli/commands/check.ts";
import { plainLines } from "../../src/progress/plain-lines.ts";

const linesFor = (events: ReadonlyArray<Record<string, unknown>>): ReadonlyArray<string> => {
  const lines: Array<string> = [];
  const view = plainLines((line) => lines.push(line));
  for (const event of events) view.event({ runId: "r", attempt: 1, ...event } as PipelineEvent);
  return lines;
};

test("a run is reported in plain lines, with times and counted items", () => {
  const plan = pipeline("sub")
    .step("x", [], () => 1)
    .plan();
  expect(
    linesFor([
      { type: "run.started", time: 0, pipeline: "p" },
      { type: "step.started", time: 0, path: "m" },
      { type: "step.started", time: 1, path: "m[0]" },
      { type: "step.succeeded", time: 2, path: "m[0]" },
      { type: "step.retried", time: 3, path: "m[1]", error: new Error("busy"), delayMillis: 2500 },
      { type: "step.succeeded", time: 4, path: "m[1]" },
      { type: "step.succeeded", time: 30, path: "m" },
      { type: "expansion.started", time: 30, path: "d" },
      { type: "expansion.expanded", time: 31, path: "d", plan },
      { type: "step.started", time: 31, path: "d/x" },
      { type: "step.logged", time: 31, path: "d/x", message: ["hello", { a: 1 }] },
      { type: "step.progressed", time: 31, path: "d/x", fraction: 0.256, note: undefined },
      { type: "step.succeeded", time: 1231, path: "d/x" },
      { type: "expansion.succeeded", time: 1232, path: "d" },
      { type: "step.skipped", time: 1232, path: "late", because: "d" },
      { type: "run.succeeded", time: 1500 },
    ]),
  ).toEqual([
    "▶ p",
    "↻ m[1]: attempt 1 failed (busy), the next in 2.5 s",
    "✓ m: 2 items (30 ms)",
    "+ d: sub, 1 step",
    "  d/x: hello { a: 1 }",
    "  d/x: 26 %",
    "✓ d/x (1.2 s)",
    "✓ d (1.2 s)",
    "- late: skipped",
    "✓ done in 1.5 s",
    "  3 steps, 1 expansion, 1 skipped in 1.5 s, 1.2 s of steps",
  ]);
});

test("log lines of a step cannot command a terminal or begin a new line", () => {
  const lines = linesFor([
    { type: "step.logged", time: 0, path: "a\u202e", message: ["x\n✓ fake\u001b[2J"] },
  ]);
  expect(lines).toEqual(["  a\\u202e: x\\n✓ fake\\u001b[2J"]);
});

test("no output counts as forgotten if the last one is unread and returned", () => {
  const p = pipeline("p")
    .input("n", type<number>())
    .step("a", ["n"], ({ n }) => n)
    .step("b", ["a"], ({ a }) => a);
  expect(unread(p.plan())).toEqual([]);
  expect(unread(p.returns("a").plan())).toEqual([
    'No step reads the output "b", and .returns does not include it.',
  ]);
  expect(unread(p.returns("b").plan())).toEqual([]);
});

test("an output that a glob or a map reads counts as read", () => {
  const p = pipeline("p")
    .step("feat_a", [], () => [1])
    .step("feat_b", [], () => [2])
    .map("each", "feat_a", [], (n) => n)
    .step("all", ["feat_*", "each"], (read) => read)
    .returns("all");
  expect(unread(p.plan())).toEqual([]);
});
