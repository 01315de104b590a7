import * as Effect from "effect/Effect";
import * as fc from "fast-check";
import { beforeEach, expect, test, vi } from "vitest";
import type { PipelineEvent, Plan, ProgressOptions } from "espalier";
import { Progress, pipeline } from "espalier";
import { Report } from "espalier/draw";
import { cells, fitted } from "../../src/draw/cells.ts";
import { apply } from "../../src/fold/apply.ts";
import { RunState } from "../../src/fold/run-state.ts";
import { asText, frame } from "../../src/progress/frame.ts";
import { terminalView } from "../../src/progress/terminal.ts";
import { dataOf } from "./page-data.ts";
import { screen } from "./screen.ts";

const sleep = (millis: number) => new Promise<void>((done) => setTimeout(done, millis));

const training = pipeline("training")
  .step("rows", [], async (_, { log }) => {
    await sleep(150);
    log("read 数据.csv");
    return Array.from({ length: 40 }, (_, i) => i);
  })
  .map(
    "features",
    "rows",
    [],
    async (row) => {
      await sleep(120);
      return row;
    },
    { concurrency: 8 },
  )
  .dynamic("best", ["rows"], () =>
    pipeline("search")
      .step("fit_日本語", [], () => sleep(300))
      .step("best", ["fit_日本語"], () => 1),
  )
  .step("report", ["best", "features"], () => "written");

// The environment of a person at a terminal, wherever the tests run.
beforeEach(() => {
  vi.stubEnv("CI", "");
  vi.stubEnv("NO_COLOR", "");
  vi.stubEnv("TERM", "xterm-256color");
  return () => vi.unstubAllEnvs();
});

const shown = async (options: ProgressOptions, run: Effect.Effect<unknown, unknown> = training.run({})) =>
  Effect.runPromiseExit(Effect.provide(run, Progress.layerWith(options)));

test.for([
  [80, 24],
  [200, 50],
  [40, 12],
] as const)(
  "at %i columns a run is one picture that changes in place, and stays at the end",
  async ([columns, rows]) => {
    const { output, lines, seen } = screen(columns, rows);
    const ended = shown({ output });
    await sleep(350);
    const during = await seen();
    expect(during.join("\n")).toMatch(/features [━─]+ \d+\/40/u);
    expect(during.join("\n")).toContain("best → search");
    expect(during.join("\n")).toContain("fit_日本語");
    expect(during.length).toBeLessThan(rows);
    await ended;
    const after = await lines();
    const text = after.join("\n");
    expect(after[0]).toBe("rows: read 数据.csv");
    expect(after[1]).toMatch(/^✓ training \d+/u);
    // One picture is left, not one for each change.
    expect(text.match(/training/gu)).toHaveLength(1);
    expect(text).toContain("✓ features 40 items");
    expect(text.replaceAll(/\s+/gu, " ")).toMatch(/44 steps, 2 expansions in .* of steps/u);
    expect(text.replaceAll(/\s+/gu, " ")).toMatch(
      /critical path: rows \d+ ms → features\[\d+\] \d+ ms → report/u,
    );
    for (const line of after) expect(cells(line)).toBeLessThan(columns);
  },
);

test("no write leaves the terminal without the previous picture", async () => {
  const { output, chunks } = screen(80, 24);
  await shown({ output, colors: false });
  const pictures = chunks.filter((chunk) => chunk.includes("training"));
  expect(pictures.length).toBeGreaterThan(3);
  for (const picture of pictures) {
    // One synchronized update for terminals that support it; lines are overwritten, and only the rest below is erased.
    expect(picture.startsWith("\u001b[?2026h")).toBe(true);
    expect(picture.endsWith("\u001b[J\u001b[?2026l")).toBe(true);
    expect(picture.split("\u001b[J")).toHaveLength(2);
    expect(picture).not.toContain("\u001b[2J");
  }
  expect(chunks[0]).toBe("\u001b[?25l");
  expect(chunks.at(-1)).toBe("\u001b[?25h");
});

