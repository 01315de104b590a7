/**
 * Pools as values: a name and limits, which steps share. In: the arguments of `pool`, or of a run's `pools`.
 * Out: a `PoolValue`, or one sentence that describes the problem. `engine/pools.ts` enforces the limits.
 */
import * as Duration from "effect/Duration";
import type { PoolLimits, PoolOptions, PoolRate } from "../../types/pool.ts";
import { GraphError } from "../errors.ts";
import { describe } from "../values/describe.ts";
import type { Check, Specification } from "../values/specification.ts";
import {
  aDuration,
  aLimit,
  aRecordOf,
  isRecord,
  oneOf,
  problemOf,
  received,
  typed,
  unknownOption,
} from "../values/specification.ts";
import { nameProblem } from "./names.ts";

const aWindow: Check = (name, value) => {
  const problem = aDuration(name, value);
  if (problem !== undefined) return problem;
  const millis = Duration.toMillis(Duration.fromInputUnsafe(value));
  return millis > 0 && Number.isFinite(millis)
    ? undefined
    : `${name} must be longer than 0 and finite; got ${received(value)}.`;
};

const rateFields: Specification = {
  limit: {
    check: aLimit,
    does: "The maximum number of steps that start in any window of `per`",
    without: "required",
  },
  per: { check: aWindow, does: "The length of the window", without: "required" },
};

const anyRate = aRecordOf(rateFields, 'a record such as { limit: 60, per: "1 minute" }');

const aRate: Check = (name, value) => {
  const problem = anyRate(name, value);
  if (problem !== undefined) return problem;
  const missing = Object.keys(rateFields).find((field) => value[field] === undefined);
  return missing === undefined
    ? undefined
    : `${name}.${missing} is missing. Write { limit: 60, per: "1 minute" }.`;
};

const limitFields: Specification = {
  concurrency: {
    check: aLimit,
    does: "The maximum number of steps of the pool that run at once",
    without: "no limit",
  },
  rate: {
    check: aRate,
    does: 'The most steps of the pool that can start in any window of a given length, such as `{ limit: 60, per: "1 minute" }`',
    without: "no limit",
  },
};

/** The options of a pool, in the order in which the documentation lists them. */
export const poolOptions: Specification = {
  ...limitFields,
  scope: {
    check: oneOf("run", "process"),
    does: '`"run"`: the steps of one run share the limits. `"process"`: the steps of all runs of this process share the limits of all pools with this name',
    without: '`"run"`',
  },
};

/** The value for one pool in a run's `pools`: a number of concurrent steps, or limits. */
export const somePoolLimits: Check = (name, value) =>
  isRecord(value)
    ? aRecordOf(limitFields, "limits")(name, value)
    : typeof value === "number"
      ? aLimit(name, value)
      : `${name} must be a whole number of at least 1, Infinity, or limits such as { rate: { limit: 60, per: "1 minute" } }; got ${received(value)}.`;

/** A pool. Two with the same name and the same limits are one. */
export class PoolValue {
  readonly name: string;
  readonly concurrency: number | undefined;
  readonly rate: PoolRate | undefined;
  readonly scope: "run" | "process";

  constructor(name: string, { concurrency, rate, scope }: PoolOptions) {
    this.name = name;
    this.concurrency = concurrency;
    // A pool is a value: its creator may later change the record that it was created from.
    this.rate = rate === undefined ? undefined : Object.freeze({ limit: rate.limit, per: rate.per });
    this.scope = scope ?? "run";
    Object.freeze(this);
  }
}

/** Limits as numbers. */
export interface Limits {
  readonly concurrency: number;
  readonly rate: { readonly limit: number; readonly perMillis: number } | undefined;
}

/** A pool's limits, unless the run overrides them. */
export const limitsOf = (
  { concurrency = Infinity, rate }: PoolLimits,
  override: number | PoolLimits | undefined,
): Limits => {
  const other: PoolLimits = typeof override === "number" ? { concurrency: override } : (override ?? {});
  const asked = other.rate ?? rate;
  return {
    concurrency: other.concurrency ?? concurrency,
    rate:
      asked === undefined || asked.limit === Infinity
        ? undefined
        : { limit: asked.limit, perMillis: Duration.toMillis(Duration.fromInputUnsafe(asked.per)) },
  };
};

/** Do two pools of one name have the same limits? */
export const isSamePool = (one: PoolValue, other: PoolValue): boolean => {
  if (one === other) return true;
  const [a, b] = [limitsOf(one, undefined), limitsOf(other, undefined)];
  return (
    one.scope === other.scope &&
    a.concurrency === b.concurrency &&
    a.rate?.limit === b.rate?.limit &&
    a.rate?.perMillis === b.rate?.perMillis
  );
};

export const poolNameOf = (pool: string | PoolValue): string => (typeof pool === "string" ? pool : pool.name);

/** The option `pool` of a step. */
export const aPool: Check = (name, value) =>
  typeof value === "string" || value instanceof PoolValue
    ? undefined
    : `${name} must be a pool or the name of one; got ${received(value)}. Write pool("network", { concurrency: 4 }).`;

const problemIn = (name: unknown, options: unknown): string | undefined => {
  const misnamed = nameProblem(name);
  if (misnamed !== undefined) return misnamed;
  if (!isRecord(options)) return `options must be an object; got ${typed(options)}.`;
  return problemOf(options, poolOptions, (field) => unknownOption("A pool", field, poolOptions));
};

export const pool = (name: string, options: PoolOptions = {}): PoolValue => {
  const reason = problemIn(name, options);
  if (reason !== undefined) {
    throw new GraphError({ pipeline: "", step: "", reason: `Pool "${describe(name)}": ${reason}` });
  }
  return new PoolValue(name, options);
};
