/** Copies of what an arbitrary gave: frozen, or with their keys in another order. */
const isPlain = (value: unknown): value is Record<string, unknown> => {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/** Goes through arrays, records, maps and sets. What has a class of its own stays what it is. */
const copy = (
  value: unknown,
  keysOf: (record: object) => Array<string>,
  done: (made: object) => void,
): unknown => {
  const known = new Map<object, unknown>();
  const go = (inner: unknown): unknown => {
    if (typeof inner !== "object" || inner === null) return inner;
    if (known.has(inner)) return known.get(inner);
    if (Array.isArray(inner)) {
      const made: Array<unknown> = [];
      known.set(inner, made);
      for (const item of inner) made.push(go(item));
      done(made);
      return made;
    }
    if (inner instanceof Map) {
      const made = new Map<unknown, unknown>();
      known.set(inner, made);
      for (const [key, of] of inner) made.set(go(key), go(of));
      return made;
    }
    if (inner instanceof Set) {
      const made = new Set<unknown>();
      known.set(inner, made);
      for (const item of inner) made.add(go(item));
      return made;
    }
    if (inner instanceof Date) return new Date(inner);
    if (!isPlain(inner)) return inner;
    const made: Record<string, unknown> = {};
    known.set(inner, made);
    for (const key of keysOf(inner)) made[key] = go(inner[key]);
    done(made);
    return made;
  };
  return go(value);
};

/** A copy whose arrays and records refuse to be changed. */
export const frozen = <Value>(value: Value): Value =>
  copy(value, Object.keys, (made) => Object.freeze(made)) as Value;

/** A copy whose records have their keys the other way round. */
export const reordered = <Value>(value: Value): Value =>
  copy(
    value,
    (record) => Object.keys(record).reverse(),
    () => {},
  ) as Value;

/** What a frozen object says to who would change it. */
const refusals = /read only property|not extensible|Cannot (add|delete|define|assign)|object is not writable/;

export const isRefusedChange = (thrown: unknown): thrown is TypeError =>
  thrown instanceof TypeError && refusals.test(thrown.message);
