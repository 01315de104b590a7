/**
 * Events are plain data, except for the errors in them, of which `JSON.stringify` keeps nothing. Each event that
 * carries an error gets a `toJSON` that keeps its name, tag, code, message, path, own fields and cause chain.
 */
import type { PipelineEvent } from "./events.ts";
import { describe } from "./values/describe.ts";

/** Causes can form cycles, and readers rarely need more. */
const deepest = 16;

const read = (value: object, key: string): unknown => {
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
};

const keysOf = (value: object): ReadonlyArray<string> => {
  try {
    return Object.keys(value);
  } catch {
    return [];
  }
};

const isError = (value: unknown): value is Error => {
  try {
    return value instanceof Error;
  } catch {
    return false;
  }
};

/** A field of an error as JSON; values that JSON cannot hold are described. */
const fieldOf = (value: unknown, depth: number): unknown => {
  if (isError(value)) return plainError(value, depth + 1);
  try {
    // A proxy may throw on any access.
    if (Array.isArray(value) && value.some(isError)) return value.map((item) => fieldOf(item, depth));
    return JSON.stringify(value) === undefined ? describe(value) : value;
  } catch {
    return describe(value);
  }
};

const plainError = (error: unknown, depth = 0): unknown => {
  if (!isError(error)) return fieldOf(error, depth);
  if (depth > deepest) return describe(error);
  const plain: Record<string, unknown> = {};
  // Fields in addition to an error's own enumerable ones: the first four usually come from getters or the class.
  const keys = new Set(["name", "_tag", "code", "message", "path", ...keysOf(error), "cause", "errors"]);
  for (const key of keys) {
    if (key === "stack") continue;
    const value = read(error, key);
    if (value !== undefined && typeof value !== "function") plain[key] = fieldOf(value, depth);
  }
  return plain;
};

/** Adds `toJSON` to an event that carries or logs an error. Other events stay as they are. */
export const writableAsJson = (event: PipelineEvent): PipelineEvent => {
  const isLog = event.type === "step.logged" && event.message.some(isError);
  if ((!("error" in event) && !isLog) || Object.hasOwn(event, "toJSON")) return event;
  const toJSON = (): unknown => ({
    ...event,
    ...("error" in event ? { error: plainError(event.error) } : {}),
    ...(isLog ? { message: event.message.map((part) => fieldOf(part, 0)) } : {}),
  });
  // Not enumerable: comparing or copying an event only sees its fields.
  return Object.defineProperty(event, "toJSON", { value: toJSON });
};
