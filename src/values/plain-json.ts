/** Writes values as JSON for others to read, and rejects those that JSON would change: a Map to `{}`, NaN to null. */

/** A part that JSON cannot hold, and its location in the value. */
export interface Bent {
  readonly path: string;
  readonly what: string;
}

const step = (key: string): string =>
  /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;

const unwritable = (value: unknown): string | undefined => {
  switch (typeof value) {
    case "number":
      return Number.isFinite(value) ? undefined : String(value);
    case "bigint":
      return "a bigint";
    case "function":
      return "a function";
    case "symbol":
      return "a symbol";
    case "object":
      if (value instanceof Map) return "a Map";
      if (value instanceof Set) return "a Set";
      if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `a ${value.constructor.name}`;
      return undefined;
    default:
      return undefined;
  }
};

/** The JSON of the value, or a `Bent` if JSON cannot hold it. Throws for a value that contains itself. */
export const plainJson = (value: unknown): string | Bent => {
  const paths = new Map<object, string>();
  let bent: Bent | undefined;
  const text = JSON.stringify(value, function (this: object, key: string, item: unknown): unknown {
    if (bent !== undefined) return undefined;
    const path =
      key === "" && !paths.has(this)
        ? ""
        : `${paths.get(this) ?? ""}${Array.isArray(this) ? `[${key}]` : step(key)}`;
    // An item that is undefined in an array would become null; a property that is undefined is left out.
    const what = item === undefined && Array.isArray(this) ? "undefined" : unwritable(item);
    if (what !== undefined) bent = { path, what };
    else if (typeof item === "object" && item !== null) paths.set(item, path);
    return item;
  });
  return bent ?? text ?? "null";
};

/** The reason why an output cannot be written, in one sentence. */
export const bentSentence = (name: string, { path, what }: Bent): string => {
  const where = path === "" ? "it" : `its ${path.replace(/^\./, "")}`;
  return `The output "${name}" cannot be written as JSON: ${where} is ${what}. Return something else, or leave it out with .returns(…).`;
};
