/** Values that nobody may change. */

/** Plain data only: an object of a class may keep something for itself, a cache or a state that is meant to change. */
const isPlain = (value: object): boolean => {
  const prototype = Object.getPrototypeOf(value) as unknown;
  return prototype === Object.prototype || prototype === null || Array.isArray(value);
};

/** Freezes arrays and plain objects at any depth, and gives back the value. */
export const frozen = <A>(value: A): A => {
  const stack: Array<unknown> = [value];
  while (stack.length > 0) {
    const next = stack.pop();
    if (typeof next !== "object" || next === null || Object.isFrozen(next) || !isPlain(next)) continue;
    Object.freeze(next);
    for (const key of Reflect.ownKeys(next)) {
      const property = Object.getOwnPropertyDescriptor(next, key);
      if (property !== undefined && "value" in property) stack.push(property.value);
    }
  }
  return value;
};

/** A copy of the plain data in a value, with `order` applied to the keys of each object. All else is shared. */
export const copied = <A>(
  value: A,
  order: (keys: ReadonlyArray<string>) => ReadonlyArray<string> = (keys) => keys,
  known = new Map<object, unknown>(),
): A => {
  if (typeof value !== "object" || value === null || !isPlain(value)) return value;
  const found = known.get(value);
  if (found !== undefined) return found as A;
  if (Array.isArray(value)) {
    const items: Array<unknown> = [];
    known.set(value, items);
    for (const item of value) items.push(copied(item, order, known));
    return items as A;
  }
  const copy = Object.create(Object.getPrototypeOf(value) as object | null) as Record<string, unknown>;
  known.set(value, copy);
  for (const key of order(Object.keys(value))) {
    // Not by assignment: `__proto__` may be a key of data.
    const item = copied((value as Record<string, unknown>)[key], order, known);
    Object.defineProperty(copy, key, { value: item, configurable: true, enumerable: true, writable: true });
  }
  return copy as A;
};
