/**
 * A plan as JSON text. Not `JSON.stringify`: that recurses, and a plan can nest to any depth.
 *
 * Half surrogates come out as `\udXXX`, as `JSON.stringify` writes them, so the text is always valid Unicode.
 */
import type { Plan } from "../../types/plan.ts";
import { indent } from "./scene.ts";

/** An open list or record, and its remaining entries. */
interface Level {
  readonly entries: ReadonlyArray<readonly [key: string | undefined, value: unknown]>;
  readonly end: "]" | "}";
  next: number;
}

const levelOf = (value: object): Level =>
  Array.isArray(value)
    ? { entries: value.map((item: unknown) => [undefined, item] as const), end: "]", next: 0 }
    : { entries: Object.entries(value).filter(([, item]) => item !== undefined), end: "}", next: 0 };

/** The plan as JSON with two spaces per level and a final line break. */
export const toJson = (plan: Plan): string => {
  const parts: Array<string> = [];
  const levels: Array<Level> = [];
  const write = (value: unknown): void => {
    if (typeof value !== "object" || value === null) {
      parts.push(JSON.stringify(value));
      return;
    }
    const level = levelOf(value);
    if (level.entries.length === 0) {
      parts.push(level.end === "]" ? "[]" : "{}");
      return;
    }
    parts.push(level.end === "]" ? "[" : "{");
    levels.push(level);
  };
  write(plan);
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const entry = level.entries[level.next];
    if (entry === undefined) {
      levels.pop();
      parts.push(`\n${indent(levels.length)}${level.end}`);
      continue;
    }
    parts.push(`${level.next++ === 0 ? "" : ","}\n${indent(levels.length)}`);
    if (entry[0] !== undefined) parts.push(`${JSON.stringify(entry[0])}: `);
    write(entry[1]);
  }
  return `${parts.join("")}\n`;
};
