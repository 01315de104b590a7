/** `espalier show RUN`: the tree of a run, with values, errors and times. */
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import { visible } from "../../draw/escape.ts";
import { itemsOf, readShape, shapesOf } from "../../journal/shape.ts";
import type { RunDetails } from "../../journal/store.ts";
import { preview, took, when } from "../history.ts";
import { Kind, outcomesOf } from "../../journal/records.ts";
import { print } from "../output.ts";
import { existingStore, findRun, storeFile, told } from "../store.ts";
import { child, item, itemLabel } from "../../path.ts";

export const runId: Argument.Argument<string> = Argument.String("run").pipe(
  Argument.withDescription("The id of a run, or enough of its beginning"),
);

/** So many items of a map are shown; a map may have a million. */
const mostItems = 20;

const tree = (run: RunDetails): ReadonlyArray<string> => {
  const shapes = shapesOf(run);
  const done = outcomesOf(run.entries);
  const failed = new Map(
    run.events.flatMap(({ type, path, detail }) =>
      type.endsWith(".failed") ? [[path, detail] as const] : [],
    ),
  );
  const lines: Array<string> = [];
  const show = (path: string, name: string, depth: number): void => {
    const entry = done.get(path);
    const error = failed.get(path);
    const text = shapes.get(path);
    const mark =
      entry !== undefined
        ? entry.kind === Kind.failure
          ? "✗"
          : "✓"
        : error !== undefined
          ? "✗"
          : text !== undefined
            ? "+"
            : "·";
    const said =
      entry !== undefined ? `: ${preview(entry)} (${took(entry)})` : error !== undefined ? `: ${error}` : "";
    lines.push(`${"  ".repeat(depth)}${mark} ${name}${said}`);
    if (text === undefined) return;
    const items = itemsOf(text);
    if (items === undefined) {
      for (const [step] of readShape(text).steps) show(child(path, step), step, depth + 1);
      return;
    }
    for (const key of [...items].slice(0, mostItems)) show(item(path, key), itemLabel(key), depth + 1);
    if (items.size > mostItems) lines.push(`${"  ".repeat(depth + 1)}… and ${items.size - mostItems} more`);
  };
  for (const [step] of readShape(run.shape).steps) show(step, step, 0);
  return lines;
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
    value: preview(entry),
  })),
  events: run.events,
});

export const show = Command.make(
  "show",
  {
    runId,
    json: Flag.Boolean("json").pipe(Flag.withDescription("Print the run as JSON"), Flag.withDefault(false)),
    store: storeFile,
  },
  Effect.fnUntraced(function* ({ runId, json, store }) {
    const run = yield* told(Effect.flatMap(existingStore(store), (open) => findRun(open, runId)));
    if (json) {
      yield* print(`${JSON.stringify(asData(run))}\n`);
      return;
    }
    const head = [
      `${run.id}  ${run.pipeline}  ${run.status}  ${when(run.began)}  ${took(run)}`.trimEnd(),
      ...(run.error === undefined ? [] : [run.error]),
    ];
    yield* print([...head, ...tree(run)].map((line) => `${visible(line)}\n`).join(""));
  }, Effect.scoped),
).pipe(
  Command.withDescription(
    "Show what a run did: ✓ succeeded, ✗ failed, + expanded, · not reached; values in short, and how long each took.",
  ),
  Command.withShortDescription("Show a recorded run"),
);
