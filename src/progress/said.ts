/**
 * One line for a value that a step logged or failed with. It reads nothing that could run code, except the `name` and
 * `message` of an error: a getter may be costly, a proxy may do anything, and a list may be huge.
 */

import { shortened } from "../draw/escape.ts";
import type { Shown } from "../draw/page/data.ts";
import { canLook, dataOf, isError, show } from "../draw/report/shown-value.ts";
import { describe } from "../values/describe.ts";

const longest = 500;

const lineOf = (shown: Shown): string => {
  if (typeof shown === "string") return shown;
  const [open = "{"] = /^[^[{]*[[{]/u.exec(shown.is) ?? [];
  const [isList, isRecord] = [open.endsWith("["), !open.startsWith("Set(") && open.endsWith("{")];
  const parts = shown.parts.map(([key, value]) => (isRecord ? `${key}: ${lineOf(value)}` : lineOf(value)));
  if ((shown.more ?? 0) > 0) parts.push("…");
  return isList ? `${open}${parts.join(", ")}]` : `${open} ${parts.join(", ")} }`;
};

export const said = (value: unknown): string =>
  // Where a proxy cannot be distinguished from an object, as in browsers, showing error messages matters more.
  typeof value !== "object" || value === null || !canLook || isError(value)
    ? describe(value)
    : shortened(lineOf(show(value, { left: 2 * longest })), longest);

/** `instanceof` that does not query a proxy for its prototype. */
export const isErrorOf = <Type>(
  value: unknown,
  type: abstract new (...given: never) => Type,
): value is Type => (!canLook || isError(value)) && value instanceof type;

/** The cause of an error, if it has one. */
export const causeOf = (error: unknown): unknown => {
  if (canLook) return dataOf(error, "cause");
  try {
    return typeof error === "object" && error !== null && "cause" in error ? error.cause : undefined;
  } catch {
    return undefined;
  }
};
