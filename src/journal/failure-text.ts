/**
 * Errors of steps as text, and back: with tag, code, message, stack, own fields and chain of causes. An error of one of the
 * library's classes is of that class again, and every other error is an `Error`.
 */
import * as errors from "../errors.ts";
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

/** So many causes of causes are recorded. */
const mostCauses = 20;

/** An error as data; what is no error and has no text is described. */
const asData = (value: unknown, depth: number): unknown => {
  const isError = value instanceof Error;
  if (!isError) {
    const text = encode(value);
    if (typeof text === "string") return isMarked(value) ? { "~plain": value } : value;
  }
  if (typeof value !== "object" || value === null) return describe(value);
  const fields: Record<string, unknown> = {};
  for (const key of ["name", "message", "stack", "cause", ...keysOf(value), "_tag"]) {
    try {
      const field = (value as Record<string, unknown>)[key];
      if (field !== undefined && depth < mostCauses) fields[key] = asData(field, depth + 1);
    } catch {
      // A field that cannot be read is not recorded.
    }
  }
  if (fields["message"] === undefined) fields["message"] = describe(value);
  return { "~error": fields };
};

const isMarked = (value: unknown): boolean =>
  typeof value === "object" && value !== null && ("~error" in value || "~plain" in value);

export const writeError = (error: unknown): string => {
  try {
    const text = encode(asData(error, 0));
    if (typeof text === "string") return text;
  } catch {
    // A proxy that throws when it is asked anything.
  }
  return JSON.stringify({ "~error": { message: describe(error) } });
};

type ErrorClass = new (fields: Readonly<Record<string, unknown>>) => Error;

const classOf = (tag: unknown): ErrorClass | undefined =>
  typeof tag === "string" && Object.hasOwn(errors, tag)
    ? ((errors as Readonly<Record<string, unknown>>)[tag] as ErrorClass)
    : undefined;

const fromData = (data: unknown): unknown => {
  if (typeof data !== "object" || data === null) return data;
  if ("~plain" in data) return data["~plain"];
  if (!("~error" in data)) return data;
  const recorded = Object.entries(data["~error"] as Readonly<Record<string, unknown>>);
  const fields = Object.fromEntries(recorded.map(([key, field]) => [key, fromData(field)]));
  const { message, stack, cause, name, _tag, code, ...own } = fields;
  const Class = classOf(_tag);
  const error =
    Class !== undefined && typeof code === "string" && code.startsWith("ESPALIER_")
      ? new Class(cause === undefined ? own : { ...own, cause })
      : Object.assign(new Error(String(message)), own);
  const define = (key: string, value: unknown): void => {
    if (value === undefined || (error as unknown as Record<string, unknown>)[key] === value) return;
    Object.defineProperty(error, key, { value, enumerable: false, configurable: true, writable: true });
  };
  define("stack", stack);
  define("cause", cause);
  define("name", name);
  define("_tag", _tag);
  define("code", code);
  return error;
};

export const readError = (text: string): unknown => fromData(decode(text));

const failureField = '"failure":';

/** The record of what a fallback expanded: its shape, and the error that the fallback was given. */
export const withFailure = (shape: string, error: unknown): string =>
  JSON.stringify({ ...(JSON.parse(shape) as object), failure: writeError(error) });

/** The shape alone. */
export const withoutFailure = (recorded: string | undefined): string | undefined => {
  if (recorded?.includes(failureField) !== true) return recorded;
  const { failure: _, ...shape } = JSON.parse(recorded) as Readonly<Record<string, unknown>>;
  return JSON.stringify(shape);
};

export const failureIn = (recorded: string): { readonly error: unknown } | undefined => {
  if (!recorded.includes(failureField)) return undefined;
  const { failure } = JSON.parse(recorded) as { readonly failure?: string };
  return failure === undefined ? undefined : { error: readError(failure) };
};
