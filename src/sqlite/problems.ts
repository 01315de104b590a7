/** SQLite's errors as typed errors with a sentence that helps, and which of them pass by themselves. */

import { StoreCorrupt, StoreError } from "../errors.ts";
import type { StoreProblem } from "../journal/store.ts";
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

/** Another connection has the lock: trying again in a moment is all that it takes. */
export const isBusy = (thrown: unknown): boolean => {
  const found = codeOf(thrown);
  return found === code.busy || found === code.locked;
};

const passing: ReadonlySet<StoreError["kind"]> = new Set(["busy", "full", "read-only"]);

/** Can it end by itself, or by what somebody does outside: space, permissions? Then a run waits for that. */
export const isPassing = (problem: StoreProblem): boolean =>
  problem instanceof StoreError && passing.has(problem.kind);

/** A typed error for anything that was thrown while a store was used. */
export const problemOf = (store: string, thrown: unknown): StoreProblem => {
  if (thrown instanceof StoreError || thrown instanceof StoreCorrupt) return thrown;
  const found = (kind: StoreError["kind"], reason: string) => new StoreError({ store, kind, reason });
  const said = describe(thrown).replace(/^Error: /, "");
  switch (codeOf(thrown)) {
    case code.corrupt:
    case code.notADatabase:
      return new StoreCorrupt({ store, reason: `${said}.` });
    case code.busy:
    case code.locked:
      return found("busy", "another program keeps it locked. End that program, or use another file.");
    case code.readOnly:
      return found("read-only", "it cannot be written: make the file and its folder writable.");
    case code.full:
      return found("full", "there is no space left for it: free some, and the run continues by itself.");
    case code.cannotOpen:
      return found(
        "missing",
        "it cannot be opened: check that its folder exists and that you may write to it.",
      );
    case code.ioError:
      return found("failed", `the disk reports an error (${said}).`);
    default:
      if (/no such (?:table|column)/.test(said)) {
        return new StoreCorrupt({ store, reason: `a part of it is missing (${said}).` });
      }
      return found("failed", `${said}.`);
  }
};
