/** What SQLite says went wrong, as a typed error with a sentence that helps. */

import { StoreCorrupt, StoreError } from "../errors.ts";
import { describe } from "../values/describe.ts";

/** SQLite's primary result codes. */
const code = {
  busy: 5,
  locked: 6,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notADatabase: 26,
} as const;

const codeOf = (error: unknown): number | undefined =>
  typeof error === "object" && error !== null && "errcode" in error && typeof error.errcode === "number"
    ? error.errcode & 0xff
    : undefined;

/** A typed error for anything that was thrown while a store was used. */
export const problemOf = (store: string, thrown: unknown): StoreError | StoreCorrupt => {
  if (thrown instanceof StoreError || thrown instanceof StoreCorrupt) return thrown;
  const found = (kind: StoreError["kind"], reason: string) => new StoreError({ store, kind, reason });
  const said = describe(thrown).replace(/^Error: /, "");
  switch (codeOf(thrown)) {
    case code.corrupt:
    case code.notADatabase:
      return new StoreCorrupt({ store, reason: `${said}.` });
    case code.busy:
    case code.locked:
      return found("busy", "another program is writing to it.");
    case code.readOnly:
      return found("read-only", "it cannot be written: make the file and its folder writable.");
    case code.full:
      return found("full", "there is no more space for it: free some, and the run goes on by itself.");
    case code.cannotOpen:
      return found("missing", "it cannot be opened: is its folder there, and may you write to it?");
    case code.ioError:
      return found("failed", `the disk does not do what it is asked for (${said}).`);
    default:
      return found("failed", `${said}.`);
  }
};
