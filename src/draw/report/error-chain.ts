/** An error and what caused it, without running any of it. */
import { shortened, visible } from "../escape.ts";
import type { PageError } from "../page/data.ts";
import { brief, classOf, dataOf, isOpen, show } from "./shown-value.ts";

/** Nobody reads on. */
const mostCauses = 8;
const longest = 1_000;

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== ""
    ? shortened(visible(shortened(value, 4_000)), longest)
    : undefined;

/** What is said already, or belongs to every error. */
const known = new Set(["message", "stack", "name", "_tag", "cause", "code", "reason", "path"]);

/** The one sentence of an error. */
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

/** The other fields of an error, where there are any. */
const fields = (error: object): PageError["value"] => {
  const shown = show(error);
  if (typeof shown === "string") return undefined;
  const parts = shown.parts.filter(([key]) => !known.has(key) && !/^(?:~|Symbol\()/.test(key));
  if (parts.length === 0) return undefined;
  const is = shortened(parts.map(([key, value]) => `${key}: ${brief(value)}`).join(", "), 120);
  return { is, parts };
};

/** The error, then its cause, then that one's, the outermost first. */
export const errorChain = (error: unknown): ReadonlyArray<PageError> => {
  const found: Array<PageError> = [];
  const seen = new Set<unknown>();
  let at: unknown = error;
  while (found.length < mostCauses) {
    if (seen.has(at)) {
      found.push({ text: "itself: the causes go round in a circle" });
      break;
    }
    if (!isOpen(at) || typeof at === "function") {
      found.push({ text: shortened(brief(show(at)), longest) });
      break;
    }
    seen.add(at);
    const value = fields(at);
    found.push({ text: sentence(at), ...(value === undefined ? {} : { value }) });
    const cause = dataOf(at, "cause");
    if (cause === undefined) break;
    at = cause;
  }
  return found;
};
