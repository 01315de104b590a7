/** What a step costs in graphs of 1,000 to 1,000,000 steps, each in a process of its own. */
import { child } from "./child.ts";
import type { OfProcess } from "./process.ts";
import { table } from "./table.ts";

const sizes = [1000, 10_000, 100_000, 1_000_000];
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
  const run = child<OfProcess>(["memory", "./contenders/espalier.ts", name, shape, String(size)]);
  if (typeof run === "string") return run;
  const micros = ((run.constructMillis + run.runMillis) * 1000) / size;
  return `${micros.toFixed(2)} µs, ${run.peakMegabytes.toFixed(0)} MB`;
};

export const growth = (): string =>
  table(
    ["construction and run, per step; peak memory", ...sizes.map((size) => size.toLocaleString("en"))],
    shapes.map(([shape, name]) => [`${shape}, ${name}`, ...sizes.map((size) => measured(shape, name, size))]),
  );
