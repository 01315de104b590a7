/** Limits that steps share. */
import type { Input as DurationInput } from "effect/Duration";

/**
 * How many steps may start in a length of time.
 *
 * @public
 */
export interface PoolRate {
  /** How many steps may start in any window of `per`: a whole number of at least 1. */
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
  /** How many of the pool's steps may be under way at once; no limit by default. */
  readonly concurrency?: number | undefined;
  /** How many of them may start in any window of a length; no limit by default. */
  readonly rate?: PoolRate | undefined;
}

/**
 * Options of `pool`.
 *
 * @public
 */
export interface PoolOptions extends PoolLimits {
  /**
   * Who shares the limits: the steps of one run (`"run"`, the default), or those of all runs of this process
   * (`"process"`), where every pool with the same name is one.
   */
  readonly scope?: "run" | "process" | undefined;
}

declare const madeByPool: unique symbol;

/**
 * A limit that steps share: what `pool` returns, and the option `pool` of a step takes.
 *
 * @public
 */
export interface Pool {
  /** By this name a run's `pools` can override its limits. */
  readonly name: string;
  /** How many of its steps may be under way at once; undefined: no limit. */
  readonly concurrency: number | undefined;
  /** How many of its steps may start in any window of a length; undefined: no limit. */
  readonly rate: PoolRate | undefined;
  /** Who shares its limits. */
  readonly scope: "run" | "process";
  /** Nothing of it exists at run time: only `pool` makes a pool. */
  readonly [madeByPool]: true;
}

/**
 * `pool`.
 *
 * @public
 */
export type PoolFunction = (name: string, options?: PoolOptions) => Pool;
