/**
 * Renders a run at one moment as lines that fit a terminal's width and height. Pure, and without colours of
 * its own: each line is a list of pieces with a role, which `colours` turns into codes or leaves plain.
 */
import { cells, fitted } from "../draw/cells.ts";
import { visible } from "../draw/escape.ts";
import { StepFailed } from "../errors.ts";
import type { RunState, StepState, StepStatus } from "../fold/run-state.ts";
import { hasItems, partsText } from "../fold/run-state.ts";
import { isErrorOf, said } from "./said.ts";
import { counted, took } from "./amounts.ts";

export type Role = "plain" | "faint" | "good" | "bad" | "busy" | "strong";

export interface Piece {
  readonly role: Role;
  readonly text: string;
}

export type Line = ReadonlyArray<Piece>;

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

const spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/** The duration of one spinner frame, in milliseconds. */
export const spinnerMillis = 80;

const marks: Readonly<Record<Exclude<StepStatus, "running">, readonly [Role, string]>> = {
  pending: ["faint", "·"],
  waiting: ["busy", "◷"],
  retrying: ["busy", "↻"],
  done: ["good", "✓"],
  failed: ["bad", "✗"],
  skipped: ["faint", "-"],
  stopped: ["bad", "■"],
  leaked: ["bad", "!"],
};

const markOf = (status: StepStatus, now: number): Piece => {
  if (status === "running") {
    return { role: "busy", text: spinner[Math.floor(now / spinnerMillis) % spinner.length]! };
  }
  const [role, text] = marks[status];
  return { role, text };
};

/** The failed part of a bar is marked, and visible even for one failure in a thousand. */
const bar = (fraction: number, width: number, failed = 0): ReadonlyArray<Piece> => {
  const full = Math.min(width, Math.floor(fraction * width));
  const bad = Math.min(full, Math.ceil(failed * width));
  return [
    { role: "good", text: "━".repeat(full - bad) },
    { role: "bad", text: "━".repeat(bad) },
    { role: "faint", text: "─".repeat(width - full) },
    { role: "plain", text: " " },
  ];
};

/** The estimated remaining time, at the rate so far. Empty until there is enough to estimate from. */
const rest = (fraction: number, elapsed: number): string => {
  if (fraction <= 0.02 || fraction >= 1 || elapsed < 2000) return "";
  return `, about ${took((elapsed * (1 - fraction)) / fraction)} left`;
};

const isBad = ({ status }: StepState): boolean => status === "failed" || status === "leaked";

/** The reason for a failure in one line: the error that a step threw, since its mark already shows that it failed. */
const reason = (error: unknown): string => said(isErrorOf(error, StepFailed) ? error.cause : error);

const undoneWords: Readonly<Record<NonNullable<StepState["undone"]>, Piece>> = {
  "under way": { role: "busy", text: " being undone" },
  done: { role: "plain", text: " undone" },
  failed: { role: "bad", text: " could not be undone" },
};

