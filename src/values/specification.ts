/**
 * Options as data: the check, description and default of each. The validation of a caller's options, the
 * tables in the documentation and the suggestions for misspelt names come from one specification.
 *
 * A check takes an option's name and value and returns the problem in one sentence, or undefined.
 */
import * as Duration from "effect/Duration";
import { didYouMean } from "./nearest.ts";

/** The problem with the value of the option `name`, in one sentence, or undefined. */
export type Check = (name: string, value: any) => string | undefined;

export interface OptionSpecification {
  readonly check: Check;
  /** The effect of the option. */
  readonly does: string;
  /** The behavior if the option is not given. */
  readonly without: string;
}

export type Specification = Readonly<Record<string, OptionSpecification>>;

/** The type of a value, for a sentence: `a string`, `null`. */
export const typed = (value: unknown): string => {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
};

const mostCharacters = 60;

/** The value itself if it is short, otherwise its type. */
export const received = (value: unknown): string => {
  switch (typeof value) {
    case "string":
      return value.length > mostCharacters ? typed(value) : JSON.stringify(value);
    case "number":
    case "boolean":
      return String(value);
    case "bigint":
      return `${value}n`;
    default:
      return typed(value);
  }
};

/** The same for a value that a step returned: a text may be a secret. */
export const withoutText = (value: unknown): string =>
  typeof value === "string" ? typed(value) : received(value);

const must = (name: string, what: string, value: unknown): string =>
  `${name} must be ${what}; got ${received(value)}.`;

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The fields of a duration that is written as an object. */
const durationFields = new Set(
  "weeks days hours minutes seconds milliseconds microseconds nanoseconds".split(" "),
);

/** Effect reads NaN, and an object without any known field, as zero. */
const isReadable = (value: unknown): boolean => {
  if (typeof value === "number") return !Number.isNaN(value);
  if (!isRecord(value) || Duration.isDuration(value)) return true;
  const keys = Object.keys(value);
  if (keys.length === 0) return Object.getPrototypeOf(value) !== Object.prototype;
  return keys.every(
    (key) => durationFields.has(key) && (value[key] === undefined || Number.isFinite(value[key])),
  );
};

const millisOf = (value: unknown): number | undefined => {
  if (!isReadable(value)) return undefined;
  try {
    return Duration.toMillis(Duration.fromInputUnsafe(value as Duration.Input));
  } catch {
    return undefined;
  }
};

/** A duration that Effect accepts. */
export const aDuration: Check = (name, value) => {
  const millis = millisOf(value);
  if (millis === undefined || Number.isNaN(millis)) {
    return `${name} is not a valid duration: ${received(value)}. Write "5 seconds" or a number of milliseconds.`;
  }
  return millis < 0 ? `${name} must not be negative; got ${received(value)}.` : undefined;
};

/** A duration or a point in time. */
export const aDurationOrDate: Check = (name, value) => {
  if (!(value instanceof Date)) return aDuration(name, value);
  return Number.isNaN(value.getTime()) ? `${name} must be a valid date; got an invalid one.` : undefined;
};

/** A whole number. */
export const aWholeNumber =
  (least: number): Check =>
  (name, value) =>
    Number.isInteger(value) && value >= least
      ? undefined
      : must(name, `a whole number of at least ${least}`, value);

/** A limit: a whole number of at least 1, or no limit. */
export const aLimit: Check = (name, value) =>
  value === Infinity || (Number.isInteger(value) && value >= 1)
    ? undefined
    : must(name, "a whole number of at least 1, or Infinity", value);

export const aNumber =
  (least: number): Check =>
  (name, value) =>
    Number.isFinite(value) && value >= least ? undefined : must(name, `a number of at least ${least}`, value);

export const aBoolean: Check = (name, value) =>
  typeof value === "boolean" ? undefined : must(name, "true or false", value);

export const aString: Check = (name, value) =>
  typeof value === "string" ? undefined : must(name, "a string", value);

/** `of` describes its argument. */
export const aFunction =
  (of: string): Check =>
  (name, value) =>
    typeof value === "function" ? undefined : `${name} must be a function of ${of}; got ${typed(value)}.`;

export const oneOf =
  (...allowed: ReadonlyArray<string>): Check =>
  (name, value) => {
    if (allowed.includes(value)) return undefined;
    const quoted = allowed.map((each) => JSON.stringify(each));
    return must(name, `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`, value);
  };

/** A list of strings: names or tags. */
export const aListOf =
  (what: string): Check =>
  (name, value) => {
    if (!Array.isArray(value)) return must(name, `an array of ${what}`, value);
    const bad = value.findIndex((each) => typeof each !== "string");
    return bad === -1 ? undefined : `${name} must contain only strings; got ${typed(value[bad])}.`;
  };

/** The first problem with `given`, or undefined; names in the sentence begin with `prefix`. */
export const problemOf = (
  given: Readonly<Record<string, unknown>>,
  specification: Specification,
  unknown: (name: string) => string,
  prefix = "",
): string | undefined => {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(specification, name)) return unknown(name);
    const value = given[name];
    const problem = value === undefined ? undefined : specification[name]!.check(prefix + name, value);
    if (problem !== undefined) return problem;
  }
  return undefined;
};

/** The sentence for an option that does not exist. */
export const unknownOption = (
  owner: string,
  name: string,
  specification: Readonly<Record<string, unknown>>,
  prefix = "",
): string => {
  const names = Object.keys(specification);
  const meant = didYouMean(name, names);
  const which = meant === "" ? ` Its options are ${names.join(", ")}.` : meant;
  return `${owner} has no option "${prefix}${name}".${which}`;
};

/** A record with fields of its own, such as `retry: { times: 3 }`. */
export const aRecordOf =
  (fields: Specification, also: string): Check =>
  (name, value) =>
    isRecord(value)
      ? problemOf(value, fields, (field) => unknownOption(name, field, fields), `${name}.`)
      : must(name, also, value);
