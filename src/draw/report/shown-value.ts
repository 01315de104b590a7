/**
 * Describes a value without running any of its code. No getter, no `toString`, no `toJSON` and no trap of a proxy is
 * called: only property descriptors and the language's own internals are read. Where the platform cannot tell a proxy
 * from an object (Node, Deno and Bun can), objects are not looked into at all.
 */
import { shortened, visible } from "../escape.ts";
import type { Shown } from "../page/data.ts";

/** The checks of `node:util`, all of which read internals only. */
interface Types {
  readonly isProxy: (value: unknown) => boolean;
  readonly isMap: (value: unknown) => value is Map<unknown, unknown>;
  readonly isSet: (value: unknown) => value is Set<unknown>;
  readonly isDate: (value: unknown) => value is Date;
  readonly isRegExp: (value: unknown) => value is RegExp;
  readonly isPromise: (value: unknown) => boolean;
  readonly isNativeError: (value: unknown) => boolean;
  readonly isTypedArray: (value: unknown) => value is Uint8Array;
  readonly isAnyArrayBuffer: (value: unknown) => boolean;
}

interface WithBuiltins {
  readonly process?: { readonly getBuiltinModule?: (name: string) => { readonly types?: Types } | undefined };
}

/** Without an import, since this also runs outside Node. */
const types: Types | undefined = (globalThis as WithBuiltins).process?.getBuiltinModule?.("node:util")?.types;

/** The number of characters left. Shared by the values of a report, so that each of a long run is described briefly. */
export interface Room {
  left: number;
}

const mostParts = 100;
const deepest = 6;
const longestText = 2_000;
const longestPreview = 70;
/** The minimum length of a value's description, however little room is left. */
const leastText = 60;

const descriptor = Object.getOwnPropertyDescriptor;

const apply = (getter: (() => unknown) | undefined, value: object): unknown =>
  getter === undefined ? undefined : Reflect.apply(getter, value, []);

const getterOf = (proto: object, key: PropertyKey): (() => unknown) | undefined =>
  (descriptor(proto, key) as { readonly get?: () => unknown } | undefined)?.get;

// Read now, before a user's program can replace them.
const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const typedLength = getterOf(typedArray, "length");
const typedName = getterOf(typedArray, Symbol.toStringTag);
const mapSize = getterOf(Map.prototype, "size");
const setSize = getterOf(Set.prototype, "size");
const regExpSource = getterOf(RegExp.prototype, "source");
const methodOf = (proto: object, key: PropertyKey): ((...given: ReadonlyArray<unknown>) => unknown) =>
  descriptor(proto, key)?.value as never;
const getTime = methodOf(Date.prototype, "getTime");
const mapEntries = methodOf(Map.prototype, "entries");
const setValues = methodOf(Set.prototype, "values");
const nextOfMap = methodOf(Object.getPrototypeOf(new Map().entries()) as object, "next");
const nextOfSet = methodOf(Object.getPrototypeOf(new Set().values()) as object, "next");

/** Can a proxy be distinguished from an object here? */
export const canLook: boolean = types !== undefined;

export const isError = (value: unknown): boolean => types?.isNativeError(value) === true;

/** Is it an object whose descriptors can be read without running any code? */
export const isOpen = (value: unknown): value is object =>
  (typeof value === "object" || typeof value === "function") &&
  value !== null &&
  types !== undefined &&
  !types.isProxy(value);

/** The value of a data property of the object or of its prototypes; undefined for anything with a getter. */
export const dataOf = (value: unknown, key: PropertyKey): unknown => {
  let at = value;
  for (let depth = 0; depth < 12 && isOpen(at); depth++) {
    const found = descriptor(at, key);
    if (found !== undefined) return "value" in found ? found.value : undefined;
    at = Object.getPrototypeOf(at) as unknown;
  }
  return undefined;
};

/** The name of its class; empty for plain objects. */
export const classOf = (value: object): string => {
  const proto: unknown = Object.getPrototypeOf(value);
  if (proto === null || proto === Object.prototype || !isOpen(proto)) return "";
  const made = descriptor(proto, "constructor")?.value as unknown;
  const name: unknown = isOpen(made) ? descriptor(made, "name")?.value : undefined;
  return typeof name === "string" ? shortened(visible(shortened(name, 200)), 60) : "";
};

