/** 1 → n → 1 in a separate process: the time of construction and run, and the process's peak memory. */
import { child } from "./child.ts";
import { median } from "./clock.ts";
import type { Contender } from "./contender.ts";
import type { OfProcess } from "./process.ts";
import { table } from "./table.ts";

const repeats = 3;

const cell = ({ file, name, kind, skip }: Contender, steps: number): string => {
  const isHuge = steps >= 1_000_000;
  const reason = skip?.["memory"] ?? (isHuge && kind === "peer" ? "not measured" : undefined);
  if (reason !== undefined) return reason;
  process.stderr.write(`${steps} steps, ${name}\n`);
  const runs = Array.from({ length: isHuge ? 1 : repeats }, () =>
    child<OfProcess>(["memory", `./contenders/${file}.ts`, name, "fan", String(steps)]),
  );
  const failed = runs.find((run) => typeof run === "string");
  if (failed !== undefined) return failed;
  const of = (read: (run: OfProcess) => number): string =>
    median(runs.map((run) => read(run as OfProcess))).toFixed(0);
  return `${of((run) => run.constructMillis)} + ${of((run) => run.runMillis)} ms, ${of((run) => run.peakMegabytes)} MB`;
};

export const memory = (contenders: ReadonlyArray<Contender>): string =>
  table(
    ["construction + run, peak memory", "1 → 100,000 → 1", "1 → 1,000,000 → 1"],
    contenders.map((contender) => [contender.name, cell(contender, 100_000), cell(contender, 1_000_000)]),
  );
