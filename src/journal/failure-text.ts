/**
 * Converts errors of steps to text, and back: with tag, code, message, stack, own fields and chain of causes. An error of one of the
 * library's classes or of JavaScript's own keeps its class; every other error becomes an `Error`. Fields keep what JSON
 * loses, such as dates, maps and bigints. A function, or anything else without a text, becomes its description: every
 * reader of a recorded failure gets what `readError` returns, also in the run that recorded it.
 */
import * as errors from "../errors.ts";
import { describe } from "../values/describe.ts";
import { decode, encode } from "../values/encode.ts";

/** A proxy may throw on any access. */
const keysOf = (value: object): ReadonlyArray<string> => {
  try {
    return Object.keys(value);
  } catch {
    return [];
  }
};

/** The most nested causes that are recorded, and the most levels of values that are not JSON. */
const mostLevels = 20;
/** A failure with more parts than this that are not JSON is described. */
const mostParts = 10_000;

/** Fields of errors that are usually not enumerable. A record lists those that are enumerable. */
const usuallyHidden = ["name", "message", "stack", "cause", "errors", "_tag", "code"];

const marks = /"~(?:error|plain|parts|value)":/;

/** A value that JSON has no form for, by the name of its form in `forms`. */
const special = (form: keyof typeof forms, data: unknown): unknown => ({ "~value": [form, data] });

/** Turns one failure into data. */
class Failure {
  readonly #withStacks: boolean;
  readonly #above: Array<object> = [];
  #parts = 0;

  constructor(withStacks: boolean) {
    this.#withStacks = withStacks;
  }

  data(value: unknown): unknown {
    if (typeof value === "bigint") return special("bigint", String(value));
    if (typeof value === "number" && !Number.isFinite(value)) return special("number", String(value));
    const isError = value instanceof Error;
    const text = isError ? undefined : encode(value);
    if (typeof text === "string") return marks.test(text) ? { "~plain": value } : value;
    if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return describe(value);
    const isTooMuch = this.#above.length > mostLevels || ++this.#parts > mostParts;
    if (isTooMuch || this.#above.includes(value)) return describe(value);
    this.#above.push(value);
    const data = isError ? this.#error(value) : this.#object(value);
    this.#above.pop();
    return data;
  }

  #object(value: object): unknown {
    if (value instanceof Date) {
      const time = value.getTime();
      return special("date", Number.isNaN(time) ? null : time);
    }
    const part = (of: unknown): unknown => this.data(of);
    if (value instanceof Map)
      return special(
        "map",
        Array.from(value, ([key, of]) => [part(key), part(of)]),
      );
    if (value instanceof Set) return special("set", Array.from(value, part));
    if (Array.isArray(value)) return Array.from(value, part);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== null && prototype !== Object.prototype) return this.#error(value);
    return { "~parts": Object.entries(value).map(([key, of]) => [key, part(of)]) };
  }

  /** An error, or an object of any other class, by its fields. */
  #error(value: object): unknown {
    const fields: Record<string, unknown> = {};
    const own = keysOf(value);
    for (const key of new Set([...usuallyHidden, ...own])) {
      if (key === "stack" && !this.#withStacks) continue;
      try {
        const field = (value as Record<string, unknown>)[key];
        if (field !== undefined) fields[key] = this.data(field);
      } catch {
        // A field that cannot be read is not recorded.
      }
    }
    if (fields["message"] === undefined) fields["message"] = describe(value);
    const shown = usuallyHidden.filter((key) => own.includes(key));
    return shown.length === 0 ? { "~error": fields } : { "~error": fields, shown };
  }
}

const write = (error: unknown, withStacks: boolean): string => {
  try {
    const text = encode(new Failure(withStacks).data(error));
    if (typeof text === "string") return text;
  } catch {
    // A proxy that throws on any access.
  }
  return describedError(error);
};

export const writeError = (error: unknown): string => write(error, true);

/** The text of an error without its stacks: the same for two errors that differ in nothing else. */
export const failureKey = (error: unknown): string => write(error, false);

/** The text of an error that has no other text, or too long a one: its description. */
export const describedError = (error: unknown): string =>
  JSON.stringify({ "~error": { message: describe(error) } });

type ErrorClass = new (fields: Readonly<Record<string, unknown>>) => Error;

const classOf = (tag: unknown): ErrorClass | undefined =>
  typeof tag === "string" && Object.hasOwn(errors, tag)
    ? ((errors as Readonly<Record<string, unknown>>)[tag] as ErrorClass)
    : undefined;

const builtIn: Readonly<Record<string, new (message: string) => Error>> = {
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

type Fields = Readonly<Record<string, unknown>>;

/** An error of the right class; its fields are set after this. */
const errorOf = (fields: Fields): Error => {
  const { name, message, _tag, code, stack: _, ...own } = fields;
  const Class = classOf(_tag);
  if (Class !== undefined && typeof code === "string" && code.startsWith("ESPALIER_")) return new Class(own);
  const text = String(message);
  if (name === "AggregateError" && Array.isArray(own["errors"]))
    return new AggregateError(own["errors"], text);
  const BuiltIn = typeof name === "string" && Object.hasOwn(builtIn, name) ? builtIn[name]! : Error;
  return new BuiltIn(text);
};

const readFields = (recorded: Fields, shown: ReadonlyArray<string>): Error => {
  const fields = Object.fromEntries(Object.entries(recorded).map(([key, field]) => [key, fromData(field)]));
  const error = errorOf(fields);
  for (const [key, value] of Object.entries(fields)) {
    const enumerable = !usuallyHidden.includes(key) || shown.includes(key);
    const own = Object.getOwnPropertyDescriptor(error, key);
    const isInherited = own === undefined && !enumerable;
    const isRight = isInherited || own?.enumerable === enumerable;
    if (isRight && Object.is((error as unknown as Fields)[key], value)) continue;
    Object.defineProperty(error, key, { value, enumerable, configurable: true, writable: true });
  }
  return error;
};

/** The readers of the special forms. */
const forms = {
  bigint: (text: unknown): unknown => BigInt(text as string),
  number: (text: unknown): unknown => Number(text),
  date: (time: unknown): unknown => new Date((time as number | null) ?? Number.NaN),
  map: (entries: unknown): unknown => new Map(fromData(entries) as ReadonlyArray<[unknown, unknown]>),
  set: (items: unknown): unknown => new Set(fromData(items) as ReadonlyArray<unknown>),
};

/** One of the marked forms. */
interface Marked {
  readonly "~plain"?: unknown;
  readonly "~parts"?: ReadonlyArray<readonly [string, unknown]>;
  readonly "~value"?: readonly [keyof typeof forms, unknown];
  readonly "~error"?: Fields;
  readonly shown?: ReadonlyArray<string>;
}

const fromData = (data: unknown): unknown => {
  if (typeof data !== "object" || data === null) return data;
  if (Array.isArray(data)) return data.map(fromData);
  const { "~plain": plain, "~parts": parts, "~value": value, "~error": fields, shown = [] }: Marked = data;
  if (plain !== undefined) return plain;
  if (parts !== undefined) return Object.fromEntries(parts.map(([key, part]) => [key, fromData(part)]));
  if (value !== undefined) return forms[value[0]](value[1]);
  return fields === undefined ? data : readFields(fields, shown);
};

export const readError = (text: string): unknown => fromData(decode(text));
