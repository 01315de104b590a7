/**
 * Values as text. Equal values have equal texts, whatever order their keys were added in, on any machine: so texts are
 * what is compared, recorded and shown.
 */
const plainKey = /^[A-Za-z_$][\w$]*$/;

const keyText = (key: string): string => (plainKey.test(key) ? key : JSON.stringify(key));

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const numberText = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));

/** A class's name, or nothing for a plain object. */
const className = (value: object): string => {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return "";
  const name: unknown = (prototype as { readonly constructor?: { readonly name?: unknown } }).constructor
    ?.name;
  return typeof name === "string" ? name : "";
};

const fieldsText = (value: object, write: (inner: unknown) => string): string =>
  Object.keys(value)
    .sort(byText)
    .map((key) => `${keyText(key)}: ${write((value as Record<string, unknown>)[key])}`)
    .join(", ");

/** An error says what it is and what it is about; where in the code it was made differs from machine to machine. */
const errorText = (error: Error, write: (inner: unknown) => string): string => {
  const fields = fieldsText(
    Object.fromEntries(
      Object.entries(error).filter(([key]) => !["name", "message", "stack", "_tag", "runId"].includes(key)),
    ),
    write,
  );
  const { _tag: tag } = error as { readonly _tag?: unknown };
  return `${typeof tag === "string" ? tag : error.name}(${JSON.stringify(error.message)}${fields === "" ? "" : `, { ${fields} }`})`;
};

const objectText = (value: object, write: (inner: unknown) => string): string => {
  if (Array.isArray(value)) return `[${Array.from(value, write).join(", ")}]`;
  if (value instanceof Error) return errorText(value, write);
  if (value instanceof Date) return `new Date(${numberText(value.getTime())})`;
  if (value instanceof RegExp) return String(value);
  if (value instanceof Map) {
    return `new Map([${[...value].map(([key, of]) => `[${write(key)}, ${write(of)}]`).join(", ")}])`;
  }
  if (value instanceof Set) return `new Set([${[...value].map(write).join(", ")}])`;
  if (ArrayBuffer.isView(value)) {
    return `${className(value)}.of(${Array.from(value as unknown as ArrayLike<unknown>, write).join(", ")})`;
  }
  const fields = fieldsText(value, write);
  const name = className(value);
  return `${name === "" ? "" : `${name} `}${fields === "" ? "{}" : `{ ${fields} }`}`;
};

/** One line for any value. */
export const textOf = (value: unknown): string => {
  const above: Array<object> = [];
  const write = (inner: unknown): string => {
    switch (typeof inner) {
      case "string":
        return JSON.stringify(inner);
      case "number":
        return numberText(inner);
      case "bigint":
        return `${inner}n`;
      case "function":
        return "[function]";
      case "object": {
        if (inner === null) return "null";
        const round = above.lastIndexOf(inner);
        if (round !== -1) return `[circle, ${above.length - round} up]`;
        above.push(inner);
        try {
          return objectText(inner, write);
        } catch {
          return "[an object that cannot be read]";
        } finally {
          above.pop();
        }
      }
      default:
        return String(inner);
    }
  };
  return write(value);
};

const longest = 2000;

/** The same, cut where nobody would read on. */
export const shortText = (value: unknown): string => {
  const text = textOf(value);
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
};
