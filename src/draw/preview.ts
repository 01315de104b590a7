/**
 * Any value as text that a person can read, a line for each part. Nothing of the value is run: getters are named and not
 * read, proxies are said to be proxies, and what cannot be shown is shown as what it is.
 */
import { visible } from "./escape.ts";

interface Limits {
  /** Characters in all. */
  readonly characters: number;
  readonly entries: number;
  readonly depth: number;
}

export const usualLimits: Limits = { characters: 4_000, entries: 50, depth: 6 };

type IsProxy = (value: unknown) => boolean;

/** Only Node can tell a proxy from what it stands for. It is asked without an import: this runs in browsers too. */
const isProxy: IsProxy = (() => {
  const { process } = globalThis as {
    readonly process?: { readonly getBuiltinModule?: (name: string) => { readonly types: { readonly isProxy: IsProxy } } };
  };
  try {
    return process?.getBuiltinModule?.("node:util").types.isProxy ?? (() => false);
  } catch {
    return () => false;
  }
})();

const quoted = (text: string, most: number): string => {
  const short = text.length > most ? text.slice(0, most) : text;
  const safe = visible(short.replaceAll("\\", "\\\\").replaceAll('"', '\\"'));
  return text.length > most ? `"${safe}…" (${text.length.toLocaleString("en")} characters)` : `"${safe}"`;
};

const identifier = /^[\p{L}_$][\p{L}\p{N}_$]*$/u;

const keyText = (key: string | symbol): string =>
  typeof key === "symbol"
    ? `[${visible(key.toString())}]`
    : identifier.test(key) && key.length <= 80
      ? key
      : quoted(key, 80);

/** Is it really one, whatever it says of itself? A method of the class that needs its inner state tells. */
const is = (check: (this: any, ...args: Array<any>) => unknown, value: object, ...args: Array<unknown>): boolean => {
  try {
    check.apply(value, args);
    return true;
  } catch {
    return false;
  }
};

const ownValue = (value: object, key: string): unknown => {
  const descriptor = Object.getOwnPropertyDescriptor(value, key);
  return descriptor !== undefined && "value" in descriptor ? descriptor.value : undefined;
};

/** The name of an object's class; empty for plain ones. */
const className = (value: object): string => {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || typeof prototype !== "object" || isProxy(prototype)) return "";
  const made = ownValue(prototype, "constructor");
  if (typeof made !== "function" || isProxy(made)) return "";
  const name = ownValue(made, "name");
  return typeof name === "string" && name !== "Object" && name !== "Array" ? visible(name.slice(0, 80)) : "";
};

class Writer {
  readonly #limits: Limits;
  readonly #lines: Array<string> = [];
  #left: number;
  /** What is being written, from the outside inward: a value inside of itself is told and not followed. */
  readonly #open = new Set<object>();

  constructor(limits: Limits) {
    this.#limits = limits;
    this.#left = limits.characters;
  }

  get text(): string {
    return this.#lines.join("\n");
  }

  get isFull(): boolean {
    return this.#left <= 0;
  }

  line(depth: number, text: string): void {
    if (this.#left <= 0) return;
    const whole = "  ".repeat(depth) + text;
    this.#left -= whole.length + 1;
    this.#lines.push(whole);
    if (this.#left <= 0) this.#lines.push("…");
  }

  write(value: unknown, depth: number, lead: string): void {
    if (this.isFull) return;
    const short = this.#inOneLine(value);
    if (short !== undefined) {
      this.line(depth, lead + short);
      return;
    }
    const object = value as object;
    if (this.#open.has(object)) return this.line(depth, `${lead}[in itself]`);
    if (depth >= this.#limits.depth) return this.line(depth, `${lead}${this.#head(object)} …`);
    this.#open.add(object);
    try {
      this.#inside(object, depth, lead);
    } catch {
      this.line(depth, `${lead}[cannot be looked at]`);
    }
    this.#open.delete(object);
  }

  /** What needs no lines of its own. */
  #inOneLine(value: unknown): string | undefined {
    switch (typeof value) {
      case "string":
        return quoted(value, Math.min(1_000, this.#left));
      case "bigint":
        return `${value}n`;
      case "symbol":
        return visible(value.toString());
      case "function": {
        if (isProxy(value)) return "[proxy]";
        const name = ownValue(value, "name");
        return typeof name === "string" && name !== "" ? `[function ${visible(name.slice(0, 80))}]` : "[function]";
      }
      case "object":
        break;
      default:
        return Object.is(value, -0) ? "-0" : String(value);
    }
    if (value === null) return "null";
    if (isProxy(value)) return "[proxy]";
    try {
      return this.#knownInOneLine(value);
    } catch {
      return "[cannot be looked at]";
    }
  }

  #knownInOneLine(value: object): string | undefined {
    if (is(Date.prototype.getTime, value)) {
      const time = Date.prototype.getTime.call(value);
      return Number.isNaN(time) ? "an invalid Date" : `Date ${Date.prototype.toISOString.call(value)}`;
    }
    const sized = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "byteLength")!.get!;
    if (is(sized, value)) return `ArrayBuffer of ${(sized.call(value) as number).toLocaleString("en")} bytes`;
    if (ArrayBuffer.isView(value)) {
      const typed = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), "length")!.get!;
      const count = is(typed, value) ? (typed.call(value) as number) : 0;
      const first = is(typed, value) ? Array.prototype.slice.call(value, 0, 12).map(String).join(", ") : "";
      const name = className(value) || "typed array";
      return `${name} of ${count.toLocaleString("en")}: ${first}${count > 12 ? ", …" : ""}`;
    }
    if (is(RegExp.prototype.exec, value, "")) {
      return "[regular expression]";
    }
    if (is(Promise.prototype.then, value) && value instanceof Promise) return "[promise]";
    if (is(WeakMap.prototype.has, value, {})) return "[WeakMap]";
    if (is(WeakSet.prototype.has, value, {})) return "[WeakSet]";
    if (Array.isArray(value) && value.length === 0) return "[]";
    if (!Array.isArray(value) && Reflect.ownKeys(value).length === 0) {
      if (is(Map.prototype.has, value, 0) || is(Set.prototype.has, value, 0)) return undefined;
      const name = className(value);
      return name === "" ? "{}" : `${name} {}`;
    }
    return undefined;
  }

  #head(value: object): string {
    const name = className(value);
    if (Array.isArray(value)) return `[${value.length.toLocaleString("en")} items]`;
    return name === "" ? "{…}" : `${name} {…}`;
  }

