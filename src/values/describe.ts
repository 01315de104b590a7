/**
 * Describes any thrown or shown value in one short line: null, a frozen error, a getter that throws,
 * a cycle. Never throws, and runs no code of the value except to read `name` and `message` of an error.
 */
const longest = 500;

const cut = (text: string): string => (text.length <= longest ? text : `${text.slice(0, longest - 1)}…`);

const read = (value: object, key: string): unknown => {
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
};

/** One line for any value. */
export const describe = (value: unknown): string => {
  switch (typeof value) {
    case "string":
      return cut(value);
    case "bigint":
      return `${value}n`;
    case "symbol":
      return cut(value.toString());
    case "function":
      return "a function";
    case "object": {
      if (value === null) return "null";
      const message = read(value, "message");
      const name = read(value, "_tag") ?? read(value, "name");
      if (typeof message === "string" && message !== "") {
        return cut(typeof name === "string" && name !== "Error" ? `${name}: ${message}` : message);
      }
      if (typeof name === "string") return cut(name);
      try {
        return cut(JSON.stringify(value) ?? "an object");
      } catch {
        return "an object";
      }
    }
    default:
      return String(value);
  }
};
