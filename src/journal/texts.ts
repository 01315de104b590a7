/** Helpers for the texts that the journal records. */
import { describe } from "../values/describe.ts";
import { decode, encode } from "../values/encode.ts";

/** The question of a waiting step as data: it is only shown. */
export const asData = (ask: unknown): unknown => {
  const text = encode(ask);
  return typeof text === "string" ? decode(text) : describe(ask);
};

export const isReadable = (text: string): boolean => {
  try {
    decode(text);
    return true;
  } catch {
    return false;
  }
};

/** The declared outputs only: the record may be an instance of a class and hold more. */
export const picked = (outputs: ReadonlyArray<string>, value: unknown): Record<string, unknown> =>
  Object.fromEntries(outputs.map((name) => [name, (value as Record<string, unknown>)[name]]));

export const byteLength = (text: string): number => new TextEncoder().encode(text).byteLength;
