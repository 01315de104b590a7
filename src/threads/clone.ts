/**
 * Values as they are sent between threads: as structured clones, so a typed array of 100 MB is copied, not serialized. Cloning
 * alone silently changes some values, such as an instance of a class to a plain object: such values are refused,
 * unless they have a schema that can encode them. Values that Effect and Node add to plain data are marked and restored.
 */
import * as Option from "effect/Option";
import * as Result from "effect/Result";
import { readError, writeError } from "../journal/failure-text.ts";
import { decodeBy, encodeBy } from "../values/codec.ts";
import { describe } from "../values/describe.ts";
import { Unwritable } from "../values/encode.ts";
import { isEffectSchema } from "../values/schema.ts";
import type { Wire } from "../workers/task.ts";

/** A value that can be cloned; `isMarked`: parts of it are marked. Or the text of a value that only its schema can encode. */
export interface Packed {
  readonly value?: unknown;
  readonly isMarked?: boolean;
  readonly text?: string;
  /** Its approximate size in bytes. */
  readonly weight: number;
}

const mark = "~espalier";
type Mark = "buffer" | "success" | "failure" | "some" | "none" | "error" | "plain";

const marked = (kind: Mark, value: unknown): object => ({ [mark]: kind, value });

const deepest = 2_000;
const hint = ": return plain data, or give the step an output schema.";

const className = (value: object): string => {
  const name: unknown = (value as { readonly constructor?: { readonly name?: unknown } }).constructor?.name;
  return typeof name === "string" && name !== "" ? `an instance of ${name}` : "an instance of a class";
};

const asTheyAre: ReadonlySet<unknown> = new Set([
  ArrayBuffer.prototype,
  SharedArrayBuffer.prototype,
  Date.prototype,
  RegExp.prototype,
]);

const viewPrototypes: ReadonlySet<unknown> = new Set(
  [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
    DataView,
  ].map(({ prototype }) => prototype),
);

class Refused {
  readonly problem: Unwritable;

  constructor(problem: Unwritable) {
    this.problem = problem;
  }
}

/** Checks every part of a value. Parts that need no mark are not copied. */
class Packing {
  weight = 0;
  isMarked = false;
  readonly #path: Array<PropertyKey> = [];
  /** The packed form of each object; undefined while it is being packed. */
  readonly #packed = new Map<object, unknown>();

  pack(value: unknown): unknown {
    this.weight += 8;
    switch (typeof value) {
      case "string":
        this.weight += value.length;
        return value;
      case "function":
      case "symbol":
        return this.#refuse(`it is a ${typeof value}${hint}`);
      case "object":
        return value === null ? value : this.#packObject(value);
      default:
        return value;
    }
  }

  #packObject(value: object): unknown {
    if (this.#packed.has(value)) {
      const known = this.#packed.get(value);
      if (known === undefined && this.isMarked) return this.#refuse(`it holds itself${hint}`);
      return known ?? value;
    }
    if (this.#path.length > deepest) return this.#refuse(`it is nested more than ${deepest} deep${hint}`);
    this.#packed.set(value, undefined);
    const packed = this.#packNew(value);
    this.#packed.set(value, packed);
    return packed;
  }

