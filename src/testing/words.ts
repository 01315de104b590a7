/**
 * Values as text. Equal values have equal texts, on any machine and in any insertion order of keys, so texts are
 * compared and recorded.
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

/** The order in which unordered keys and members are written. */
interface Order {
  readonly onlyData?: boolean;
  readonly keys: (keys: Array<string>) => Array<string>;
  /** Of a Map or a Set, as texts. */
  readonly members: (members: Array<string>) => Array<string>;
}

const asTheyAre = <Item>(items: Array<Item>): Array<Item> => items;
const sorted = (texts: Array<string>): Array<string> => texts.sort(byText);

const fieldsText = (value: object, order: Order, write: (inner: unknown) => string): string =>
  order
    .keys(Object.keys(value))
    .map((key) => `${keyText(key)}: ${write((value as Record<string, unknown>)[key])}`)
    .join(", ");

/** The class and fields of an error, without its stack, which differs from machine to machine. */
const errorText = (error: Error, order: Order, write: (inner: unknown) => string): string => {
  const fields = fieldsText(
    Object.fromEntries(
      Object.entries(error).filter(([key]) => !["name", "message", "stack", "_tag", "runId"].includes(key)),
    ),
    order,
    write,
  );
  const { _tag: tag } = error as { readonly _tag?: unknown };
  return `${typeof tag === "string" ? tag : error.name}(${JSON.stringify(error.message)}${fields === "" ? "" : `, { ${fields} }`})`;
};

/** Data is written with its contents; an instance of a class only by its type, since its state is private. */
const isData = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return (
    prototype === null ||
    Array.isArray(value) ||
    ArrayBuffer.isView(value) ||
    [Object.prototype, Map.prototype, Set.prototype, Date.prototype].includes(prototype as object)
  );
};

const objectText = (value: object, order: Order, write: (inner: unknown) => string): string => {
  if (order.onlyData === true && !isData(value)) return `[${className(value)}]`;
  if (Array.isArray(value)) return `[${Array.from(value, write).join(", ")}]`;
  if (value instanceof Error) return errorText(value, order, write);
  if (value instanceof Date) return `new Date(${numberText(value.getTime())})`;
  if (value instanceof RegExp) return String(value);
  if (value instanceof Map) {
    const entries = [...value].map(([key, of]) => `[${write(key)}, ${write(of)}]`);
    return `new Map([${order.members(entries).join(", ")}])`;
  }
  if (value instanceof Set) return `new Set([${order.members([...value].map(write)).join(", ")}])`;
  if (ArrayBuffer.isView(value)) {
    return `${className(value)}.of(${Array.from(value as unknown as ArrayLike<unknown>, write).join(", ")})`;
  }
  const fields = fieldsText(value, order, write);
  const name = className(value);
  return `${name === "" ? "" : `${name} `}${fields === "" ? "{}" : `{ ${fields} }`}`;
};

const lineOf = (value: unknown, order: Order): string => {
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
          return objectText(inner, order, write);
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

/** One line for any value. */
export const textOf = (value: unknown): string => lineOf(value, { keys: sorted, members: asTheyAre });

/** One line for any value, regardless of the insertion order of members in Maps and Sets. */
export const unorderedText = (value: unknown): string => lineOf(value, { keys: sorted, members: sorted });

/** The contents of data, with the order of keys and members, so that any change shows. */
export const dataText = (value: unknown): string =>
  lineOf(value, { keys: asTheyAre, members: asTheyAre, onlyData: true });

const longest = 2000;

/** A value as it was drawn, with its keys in their order, cut to a readable length. */
export const shortText = (value: unknown): string => {
  const text = lineOf(value, { keys: asTheyAre, members: asTheyAre });
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
};
