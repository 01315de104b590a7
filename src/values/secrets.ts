/** Finds `Redacted` values, which only their owner may read: a schema would write them as plain text. */
import * as Redacted from "effect/Redacted";

type Path = ReadonlyArray<PropertyKey>;

const partsOf = (value: object): Iterable<readonly [key: PropertyKey, part: unknown]> => {
  if (value instanceof Map)
    return Array.from(value).flatMap(([key, part], i) => [[i, key] as const, [i, part] as const]);
  if (value instanceof Set) return Array.from(value, (part, i) => [i, part] as const);
  return Object.entries(value);
};

/** Where in a value the first `Redacted` one is; undefined: nowhere. */
export const secretIn = (value: unknown): Path | undefined => {
  const seen = new Set<object>();
  const todo: Array<readonly [path: Path, value: unknown]> = [[[], value]];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const [path, found] = next;
    if (typeof found !== "object" || found === null || seen.has(found)) continue;
    if (Redacted.isRedacted(found)) return path;
    seen.add(found);
    if (ArrayBuffer.isView(found)) continue;
    for (const [key, part] of partsOf(found)) {
      if (typeof part === "object" && part !== null) todo.push([[...path, key], part]);
    }
  }
  return undefined;
};
