/** `espalier diff RUN RUN`: what ran in one and not in the other, and what changed. */
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Effect from "effect/Effect";
import { visible } from "../../draw/escape.ts";
import type { RunDetails } from "../../journal/store.ts";
import { preview } from "../history.ts";
import { givenTexts } from "../../journal/recorded-inputs.ts";
import { outcomesOf } from "../../journal/records.ts";
import { print } from "../output.ts";
import { existingStore, findRun, storeFlags, told } from "../store.ts";

const inputsOf = (run: RunDetails): ReadonlyMap<string, string> =>
  new Map(Object.entries(givenTexts(run.inputs)));

const compare = (before: RunDetails, after: RunDetails): ReadonlyArray<string> => {
  const lines: Array<string> = [];
  const short = (text: string): string => (text.length > 80 ? `${text.slice(0, 79)}…` : text);
  if (before.pipeline !== after.pipeline) lines.push(`~ pipeline: ${before.pipeline} → ${after.pipeline}`);
  const inputs = inputsOf(before);
  for (const [name, text] of inputsOf(after)) {
    if (inputs.get(name) !== text)
      lines.push(`~ input ${name}: ${short(inputs.get(name) ?? "")} → ${short(text)}`);
  }
  const one = outcomesOf(before.entries);
  const two = outcomesOf(after.entries);
  for (const [path, entry] of one) {
    const other = two.get(path);
    if (other === undefined) lines.push(`- ${path}: ${preview(entry)}`);
    else if (other.text !== entry.text) lines.push(`~ ${path}: ${preview(entry)} → ${preview(other)}`);
  }
  for (const [path, entry] of two) if (!one.has(path)) lines.push(`+ ${path}: ${preview(entry)}`);
  const same = [...two].filter(([path, { text }]) => one.get(path)?.text === text).length;
  lines.push(`= ${same} the same`);
  return lines;
};

const run = (name: string, description: string): Argument.Argument<string> =>
  Argument.String(name).pipe(Argument.withDescription(`${description}, or a unique beginning of it`));

export const diff = Command.make(
  "diff",
  {
    before: run("before", "The id of a run"),
    after: run("after", "The id of the run to compare it with"),
    store: storeFlags,
  },
  Effect.fnUntraced(function* ({ before, after, store }) {
    const lines = yield* told(
      Effect.gen(function* () {
        const open = yield* existingStore(store);
        return compare(yield* findRun(open, before), yield* findRun(open, after));
      }),
    );
    yield* print(lines.map((line) => `${visible(line)}\n`).join(""));
  }, Effect.scoped),
).pipe(
  Command.withDescription("Compare two runs: + only in the second, - only in the first, ~ changed."),
  Command.withShortDescription("Compare two runs"),
);