  #packNew(value: object): unknown {
    if (Array.isArray(value)) return this.#packArray(value);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === null || prototype === Object.prototype) return this.#packRecord(value as never);
    if (ArrayBuffer.isView(value)) return this.#packView(value);
    if (asTheyAre.has(prototype)) {
      this.weight += "byteLength" in value ? (value as ArrayBuffer).byteLength : 0;
      return value;
    }
    if (prototype === Map.prototype) return this.#packMap(value as Map<unknown, unknown>);
    if (prototype === Set.prototype) return this.#packSet(value as Set<unknown>);
    if (value instanceof Error) return this.#marked("error", writeError(value));
    if (Result.isResult(value)) {
      return Result.isSuccess(value)
        ? this.#marked("success", this.#at("success", value.success))
        : this.#marked("failure", this.#at("failure", value.failure));
    }
    if (Option.isOption(value)) {
      return Option.isSome(value)
        ? this.#marked("some", this.#at("value", value.value))
        : this.#marked("none", undefined);
    }
    // A plain object from another realm.
    if (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, "isPrototypeOf")) {
      return this.#packRecord(value as never);
    }
    return this.#refuse(`it is ${className(value)}${hint}`);
  }

  #packArray(array: ReadonlyArray<unknown>): unknown {
    let copy: Array<unknown> | undefined;
    this.weight += 8 * array.length;
    for (let i = 0; i < array.length; i++) {
      const part = array[i];
      if (typeof part === "number" || typeof part === "boolean") continue;
      const packed = this.#at(i, part);
      if (packed !== part) (copy ??= array.slice())[i] = packed;
    }
    return copy ?? array;
  }

  #packRecord(record: Readonly<Record<string, unknown>>): unknown {
    if (Object.getOwnPropertySymbols(record).length > 0)
      return this.#refuse(`it has a property whose key is a symbol${hint}`);
    let copy: Record<string, unknown> | undefined;
    for (const key of Object.keys(record)) {
      const part = record[key];
      this.weight += 8 + key.length;
      if (typeof part === "number" || typeof part === "boolean") continue;
      const packed = this.#at(key, part);
      if (packed !== part) (copy ??= { ...record })[key] = packed;
    }
    return Object.hasOwn(record, mark) ? this.#marked("plain", copy ?? record) : (copy ?? record);
  }

  #packMap(map: ReadonlyMap<unknown, unknown>): unknown {
    const entries = Array.from(
      map,
      ([key, value]) => [this.pack(key), this.#at(String(key), value)] as const,
    );
    return this.isMarked ? new Map(entries) : map;
  }

  #packSet(set: ReadonlySet<unknown>): unknown {
    const members = Array.from(set, (member) => this.pack(member));
    return this.isMarked ? new Set(members) : set;
  }

  #packView(view: ArrayBufferView): unknown {
    this.weight += view.byteLength;
    if (Buffer.isBuffer(view)) return this.#marked("buffer", new Uint8Array(view));
    if (!viewPrototypes.has(Object.getPrototypeOf(view)))
      return this.#refuse(`it is ${className(view)}${hint}`);
    // A clone would copy the whole buffer behind a view.
    const isSmallPart = view.byteLength * 2 < view.buffer.byteLength && !(view instanceof DataView);
    return isSmallPart && !(view.buffer instanceof SharedArrayBuffer) ? (view as Uint8Array).slice() : view;
  }

  #marked(kind: Mark, value: unknown): object {
    this.isMarked = true;
    return marked(kind, value);
  }

  #at(key: PropertyKey, part: unknown): unknown {
    this.#path.push(key);
    const packed = this.pack(part);
    this.#path.pop();
    return packed;
  }

  #refuse(reason: string): never {
    // oxlint-disable-next-line typescript/only-throw-error -- caught where the packing began
    throw new Refused(new Unwritable(this.#path.slice(), reason));
  }
}

const pack = (value: unknown): Packed | Unwritable => {
  const packing = new Packing();
  try {
    const packed = packing.pack(value);
    return { value: packed, isMarked: packing.isMarked, weight: packing.weight };
  } catch (thrown) {
    return thrown instanceof Refused
      ? thrown.problem
      : new Unwritable([], `it cannot be read: ${describe(thrown)}`);
  }
};

/** Restores marked parts in place: a clone belongs to its receiver. */
const unpack = (value: unknown): unknown => {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (Object.hasOwn(value, mark)) {
    const { [mark]: kind, value: inner } = value as { readonly [mark]: Mark; readonly value: unknown };
    return unmark(kind, inner);
  }
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) value[i] = unpack(value[i]);
    return value;
  }
  if (value instanceof Map) return new Map(Array.from(value, ([key, part]) => [unpack(key), unpack(part)]));
  if (value instanceof Set) return new Set(Array.from(value, unpack));
  if (Object.getPrototypeOf(value) === Object.prototype) unpackFields(value as Record<string, unknown>);
  return value;
};

const unpackFields = (record: Record<string, unknown>): Record<string, unknown> => {
  for (const key of Object.keys(record)) record[key] = unpack(record[key]);
  return record;
};

const unmark = (kind: Mark, inner: unknown): unknown => {
  switch (kind) {
    case "buffer": {
      const bytes = inner as Uint8Array;
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    case "success":
      return Result.succeed(unpack(inner));
    case "failure":
      return Result.fail(unpack(inner));
    case "some":
      return Option.some(unpack(inner));
    case "none":
      return Option.none();
    case "error":
      return readError(inner as string);
    case "plain":
      return unpackFields(inner as Record<string, unknown>);
  }
};

/** Restores a received value. */
export const unpacked = ({ value, isMarked, text }: Packed, schema: unknown): unknown => {
  if (text !== undefined) return decodeBy(schema, text);
  return isMarked === true ? unpack(value) : value;
};

export const cloneWire: Wire = {
  name: "clone",
  write: (schema, value) => {
    const packed = pack(value);
    if (!(packed instanceof Unwritable) || !isEffectSchema(schema)) return packed;
    const text = encodeBy(schema, value, true);
    return typeof text === "string" ? { text, weight: text.length } : text;
  },
  read: (schema, sent) => unpacked(sent as Packed, schema),
};