test("without colours no colour codes are written", async () => {
  const plain = screen(80, 24);
  await shown({ output: plain.output, colors: false });
  // oxlint-disable-next-line no-control-regex -- what is looked for
  expect(plain.chunks.join("")).not.toMatch(/\u001b\[[0-9;]*m/u);
  const coloured = screen(80, 24);
  await shown({ output: coloured.output, colors: true });
  expect(coloured.chunks.join("")).toContain("\u001b[32m✓");
});

test("an output that is not a terminal gets plain lines, without escape codes", async () => {
  const { output, chunks } = screen(80, 24);
  await shown({ output: { write: output.write } });
  const text = chunks.join("");
  expect(text).not.toContain("\u001b");
  expect(text).toMatch(/^▶ training\n.*rows: read 数据.csv\n✓ rows .*\n/u);
  expect(text).toMatch(/✓ done in .*\n {2}44 steps, 2 expansions in .*\n {2}critical path: rows /u);
});

test("other output in the meantime appears above the picture, whole and in order", async () => {
  const { output, lines } = screen(60, 12);
  const talking = pipeline("talking").step("talk", [], async () => {
    for (let i = 0; i < 40; i++) {
      output.write(i % 4 === 3 ? `part ${i} without an end` : `line ${i}\n`);
      await sleep(7);
    }
  });
  await shown({ output }, talking.run({}));
  const after = await lines();
  for (let i = 0; i < 40; i++) {
    expect(after.some((line) => line.includes(i % 4 === 3 ? `part ${i} without an end` : `line ${i}`))).toBe(
      true,
    );
  }
  expect(after.filter((line) => line.includes("talking"))).toHaveLength(1);
  expect(after.indexOf("line 0")).toBe(0);
});

test("a terminal that becomes narrower keeps one picture", async () => {
  const { output, lines, resize } = screen(100, 24);
  const ended = shown({ output });
  await sleep(200);
  resize(50, 20);
  await sleep(150);
  resize(120, 30);
  await ended;
  expect((await lines()).filter((line) => line.includes("✓ training"))).toHaveLength(1);
});

test("a failure is reported with its path and its causes; the failed and the skipped steps are in the tree", async () => {
  const { output, lines } = screen(80, 24);
  const failing = pipeline("failing")
    .dynamic("models", [], () =>
      pipeline("search").step("models", [], async () => {
        await sleep(30);
        throw new Error("the matrix is singular", { cause: new RangeError("column 3 is constant") });
      }),
    )
    .step("report", ["models"], () => 1);
  await shown({ output }, failing.run({}));
  const text = (await lines()).join("\n");
  expect(text).toContain("✗ models → search");
  expect(text).toMatch(/└─ ✗ models .* the matrix is singular/u);
  expect(text).toContain("- report");
  expect(text).toContain("✗ models/models\n  StepFailed: ");
  expect(text).toContain("caused by RangeError: column 3 is constant");
});

const steps = (count: number): Plan => ({
  name: "many",
  inputs: [],
  returns: [],
  steps: Array.from({ length: count }, (_, i) => ({
    path: `step${i}`,
    name: `step${i}`,
    kind: "step" as const,
    inputs: i === 0 ? [] : [{ name: `step${i - 1}`, from: `step${i - 1}` }],
    outputs: [`step${i}`],
  })),
});

const event = (fields: Record<string, unknown>): PipelineEvent =>
  ({ runId: "r", time: 0, attempt: 1, ...fields }) as PipelineEvent;

test("ten thousand steps fit into any terminal, and a picture of them takes milliseconds", () => {
  const state = new RunState("many", steps(10_000));
  apply(state, event({ type: "run.started", pipeline: "many" }));
  for (let i = 0; i < 5_000; i++) {
    apply(state, event({ type: "step.started", path: `step${i}`, time: i }));
    if (i % 7 !== 6)
      apply(state, event({ type: "step.succeeded", path: `step${i}`, time: i + 1, outputs: {} }));
  }
  apply(state, event({ type: "step.failed", path: "step6", time: 9_000, error: new Error("no") }));
  const began = performance.now();
  for (const rows of [4, 10, 24, 60]) {
    for (const columns of [20, 80, 200]) {
      const lines = frame(state, { columns, rows }, 9_000).map(asText);
      expect(lines.length).toBeLessThanOrEqual(rows);
      expect(lines.join("\n")).toContain("step6");
      for (const line of lines) expect(cells(line)).toBeLessThan(columns);
    }
  }
  expect((performance.now() - began) / 12).toBeLessThan(150);
});

test("a map of a million items keeps only the running ones", () => {
  const state = new RunState("map");
  apply(state, event({ type: "run.started", pipeline: "map" }));
  apply(state, event({ type: "expansion.started", path: "m" }));
  apply(state, event({ type: "expansion.expanded", path: "m", plan: undefined, items: 1_000_000 }));
  for (let i = 0; i < 200_000; i++) {
    apply(state, event({ type: "step.started", path: `m[${i}]`, time: i }));
    apply(state, event({ type: "step.succeeded", path: `m[${i}]`, time: i + 1, outputs: {} }));
  }
  expect(state.step("m")).toMatchObject({ itemsDone: 200_000, children: [] });
  expect(state.step("m")!.active.size).toBe(0);
  expect(state.step("m[3]")).toBeUndefined();
  const [, line] = frame(state, { columns: 100, rows: 10 }, 200_000).map(asText);
  expect(line).toBe("└─ ⠋ m ━━━━──────────────── 200,000/1,000,000 3 min 20 s, about 13 min 20 s left");
});

/** A map of ten items, `running` of which have become a pipeline, after two have failed. */
const mapOf = (running: number): RunState => {
  const state = new RunState("map");
  apply(state, event({ type: "run.started", pipeline: "map" }));
  apply(state, event({ type: "expansion.started", path: "m" }));
  apply(state, event({ type: "expansion.expanded", path: "m", plan: undefined, items: 10 }));
  for (let i = 0; i < 2; i++) {
    apply(state, event({ type: "step.started", path: `m[${i}]` }));
    apply(state, event({ type: "step.failed", path: `m[${i}]`, error: new Error("no") }));
  }
  for (let i = 2; i < 2 + running; i++) {
    apply(state, event({ type: "expansion.started", path: `m[${i}]` }));
    apply(state, event({ type: "expansion.expanded", path: `m[${i}]`, plan: steps(1), time: 30 }));
  }
  return state;
};

test("for a map with some items shown, the other running ones are counted", () => {
  const shownOf = (running: number) =>
    frame(mapOf(running), { columns: 80, rows: 60 }, 100)
      .map(asText)
      .filter((line) => line.includes("running"));
  expect(shownOf(4)).toEqual([]);
  expect(shownOf(7)).toEqual(["   └─ … 3 running"]);
});

test("the bar of a map has a part for the failed items", () => {
  const line = frame(mapOf(0), { columns: 80, rows: 60 }, 100).find((line) => asText(line).includes("2/10"))!;
  const bar = line.filter(({ text }) => /^[━─]+$/u.test(text)).map(({ role, text }) => [role, text.length]);
  expect(bar).toEqual([
    ["bad", 4],
    ["faint", 16],
  ]);
});

test("the total time of all steps is the same as in a report: an expanding step works until it has expanded", async () => {
  const state = new RunState("same");
  const log: Array<PipelineEvent> = [];
  const tell = (fields: Record<string, unknown>): void => {
    log.push(event(fields));
    apply(state, log.at(-1)!);
  };
  const [plan, inner] = [steps(1), { ...steps(1), steps: [{ ...steps(1).steps[0]!, path: "step0/step0" }] }];
  tell({ type: "run.started", pipeline: "same", plan });
  tell({ type: "expansion.started", path: "step0", time: 10 });
  tell({ type: "expansion.expanded", path: "step0", plan: inner, time: 110 });
  tell({ type: "step.started", path: "step0/step0", time: 110 });
  tell({ type: "step.succeeded", path: "step0/step0", time: 160, outputs: {} });
  tell({ type: "expansion.succeeded", path: "step0", time: 160, outputs: {} });
  tell({ type: "run.succeeded", time: 160 });
  expect(state.summed).toBe(150);
  expect(dataOf(Report.fromEvents(log)).run?.summed).toBe(150);
});

test("a run of which only paths are known is drawn from its paths", () => {
  const state = new RunState("unknown");
  apply(state, event({ type: "step.started", path: "a/b[3]/c" }));
  expect(frame(state, { columns: 80, rows: 10 }, 0).map(asText).join("\n")).toContain("c");
  expect(state.step("a")!.children.map(({ name }) => name)).toEqual(["b"]);
});

const hostile = fc.oneof(
  fc.string({ unit: "binary", maxLength: 80 }),
  fc.string({ unit: "grapheme", maxLength: 80 }),
  fc.constantFrom(
    "\u001b[2J\u001b]0;title\u0007",
    "\u202eevil\u2066",
    "a\r\nb\tc\0",
    "👩‍👩‍👧‍👦🇩🇪❤️".repeat(30),
    `a${"\u0301".repeat(10_000)}`,
    "日本語".repeat(3_000),
  ),
);

test("two thousand hostile names: no line is too wide, and none commands the terminal", () => {
  fc.assert(
    fc.property(hostile, fc.integer({ min: 10, max: 200 }), (name, columns) => {
      const plan = { ...steps(1), steps: [{ ...steps(1).steps[0]!, path: "p", name }] };
      const state = new RunState(name, plan);
      apply(state, event({ type: "step.started", path: "p" }));
      apply(state, event({ type: "step.retried", path: "p", error: new Error(name), delayMillis: 1 }));
      for (const line of frame(state, { columns, rows: 10 }, 0).map(asText)) {
        expect(cells(line)).toBeLessThan(columns);
        // oxlint-disable-next-line no-control-regex -- what is looked for
        expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/u);
      }
    }),
    { numRuns: 2_000 },
  );
});

