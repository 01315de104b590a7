/** Errors as problem details of the API: the status names the kind, and the detail is the error's own message. */
import * as Data from "effect/Data";
import { describe } from "../values/describe.ts";
import type { Problem, ProblemStatus } from "./api.ts";
import { titleOf } from "./api.ts";

/** The reason why a request cannot be fulfilled, in one sentence. */
export class Refused extends Data.TaggedError("Refused")<{
  readonly status: ProblemStatus;
  readonly reason: string;
  readonly code?: string;
  /** The input that the request lacks. */
  readonly input?: string;
}> {
  override get message(): string {
    return this.reason;
  }
}

export const notACursor = (after: string): Refused =>
  new Refused({
    status: 400,
    reason: `after must be the \`next\` of an earlier page; got ${JSON.stringify(after.slice(0, 100))}.`,
  });

const statuses: Readonly<Record<string, ProblemStatus>> = {
  InvalidInput: 422,
  SignalRefused: 409,
  CancelRefused: 409,
  RunCompensated: 409,
  RunExists: 409,
  RunCrashed: 409,
  RunInterrupted: 409,
  PipelineChanged: 409,
  ExpansionChanged: 409,
  RunNotFound: 404,
  StoreError: 503,
  StoreCorrupt: 503,
};

interface Known {
  readonly _tag: string;
  readonly message: string;
  readonly code?: unknown;
  readonly input?: unknown;
  readonly issuePath?: ReadonlyArray<PropertyKey>;
}

const isKnown = (error: unknown): error is Known =>
  typeof error === "object" &&
  error !== null &&
  "_tag" in error &&
  (error instanceof Refused || (typeof error._tag === "string" && error._tag in statuses));

/** Which anchor of the reference explains it. */
const typeOf = (code: string): string => `urn:espalier:${code.toLowerCase().replaceAll("_", "-")}`;

export const problemOf = (error: unknown): Problem => {
  if (!isKnown(error)) {
    // A user's own error, which ended a run before it could begin.
    return { type: "about:blank", status: 422, title: titleOf(422), detail: describe(error) };
  }
  const status = error instanceof Refused ? error.status : statuses[error._tag]!;
  const { message, code, input, issuePath } = error;
  return {
    type: typeof code === "string" ? typeOf(code) : "about:blank",
    status,
    title: titleOf(status),
    detail: message,
    ...(typeof code === "string" ? { code } : {}),
    ...(typeof input === "string" && input !== "" ? { input } : {}),
    ...(issuePath === undefined || issuePath.length === 0 ? {} : { issuePath: issuePath.map(String) }),
  };
};
