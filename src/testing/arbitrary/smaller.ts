/**
 * Smaller values of the same kind, whatever their origin, the smallest first. Not all of them are necessarily
 * acceptable to a schema.
 */
function* smallerNumbers(value: number): Iterable<number> {
  if (value === 0) return;
  if (!Number.isFinite(value)) {
    yield 0;
    return;
  }
  yield 0;
  if (!Number.isInteger(value)) yield Math.trunc(value);
  for (let gap = value / 2; Math.abs(gap) >= 1; gap /= 2) {
    const nearer = Math.trunc(value - gap);
    if (nearer !== value && nearer !== 0) yield nearer;
  }
  if (Number.isInteger(value)) yield value - Math.sign(value);
}

/** Removes a half, then a quarter, and finally each single part. */
function* shorter<Part>(parts: ReadonlyArray<Part>): Iterable<ReadonlyArray<Part>> {
  for (let size = parts.length; size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from + size <= parts.length; from += size) yield parts.toSpliced(from, size);
  }
}

function* smallerStrings(value: string): Iterable<string> {
  const characters = Array.from(value);
  for (const fewer of shorter(characters)) yield fewer.join("");
  for (const [i, character] of characters.entries())
    if (character > "a") yield characters.with(i, "a").join("");
}

function* smallerRecords(value: Readonly<Record<string, unknown>>): Iterable<object> {
  const entries = Object.entries(value);
  for (const fewer of shorter(entries)) yield Object.fromEntries(fewer);
  for (const [key, of] of entries) for (const less of smaller(of)) yield { ...value, [key]: less };
}

export function* smaller(value: unknown): Iterable<unknown> {
  if (typeof value === "number") yield* smallerNumbers(value);
  else if (typeof value === "string") yield* smallerStrings(value);
  else if (value === true) yield false;
  else if (typeof value === "bigint" && value !== 0n) {
    yield 0n;
    yield value / 2n;
  } else if (Array.isArray(value)) {
    yield* shorter(value);
    for (const [i, item] of value.entries()) for (const less of smaller(item)) yield value.with(i, less);
  } else if (value instanceof Date) {
    if (value.getTime() !== 0) yield new Date(0);
  } else if (value instanceof Map) {
    for (const fewer of shorter([...value])) yield new Map(fewer);
  } else if (value instanceof Set) {
    for (const fewer of shorter([...value])) yield new Set(fewer);
  } else if (typeof value === "object" && value !== null) {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null)
      yield* smallerRecords(value as Record<string, unknown>);
  }
}