/** The text after a node's name. */
const details = (node: StepState, now: number, barCells: number): ReadonlyArray<Piece> => {
  const pieces: Array<Piece> = [];
  const plain = (text: string): void => void pieces.push({ role: "plain", text });
  const faint = (text: string): void => void pieces.push({ role: "faint", text });
  const elapsed = node.began === undefined ? undefined : (node.ended ?? now) - node.began;
  if (node.plan !== undefined) faint(`→ ${node.plan.name} `);
  const parts = partsText(node);
  if (node.kind === "map" && node.items !== undefined && (node.isActive || node.status !== "done")) {
    const ended = node.itemsDone + node.itemsFailed;
    const fraction = node.items === 0 ? 1 : ended / node.items;
    pieces.push(...bar(fraction, barCells, node.itemsFailed / Math.max(1, node.items)));
    plain(`${ended.toLocaleString("en")}/${node.items.toLocaleString("en")} `);
    if (node.itemsFailed > 0) pieces.push({ role: "bad", text: `${node.itemsFailed} failed ` });
    if (elapsed !== undefined) faint(took(elapsed) + (node.isActive ? rest(fraction, elapsed) : ""));
  } else {
    if (parts !== undefined) plain(`${parts} `);
    if (node.fraction !== undefined && node.isActive) {
      pieces.push(...bar(node.fraction, barCells));
      plain(`${Math.round(node.fraction * 100)} % `);
    }
    if (elapsed !== undefined && (node.isActive || node.status === "done" || elapsed >= 1)) {
      faint(took(elapsed) + (node.isActive ? rest(node.fraction ?? 0, elapsed) : ""));
    }
  }
  if (node.emitted > 0) {
    plain(` ${counted(node.emitted, "value")} emitted${node.isActive ? `: ${said(node.lastEmitted)}` : ""}`);
  }
  if (node.attempt > 1) plain(` attempt ${node.attempt}`);
  if (node.isRecalled) faint(" from an earlier run");
  if (node.undone !== undefined) pieces.push(undoneWords[node.undone]);
  if (node.fellBackFor !== undefined) plain(` by its fallback: ${reason(node.fellBackFor.error)}`);
  if (node.note !== undefined && node.isActive) plain(` ${node.note}`);
  // The step that failed inside it shows the reason itself.
  if (node.status === "retrying" || (node.status === "failed" && !node.children.some(isBad))) {
    pieces.push({ role: "bad", text: `  ${reason(node.error)}` });
  }
  return pieces;
};

/** Cuts pieces to `width` cells and escapes text from users. */
const fit = (pieces: Line, width: number): Line => {
  const line: Array<Piece> = [];
  let left = width;
  for (const { role, text } of pieces) {
    if (left <= 0) break;
    const short = fitted(visible(text), left);
    line.push({ role, text: short });
    left -= cells(short);
  }
  return line;
};

/** Some of a node's children, and counts of the others by state. */
interface Chosen {
  readonly shown: ReadonlyArray<StepState>;
  readonly hidden: ReadonlyMap<StepStatus, number>;
}

/** A bar is enough for a map's items, except those that take long or have details of their own to show. */
const mostItems = 4;
const longItemMillis = 2000;

const tellingItems = (map: StepState, now: number): ReadonlyArray<StepState> => {
  const telling: Array<StepState> = [];
  for (const item of map.active) {
    if (telling.length === mostItems) break;
    const hasMore = item.children.length > 0 || item.fraction !== undefined || item.status === "retrying";
    if (hasMore || now - item.began! >= longItemMillis) telling.push(item);
  }
  return [...map.children.slice(0, mostItems), ...telling];
};

const choose = (node: StepState, most: number, now: number): Chosen => {
  const children = hasItems(node) ? tellingItems(node, now) : node.children;
  // If only some items of a map are shown, other running ones are counted, since there may be a million.
  const hidden = new Map<StepStatus, number>();
  const others = node.active.size - children.filter((child) => node.active.has(child)).length;
  if (hasItems(node) && children.length > 0 && others > 0) hidden.set("running", others);
  if (children.length <= most) return { shown: children, hidden };
  const chosen = new Set<StepState>();
  const take = (from: Iterable<StepState>, limit: number): void => {
    for (const child of from) {
      if (chosen.size >= limit) return;
      chosen.add(child);
    }
  };
  take(children.filter(isBad), Math.ceil(most / 2));
  take(node.active, most);
  if (node.isActive || node.kind === "run") {
    take(
      children.filter(({ status }) => status === "pending"),
      most,
    );
  }
  for (const child of children) {
    if (!chosen.has(child)) hidden.set(child.status, (hidden.get(child.status) ?? 0) + 1);
  }
  return { shown: children.filter((child) => chosen.has(child)), hidden };
};

