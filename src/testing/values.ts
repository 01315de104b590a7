/** Copies of values: unchanged, frozen, or with keys and members in another order. */
const isPlain = (value: object): value is Record<string, unknown> => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

const put = (target: object, key: string, value: unknown): void => {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
};

export interface CopyOptions {
  /** Reverses the keys of records and the members of Maps and Sets. */
  readonly reversed?: boolean;
  /** Called with each copied array and record. */
  readonly done?: (made: object) => void;
  /** Earlier copies by their originals, so that a shared object stays one object. */
  readonly known?: WeakMap<object, object>;
  /** Gives records without a prototype the usual one. */
  readonly usualPrototypes?: boolean;
  /** Called with each object that cannot be copied and is passed on unchanged. */
  readonly kept?: (value: object) => void;
}

const bytesOf = (value: ArrayBufferView | ArrayBuffer): object => {
  if (value instanceof ArrayBuffer) return value.slice(0);
  const { constructor } = value as unknown as { readonly constructor: new (from: unknown) => object };
  return value instanceof DataView
    ? new DataView(value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength) as ArrayBuffer)
    : new constructor(value);
};

/** Copies arrays, records, Maps, Sets, dates and bytes. Instances of other classes stay as they are. */
export const copied = <Value>(value: Value, options: CopyOptions = {}): Value => {
  const {
    done,
    kept,
    known = new WeakMap<object, object>(),
    reversed = false,
    usualPrototypes = false,
  } = options;
  const ordered = <Item>(items: ReadonlyArray<Item>): ReadonlyArray<Item> =>
    reversed ? items.toReversed() : items;
  const remembered = <Made extends object>(inner: object, made: Made): Made => {
    known.set(inner, made);
    // A copy counts as its own copy, so that it is not copied again.
    known.set(made, made);
    return made;
  };
  const go = (inner: unknown): unknown => {
    if (typeof inner === "function") kept?.(inner);
    if (typeof inner !== "object" || inner === null) return inner;
    const before = known.get(inner);
    if (before !== undefined) return before;
    if (Array.isArray(inner)) {
      const made = remembered(inner, new Array<unknown>(inner.length));
      inner.forEach((item, i) => {
        made[i] = go(item);
      });
      done?.(made);
      return made;
    }
    if (inner instanceof Map) {
      const made = remembered(inner, new Map<unknown, unknown>());
      for (const [key, of] of ordered([...inner])) made.set(go(key), go(of));
      return made;
    }
    if (inner instanceof Set) {
      const made = remembered(inner, new Set<unknown>());
      for (const item of ordered([...inner])) made.add(go(item));
      return made;
    }
    if (Object.getPrototypeOf(inner) === Date.prototype)
      return remembered(inner, new Date((inner as Date).getTime()));
    if (ArrayBuffer.isView(inner) || inner instanceof ArrayBuffer) return remembered(inner, bytesOf(inner));
    if (!isPlain(inner)) {
      kept?.(inner);
      return inner;
    }
    const prototype = usualPrototypes ? Object.prototype : (Object.getPrototypeOf(inner) as object | null);
    const made = remembered(inner, Object.create(prototype) as object);
    for (const key of ordered(Object.keys(inner))) put(made, key, go(inner[key]));
    done?.(made);
    return made;
  };
  return go(value) as Value;
};

/** A copy whose arrays and records refuse to be changed. */
export const frozen = <Value>(value: Value, known?: WeakMap<object, object>): Value =>
  copied(value, { done: Object.freeze, ...(known === undefined ? {} : { known }) });

/** A copy with the keys of records and the members of Maps and Sets in reverse order. */
export const reordered = <Value>(value: Value): Value => copied(value, { reversed: true });

/** The messages of errors from attempts to change a frozen object. */
const refusals = /read only property|not extensible|Cannot (add|delete|define|assign)|object is not writable/;

export const isRefusedChange = (thrown: unknown): thrown is TypeError =>
  thrown instanceof TypeError && refusals.test(thrown.message);
