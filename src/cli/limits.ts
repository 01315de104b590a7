/** The flags that limit a run: the number of steps, the depth, the concurrency of a pool, and the effect of a failure. */
import * as Flag from "effect/cli/Flag";
import * as Option from "effect/Option";
import type { Input as DurationInput } from "effect/Duration";
import type { RunOptions } from "../../types/options.ts";
import type { PoolLimits } from "../../types/pool.ts";
import { aDuration } from "../values/specification.ts";

const count = (name: string, description: string) =>
  Flag.Int(name).pipe(
    Flag.withMetavar("N"),
    Flag.filter(
      (value) => value >= 1,
      (value) => `Expected a whole number of at least 1; got ${value}`,
    ),
    Flag.withDescription(description),
    Flag.optional,
  );

const isCount = (text: string): boolean => /^[1-9]\d*$/.test(text);

/** `60/1 minute`: that many starts in any window of that length. */
const rateOf = (text: string): PoolLimits["rate"] => {
  const { limit = "", written = "" } = /^(?<limit>\d+)\/\s*(?<written>.*)$/.exec(text)?.groups ?? {};
  // A unit alone means one of that unit.
  const period = /^\d/.test(written) ? written : `1 ${written}`;
  const per = isCount(period) ? Number(period) : (period as DurationInput);
  const isDuration = written !== "" && aDuration("per", per) === undefined;
  return isCount(limit) && isDuration ? { limit: Number(limit), per } : undefined;
};

/** `NAME=4`, `NAME=60/1 minute`, or both: `NAME=4,60/1 minute`. */
const poolOf = (text: string): readonly [name: string, limits: number | PoolLimits] | undefined => {
  const at = text.lastIndexOf("=");
  const parts = text.slice(at + 1).split(",");
  const [first = "", second] = parts;
  if (at <= 0 || parts.length > 2) return undefined;
  const name = text.slice(0, at);
  if (second === undefined && isCount(first)) return [name, Number(first)];
  const rate = rateOf(second ?? first);
  if (rate === undefined || (second !== undefined && !isCount(first))) return undefined;
  return [name, second === undefined ? { rate } : { concurrency: Number(first), rate }];
};

export const limits = {
  pools: Flag.String("pools").pipe(
    Flag.withMetavar("NAME=LIMITS"),
    Flag.filter(
      (text) => poolOf(text) !== undefined,
      (text) =>
        `Expected NAME=4, NAME="60/1 minute" or NAME="4,60/1 minute", with whole numbers of at least 1; got ${text}`,
    ),
    Flag.withDescription(
      "How many steps of a pool can run at once (api=4), start in any period (api=60/minute), or both (api=4,60/minute); once for each pool",
    ),
    Flag.atLeast(0),
  ),
  maxSteps: count(
    "max-steps",
    "The maximum number of steps in a run, including expansions; by default 1,000,000",
  ),
  maxDepth: count("max-depth", "The maximum nesting depth of expansions; by default 32"),
  onFailure: Flag.Literals("on-failure", ["interrupt", "finish", "compensate"]).pipe(
    Flag.withDescription(
      "The effect of a failure on the other steps: interrupt them (the default), let them finish, or undo those that have succeeded",
    ),
    Flag.optional,
  ),
};

interface Given {
  readonly pools: ReadonlyArray<string>;
  readonly maxSteps: Option.Option<number>;
  readonly maxDepth: Option.Option<number>;
  readonly onFailure: Option.Option<"interrupt" | "finish" | "compensate">;
}

/** The options of a run. */
export const limitsOf = ({ pools, maxSteps, maxDepth, onFailure }: Given): RunOptions => ({
  ...(pools.length === 0 ? {} : { pools: Object.fromEntries(pools.map((text) => poolOf(text)!)) }),
  ...(Option.isSome(maxSteps) ? { maxSteps: maxSteps.value } : {}),
  ...(Option.isSome(maxDepth) ? { maxDepth: maxDepth.value } : {}),
  ...(Option.isSome(onFailure) ? { onFailure: onFailure.value } : {}),
});
