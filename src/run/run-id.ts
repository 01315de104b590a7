/** Run ids: which values are valid, and new ones. A run id identifies a run within its store. */
import type { Check } from "../values/specification.ts";
import { typed } from "../values/specification.ts";

const longest = 200;

/** A control character, a "/", or half of a surrogate pair. A run id contains none of them, so that `runId/path` is unambiguous. */
// oxlint-disable-next-line no-control-regex
export const forbiddenInRunId = /[\u0000-\u001f\u007f-\u009f/]|\p{Surrogate}/u;

/** Why a value is not a run id, as a sentence about the option `name`; undefined if it is one. */
export const aRunId: Check = (name, value) => {
  if (typeof value !== "string") return `${name} must be a string; got ${typed(value)}.`;
  if (value === "") return `${name} must not be empty; leave it out to get a new one.`;
  const { length } = Array.from(value);
  if (length > longest) return `${name} must have at most ${longest} characters; got ${length}.`;
  const found = forbiddenInRunId.exec(value)?.[0];
  if (found === undefined) return undefined;
  const shown =
    found.charCodeAt(0) === 0x2f
      ? "a slash"
      : `U+${found.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
  return `${name} must not contain "/", control characters or lone surrogates; got one with ${shown}.`;
};

/** A version 4 UUID (RFC 9562) from Effect's `Random`, so that a seeded run has the same id every time. */
export const newRunId = (random: { nextIntUnsafe(): number }): string => {
  const hex = Array.from({ length: 32 }, () => (random.nextIntUnsafe() & 15).toString(16));
  hex[12] = "4";
  hex[16] = ((random.nextIntUnsafe() & 3) | 8).toString(16);
  const part = (from: number, to: number) => hex.slice(from, to).join("");
  return [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-");
};
