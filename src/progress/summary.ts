/** The summary of a run that has ended: where and why it failed, and which steps took the time. */
import { cells } from "../draw/cells.ts";
import { visible } from "../draw/escape.ts";
import { criticalPath, fatalStep } from "../fold/critical-path.ts";
import type { RunState } from "../fold/run-state.ts";
import type { Line, Piece } from "./frame.ts";
import { causeOf, said } from "./said.ts";
import { counted, took } from "./amounts.ts";

/** An error and its causes, one per line; at most three levels, to stay readable. */
const causes = (error: unknown): ReadonlyArray<string> => {
  const lines: Array<string> = [];
  let at: unknown = error;
  for (let depth = 0; depth < 4 && at !== undefined; depth++) {
    const text = said(at);
    if (lines.at(-1)?.includes(text) !== true) lines.push(text);
    at = causeOf(at);
  }
  return lines;
};

/** Breaks words at `width` cells; the lines after the first are indented. */
const wrapped = (words: ReadonlyArray<string>, width: number, indent: string): ReadonlyArray<string> => {
  const lines: Array<string> = [];
  let line = "";
  for (const word of words) {
    if (line.trim() !== "" && cells(line) + 1 + cells(word) > width) {
      lines.push(line);
      line = indent + word;
    } else {
      line = line === "" ? word : line === indent ? line + word : `${line} ${word}`;
    }
  }
  if (line !== "") lines.push(line);
  return lines;
};

const faint = (text: string): Line => [{ role: "faint", text }];

/** The maximum number of critical-path steps listed: those that took longest. */
const mostCritical = 8;

const critical = (run: RunState, width: number): ReadonlyArray<Line> => {
  const chain = criticalPath(run).map(({ path, began, ended }) => ({ path, millis: ended! - began! }));
  if (chain.length < 2) return [];
  const longest = new Set(chain.toSorted((a, b) => b.millis - a.millis).slice(0, mostCritical));
  const words: Array<string> = [];
  let left = 0;
  for (const step of chain) {
    if (!longest.has(step)) {
      if (left++ === 0) words.push("…");
      continue;
    }
    left = 0;
    words.push(`${visible(step.path)} ${took(step.millis)}`);
  }
  const joined = words.map((word, i) => (i === 0 ? `critical path: ${word}` : `→ ${word}`));
  return wrapped(joined, width, "  ").map(faint);
};

const totals = (run: RunState): string => {
  const { root } = run;
  const parts = [counted(run.steps, "step"), counted(run.expansions, "expansion")];
  if (run.recalled > 0) parts.push(`${run.recalled.toLocaleString("en")} from earlier runs`);
  if (run.failed > 0) parts.push(`${run.failed.toLocaleString("en")} failed`);
  if (run.skipped > 0) parts.push(`${run.skipped.toLocaleString("en")} skipped`);
  const wall = (root.ended ?? run.time) - (root.began ?? run.time);
  const times = `${took(wall)}, ${took(run.summed)} of steps`;
  const atOnce = wall > 0 && run.summed > wall ? `, ${(run.summed / wall).toFixed(1)} at once` : "";
  return `${parts.join(", ")} in ${times}${atOnce}`;
};

/** The lines after the tree of a run that has ended. */
export const summary = (run: RunState, columns: number, tellsFailure: boolean): ReadonlyArray<Line> => {
  const width = Math.max(20, columns - 1);
  const lines: Array<Line> = [];
  const failure = fatalStep(run) ?? run.root;
  if (tellsFailure && run.root.status === "failed") {
    const [first, ...others] = causes(failure.error);
    const where: Piece = {
      role: "strong",
      text: failure.path === "" ? "the run" : visible(failure.path),
    };
    lines.push([{ role: "bad", text: "✗ " }, where]);
    for (const line of wrapped(visible(first ?? "").split(" "), width - 2, "")) {
      lines.push([{ role: "bad", text: `  ${line}` }]);
    }
    for (const other of others) {
      for (const line of wrapped(`caused by ${visible(other)}`.split(" "), width - 2, "  ")) {
        lines.push([{ role: "plain", text: `  ${line}` }]);
      }
    }
  }
  for (const line of wrapped(totals(run).split(" "), width, "  ")) lines.push(faint(line));
  lines.push(...critical(run, width));
  return lines;
};
