/** An error and its causes, without running any of their code. */
import { shortened, visible } from "../escape.ts";
import type { PageError } from "../page/data.ts";
import { brief, classOf, dataOf, isError, isOpen, show } from "./shown-value.ts";

/** Readers rarely need more. */
const mostCauses = 8;
const longest = 1_000;

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== ""
    ? shortened(visible(shortened(value, 4_000)), longest)
    : undefined;

/** Fields that are shown elsewhere, or that every error has. */
const known = new Set(["message", "stack", "name", "_tag", "cause", "reason", "path"]);

/** Every error of this library has a code, and the message of a system's error contains its own. */
const isCodeKnown = (error: object): boolean => {
  const code = dataOf(error, "code");
  if (typeof code !== "string") return code === undefined;
  return code.startsWith("ESPALIER_") || text(dataOf(error, "message"))?.includes(code) === true;
};

/** An error as one sentence. */
const sentence = (error: object): string => {
  const own = text(dataOf(error, "_tag")) ?? text(dataOf(error, "name"));
  const name = own === undefined || own === "Error" ? classOf(error) || own : own;
  const path = text(dataOf(error, "path"));
  const where = path === undefined ? "" : `step "${path}"`;
  const message = text(dataOf(error, "message")) ?? text(dataOf(error, "reason"));
  const said = [where, message].filter((part) => part !== undefined && part !== "").join(": ");
  return said === ""
    ? (name ?? "an object")
    : name === undefined || name === "Error"
      ? said
      : `${name}: ${said}`;
};

/** The other fields of an error, if it has any. */
const fields = (error: object): PageError["value"] => {
  const shown = show(error);
  if (typeof shown === "string") return undefined;
  const isKnown = (key: string): boolean =>
    known.has(key) || (key === "code" && isCodeKnown(error)) || /^(?:~|Symbol\()/.test(key);
  const parts = shown.parts.filter(([key]) => !isKnown(key));
  if (parts.length === 0) return undefined;
  const is = shortened(parts.map(([key, value]) => `${key}: ${brief(value)}`).join(", "), 120);
  return { is, parts };
};

const mostFrames = 12;

// Read now, before a user's program can replace it.
const prepareStackTrace = dataOf(Error, "prepareStackTrace");

/** Can an error's stack be built without running the program's code? Its header reads the error's name and message. */
const isStackQuiet = (error: object): boolean =>
  dataOf(Error, "prepareStackTrace") === prepareStackTrace &&
  typeof dataOf(error, "name") === "string" &&
  typeof dataOf(error, "message") === "string";

/** A property of a class can be a getter, and so can the stack of an error, whose getter is always the platform's own. */
interface Accessor {
  readonly get?: (this: unknown) => unknown;
  readonly value?: unknown;
}

const stackProperty = (error: object): Accessor | undefined =>
  Object.getOwnPropertyDescriptor(error, "stack");

const platformGetter = stackProperty(new Error("for its getter"))?.get;

const stackTextOf = (error: object): unknown => {
  const { get, value } = stackProperty(error) ?? {};
  if (get === undefined) return value;
  return get === platformGetter ? Reflect.apply(get, error, []) : undefined;
};

/** The frames of an error's stack, without those of the platform: where in the program it was created. */
const stackOf = (error: object): ReadonlyArray<string> | undefined => {
  if (!isError(error) || !isStackQuiet(error)) return undefined;
  const stack = stackTextOf(error);
  if (typeof stack !== "string") return undefined;
  const frames = shortened(stack, 20_000)
    .split("\n")
    .flatMap((line) => {
      const [, frame] = /^\s+at (.*)$/.exec(line) ?? [];
      return frame === undefined || frame.includes("node:internal") ? [] : [text(frame) ?? ""];
    });
  return frames.length === 0 ? undefined : frames.slice(0, mostFrames);
};

/** How a record separates an error from its cause. */
const betweenCauses = "\n  caused by: ";

/** The error, then its cause, then the cause of that, outermost first. */
export const errorChain = (error: unknown, withStacks = false): ReadonlyArray<PageError> => {
  // A store keeps only the text of most errors, which must not be quoted like a value.
  if (typeof error === "string")
    return shortened(error, 20_000)
      .split(betweenCauses)
      .slice(0, mostCauses)
      .map((part) => ({ text: text(part) ?? "an empty text" }));
  const found: Array<PageError> = [];
  const seen = new Set<unknown>();
  let at: unknown = error;
  while (found.length < mostCauses) {
    if (seen.has(at)) {
      found.push({ text: "itself: the causes form a cycle" });
      break;
    }
    if (!isOpen(at) || typeof at === "function") {
      found.push({ text: shortened(brief(show(at)), longest) });
      break;
    }
    seen.add(at);
    const value = fields(at);
    const stack = withStacks ? stackOf(at) : undefined;
    found.push({
      text: sentence(at),
      ...(stack === undefined ? {} : { stack }),
      ...(value === undefined ? {} : { value }),
    });
    const cause = dataOf(at, "cause");
    // A step can throw undefined.
    if (cause === undefined && dataOf(at, "_tag") !== "StepFailed") break;
    at = cause;
  }
  return found;
};
