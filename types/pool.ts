/** Limits that steps share. */
import type { Input as DurationInput } from "effect/Duration";

/**
 * The maximum number of steps that may start in a period of time.
 *
 * @public
 */
export interface PoolRate {
  /** The maximum number of steps that may start in any window of `per`: a whole number of at least 1. */
  readonly limit: number;
  /** The length of the window: `"1 minute"`, or a number of milliseconds. */
  readonly per: DurationInput;
}

/**
 * The limits of a pool.
 *
 * @public
 */
export interface PoolLimits {
  /** The maximum number of the pool's steps that run at once; no limit by default. */
  readonly concurrency?: number | undefined;
  /** The maximum number of its steps that may start in any window of time; no limit by default. */
  readonly rate?: PoolRate | undefined;
}

/**
 * Options of `pool`.
 *
 * @public
 */
export interface PoolOptions extends PoolLimits {
  /**
   * Which steps share the limits: those of one run (`"run"`, the default), or those of all runs of this process
   * (`"process"`), where all pools with the same name are one.
   */
  readonly scope?: "run" | "process" | undefined;
}

declare const madeByPool: unique symbol;

/**
 * A limit that steps share: returned by `pool`, and accepted by a step's option `pool`.
 *
 * @public
 */
export interface Pool {
  /** The name by which a run's `pools` can override its limits. */
  readonly name: string;
  /** The maximum number of its steps that run at once; undefined for no limit. */
  readonly concurrency: number | undefined;
  /** The maximum number of its steps that may start in any window of time; undefined for no limit. */
  readonly rate: PoolRate | undefined;
  /** Which steps share its limits. */
  readonly scope: "run" | "process";
  /** Does not exist at run time: only `pool` creates a pool. */
  readonly [madeByPool]: true;
}

/**
 * `pool`.
 *
 * @public
 */
export type PoolFunction = (name: string, options?: PoolOptions) => Pool;
