/**
 * Values as text, for the journal: strict JSON, which restores exactly the same value or reports why it cannot. Plain
 * JSON silently changes many values: a Map to `{}`, NaN to null, a Date to a string.
 *
 * Two values that plain data can hold and JSON cannot, `undefined` and -0, are kept separately: the text of such a value
 * begins with "~" and lists their positions. It also lists the positions of secrets.
 */
import { describe } from "./describe.ts";

/** The reason why a value cannot be written, and the location in it. */
export class Unwritable {
  readonly issuePath: ReadonlyArray<PropertyKey>;
  readonly reason: string;

  constructor(issuePath: ReadonlyArray<PropertyKey>, reason: string) {
    this.issuePath = issuePath;
    this.reason = reason;
  }
}

type Place = ReadonlyArray<string | number>;

/** The location of something that JSON loses, and the original; or the location of a secret, which is never shown. */
type Lost = readonly [path: Place, what: "undefined" | "-0" | "secret"];

const deepest = 2_000;

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  // The second: a plain object of another realm, such as one made by `node:vm`.
  return (
    prototype === null ||
    prototype === Object.prototype ||
    (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, "isPrototypeOf"))
  );
};

const className = (value: object): string => {
  const name: unknown = (value as { readonly constructor?: { readonly name?: unknown } }).constructor?.name;
  return typeof name === "string" && name !== "" ? `an instance of ${name}` : "an instance of a class";
};

const hint = ": return plain data, or give the step an output schema.";

/**
 * JSON writes a shared part each time it is referenced: 24 objects that each hold the next one twice
 * become 16 million. Beyond this many repeated parts, and this multiple of the distinct parts, a value is rejected.
 */
const mostRepeated = 250_000;
const mostTimesRepeated = 16;

class Walk {
  readonly lost: Array<Lost> = [];
  readonly #path: Array<string | number> = [];
  /** Every object visited so far; true while its contents are being visited. */
  readonly #met = new Map<object, boolean>();
  /** The number of parts of the value: each once, and the repeated ones. */
  #parts = 0;
  #repeated = 0;