  #inside(value: object, depth: number, lead: string): void {
    if (Array.isArray(value)) return this.#array(value, depth, lead);
    if (is(Map.prototype.has, value, 0)) return this.#map(value as Map<unknown, unknown>, depth, lead);
    if (is(Set.prototype.has, value, 0)) return this.#set(value as Set<unknown>, depth, lead);
    const name = className(value);
    const isError = is(Error.prototype.toString, value) && value instanceof Error;
    if (isError) {
      const message = ownValue(value, "message");
      const said = typeof message === "string" ? quoted(message, 500) : "";
      this.line(depth, `${lead}${name || "Error"} ${said}`);
    } else {
      this.line(depth, lead + (name === "" ? "{" : `${name} {`));
    }
    const keys = Reflect.ownKeys(value).filter((key) => !isError || (key !== "stack" && key !== "message"));
    this.#each(keys.length, depth, (i) => {
      const key = keys[i]!;
      const descriptor = Object.getOwnPropertyDescriptor(value, key);
      const text = `${keyText(key)}: `;
      if (descriptor !== undefined && "value" in descriptor) this.write(descriptor.value, depth + 1, text);
      else this.line(depth + 1, `${text}[getter]`);
    });
    if (!isError) this.line(depth, "}");
  }

  /** Arrays of short values, as rows of numbers are, take few lines. */
  #array(array: ReadonlyArray<unknown>, depth: number, lead: string): void {
    const count = array.length.toLocaleString("en");
    const shorts: Array<string> = [];
    let length = 0;
    for (let i = 0; i < array.length && length < 100; i++) {
      const descriptor = Object.getOwnPropertyDescriptor(array, i);
      const value: unknown = descriptor !== undefined && "value" in descriptor ? descriptor.value : undefined;
      const isShort = descriptor === undefined || (descriptor.get === undefined && (typeof value !== "object" || value === null));
      if (!isShort) break;
      const text = descriptor === undefined ? "[nothing]" : (this.#inOneLine(value) ?? "");
      shorts.push(text);
      length += text.length + 2;
    }
    if (shorts.length === array.length || length >= 100) {
      const more = shorts.length < array.length ? ", …" : "";
      const says = array.length > 8 ? `(${count}) ` : "";
      this.line(depth, `${lead}${says}[${shorts.join(", ")}${more}]`);
      return;
    }
    this.line(depth, `${lead}(${count}) [`);
    this.#each(array.length, depth, (i) => {
      const descriptor = Object.getOwnPropertyDescriptor(array, i);
      if (descriptor === undefined) this.line(depth + 1, "[nothing]");
      else if ("value" in descriptor) this.write(descriptor.value, depth + 1, "");
      else this.line(depth + 1, "[getter]");
    });
    this.line(depth, "]");
  }

  #map(map: Map<unknown, unknown>, depth: number, lead: string): void {
    const entries: Array<readonly [unknown, unknown]> = [];
    Map.prototype.forEach.call(map, (value, key) => entries.push([key, value]));
    this.line(depth, `${lead}Map of ${entries.length.toLocaleString("en")} {`);
    this.#each(entries.length, depth, (i) => {
      const [key, value] = entries[i]!;
      this.write(value, depth + 1, `${this.#inOneLine(key) ?? "[object]"} => `);
    });
    this.line(depth, "}");
  }

  #set(set: Set<unknown>, depth: number, lead: string): void {
    const values: Array<unknown> = [];
    Set.prototype.forEach.call(set, (value) => values.push(value));
    this.line(depth, `${lead}Set of ${values.length.toLocaleString("en")} {`);
    this.#each(values.length, depth, (i) => this.write(values[i], depth + 1, ""));
    this.line(depth, "}");
  }

  #each(count: number, depth: number, write: (i: number) => void): void {
    const shown = Math.min(count, this.#limits.entries);
    for (let i = 0; i < shown && !this.isFull; i++) write(i);
    if (count > shown) this.line(depth + 1, `… and ${(count - shown).toLocaleString("en")} more`);
  }
}

/** The value as text: at most about `limits.characters` of them. */
export const preview = (value: unknown, limits: Limits = usualLimits): string => {
  const writer = new Writer(limits);
  writer.write(value, 0, "");
  return writer.text;
};