const hiddenWords: Readonly<Record<StepStatus, string>> = {
  pending: "not started",
  waiting: "waiting",
  running: "running",
  retrying: "retrying",
  done: "done",
  failed: "failed",
  skipped: "skipped",
  stopped: "stopped",
  leaked: "abandoned",
};

const hiddenLine = (hidden: ReadonlyMap<StepStatus, number>): Line => {
  const parts = [...hidden].map(([state, count]) => `${count.toLocaleString("en")} ${hiddenWords[state]}`);
  return [{ role: "faint", text: `… ${parts.join(", ")}` }];
};

interface Fold {
  /** The maximum number of children shown per node. */
  readonly most: number;
  /** Are the insides of finished nodes shown too? */
  readonly showsDone: boolean;
}

/** The lines of everything inside a node, at most `limit` of them. */
const linesWithin = (
  root: StepState,
  { most, showsDone }: Fold,
  now: number,
  limit: number,
  barCells: number,
): Array<Line> => {
  const lines: Array<Line> = [];
  const stack: Array<{ readonly node: StepState | Line; readonly lead: string; readonly isLast: boolean }> =
    [];
  const push = (node: StepState, lead: string): void => {
    const { shown, hidden } = choose(node, most, now);
    if (hidden.size > 0) stack.push({ node: hiddenLine(hidden), lead, isLast: true });
    for (let i = shown.length - 1; i >= 0; i--) {
      stack.push({ node: shown[i]!, lead, isLast: i === shown.length - 1 && hidden.size === 0 });
    }
  };
  push(root, "");
  for (let next = stack.pop(); next !== undefined && lines.length < limit; next = stack.pop()) {
    const { node, lead, isLast } = next;
    const branch: Piece = { role: "faint", text: `${lead}${isLast ? "└─ " : "├─ "}` };
    if (!(node instanceof Object && "path" in node)) {
      lines.push([branch, ...node]);
      continue;
    }
    const name: Piece = { role: node.status === "pending" ? "faint" : "plain", text: `${node.name} ` };
    lines.push([
      branch,
      markOf(node.status, now),
      { role: "plain", text: " " },
      name,
      ...details(node, now, barCells),
    ]);
    const hasFailedInside = node.kind !== "item" && node.children.some(isBad);
    if (node.status !== "done" || showsDone || hasFailedInside)
      push(node, `${lead}${isLast ? "   " : "│  "}`);
  }
  return lines;
};

/** From the whole tree to active steps only. */
const folds: ReadonlyArray<Fold> = [
  { most: 60, showsDone: true },
  { most: 60, showsDone: false },
  ...[30, 16, 10, 7, 5, 4, 3, 2, 1].map((most) => ({ most, showsDone: false })),
];

/** The tree of a run, in at most `rows` lines: finished steps are folded first, then waiting ones, then running ones. */
export const frame = (run: RunState, { columns, rows }: Size, now: number): ReadonlyArray<Line> => {
  const { root } = run;
  // The last column stays free: some terminals wrap as soon as it is written.
  const width = Math.max(1, columns - 1);
  const head: Line = [
    markOf(root.status, now),
    { role: "strong", text: ` ${root.name} ` },
    { role: "faint", text: root.began === undefined ? "" : took((root.ended ?? now) - root.began) },
    { role: "bad", text: root.note === undefined ? "" : ` ${root.note}` },
  ];
  const most = Math.max(1, rows - 1);
  let lines: Array<Line> = [];
  for (const fold of folds) {
    lines = linesWithin(root, fold, now, most + 1, width < 60 ? 8 : 20);
    if (lines.length <= most) break;
  }
  if (lines.length > most) {
    lines = lines.slice(0, most - 1);
    lines.push([{ role: "faint", text: "…" }]);
  }
  return [head, ...lines].map((line) => fit(line, width));
};

export const asText = (line: Line): string =>
  line
    .map(({ text }) => text)
    .join("")
    .trimEnd();
