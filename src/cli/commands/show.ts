/** `espalier show RUN`: the tree of a run, with values, errors and times. `show RUN PATH`: one value, whole. */
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { visible, visibleJson } from "../../draw/escape.ts";
import { itemsOf, readShape, shapesOf } from "../../journal/shape.ts";
import type { StepState, StepStatus } from "../../fold/run-state.ts";
import { hasItems } from "../../fold/run-state.ts";
import type { Entry } from "../../journal/records.ts";
import type { RunDetails, StoredEvent } from "../../journal/store.ts";
import { Store } from "../../journal/store.ts";
import { recordedCompensation, Runs } from "../../run/runs.ts";
import { decodeShown } from "../../values/encode.ts";
import { preview, took, when } from "../history.ts";
import { Kind, outcomesOf } from "../../journal/records.ts";
import { print } from "../output.ts";
import { recordedState } from "../../run/recorded-state.ts";
import { existingStore, findRun, storeFlags, told } from "../store.ts";
import { child, item, itemLabel } from "../../path.ts";

export const runId: Argument.Argument<string> = Argument.String("run").pipe(
  Argument.withDescription("The id of a run, or a unique beginning of it"),
);

/** So many items, turns or contenders of a step are shown; a map may have a million. */
const mostItems = 20;

const marks: Readonly<Record<StepStatus, string>> = {
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

/** What is said of a step after its name: its value or its error, and what belonged to an earlier attempt. */
const details = (
  step: StepState | undefined,
  entry: Entry | undefined,
  earlier: ReadonlyArray<StoredEvent> = [],
): string => {
  const parts: Array<string> = [];
  if (entry !== undefined && step?.status !== "stopped") parts.push(`${preview(entry)} (${took(entry)})`);
  else if (step?.status === "failed") parts.push(String(step.error));
  else if (step?.status === "waiting") {
    parts.push(`${step.kind === "sleep" ? "sleeps" : "waits for a value"} since ${when(step.began!)}`);
  } else if (step?.status === "stopped") parts.push("stopped");
  if (step?.fellBackFor !== undefined)
    parts.push(`by its fallback, after: ${String(step.fellBackFor.error)}`);
  const undone = step?.undone;
  if (undone === "done") parts.push("undone");
  else if (undone !== undefined) parts.push(undone === "failed" ? "could not be undone" : "being undone");
  const last = earlier.at(-1);
  if (last !== undefined) {
    const times = earlier.length === 1 ? "" : `${earlier.length} times, last `;
    parts.push(`an earlier attempt failed ${times}at ${when(last.time)}: ${last.detail}`);
  }
  return parts.length === 0 ? "" : `: ${parts.join("; ")}`;
};

const tree = (run: RunDetails): ReadonlyArray<string> => {
  const shapes = shapesOf(run);
  const done = outcomesOf(run.entries);
  const { state, earlier } = recordedState(run);
  const lines: Array<string> = [];
  const show = (path: string, name: string, depth: number): void => {
    const step = state.step(path);
    const status = step?.status ?? "pending";
    const mark = step?.hasGrown === true && status === "done" ? "+" : marks[status];
    const [said, ...causes] = details(step, done.get(path), earlier.get(path)).split("\n");
    lines.push(`${"  ".repeat(depth)}${mark} ${name}${said}`);
    lines.push(...causes.map((cause) => `${"  ".repeat(depth + 1)}${cause}`));
    const text = shapes.get(path);
    // Of an attempt that was given up, the graph is recorded, and no longer part of the run.
    if (text === undefined || step === undefined || !(step.hasGrown || hasItems(step))) return;
    const items = itemsOf(text);
    if (items === undefined) {
      for (const [step] of readShape(text).steps) show(child(path, step), step, depth + 1);
      return;
    }
    const keys = [...items];
    const left = keys.length - mostItems;
    // Of a loop, the last turns matter most.
    const isLoop = step.kind === "loop";
    if (left > 0 && isLoop) lines.push(`${"  ".repeat(depth + 1)}… ${left} earlier turns`);
    for (const key of isLoop ? keys.slice(-mostItems) : keys.slice(0, mostItems))
      show(item(path, key), itemLabel(key), depth + 1);
    if (left > 0 && !isLoop) lines.push(`${"  ".repeat(depth + 1)}… and ${left} more`);
  };
  for (const [step] of readShape(run.shape).steps) show(step, step, 0);
  return lines;
};

/** What a run failed with begins at the margin; what a message says in further lines cannot pass for a step. */
const furtherIndented = ([first, ...others]: ReadonlyArray<string>): ReadonlyArray<string> =>
  first === undefined ? [] : [first, ...others.map((line) => (line.startsWith("  ") ? line : `  ${line}`))];

/** The complete value: readers of JSON need all of it. */
const asValue = (text: string): { readonly value?: unknown } => {
  try {
    return { value: decodeShown(text) };
  } catch {
    return {};
  }
};

/** What is undone of it, where anything is. */
const compensationOf = ({ entries }: RunDetails) => {
  const compensation = recordedCompensation(entries);
  return compensation === undefined ? {} : { compensation };
};

const asData = (run: RunDetails) => ({
  id: run.id,
  pipeline: run.pipeline,
  status: run.status,
  began: new Date(run.began).toISOString(),
  ...(run.ended === undefined ? {} : { ended: new Date(run.ended).toISOString() }),
  ...(run.error === undefined ? {} : { error: run.error }),
  steps: [...outcomesOf(run.entries).values()].map((entry) => ({
    path: entry.path,
    status: entry.kind === Kind.failure ? "failed" : "succeeded",
    began: new Date(entry.began).toISOString(),
    millis: entry.ended - entry.began,
    attempt: entry.attempt,
    ...asValue(entry.text),
  })),
  events: run.events,
  ...compensationOf(run),
});

/** On a terminal and in files alike it is JSON; spread over lines for people. */
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
    const open = yield* existingStore(store);
    const run = yield* told(findRun(open, runId));
    if (Option.isSome(path)) {
      const value = yield* told(Effect.provideService(Runs.value(run.id, path.value), Store, open));
      yield* print(`${wholeValue(value, json)}\n`);
      return;
    }
    if (json) {
      yield* print(`${visibleJson(JSON.stringify(asData(run)))}\n`);
      return;
    }
    const head = [
      `${run.id}  ${run.pipeline}  ${run.status}  ${when(run.began)}  ${took(run)}`.trimEnd(),
      ...furtherIndented(run.error?.split("\n") ?? []),
    ];
    yield* print([...head, ...tree(run)].map((line) => `${visible(line)}\n`).join(""));
  }, Effect.scoped),
).pipe(
  Command.withDescription(
    "Show what a run did: ✓ succeeded, ✗ failed, + expanded, ◷ waiting, ■ stopped, · not reached, with shortened values and durations. With a path, print its complete value.",
  ),
  Command.withShortDescription("Show a recorded run"),
);
