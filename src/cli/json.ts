/** Writes a run's outputs as JSON, and refuses what JSON would bend: a Map to `{}`, NaN to null. */
import * as Effect from "effect/Effect";
import { visibleJson } from "../draw/escape.ts";
import type { CliFailure } from "./failure.ts";
import { failure } from "./failure.ts";

interface Bent {
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

/** JSON of the value; a `Bent` for what JSON cannot hold. */
const written = (value: unknown): string | Bent => {
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

/** All outputs as one JSON object, on one line. */
export const outputsAsJson = (
  outputs: Readonly<Record<string, unknown>>,
): Effect.Effect<string, CliFailure> =>
  Effect.gen(function* () {
    const members: Array<string> = [];
    for (const [name, value] of Object.entries(outputs)) {
      const text = yield* Effect.try({
        try: () => written(value),
        catch: () =>
          failure(
            `The output "${name}" cannot be written as JSON: it holds itself, or is nested too deeply.`,
          ),
      });
      if (typeof text !== "string") {
        const where = text.path === "" ? "it" : `its ${text.path.replace(/^\./, "")}`;
        return yield* failure(
          `The output "${name}" cannot be written as JSON: ${where} is ${text.what}. Return something else, or leave it out with .returns(…).`,
        );
      }
      members.push(`${JSON.stringify(name)}:${text}`);
    }
    return visibleJson(`{${members.join(",")}}`);
  });
