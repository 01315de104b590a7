/** The JavaScript source that recreates a value, if there is any, with its keys in their order. */
const plainKey = /^[A-Za-z_$][\w$]*$/;

const keySource = (key: string): string =>
  key === "__proto__" ? '["__proto__"]' : plainKey.test(key) ? key : JSON.stringify(key);

const numberSource = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));

/** A value that no expression recreates. */
class NoSource extends Error {}

const bytesSource = (value: ArrayBufferView): string => {
  const { name } = value.constructor;
  if (value instanceof DataView || globalThis[name as never] !== value.constructor) throw new NoSource();
  const items = Array.from(value as unknown as ArrayLike<number | bigint>, (item) =>
    typeof item === "bigint" ? `${item}n` : numberSource(item),
  );
  return `${name}.of(${items.join(", ")})`;
};

const listSource = (items: ReadonlyArray<unknown>, write: (value: unknown) => string): string => {
  const parts = Array.from({ length: items.length }, (_, i) => (i in items ? write(items[i]) : ""));
  // A trailing hole needs its own comma.
  return `[${parts.join(", ")}${parts.at(-1) === "" ? "," : ""}]`;
};

const recordSource = (value: object, write: (value: unknown) => string): string => {
  if (Reflect.ownKeys(value).some((key) => typeof key === "symbol")) throw new NoSource();
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw new NoSource();
  const fields = Object.entries(value).map(([key, of]) => `${keySource(key)}: ${write(of)}`);
  if (prototype === null) fields.unshift("__proto__: null");
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
};

const objectSource = (value: object, write: (value: unknown) => string): string => {
  if (Array.isArray(value)) return listSource(value, write);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Date.prototype) return `new Date(${numberSource((value as Date).getTime())})`;
  if (prototype === RegExp.prototype) return (value as RegExp).toString();
  if (prototype === Map.prototype) {
    const entries = [...(value as Map<unknown, unknown>)].map(([key, of]) => `[${write(key)}, ${write(of)}]`);
    return `new Map([${entries.join(", ")}])`;
  }
  if (prototype === Set.prototype) return `new Set([${[...(value as Set<unknown>)].map(write).join(", ")}])`;
  if (ArrayBuffer.isView(value)) return bytesSource(value);
  return recordSource(value, write);
};

/** Undefined: the value contains a function, an instance of a class, or an object that appears twice. */
export const sourceOf = (value: unknown): string | undefined => {
  const seen = new Set<object>();
  const write = (inner: unknown): string => {
    switch (typeof inner) {
      case "string":
        return JSON.stringify(inner);
      case "number":
        return numberSource(inner);
      case "bigint":
        return `${inner}n`;
      case "boolean":
      case "undefined":
        return String(inner);
      case "object":
        if (inner === null) return "null";
        if (seen.has(inner)) throw new NoSource();
        seen.add(inner);
        return objectSource(inner, write);
      default:
        throw new NoSource();
    }
  };
  try {
    return write(value);
  } catch {
    return undefined;
  }
};

/** The source of a function, if it is one expression. */
export const functionSource = (run: (...given: any) => unknown): string | undefined => {
  const text = Function.prototype.toString.call(run);
  const isExpression = /^(async\s+)?(function\b|\(|[\w$]+\s*=>)/.test(text);
  return isExpression && !text.includes("[native code]") ? text : undefined;
};
