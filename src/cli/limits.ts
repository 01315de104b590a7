/** The flags that limit a run: how many steps, how deep, how many at once of a pool, and what a failure does. */
import * as Flag from "effect/cli/Flag";
import * as Option from "effect/Option";
import type { RunOptions } from "../../types/options.ts";

const count = (name: string, description: string) =>
  Flag.Int(name).pipe(
    Flag.withMetavar("N"),
    Flag.filter(
      (value) => value >= 1,
      (value) => `Expected a whole number of at least 1, and got ${value}`,
    ),
    Flag.withDescription(description),
    Flag.optional,
  );

const poolOf = (text: string): readonly [name: string, limit: number] | undefined => {
  const at = text.lastIndexOf("=");
  const limit = Number(text.slice(at + 1));
  return at > 0 && Number.isInteger(limit) && limit >= 1 ? [text.slice(0, at), limit] : undefined;
};

export const limits = {
  pools: Flag.String("pools").pipe(
    Flag.withMetavar("NAME=N"),
    Flag.filter(
      (text) => poolOf(text) !== undefined,
      (text) => `Expected NAME=N with a whole number of at least 1, and got ${text}`,
    ),
    Flag.withDescription("How many steps of a pool may run at once; once for each pool"),
    Flag.atLeast(0),
  ),
  maxSteps: count(
    "max-steps",
    "How many steps a run may have, with those of its expansions; by default 1,000,000",
  ),
  maxDepth: count("max-depth", "How deep expansions may nest; by default 32"),
  onFailure: Flag.Literals("on-failure", ["interrupt", "finish"]).pipe(
    Flag.withDescription(
      "What a failure does to steps that do not depend on it: interrupt them (the default), or let them finish",
    ),
    Flag.optional,
  ),
};

interface Given {
  readonly pools: ReadonlyArray<string>;
  readonly maxSteps: Option.Option<number>;
  readonly maxDepth: Option.Option<number>;
  readonly onFailure: Option.Option<"interrupt" | "finish">;
}

/** The options of a run. */
export const limitsOf = ({ pools, maxSteps, maxDepth, onFailure }: Given): RunOptions => ({
  ...(pools.length === 0 ? {} : { pools: Object.fromEntries(pools.map((text) => poolOf(text)!)) }),
  ...(Option.isSome(maxSteps) ? { maxSteps: maxSteps.value } : {}),
  ...(Option.isSome(maxDepth) ? { maxDepth: maxDepth.value } : {}),
  ...(Option.isSome(onFailure) ? { onFailure: onFailure.value } : {}),
});