  /** The part of the value that cannot be written; undefined if there is none. */
  check(value: unknown): Unwritable | undefined {
    switch (typeof value) {
      case "string":
      case "boolean":
        return undefined;
      case "number":
        if (Object.is(value, -0)) this.lost.push([this.#path.slice(), "-0"]);
        return Number.isFinite(value) ? undefined : this.#problem(`it is ${value}${hint}`);
      case "undefined":
        this.lost.push([this.#path.slice(), "undefined"]);
        return undefined;
      case "object":
        return value === null ? undefined : this.#checkObject(value);
      default:
        return this.#problem(`it is a ${typeof value}${hint}`);
    }
  }

  #checkObject(value: object): Unwritable | undefined {
    const isAbove = this.#met.get(value);
    if (isAbove === true) return this.#problem(`it holds itself${hint}`);
    if (this.#path.length > deepest) return this.#problem(`it is nested more than ${deepest} deep${hint}`);
    const isArray = Array.isArray(value);
    if (!isArray && !isPlain(value)) return this.#problem(`it is ${className(value)}${hint}`);
    if (Object.getOwnPropertySymbols(value).length > 0)
      return this.#problem(`it has a property whose key is a symbol${hint}`);
    this.#met.set(value, true);
    const isMetAgain = isAbove !== undefined;
    const problem = isArray
      ? this.#checkArray(value, isMetAgain)
      : this.#checkRecord(value as Record<string, unknown>, isMetAgain);
    this.#met.set(value, false);
    return problem;
  }

  /** Counts the parts of an object that is about to be visited. */
  #checkSize(parts: number, isMetAgain: boolean): Unwritable | undefined {
    if (!isMetAgain) {
      this.#parts += parts;
      return undefined;
    }
    this.#repeated += parts + 1;
    if (this.#repeated <= mostRepeated || this.#repeated <= this.#parts * mostTimesRepeated) return undefined;
    const reason = `it contains the same objects more than ${this.#repeated - 1} times over, and its text would repeat them all`;
    return this.#problem(`${reason}: return each of them once, and refer to it by a key.`);
  }

  #checkArray(array: ReadonlyArray<unknown>, isMetAgain: boolean): Unwritable | undefined {
    const tooLarge = this.#checkSize(array.length, isMetAgain);
    if (tooLarge !== undefined) return tooLarge;
    if (Object.keys(array).length !== array.length) {
      return this.#problem(`it is an array with holes, or with properties of its own${hint}`);
    }
    for (let i = 0; i < array.length; i++) {
      const item = array[i];
      if (typeof item === "string") continue;
      this.#path.push(i);
      const problem = this.check(item);
      if (problem !== undefined) return problem;
      this.#path.pop();
    }
    return undefined;
  }

  #checkRecord(record: Readonly<Record<string, unknown>>, isMetAgain: boolean): Unwritable | undefined {
    const keys = Object.keys(record);
    const tooLarge = this.#checkSize(keys.length, isMetAgain);
    if (tooLarge !== undefined) return tooLarge;
    for (const key of keys) {
      const item = record[key];
      if (typeof item === "string") continue;
      this.#path.push(key);
      const problem = this.check(item);
      if (problem !== undefined) return problem;
      this.#path.pop();
    }
    return undefined;
  }

  #problem(reason: string): Unwritable {
    return new Unwritable(this.#path.slice(), reason);
  }
}

/**
 * The text of a value, or `Unwritable` if no text would restore the value. `secrets`: the locations of
 * secrets in it.
 */
export const encode = (value: unknown, secrets: ReadonlyArray<Place> = []): string | Unwritable => {
  if (secrets.length > 0) return encodeWhole(value, secrets);
  if (typeof value === "string" || typeof value === "boolean" || value === null) return JSON.stringify(value);
  if (typeof value === "number" && Number.isFinite(value) && value !== 0) return String(value);
  return encodeWhole(value, secrets);
};

const encodeWhole = (value: unknown, secrets: ReadonlyArray<Place>): string | Unwritable => {
  try {
    const walk = new Walk();
    const problem = walk.check(value);
    if (problem !== undefined) return problem;
    for (const path of secrets) walk.lost.push([path, "secret"]);
    if (walk.lost.length === 0) return JSON.stringify(value);
    // Null instead of undefined, which would omit a property, and with it its position among the others.
    const kept = JSON.stringify(value, (_, item: unknown) => (item === undefined ? null : item));
    return `~[${kept},${JSON.stringify(walk.lost)}]`;
  } catch (error) {
    // A getter or a proxy that throws, or a string beyond the maximum length.
    return new Unwritable([], `it cannot be read or written: ${describe(error)}`);
  }
};

/** Shown instead of a secret. */
const redacted = "<redacted>";

/** The value of a text that `encode` returned, with a replacement at each listed position. */
const read = (
  text: string,
  instead: (what: Lost[1]) => unknown,
  isKept: (what: Lost[1]) => boolean,
): unknown => {
  if (!text.startsWith("~")) return JSON.parse(text) as unknown;
  const [value, lost] = JSON.parse(text.slice(1)) as [unknown, ReadonlyArray<Lost>];
  const holder = { value };
  for (const [path, what] of lost) {
    if (isKept(what)) continue;
    const all = ["value", ...path];
    let at: any = holder;
    for (const key of all.slice(0, -1)) at = at[key];
    // Not an assignment: that would set the prototype for the key "__proto__".
    Object.defineProperty(at, all.at(-1)!, {
      value: instead(what),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return holder.value;
};

const lostValue = (what: Lost[1]): unknown => (what === "-0" ? -0 : undefined);

/** The value of a text that `encode` returned. Throws for any other text. */
export const decode = (text: string): unknown => read(text, lostValue, (what) => what === "secret");

/** The same for display, without the secrets. */
export const decodeShown = (text: string): unknown =>
  read(
    text,
    (what) => (what === "secret" ? redacted : lostValue(what)),
    () => false,
  );
