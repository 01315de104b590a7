/**
 * Records as lines of text. Neither a path nor a text holds a control character, since names may not and JSON escapes
 * them: tabs and line ends can separate the fields.
 */
import { StoreCorrupt } from "../errors.ts";
import type { Entry, Kind } from "../journal/records.ts";

/** One record as a line. Times count from `time`, that of its row. A clock may be set back while a step runs. */
export const lineOf = (
  { kind, path, began, ended, attempt }: Entry,
  time: number,
  placed: string,
): string => {
  const took = ended > began ? Math.round(ended - began) : 0;
  return `${kind}\t${attempt}\t${Math.round(began) - time}\t${took}\t${path}\t${placed}\n`;
};

/** The records of a row, with their texts as they were placed. */
export const readLines = (
  lines: string,
  time: number,
  count: number,
  store: string,
): ReadonlyArray<Entry> => {
  const entries = lines
    .split("\n")
    .slice(0, -1)
    .map((line): Entry => {
      const [kind, attempt, after, took, path, text] = line.split("\t") as [
        string,
        string,
        string,
        string,
        string,
        string,
      ];
      const began = time + Number(after);
      return {
        kind: Number(kind) as Kind,
        path,
        text,
        began,
        ended: began + Number(took),
        attempt: Number(attempt),
      };
    });
  if (entries.length !== count) {
    throw new StoreCorrupt({
      store,
      reason: `a row has ${entries.length} records, and ${count} were written.`,
    });
  }
  return entries;
};
