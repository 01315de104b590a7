/**
 * Values, as text, for a step whose schema the sender does not know. In addition to plain data, it supports types that schemas
 * often take and JSON lacks: dates, big integers, maps, sets, URLs, and non-finite numbers. The step's schema decodes
 * them.
 */
import type { Unwritable } from "./encode.ts";
import { decode, encode } from "./encode.ts";

/** No text of `encode` begins with this. */
const mark = "~~";

/** A value that JSON lacks becomes an object with this key, and so does an object that has the key itself. */
const key = "~";

type Special = "date" | "bigint" | "map" | "set" | "url" | "number" | "object";

const special = (type: Special, content: unknown) => ({ [key]: [type, content] });

/** The value as data that `encode` accepts, provided that it accepts the rest. */
const marked = (value: unknown, above: ReadonlyArray<object>): unknown => {
  if (typeof value === "bigint") return special("bigint", String(value));
  if (typeof value === "number" && !Number.isFinite(value)) return special("number", String(value));
  if (typeof value !== "object" || value === null || above.includes(value)) return value;
  const within = [...above, value];
  const all = (items: Iterable<unknown>): ReadonlyArray<unknown> =>
    Array.from(items, (item) => marked(item, within));
  if (value instanceof Date) return special("date", value.getTime());
  if (value instanceof URL) return special("url", value.href);
  if (value instanceof Map) return special("map", all([...value].flat()));
  if (value instanceof Set) return special("set", all(value));
  if (Array.isArray(value)) return Object.keys(value).length === value.length ? all(value) : value;
  const prototype: unknown = Object.getPrototypeOf(value);
  // `encode` reports the problem with other objects.
  if (prototype !== Object.prototype && prototype !== null) return value;
  const entries = Object.entries(value).map(([name, item]) => [name, marked(item, within)] as const);
  return key in value ? special("object", entries) : Object.fromEntries(entries);
};

const unmarked = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(unmarked);
  if (typeof value !== "object" || value === null) return value;
  if (!(key in value))
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, unmarked(item)]));
  const [type, content] = value[key] as readonly [Special, any];
  switch (type) {
    case "date":
      return new Date((content as number | null) ?? Number.NaN);
    case "bigint":
      return BigInt(content as string);
    case "number":
      return Number(content);
    case "url":
      return new URL(content as string);
    case "set":
      return new Set((content as ReadonlyArray<unknown>).map(unmarked));
    case "map": {
      const flat = (content as ReadonlyArray<unknown>).map(unmarked);
      return new Map(Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]));
    }
    case "object":
      return Object.fromEntries(
        (content as ReadonlyArray<[string, unknown]>).map(([name, item]) => [name, unmarked(item)]),
      );
  }
};

/** The text of a value to send, or `Unwritable` if no text would restore the value. */
export const writeSent = (value: unknown): string | Unwritable => {
  const plain = encode(value);
  if (typeof plain === "string") return plain;
  try {
    const text = encode(marked(value, []));
    return typeof text === "string" ? mark + text : plain;
  } catch {
    return plain; // A getter or a proxy that throws.
  }
};

/** The value of a text that `writeSent` returned. */
export const readSent = (text: string): unknown =>
  text.startsWith(mark) ? unmarked(decode(text.slice(mark.length))) : decode(text);