const quoted = (text: string, length: number): string => {
  if (text.length <= length) return visible(JSON.stringify(text));
  const left = text.length - length;
  return `${visible(JSON.stringify(text.slice(0, length)))} and ${left.toLocaleString("en")} more characters`;
};

const mostDigits = 2n ** 256n;

const primitive = (value: unknown, room: number): string => {
  switch (typeof value) {
    case "string":
      return quoted(value, Math.max(leastText, Math.min(longestText, room)));
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "bigint":
      return value < mostDigits && value > -mostDigits ? `${value}n` : "a bigint of more than 256 bits";
    case "symbol":
      return `Symbol(${shortened(visible(shortened(value.description ?? "", 200)), 60)})`;
    default:
      return String(value);
  }
};

const functionName = (value: object): string => {
  const name: unknown = descriptor(value, "name")?.value;
  return typeof name === "string" && name !== ""
    ? `[function ${shortened(visible(shortened(name, 200)), 60)}]`
    : "[function]";
};

const keyText = (key: PropertyKey): string =>
  typeof key === "symbol" ? primitive(key, 0) : shortened(visible(shortened(String(key), 300)), 80);

/** The parts of a value that are needed, and the total number of parts. */
interface Parts {
  readonly kind: string;
  readonly brackets: readonly [string, string];
  readonly parts: ReadonlyArray<readonly [key: string, value: unknown, text?: string]>;
  readonly total: number;
}

const propertyOf = (value: object, key: PropertyKey): readonly [string, unknown, string?] => {
  const found = descriptor(value, key);
  if (found === undefined) return [keyText(key), undefined, "[empty]"];
  if ("value" in found) return [keyText(key), found.value];
  return [keyText(key), undefined, found.get === undefined ? "[setter]" : "[getter, not run]"];
};

const arrayParts = (value: object): Parts => {
  const total = descriptor(value, "length")!.value as number;
  const parts = Array.from({ length: Math.min(total, mostParts) }, (_, i) => propertyOf(value, String(i)));
  return { kind: `Array(${total.toLocaleString("en")})`, brackets: ["[", "]"], parts, total };
};

const typedParts = (value: Uint8Array): Parts => {
  const total = apply(typedLength, value) as number;
  const parts = Array.from(
    { length: Math.min(total, mostParts) },
    (_, i) => [String(i), descriptor(value, String(i))?.value] as const,
  );
  const kind = `${String(apply(typedName, value))}(${total.toLocaleString("en")})`;
  return { kind, brackets: ["[", "]"], parts, total };
};

const taken = <Value>(iterator: object, next: () => unknown): ReadonlyArray<Value> => {
  const values: Array<Value> = [];
  while (values.length < mostParts) {
    const { done, value } = Reflect.apply(next, iterator, []) as { done?: boolean; value: Value };
    if (done === true) break;
    values.push(value);
  }
  return values;
};

const mapParts = (value: Map<unknown, unknown>): Parts => {
  const total = apply(mapSize, value) as number;
  const entries = taken<[unknown, unknown]>(Reflect.apply(mapEntries, value, []) as object, nextOfMap);
  const parts = entries.map(([key, item]) => {
    const name = typeof key === "object" || typeof key === "function" ? opaque(key) : primitive(key, 60);
    return [name, item] as const;
  });
  return { kind: `Map(${total.toLocaleString("en")})`, brackets: ["{", "}"], parts, total };
};

const setParts = (value: Set<unknown>): Parts => {
  const total = apply(setSize, value) as number;
  const items = taken<unknown>(Reflect.apply(setValues, value, []) as object, nextOfSet);
  const parts = items.map((item, i) => [String(i), item] as const);
  return { kind: `Set(${total.toLocaleString("en")})`, brackets: ["{", "}"], parts, total };
};

const objectParts = (value: object): Parts => {
  const keys = Reflect.ownKeys(value);
  const parts: Array<readonly [string, unknown, string?]> = [];
  let total = 0;
  const isError = types!.isNativeError(value);
  for (const key of keys) {
    // An error's stack is built by its own getter, which can call a function that the program has installed.
    if (isError && key === "stack") continue;
    total++;
    if (parts.length < mostParts) parts.push(propertyOf(value, key));
  }
  return { kind: classOf(value), brackets: ["{", "}"], parts, total };
};

