/**
 * Events are plain data, but for the errors in them, of which `JSON.stringify` keeps nothing by itself. Each event that
 * carries an error is given a `toJSON` that keeps its name, tag, code, message, path, own fields and cause chain.
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

/** A field of an error as far as JSON can hold it; what it cannot hold is described. */
const fieldOf = (value: unknown, depth: number): unknown => {
  if (isError(value)) return plainError(value, depth + 1);
  try {
    // A proxy may throw when it is asked anything.
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
  // What errors have beside their own enumerable fields: the first four by getters or their class, as a rule.
  const keys = new Set(["name", "_tag", "code", "message", "path", ...keysOf(error), "cause", "errors"]);
  for (const key of keys) {
    if (key === "stack") continue;
    const value = read(error, key);
    if (value !== undefined && typeof value !== "function") plain[key] = fieldOf(value, depth);
  }
  return plain;
};

/** Gives an event that carries an error, or logs one, what `JSON.stringify` asks for. Other events stay as they are. */
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
