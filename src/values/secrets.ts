/** Finds `Redacted` values, which only their owner may read: a schema would write them as plain text. */
import * as Redacted from "effect/Redacted";

type Path = ReadonlyArray<PropertyKey>;

const partsOf = (value: object): Iterable<readonly [key: PropertyKey, part: unknown]> => {
  if (value instanceof Map)
    return Array.from(value).flatMap(([key, part], i) => [[i, key] as const, [i, part] as const]);
  if (value instanceof Set) return Array.from(value, (part, i) => [i, part] as const);
  return Object.entries(value);
};

/** All `Redacted` values in a value, with their locations; at most `most` of them. */
const secretsIn = (
  value: unknown,
  most = Infinity,
): ReadonlyArray<readonly [path: Path, secret: Redacted.Redacted<unknown>]> => {
  const found: Array<readonly [Path, Redacted.Redacted<unknown>]> = [];
  const seen = new Set<object>();
  const todo: Array<readonly [path: Path, value: unknown]> = [[[], value]];
  for (let next = todo.pop(); next !== undefined && found.length < most; next = todo.pop()) {
    const [path, at] = next;
    if (typeof at !== "object" || at === null || seen.has(at)) continue;
    seen.add(at);
    if (Redacted.isRedacted(at)) found.push([path, at]);
    else if (!ArrayBuffer.isView(at)) {
      for (const [key, part] of partsOf(at)) {
        if (typeof part === "object" && part !== null) todo.push([[...path, key], part]);
      }
    }
  }
  return found;
};

/** The location of the first `Redacted` value in a value, or undefined if there is none. */
export const secretIn = (value: unknown): Path | undefined => secretsIn(value, 1)[0]?.[0];

type Place = ReadonlyArray<string | number>;

/** The text of a value that a schema writes unchanged; empty for anything else. */
const textOf = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? JSON.stringify(value)
    : "";

/** The locations in an encoded value whose text is one of these. */
const placesOf = (encoded: unknown, texts: ReadonlySet<string>, seen: Set<string>): ReadonlyArray<Place> => {
  const places: Array<Place> = [];
  const todo: Array<readonly [place: Place, value: unknown]> = [[[], encoded]];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const [place, value] = next;
    if (Array.isArray(value)) value.forEach((part, i) => todo.push([[...place, i], part]));
    else if (typeof value === "object" && value !== null)
      for (const [key, part] of Object.entries(value)) todo.push([[...place, key], part]);
    else if (texts.has(textOf(value))) {
      places.push(place);
      seen.add(textOf(value));
    }
  }
  return places;
};

/**
 * The locations of a value's secrets in its encoded form: every part that is written like one of them. If a schema
 * writes one in another way, the whole value is secret.
 */
export const secretPlaces = (value: unknown, encoded: unknown): ReadonlyArray<Place> => {
  const secrets = secretsIn(value);
  if (secrets.length === 0) return [];
  const texts = new Set(secrets.map(([, secret]) => textOf(Redacted.value(secret))));
  const seen = new Set<string>();
  const places = placesOf(encoded, texts, seen);
  return seen.size === texts.size ? places : [[]];
};
