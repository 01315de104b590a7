/** What a step may ask for beside its function. Says at once what cannot be, for callers without types. */
import * as Duration from "effect/Duration";
import { isEffect } from "effect/Effect";
import { isSchedule } from "effect/Schedule";
import { isSchema } from "../values/schema.ts";
import type { StepDefinition } from "./definition.ts";

/** Why these options cannot be, or undefined. */
export const optionsProblem = (definition: StepDefinition): string | undefined => {
  const { retry, timeout, pool, concurrency, minSuccess, fallback, output, key, failures } =
    definition.options as {
      readonly [key: string]: any;
    };
  if (timeout !== undefined && !isDuration(timeout)) return "Its timeout is no duration.";
  if (pool !== undefined && typeof pool !== "string") return "Its pool is the name of a pool, a string.";
  if (retry !== undefined && !isSchedule(retry)) {
    if (typeof retry !== "object" || retry === null)
      return "Its retry is a Schedule or a record such as { times: 3 }.";
    if (retry.times !== undefined && !(Number.isInteger(retry.times) && retry.times >= 0)) {
      return "Its retry.times is a whole number, 0 or more.";
    }
    if (retry.while !== undefined && typeof retry.while !== "function") {
      return "Its retry.while is a function of the error.";
    }
    if (retry.factor !== undefined && !(typeof retry.factor === "number" && retry.factor >= 0)) {
      return "Its retry.factor is a number, 0 or more.";
    }
    if (retry.delay !== undefined && !isDuration(retry.delay)) return "Its retry.delay is no duration.";
  }
  const isCount = concurrency === Infinity || (Number.isInteger(concurrency) && concurrency >= 1);
  if (concurrency !== undefined && !isCount) {
    return "Its concurrency is a whole number, 1 or more.";
  }
  if (minSuccess !== undefined && !(typeof minSuccess === "number" && minSuccess >= 0)) {
    return "Its minSuccess is a number, 0 or more.";
  }
  if (key !== undefined && typeof key !== "function") return "Its key is a function of an item.";
  if (failures !== undefined && failures !== "fail" && failures !== "collect") {
    return 'Its failures are "fail" or "collect".';
  }
  if (output !== undefined && !isSchema(output)) return "Its output is no schema.";
  if (fallback !== undefined && isEffect(fallback)) {
    return "Its fallback is a value, or a function of the error that gives one.";
  }
  return undefined;
};

const isDuration = (value: unknown): boolean => {
  if (typeof value === "number" && !(value >= 0)) return false;
  try {
    Duration.fromInputUnsafe(value as Duration.Input);
    return true;
  } catch {
    return false;
  }
};
