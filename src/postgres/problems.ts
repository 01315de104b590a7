/** Converts Postgres's errors to typed errors with helpful messages, and detects temporary ones. */
import * as Cause from "effect/Cause";
import { SqlError } from "effect/sql/SqlError";
import { StoreCorrupt, StoreError } from "../errors.ts";
import type { StoreProblem } from "../journal/store.ts";
import { describe } from "../values/describe.ts";

const passing: ReadonlySet<StoreError["kind"]> = new Set([
  "busy",
  "full",
  "read-only",
  "unreachable",
  "denied",
]);

/** Whether it can end by itself, or by an external change of space or permissions, or by a restart. Then a run waits for that. */
export const isPassing = (problem: StoreProblem): boolean =>
  problem instanceof StoreError && passing.has(problem.kind);

/** The SQLSTATE of an error, or the system's code for one that occurred before Postgres answered. */
const codeOf = (thrown: unknown): string | undefined => {
  const cause = thrown instanceof SqlError ? thrown.reason.cause : undefined;
  return typeof cause === "object" && cause !== null && "code" in cause && typeof cause.code === "string"
    ? cause.code
    : undefined;
};

const saidBy = (thrown: unknown): string => {
  const cause = thrown instanceof SqlError ? thrown.reason.cause : thrown;
  return describe(cause).replace(/^Error: /, "");
};

/** The meaning of Postgres's code, and the fix; undefined if the code is unknown. */
const known = (
  code: string,
  said: string,
): readonly [kind: StoreError["kind"], reason: string] | undefined => {
  switch (code) {
    case "3D000":
      return ["missing", `${said}: create it first, or correct the URL.`];
    case "28P01":
    case "28000":
      return ["denied", `${said}. Correct the user or the password.`];
    case "42501":
      return ["denied", `${said}: grant it to the store's user.`];
    case "53100":
      return [
        "full",
        "there is no space left on Postgres's disk: free some, and the run continues by itself.",
      ];
    case "53300":
      return ["unreachable", `${said}: raise max_connections of Postgres, or use fewer processes.`];
    case "25006":
      return ["read-only", "Postgres accepts no writes: it is a standby, or set to read-only."];
    case "26000":
    case "42P05":
      return ["unsupported", poolerReason];
    case "40001":
    case "40P01":
    case "55P03":
    case "57014":
      return ["busy", `it is busy (${said}).`];
    default:
      if (/^(?:08|57P|53)/.test(code)) return ["unreachable", `it cannot be reached (${said}).`];
      return undefined;
  }
};

/** Why a connection pooler cannot serve a store, which needs sessions. */
export const poolerReason =
  "notifications do not arrive over this URL: there is a connection pooler in transaction mode in between. Use Postgres's own address, or a pooler in session mode.";

/** Converts anything that was thrown while a store was used to a typed error. It contains no secrets. */
export const problemOf = (store: string, thrown: unknown): StoreProblem => {
  if (thrown instanceof StoreError || thrown instanceof StoreCorrupt) return thrown;
  const found = (kind: StoreError["kind"], reason: string) => new StoreError({ store, kind, reason });
  const code = codeOf(thrown);
  const said = saidBy(thrown);
  if (Cause.isTimeoutError(thrown)) return found("unreachable", "Postgres does not answer.");
  if (code === "42P01" || code === "42703" || code === "3F000") {
    return new StoreCorrupt({ store, reason: `a part of it is missing (${said}).` });
  }
  const meaning = code === undefined ? undefined : known(code, said);
  if (meaning !== undefined) return found(...meaning);
  if (thrown instanceof SqlError && thrown.reason._tag === "ConnectionError") {
    return found(
      "unreachable",
      `Postgres cannot be reached (${said}). Check that it is running, and check the address.`,
    );
  }
  return found("failed", `${said}.`);
};
