/** Recorded runs in words: times, values, and the outcome of each path. */

import { readError } from "../journal/failure-text.ts";
import type { Entry } from "../journal/records.ts";
import { Kind } from "../journal/records.ts";
import type { RunSummary } from "../journal/store.ts";
import { describe } from "../values/describe.ts";
import { decodeShown } from "../values/encode.ts";

export const when = (millis: number): string => new Date(millis).toISOString().replace("T", " ").slice(0, 19);

const long = (millis: number): string =>
  millis < 1000
    ? `${millis} ms`
    : millis < 120_000
      ? `${(millis / 1000).toFixed(1)} s`
      : `${Math.round(millis / 60_000)} min`;

export const took = ({ began, ended }: Pick<RunSummary, "began" | "ended">): string =>
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

const shortened = (said: string): string => (said.length > 80 ? `${said.slice(0, 79)}…` : said);

/** A recorded value in a few words. */
export const preview = ({ kind, text }: Entry): string => {
  try {
    if (kind === Kind.failure) return shortened(describe(readError(text)));
    const value = decodeShown(text);
    return shortened(value === undefined ? "undefined" : JSON.stringify(value));
  } catch {
    return "a value that cannot be read";
  }
};
