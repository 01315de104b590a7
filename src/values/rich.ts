/**
 * The text of a value that a schema without an encoder has decoded, such as zod's: plain data, and in it dates, maps, sets,
 * URLs, bigints and the other numbers and values that JSON loses. A value with anything else in it has no such text.
 */
import { decode, encode } from "./encode.ts";

/** No other text of a value starts with it. */
const mark = "^";

const deepest = 200;
const mostParts = 100_000;

/** Thrown within this module, for a value that has no text. */
class Unsupported extends Error {}

/** A part that JSON has no form for. An object with a key like this one is written by its entries. */
const special = (form: keyof typeof forms, data: unknown): unknown => ({ "~": [form, data] });

class Writing {
  #parts = 0;

  data(value: unknown, depth: number): unknown {
    if (depth > deepest || ++this.#parts > mostParts) throw new Unsupported();
    switch (typeof value) {
      case "string":
      case "boolean":
        return value;
      case "number":
        return Number.isFinite(value) && !Object.is(value, -0)
          ? value
          : special("number", Object.is(value, -0) ? "-0" : String(value));
      case "bigint":
        return special("bigint", String(value));
      case "undefined":
        return special("undefined", null);
      case "object":
        return value === null ? null : this.#object(value, depth + 1);
      default:
        throw new Unsupported();
    }
  }

  #object(value: object, depth: number): unknown {
    const prototype: unknown = Object.getPrototypeOf(value);
    const all = (parts: Iterable<unknown>): ReadonlyArray<unknown> =>
      Array.from(parts, (part) => this.data(part, depth));
    if (Array.isArray(value)) return all(value);
    if (prototype === Object.prototype || prototype === null) {
      const entries = Object.entries(value);
      if (Object.hasOwn(value, "~")) return special("object", all(entries));
      return Object.fromEntries(entries.map(([key, part]) => [key, this.data(part, depth)]));
    }
    if (prototype === Date.prototype) {
      const time = (value as Date).getTime();
      return special("date", Number.isNaN(time) ? null : time);
    }
    if (prototype === URL.prototype) return special("url", (value as URL).href);
    if (prototype === Map.prototype) return special("map", all(value as Map<unknown, unknown>));
    if (prototype === Set.prototype) return special("set", all(value as Set<unknown>));
    throw new Unsupported();
  }
}

const read = (data: unknown): unknown => {
  if (typeof data !== "object" || data === null) return data;
  if (Array.isArray(data)) return data.map(read);
  const form = (data as { readonly "~"?: readonly [keyof typeof forms, unknown] })["~"];
  if (form !== undefined) return forms[form[0]](form[1]);
  return Object.fromEntries(Object.entries(data).map(([key, part]) => [key, read(part)]));
};

const entriesOf = (data: unknown) => read(data) as ReadonlyArray<readonly [string, unknown]>;

const forms = {
  undefined: (): unknown => undefined,
  number: (text: unknown): unknown => Number(text),
  bigint: (text: unknown): unknown => BigInt(text as string),
  date: (time: unknown): unknown => new Date((time as number | null) ?? Number.NaN),
  url: (href: unknown): unknown => new URL(href as string),
  map: (entries: unknown): unknown => new Map(entriesOf(entries)),
  set: (parts: unknown): unknown => new Set(read(parts) as ReadonlyArray<unknown>),
  object: (entries: unknown): unknown => Object.fromEntries(entriesOf(entries)),
};

/** The text of a value; undefined if it has none. */
export const richText = (value: unknown): string | undefined => {
  const plain = encode(value);
  if (typeof plain === "string") return plain;
  try {
    return mark + JSON.stringify(new Writing().data(value, 0));
  } catch {
    return undefined; // A getter or a proxy that throws has none either.
  }
};

/** The value of a text that `richText` returned. */
export const richValue = (text: string): unknown =>
  text.startsWith(mark) ? read(JSON.parse(text.slice(mark.length))) : decode(text);
