/** `espalier show RUN`: the tree of a run, with values, errors and times. `show RUN PATH`: one value, whole. */
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { visible, visibleJson } from "../../draw/escape.ts";
import type { RecordedNode, RecordedStep, RunRecord } from "../../../types/runs.ts";
import { itemLabel } from "../../path.ts";
import { Runs } from "../../run/runs.ts";
import { outcomesOf, preview, took, when } from "../history.ts";
import { print } from "../output.ts";
import { findRun, inStore, storeFlags } from "../store.ts";

export const runId: Argument.Argument<string> = Argument.String("run").pipe(
  Argument.withDescription("The id of a run, or a unique beginning of it"),
);

/** The maximum number of items, turns or contenders shown for a step; a map may have a million. */
const mostItems = 20;

const marks: Readonly<Record<RecordedNode["status"], string>> = {
  pending: "·",
  running: "…",
  waiting: "◷",
  retrying: "↻",
  done: "✓",
  failed: "✗",
  skipped: "-",
  stopped: "■",
  leaked: "!",
};

/** The details of a step after its name: its value or its error, and whether it belonged to an earlier attempt. */
const details = (node: RecordedNode, outcome: RecordedStep | undefined): string => {
  const { status, kind, began, error, fallbackFor, undone, earlier } = node;
  const parts: Array<string> = [];
  if (outcome !== undefined && status !== "stopped") parts.push(`${preview(outcome)} (${took(outcome)})`);
  else if (status === "failed") parts.push(error!);
  else if (status === "waiting") {
    parts.push(`${kind === "sleep" ? "sleeps" : "waits for a value"} since ${when(began!)}`);
  } else if (status === "stopped") parts.push("stopped");
  if (fallbackFor !== undefined) parts.push(`by its fallback, after: ${fallbackFor}`);
  if (undone === "done") parts.push("undone");
  else if (undone !== undefined) parts.push(undone === "failed" ? "could not be undone" : "being undone");
  const last = earlier.at(-1);
  if (last !== undefined) {
    const times = earlier.length === 1 ? "" : `${earlier.length} times, last `;
    parts.push(`an earlier attempt failed ${times}at ${when(last.time)}: ${last.detail}`);
  }
  return parts.length === 0 ? "" : `: ${parts.join("; ")}`;
};

const tree = (run: RunRecord): ReadonlyArray<string> => {
  const outcomes = outcomesOf(run);
  const lines: Array<string> = [];
  const show = (node: RecordedNode, depth: number): void => {
    const { path, name, kind, status, isExpanded, children } = node;
    const mark = isExpanded && status === "done" ? "+" : marks[status];
    const [said, ...causes] = details(node, outcomes.get(path)).split("\n");
    lines.push(`${"  ".repeat(depth)}${mark} ${kind === "item" ? itemLabel(name) : name}${said}`);
    lines.push(...causes.map((cause) => `${"  ".repeat(depth + 1)}${cause}`));
    const left = children[0]?.kind === "item" ? children.length - mostItems : 0;
    // The last turns of a loop matter most.
    const isLoop = kind === "loop";
    if (left > 0 && isLoop) lines.push(`${"  ".repeat(depth + 1)}… ${left} earlier turns`);
    const shown = left <= 0 ? children : isLoop ? children.slice(-mostItems) : children.slice(0, mostItems);
    for (const child of shown) show(child, depth + 1);
    if (left > 0 && !isLoop) lines.push(`${"  ".repeat(depth + 1)}… and ${left} more`);
  };
  for (const node of run.graph ?? []) show(node, 0);
  return lines;
};

/** A run's error begins at the margin; further lines of a message are indented, so that they cannot pass for a step. */
const furtherIndented = ([first, ...others]: ReadonlyArray<string>): ReadonlyArray<string> =>
  first === undefined ? [] : [first, ...others.map((line) => (line.startsWith("  ") ? line : `  ${line}`))];

const asData = (run: RunRecord) => ({
  id: run.id,
  pipeline: run.pipeline,
  status: run.status,
  began: new Date(run.began).toISOString(),
  ...(run.ended === undefined ? {} : { ended: new Date(run.ended).toISOString() }),
  ...(run.error === undefined ? {} : { error: run.error }),
  steps: run.steps.map(({ path, status, began, ended, attempt, ...outcome }) => ({
    path,
    status,
    began: new Date(began).toISOString(),
    millis: ended - began,
    attempt,
    ...outcome,
  })),
  events: run.events,
  ...(run.compensation === undefined ? {} : { compensation: run.compensation }),
});

/** JSON, both on a terminal and in files; spread over lines for readability. */
const wholeValue = (value: unknown, isData: boolean): string =>
  value === undefined
    ? "undefined"
    : isData
      ? visibleJson(JSON.stringify(value))
      : JSON.stringify(value, null, 2).split("\n").map(visibleJson).join("\n");

export const show = Command.make(
  "show",
  {
    runId,
    path: Argument.optional(
      Argument.String("path").pipe(
        Argument.withDescription("A path in the run, whose complete value is printed as JSON"),
      ),
    ),
    json: Flag.Boolean("json").pipe(Flag.withDescription("Print the run as JSON"), Flag.withDefault(false)),
    store: storeFlags,
  },
  Effect.fnUntraced(function* ({ runId, path, json, store }) {
    if (Option.isSome(path)) {
      const reading = Effect.flatMap(findRun(runId), ({ id }) => Runs.value(id, path.value));
      yield* print(`${wholeValue(yield* inStore(store, reading), json)}\n`);
      return;
    }
    const run = yield* inStore(
      store,
      Effect.flatMap(findRun(runId), ({ id }) => Runs.get(id, { values: true, graph: !json })),
    );
    if (json) {
      yield* print(`${visibleJson(JSON.stringify(asData(run)))}\n`);
      return;
    }
    const head = [
      `${run.id}  ${run.pipeline}  ${run.status}  ${when(run.began)}  ${took(run)}`.trimEnd(),
      ...furtherIndented(run.error?.split("\n") ?? []),
    ];
    yield* print([...head, ...tree(run)].map((line) => `${visible(line)}\n`).join(""));
  }),
).pipe(
  Command.withDescription(
    "Show what a run did: ✓ succeeded, ✗ failed, + expanded, ◷ waiting, ■ stopped, · not reached, with shortened values and durations. With a path, print its complete value.",
  ),
  Command.withShortDescription("Show a recorded run"),
);
