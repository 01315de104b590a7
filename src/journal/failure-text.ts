/** Errors of steps as text, and back: as far as they are data. */
import { describe } from "../values/describe.ts";
import { decode, encode } from "../values/encode.ts";

/** A proxy may throw when it is asked. */
const keysOf = (value: object): ReadonlyArray<string> => {
  try {
    return Object.keys(value);
  } catch {
    return [];
  }
};

/** An error as far as it is data: its tag, its message and its own fields. */
export const writeError = (error: unknown): string => {
  const whole = encode(error);
  if (typeof whole === "string") return whole;
  const fields: Record<string, unknown> = {};
  if (typeof error === "object" && error !== null) {
    for (const key of ["name", "message", ...keysOf(error), "_tag"]) {
      try {
        const value = (error as Record<string, unknown>)[key];
        if (value === undefined) continue;
        const text = encode(value);
        fields[key] = typeof text === "string" ? value : describe(value);
      } catch {
        // A field that cannot be read is not recorded.
      }
    }
  }
  const text = encode({
    "~error": fields["message"] === undefined ? { ...fields, message: describe(error) } : fields,
  });
  return typeof text === "string" ? text : JSON.stringify({ "~error": { message: describe(error) } });
};

export const readError = (text: string): unknown => {
  const value = decode(text);
  if (typeof value !== "object" || value === null || !("~error" in value)) return value;
  const { message, ...fields } = value["~error"] as { readonly message: string };
  return Object.assign(new Error(message), fields);
};
