/** Describes the causes of an error: its chain of causes, and the errors in an `AggregateError`. */
import { describe } from "./describe.ts";

/** Readers rarely need more. */
const mostLines = 20;

const read = (value: unknown, key: string): unknown => {
  if (typeof value !== "object" || value === null) return undefined;
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
};

/** One line per cause, indented by depth, without those already contained in `said`. */
export const causesOf = (error: unknown, said: string): ReadonlyArray<string> => {
  const lines: Array<string> = [];
  const seen = new Set<unknown>();
  const walk = (of: unknown, indent: string): void => {
    if (lines.length >= mostLines || seen.has(of)) return;
    seen.add(of);
    const errors = read(of, "errors");
    if (Array.isArray(errors)) {
      for (const one of errors.slice(0, mostLines) as ReadonlyArray<unknown>) {
        lines.push(`${indent}- ${describe(one)}`);
        walk(one, `${indent}  `);
      }
    }
    const cause = read(of, "cause");
    if (cause === undefined || cause === null || seen.has(cause)) return;
    const text = describe(cause);
    // The message of a failed step contains that of its cause.
    const isSaid = lines.length === 0 && said.includes(text.replace(/^\w+: /, ""));
    if (!isSaid) lines.push(`${indent}caused by: ${text}`);
    walk(cause, indent);
  };
  walk(error, "  ");
  return lines.slice(0, mostLines);
};

/** An error and its causes, one per line. */
export const describeWithCauses = (error: unknown): string => {
  const said = describe(error);
  return [said, ...causesOf(error, said)].join("\n");
};
