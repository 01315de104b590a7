/**
 * Records as lines of text. Neither a path nor a text contains a control character, since names must not and JSON escapes
 * them, so tabs and line ends separate the fields.
 *
 * A path that starts like that of the previous record is written as `*12*rest`: the first 12 characters of that path, and
 * then `rest`. No path contains a `*`. Without this, the file of a recursion would grow with the square of its depth.
 */
import { StoreCorrupt } from "../errors.ts";
import type { Entry, Kind } from "../journal/records.ts";

/** A shorter common prefix is written out. */
const leastShared = 8;

/** The length of the common prefix of two paths. */
const sharedLength = (path: string, before: string): number => {
  if (path.startsWith(before)) return before.length;
  if (before.startsWith(path)) return path.length;
  let at = 0;
  while (path.charCodeAt(at) === before.charCodeAt(at)) at++;
  return at;
};

const shortened = (path: string, before: string): string => {
  if (path.length < leastShared || before.length < leastShared) return path;
  const shared = sharedLength(path, before);
  return shared < leastShared ? path : `*${shared}*${path.slice(shared)}`;
};

const whole = (written: string, before: string): string => {
  if (!written.startsWith("*")) return written;
  const end = written.indexOf("*", 1);
  return before.slice(0, Number(written.slice(1, end))) + written.slice(end + 1);
};

/**
 * One record as a line. `before`: the path of the run's previous record, if this process wrote it; otherwise empty. Times
 * are relative to `time`, that of its row. A clock may be set back while a step runs.
 */
export const lineOf = (
  { kind, path, began, ended, attempt }: Entry,
  before: string,
  time: number,
  placed: string,
): string => {
  const took = ended > began ? Math.round(ended - began) : 0;
  return `${kind}\t${attempt}\t${Math.round(began) - time}\t${took}\t${shortened(path, before)}\t${placed}\n`;
};

/** The records of a row, with their texts as they are stored. `before`: the path of the record before the row. */
export const readLines = (
  lines: string,
  before: string,
  time: number,
  count: number,
  store: string,
): ReadonlyArray<Entry> => {
  let last = before;
  const entries: Array<Entry> = [];
  // Found one by one: splitting a text of megabytes into nested parts takes twice as long.
  let at = 0;
  const next = (separator: string): string => {
    const end = lines.indexOf(separator, at);
    const part = end === -1 ? "" : lines.slice(at, end);
    at = end === -1 ? lines.length : end + 1;
    return part;
  };
  while (at < lines.length) {
    const kind = Number(next("\t")) as Kind;
    const attempt = Number(next("\t"));
    const began = time + Number(next("\t"));
    const ended = began + Number(next("\t"));
    last = whole(next("\t"), last);
    entries.push({ kind, path: last, text: next("\n"), began, ended, attempt });
  }
  if (entries.length !== count) {
    throw new StoreCorrupt({
      store,
      reason: `a row has ${entries.length} records, and ${count} were written.`,
    });
  }
  return entries;
};
