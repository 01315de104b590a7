/** `espalier diff RUN RUN`: which steps ran in only one of them, and what changed. */
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Effect from "effect/Effect";
import { visible } from "../../draw/escape.ts";
import type { RecordedStep, RunRecord } from "../../../types/runs.ts";
import { Runs } from "../../run/runs.ts";
import { asText, outcomesOf, preview, shortened } from "../history.ts";
import { print } from "../output.ts";
import { findRun, inStore, storeFlags } from "../store.ts";

const inputsOf = ({ inputs }: RunRecord): ReadonlyMap<string, string> =>
  new Map(Object.entries(inputs).map(([name, value]) => [name, asText(value)]));

/** Do two outcomes have the same value, or the same error? */
const isSame = (one: RecordedStep, two: RecordedStep): boolean =>
  one.status === two.status && asText(one.value) === asText(two.value);

const compare = (before: RunRecord, after: RunRecord): ReadonlyArray<string> => {
  const lines: Array<string> = [];
  if (before.pipeline !== after.pipeline) lines.push(`~ pipeline: ${before.pipeline} → ${after.pipeline}`);
  const inputs = inputsOf(before);
  for (const [name, text] of inputsOf(after)) {
    if (inputs.get(name) !== text)
      lines.push(`~ input ${name}: ${shortened(inputs.get(name) ?? "")} → ${shortened(text)}`);
  }
  const two = outcomesOf(after);
  const one = outcomesOf(before);
  let same = 0;
  for (const [path, step] of one) {
    const other = two.get(path);
    if (other === undefined) lines.push(`- ${path}: ${preview(step)}`);
    else if (isSame(step, other)) same++;
    else lines.push(`~ ${path}: ${preview(step)} → ${preview(other)}`);
  }
  for (const [path, step] of two) if (!one.has(path)) lines.push(`+ ${path}: ${preview(step)}`);
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
    const lines = yield* inStore(
      store,
      Effect.gen(function* () {
        const one = yield* Runs.get((yield* findRun(before)).id, { values: true });
        const two = yield* Runs.get((yield* findRun(after)).id, { values: true });
        return compare(one, two);
      }),
    );
    yield* print(lines.map((line) => `${visible(line)}\n`).join(""));
  }),
).pipe(
  Command.withDescription("Compare two runs: + only in the second, - only in the first, ~ changed."),
  Command.withShortDescription("Compare two runs"),
);
