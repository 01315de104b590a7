/** Two thousand hostile labels, as names, values and errors, on terminals and in logs. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { PipelineEvent } from "espalier";
import { pipeline, step } from "espalier";
import { SqliteStore } from "espalier/sqlite";
import { visible } from "../../src/draw/escape.ts";
import { openView } from "../../src/progress/open.ts";
import { espalier } from "../cli/espalier.ts";
import { hostilePlans } from "./hostile-plan.ts";
import { nastier, someLabels } from "./labels.ts";
import { screen } from "./screen.ts";

const plans = hostilePlans("labels on terminals");

/** The sequences that the tree itself writes: colours, line ends, cursor movements, and synchronized updates. */
// oxlint-disable-next-line no-control-regex -- these are what is looked for
const own = /\u001b\[(?:[0-9]{1,2}m|\?25[lh]|\?2026[hl]|J)|\u001b\[\d+A\r|\u001b\[K\n/gu;

/** Characters that move, hide or command; not a line break, which ends each line. */
// oxlint-disable-next-line no-control-regex -- these are what is looked for
const commands = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u;

/** All events that each step of a plan can have, with its name wherever it fits. */
const eventsOf = (at: number): ReadonlyArray<PipelineEvent> => {
  const { plan, names } = plans[at]!;
  const base = { runId: `r${at}`, attempt: 1, time: 0 };
  return [
    { type: "run.started", ...base, pipeline: plan.name, plan },
    ...plan.steps.flatMap(({ path }, i): ReadonlyArray<PipelineEvent> => {
      const name = names[i]!;
      const step = { ...base, path, time: i };
      const error = new TypeError(name, { cause: { name, [name]: name } });
      return [
        { type: "step.started", ...step },
        { type: "step.logged", ...step, message: [name, { [name]: name }, error] },
        { type: "step.progressed", ...step, fraction: 0.5, note: name },
        { type: "step.retried", ...step, error, delayMillis: 1 },
        i % 3 === 0
          ? { type: "step.failed", ...step, error }
          : { type: "step.succeeded", ...step, outputs: {} },
        ...(i % 7 === 0 ? [{ type: "step.leaked" as const, ...step }] : []),
      ];
    }),
    { type: "run.failed", ...base, time: 60, error: new Error(names[0]) },
  ];
};

test("the tree writes no terminal commands but its own, with or without colours", () => {
  for (const colors of [true, false]) {
    for (let at = 0; at < plans.length; at += colors ? 1 : 4) {
      const { output, chunks } = screen([40, 80, 200][at % 3]!, 24);
      const view = openView({ output, style: "tree", colors });
      for (const event of eventsOf(at)) view.event(event);
      view.close();
      const rest = chunks.join("").replaceAll(own, "");
      expect(rest).not.toMatch(commands);
      expect(rest).not.toContain("\n");
      expect(rest).toContain(visible(plans[at]!.names[1]!).slice(0, 15));
    }
  }
});

test("plain lines have one line for each event, and contain no commands", () => {
  for (let at = 0; at < plans.length; at++) {
    const { output, chunks } = screen(80, 24);
    const view = openView({ output, style: "lines" });
    for (const event of eventsOf(at)) view.event(event);
    for (const chunk of chunks) {
      expect(chunk).not.toMatch(commands);
      expect(chunk.indexOf("\n")).toBe(chunk.length - 1);
    }
    for (const name of plans[at]!.names) expect(chunks.join("")).toContain(visible(name).slice(0, 400));
  }
});

test("espalier show prints names, values and errors of a record without any commands", async () => {
  const labels = someLabels("labels in records", nastier, 300);
  // Names that the builder allows; values and errors can be anything.
  const named = fc.sample(fc.string({ unit: "binary", minLength: 1, maxLength: 40 }), {
    numRuns: 300,
    seed: 1,
  });
  const folder = mkdtempSync(join(tmpdir(), "espalier-show-"));
  try {
    const filename = join(folder, "runs.db");
    const steps = labels.map((label, i) => {
      // oxlint-disable-next-line no-control-regex -- what no name may hold
      const name: `${number} ${string}` = `${i} ${named[i]!.replaceAll(/[\u0000-\u001f\u007f-\u009f*/[\]]/gu, "\u202e")}`;
      return step(name, [], () => {
        if (i % 5 === 4) throw new Error(label);
        return { [label]: label };
      });
    });
    await pipeline("hostile\u202e")
      .addAll(steps)
      .runPromise({}, { runId: "r\u202e", onFailure: "finish", store: SqliteStore.layer({ filename }) })
      .catch(() => undefined);
    const { code, stdout } = await espalier(["show", "r", "--store", filename]);
    expect(code).toBe(0);
    expect(stdout).not.toMatch(commands);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.filter((line) => line.startsWith("✓ "))).toHaveLength(240);
    expect(lines.filter((line) => line.startsWith("✗ "))).toHaveLength(60);
    const [run, ...others] = lines.filter((line) => !/^[✓✗] /u.test(line));
    expect(run).toMatch(/^r\\u202e {2}hostile\\u202e {2}failed/);
    // The error of the run. Causes, and further lines of a message, are indented: no message can fake a step.
    expect(others.filter((line) => !/^(?:StepFailed: | {2})/.test(line))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
});

test("values that are logged or thrown are described, and none of their code runs", () => {
  let ran = 0;
  const run = (): never => {
    ran++;
    throw new Error("run");
  };
  const cyclic: Record<string, unknown> = { a: [1, "two"] };
  cyclic["self"] = cyclic;
  const values: ReadonlyArray<readonly [unknown, string]> = [
    [() => run(), "a function"],
    [cyclic, '{ a: Array(2) [1, "two"], self: [cyclic] }'],
    [Object.defineProperty({}, "costly", { get: run, enumerable: true }), "{ costly: [getter, not run] }"],
    [new Proxy({}, { get: run, getPrototypeOf: run, ownKeys: run }), "[Proxy, not looked into]"],
    [{ toJSON: run, toString: run }, "{ toJSON: [function run], toString: [function run] }"],
    [new Map([["k", new Set([1])]]), 'Map(1) { "k": Set(1) { 1 } }'],
    [Array.from({ length: 1_000_000 }, () => "x"), "Array(1,000,000) ["],
    ["x".repeat(10_000), "xxx"],
    [new TypeError("no\u001b[2J"), "TypeError: no\\u001b[2J"],
  ];
  for (const [value, told] of values) {
    for (const style of ["tree", "lines"] as const) {
      const { output, chunks } = screen(400, 24);
      const view = openView({ output, style, colors: false });
      const base = { runId: "r", attempt: 1, time: 0, path: "a" };
      view.event({ type: "step.started", ...base });
      view.event({ type: "step.logged", ...base, message: ["said", value] });
      view.event({ type: "step.retried", ...base, error: value, delayMillis: 1 });
      view.event({ type: "run.failed", ...base, error: new Error("outer", { cause: value }) });
      view.close();
      const text = chunks.join("");
      expect(text).toContain(`said ${told}`);
      // The second time as the failure of an attempt.
      expect(text.split(told).length).toBeGreaterThan(2);
      expect(text.length).toBeLessThan(6_000);
    }
  }
  expect(ran).toBe(0);
});
