/** Converts SQLite's errors to typed errors with helpful messages, and detects temporary ones. */
import { closeSync, openSync, rmSync, statSync, writeSync } from "node:fs";
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

/** Another connection holds the lock: retrying in a moment is enough. */
export const isBusy = (thrown: unknown): boolean => {
  const found = codeOf(thrown);
  return found === code.busy || found === code.locked;
};

const passing: ReadonlySet<StoreError["kind"]> = new Set(["busy", "full", "read-only"]);

/** Whether it can end by itself, or by an external change of space or permissions. Then a run waits for that. */
export const isPassing = (problem: StoreProblem): boolean =>
  problem instanceof StoreError && passing.has(problem.kind);

const full = "there is no space left for it: free some, and the run continues by itself.";
const readOnly = "it cannot be written: make the file and its folder writable.";

/**
 * Why nothing can be written next to a store's file, when SQLite only reports a disk error: a quota, a
 * file size limit, a disk that has become read-only. As far as the system reports it when asked to write.
 */
const whyNotWritten = (store: string): readonly [kind: StoreError["kind"], reason: string] | undefined => {
  const probe = `${store}-probe`;
  try {
    // At the offset of the end of the log, where a size limit would apply. The file has a hole and takes no space.
    const { size } = statSync(`${store}-wal`);
    const file = openSync(probe, "w", 0o600);
    try {
      writeSync(file, Buffer.alloc(64 * 1024), 0, 64 * 1024, size);
    } finally {
      closeSync(file);
    }
    return undefined;
  } catch (error) {
    switch ((error as NodeJS.ErrnoException).code) {
      case "ENOSPC":
        return ["full", full];
      case "EDQUOT":
        return ["full", "your quota is used up: free some space, and the run continues by itself."];
      case "EFBIG":
        return ["full", "a limit of the system on the size of files is reached: raise it (ulimit -f)."];
      case "EACCES":
      case "EPERM":
      case "EROFS":
        return ["read-only", readOnly];
      default:
        return undefined;
    }
  } finally {
    rmSync(probe, { force: true });
  }
};

/** Converts anything that was thrown while a store was used to a typed error. */
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
      return found("busy", "another program keeps it locked. Close that program, or use another file.");
    case code.readOnly:
      return found("read-only", readOnly);
    case code.full:
      return found("full", full);
    case code.cannotOpen:
      return found(
        "missing",
        "it cannot be opened: check that its folder exists and that you can write to it.",
      );
    case code.ioError:
      return found(
        ...(whyNotWritten(store) ?? (["failed", `the disk reports an error (${said}).`] as const)),
      );
    default:
      if (/no such (?:table|column)/.test(said)) {
        return new StoreCorrupt({ store, reason: `a part of it is missing (${said}).` });
      }
      return found("failed", `${said}.`);
  }
};
