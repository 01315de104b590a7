/** Recorded runs as text: times, values, and the outcome of each path. */
import type { RecordedNode, RecordedStep, RunInfo } from "../../types/runs.ts";
import { isAtOrUnder } from "../path.ts";

export const when = (millis: number): string => new Date(millis).toISOString().replace("T", " ").slice(0, 19);

const long = (millis: number): string =>
  millis < 1000
    ? `${millis} ms`
    : millis < 120_000
      ? `${(millis / 1000).toFixed(1)} s`
      : `${Math.round(millis / 60_000)} min`;

export const took = ({ began, ended }: Pick<RunInfo, "began" | "ended">): string =>
  ended === undefined ? "" : long(Math.max(0, ended - began));

/** Columns as wide as their widest cell. */
export const table = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]!.length))) ?? [];
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
};

export const shortened = (said: string): string => (said.length > 80 ? `${said.slice(0, 79)}…` : said);

export const asText = (value: unknown): string => (value === undefined ? "undefined" : JSON.stringify(value));

/** A recorded outcome in a few words. */
export const preview = (step: RecordedStep): string => {
  if (step.error !== undefined) return shortened(step.error);
  return "value" in step ? shortened(asText(step.value)) : "a value that cannot be read";
};

/** The outcomes by path. */
export const outcomesOf = ({
  steps,
}: {
  readonly steps: ReadonlyArray<RecordedStep>;
}): ReadonlyMap<string, RecordedStep> => new Map(steps.map((step) => [step.path, step]));

/** The node at a path, if it has one. */
export const nodeAt = (
  nodes: ReadonlyArray<RecordedNode> | undefined,
  path: string,
): RecordedNode | undefined => {
  for (const node of nodes ?? []) {
    if (node.path === path) return node;
    const inside = isAtOrUnder(path, node.path) ? nodeAt(node.children, path) : undefined;
    if (inside !== undefined) return inside;
  }
  return undefined;
};
