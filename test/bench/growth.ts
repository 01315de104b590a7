/** The cost of a step in graphs of 10,000 to 1,000,000 steps, each in a separate process; the best of three. */
import { child } from "./child.ts";
import type { OfProcess } from "./process.ts";
import { table } from "./table.ts";

const sizes = [10_000, 100_000, 1_000_000];
const shapes = [
  ["chain", "Espalier, values"],
  ["chain", "Espalier, Effects"],
  ["fan", "Espalier, Effects"],
  ["fan", "Espalier, map"],
  ["layers", "Espalier, Effects"],
  ["lattice", "Espalier, Effects"],
  ["dynamic", "Espalier, Effects"],
  ["nest", "Espalier, Effects"],
] as const;

const measured = (shape: string, name: string, size: number): string => {
  if (shape === "nest" && size > 100_000) return "–";
  process.stderr.write(`${shape} of ${size}, ${name}\n`);
  const runs = [1, 2, 3].map(() =>
    child<OfProcess>(["memory", "./contenders/espalier.ts", name, shape, String(size), "warm"]),
  );
  const failed = runs.find((run) => typeof run === "string");
  if (failed !== undefined) return failed;
  const of = (read: (run: OfProcess) => number): number =>
    Math.min(...runs.map((run) => read(run as OfProcess)));
  const micros = (millis: number): string => ((millis * 1000) / size).toFixed(2);
  const [built, ran] = [of((run) => run.constructMillis), of((run) => run.runMillis)];
  return `${micros(built)} + ${micros(ran)} µs, ${of((run) => run.peakMegabytes).toFixed(0)} MB`;
};

export const growth = (): string =>
  table(
    ["construction + run, for each step; peak memory", ...sizes.map((size) => size.toLocaleString("en"))],
    shapes.map(([shape, name]) => [`${shape}, ${name}`, ...sizes.map((size) => measured(shape, name, size))]),
  );