test("wide, combining and joined characters take the cells that a terminal uses for them", () => {
  expect(["abc", "日本", "e\u0301", "👩‍👩‍👧", "🇩🇪", "❤️", "한글", "ｱ", "\u0301"].map(cells)).toEqual([
    3, 4, 1, 2, 2, 2, 4, 1, 0,
  ]);
  expect(fitted("日本語", 5)).toBe("日本…");
  expect(fitted("日本語", 6)).toBe("日本語");
  expect(fitted("日本語", 4)).toBe("日…");
  expect(fitted("plain text", 6)).toBe("plain…");
});

test("a view that is closed in the middle restores the cursor and the stream", () => {
  const { output, chunks } = screen(80, 24);
  const { write } = output;
  const view = terminalView(output, [], { hasColours: false, tellsFailure: true, plan: undefined });
  view.event(event({ type: "run.started", pipeline: "p", plan: steps(1) }));
  expect(output.write).not.toBe(write);
  view.close();
  expect(output.write).toBe(write);
  expect(chunks.at(-1)).toBe("\u001b[?25h");
});

test.for([
  ["CI", "true"],
  ["TERM", "dumb"],
] as const)("if %s is %s, a terminal gets plain lines", async ([name, value]) => {
  vi.stubEnv(name, value);
  const { output, lines, chunks } = screen(80, 24);
  await shown({ output });
  expect((await lines())[0]).toBe("▶ training");
  expect(chunks.every((chunk) => chunk.endsWith("\n"))).toBe(true);
});

