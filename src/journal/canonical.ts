/** The text of a value that does not depend on the order of a record's keys, and short digests of such texts. */
import * as Effect from "effect/Effect";
import type { Unwritable } from "../values/encode.ts";
import { encode } from "../values/encode.ts";

const sorted = (_key: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

/** The text of a recorded or encoded value, with the keys of its records in order. */
export const canonicalText = (text: string): string => {
  if (!text.startsWith("~")) return JSON.stringify(JSON.parse(text), sorted);
  // Values that JSON loses are listed in the order of the keys.
  const [value, lost] = JSON.parse(text.slice(1)) as [unknown, ReadonlyArray<unknown>];
  return `~${JSON.stringify([value, lost.map((one) => JSON.stringify(one)).sort()], sorted)}`;
};

/** Equal values have one text; `Unwritable` if a value has none. */
export const canonical = (value: unknown): string | Unwritable => {
  const text = encode(value);
  return typeof text === "string" ? canonicalText(text) : text;
};

/** A text as it is, or its SHA-256 if that is shorter. */
export const digest = (text: string): Effect.Effect<string> =>
  text.length <= 64
    ? Effect.succeed(text)
    : Effect.promise(async () => {
        const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
        return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
      });
