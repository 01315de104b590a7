/** The position in the user's own code where an error originated, the most useful part of its stack. */
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

/** A frame of a stack, or the first line of a syntax error's stack: a file, and the line in it. */
const frame = /(?:\(|at |^)(file:\/\/[^\s()]+?|\/[^\s()]+?|[A-Za-z]:\\[^\s()]+?):(\d+)(?::(\d+))?\)?$/;

/** The frames of these folders say nothing about the user's file. Where this file is built, it may be part of another. */
const ownFolder = import.meta.url.slice(0, import.meta.url.lastIndexOf("/src/") + "/src/".length);

/** Is it the user's own code, rather than that of this library or another? Takes the URL of a file. */
export const isUsers = (file: string): boolean =>
  !file.includes("/node_modules/") && !file.includes("\\node_modules\\") && !file.startsWith(ownFolder);

const stackOf = (error: unknown): string => {
  try {
    const stack = typeof error === "object" && error !== null && "stack" in error ? error.stack : undefined;
    return typeof stack === "string" ? stack : "";
  } catch {
    return "";
  }
};

/** ` (pipeline.ts:12:5)`, or nothing if the stack does not contain it. */
export const placeOf = (error: unknown): string => {
  for (const line of stackOf(error).split("\n", 200)) {
    const found = frame.exec(line.trim());
    if (found === null) continue;
    const [, file, row, column] = found;
    const url = file!.startsWith("file:") ? file! : `file://${file!}`;
    if (!isUsers(url)) continue;
    try {
      const path = relative(process.cwd(), file!.startsWith("file:") ? fileURLToPath(file!) : file!);
      return ` (${path}:${row}${column === undefined ? "" : `:${column}`})`;
    } catch {
      return "";
    }
  }
  return "";
};