/** The description of an object that is not inspected. */
const opaque = (value: object | null): string => {
  if (value === null) return "null";
  if (types === undefined) return typeof value === "function" ? "[function]" : "[object, not looked into]";
  if (types.isProxy(value)) return "[Proxy, not looked into]";
  if (typeof value === "function") return functionName(value);
  if (Array.isArray(value)) return "[array]";
  const name = classOf(value);
  return name === "" ? "[object]" : `[${name}]`;
};

const preview = (parts: Parts, shown: ReadonlyArray<readonly [string, Shown]>): string => {
  const [open, close] = parts.brackets;
  const start = parts.kind === "" ? open : `${parts.kind} ${open}`;
  if (parts.total === 0) return start + close;
  const isList = open === "[" || parts.kind.startsWith("Set(");
  let text = "";
  let used = 0;
  for (const [key, value] of shown) {
    const said = typeof value === "string" ? shortened(value, 24) : shortened(value.is, 16);
    const next = `${text === "" ? "" : ", "}${isList ? said : `${key}: ${said}`}`;
    if (text.length + next.length > longestPreview) break;
    text += next;
    used++;
  }
  const more = used < parts.total ? `${text === "" ? "" : ", "}…` : "";
  return `${start}${isList ? "" : " "}${text}${more}${isList ? "" : " "}${close}`;
};

const showWithin = (value: unknown, room: Room, depth: number, around: ReadonlyArray<object>): Shown => {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) {
    const text = primitive(value, room.left);
    room.left -= text.length;
    return text;
  }
  room.left -= 12;
  if (typeof value === "function" || !isOpen(value)) return opaque(value);
  if (around.includes(value)) return "[cyclic]";
  const known = types!;
  if (known.isDate(value)) {
    const millis = Reflect.apply(getTime, value, []) as number;
    return Number.isNaN(millis) ? "an invalid Date" : new Date(millis).toISOString();
  }
  if (known.isRegExp(value)) {
    // Without its flags: their getter reads other getters, which a program may have replaced.
    return `/${shortened(visible(shortened(String(apply(regExpSource, value)), 400)), 200)}/`;
  }
  if (known.isPromise(value)) return "[Promise]";
  if (known.isAnyArrayBuffer(value)) return `[${classOf(value) || "ArrayBuffer"}]`;
  const parts = Array.isArray(value)
    ? arrayParts(value)
    : known.isTypedArray(value)
      ? typedParts(value)
      : known.isMap(value)
        ? mapParts(value)
        : known.isSet(value)
          ? setParts(value)
          : objectParts(value);
  if (parts.total === 0) return preview(parts, []);
  const inside = [...around, value];
  const shown: Array<readonly [string, Shown]> = [];
  for (const [key, item, text] of parts.parts) {
    if (room.left <= 0 && shown.length >= 3) break;
    room.left -= key.length;
    if (text !== undefined) shown.push([key, text]);
    else if (depth >= deepest && typeof item === "object" && item !== null) shown.push([key, opaque(item)]);
    else shown.push([key, showWithin(item, room, depth + 1, inside)]);
  }
  const is = preview(parts, shown);
  const more = parts.total - shown.length;
  return { is, parts: shown, ...(more > 0 ? { more } : {}) };
};

/** Describes a value in text that is safe to show. Never throws, and uses no more than about `room` characters. */
export const show = (value: unknown, room: Room = { left: 4_000 }): Shown => {
  try {
    return showWithin(value, room, 0, []);
  } catch {
    // A revoked proxy on a platform that cannot detect it, or too little memory.
    return "a value that cannot be shown";
  }
};

/** The value on one line. */
export const brief = (shown: Shown): string => (typeof shown === "string" ? shown : shown.is);

/** The outputs of a step by name; undefined if they are a user's own record that is not inspected. */
export const entriesOf = (
  record: unknown,
): ReadonlyArray<readonly [name: string, value: unknown, text?: string]> | undefined =>
  isOpen(record)
    ? Reflect.ownKeys(record)
        .filter((key) => typeof key === "string")
        .slice(0, 1_000)
        .map((key) => propertyOf(record, key))
    : undefined;