test("a loop shows its turns so far, a race its winner, and a step the result of its compensation", async () => {
  const p = pipeline("flow")
    .step("booked", [], () => 1, { compensate: () => {} })
    .step("sent", ["booked"], () => 1, {
      compensate: () => {
        throw new Error("it has left");
      },
    })
    .loop(
      "answer",
      ["sent"],
      () => 0,
      (n) => pipeline("turn").step("answer", [], () => n + 1),
      { until: (n) => n === 5 },
    )
    .race("first", ["answer"], { fast: () => 1, slow: () => new Promise<number>(() => {}) })
    .step("paid", ["first"], () => {
      throw new Error("refused");
    });
  const state = new RunState("flow", p.plan());
  const pictures: Array<string> = [];
  const onEvent = (event: PipelineEvent): void => {
    apply(state, event);
    pictures.push(frame(state, { columns: 80, rows: 30 }, event.time).map(asText).join("\n"));
  };
  const options = { onFailure: "compensate", gracePeriod: 0, onEvent } as const;
  await expect(p.runPromise({}, options)).rejects.toThrow("refused");
  const during = pictures.find((picture) => picture.includes("[3] → turn"))!;
  expect(during).toMatch(/ answer 4 turns /);
  expect(pictures.some((picture) => / booked .* being undone/.test(picture))).toBe(true);
  const last = pictures.at(-1)!;
  for (const line of [
    /booked .* undone$/m,
    /sent .* could not be undone$/m,
    /answer 5 turns/,
    /first 2 contenders: fast won/,
  ])
    expect(last).toMatch(line);
});
