/** What a step, a map and a run can be asked for beside the work itself. */
import type { Input as DurationInput } from "effect/Duration";
import type { Schedule } from "effect/Schedule";
import type { AnySchema } from "./schema.ts";
import type { StoreLayer } from "./store.ts";

/**
 * How often and how soon a failed step is tried again.
 *
 * @public
 */
export interface RetryOptions<Failure = unknown> {
  /** How many more attempts after the first one. Without it, until one succeeds. */
  readonly times?: number;
  /** How long before the next attempt; none by default. */
  readonly delay?: DurationInput;
  /** What each delay is multiplied by to give the next; 1 by default. */
  readonly factor?: number;
  /** The longest that a delay can become; no limit by default. */
  readonly maxDelay?: DurationInput;
  /** Spreads each delay at random between 80 % and 120 %. */
  readonly jitter?: boolean;
  /** Whether this error is worth another attempt. */
  readonly while?: (error: Failure) => boolean;
}

/**
 * How a step's output is reused by other runs.
 *
 * @public
 */
export interface CacheOptions {
  /** Another version never reads what this one wrote. */
  readonly version?: string | number;
  /** What identifies the output in place of the step's inputs and those of the expansions around it. */
  readonly key?: (inputs: any) => unknown;
  /** A name in place of the pipeline's and the step's path, to share outputs between pipelines. */
  readonly name?: string;
  /** How long an output may be reused. */
  readonly ttl?: DurationInput;
}

/**
 * What any step can be asked for.
 *
 * @public
 */
export interface CommonOptions {
  /** Tries again what failed: an Effect `Schedule`, or a record such as `{ times: 3, delay: "1 second" }`. */
  readonly retry?: Schedule<any, any, any, never> | RetryOptions<any>;
  /** The longest that one attempt may take. */
  readonly timeout?: DurationInput;
  /** The name of a limit that steps share; the run says how many of them at once. */
  readonly pool?: string;
  /** Reuses the output across runs that have a store. */
  readonly cache?: true | CacheOptions;
  /** A schema that the output must fit. */
  readonly output?: AnySchema;
  /** For people who look at the graph. */
  readonly description?: string;
  /** To group and to find steps by. */
  readonly tags?: ReadonlyArray<string>;
}

/**
 * Options of a plain step.
 *
 * @public
 */
export interface StepOptions<Names extends string = string, Fallback = unknown, Failure = any>
  extends CommonOptions {
  /** The names of the outputs, where they are several or other than the step's name. */
  readonly outputs?: ReadonlyArray<Names>;
  /** The value where all attempts have failed, or a function of the error that gives it: at once, by a Promise or an Effect. */
  readonly fallback?: Fallback | ((error: Failure) => Fallback);
}

/** `"all"`, and nothing for a list of names, which the compiler takes for one as well. */
type OnlyAll<All> = All extends "all" ? All : never;

/**
 * Options of a dynamic step.
 *
 * @public
 */
export interface DynamicOptions<Names extends string = string, Fallback = unknown, Failure = any, All = "all">
  extends CommonOptions {
  /** What the step exposes: by default its name; these names; or every output of what it returns. */
  readonly outputs?: ReadonlyArray<Names> | OnlyAll<All>;
  /** The value where all attempts have failed, or a function of the error that gives it: at once, by a Promise or an Effect. */
  readonly fallback?: Fallback | ((error: Failure) => Fallback);
}

/**
 * Options of a map. Retry, timeout, pool, fallback and output schema are for each item.
 *
 * @public
 */
export interface MapOptions<Item = any, Fallback = unknown, Failure = any> extends CommonOptions {
  /** How many items at once; all by default. */
  readonly concurrency?: number;
  /** What names an item in its path, instead of its index. */
  readonly key?: (item: Item, index: number) => string | number;
  /** `"collect"`: a failed item fails no other, and each output is a `Result`. */
  readonly failures?: "fail" | "collect";
  /** With `"collect"`: how many items must succeed. */
  readonly minSuccess?: number;
  /** The value where all attempts have failed, or a function of the error that gives it: at once, by a Promise or an Effect. */
  readonly fallback?: Fallback | ((error: Failure) => Fallback);
}

/**
 * Options of a step that waits for the outside.
 *
 * @public
 */
export interface WaitOptions<Names extends string = string> {
  /** Outputs that must be there before the wait begins; without any, it begins with the run. */
  readonly after?: ReadonlyArray<Names>;
  /** What is asked of whoever answers: shown wherever the waiting step is, and in the event `step.waiting`. */
  readonly ask?: (inputs: any) => unknown;
  /** The longest that it waits, restarts of the run included. */
  readonly timeout?: DurationInput;
  /** For people who look at the graph. */
  readonly description?: string;
  /** To group and to find steps by. */
  readonly tags?: ReadonlyArray<string>;
}

/**
 * Options of a run.
 *
 * @public
 */
export interface RunOptions {
  /** How many steps may be under way at once; no limit by default. */
  readonly concurrency?: number;
  /** For each pool that steps name, how many of them at once. */
  readonly pools?: Readonly<Record<string, number>>;
  /** How many steps may be expanded in the whole run; 1,000,000 by default. */
  readonly maxSteps?: number;
  /** How deep expansions may nest; 32 by default. */
  readonly maxDepth?: number;
  /** What a failure does to steps that do not depend on it: interrupts them (the default), or lets them finish. */
  readonly onFailure?: "interrupt" | "finish";
  /** The run's id; a new one by default. */
  readonly runId?: string;
  /** How long an interrupted step may take to end before it is abandoned; 5 seconds by default. */
  readonly gracePeriod?: DurationInput;
  /** Where the run is recorded: `SqliteStore.layer({ filename })`. Provided as a service, it serves as well. */
  readonly store?: StoreLayer;
  /** Gives Effect's `Tracer` a span for the run and each step, item and expansion; `false` by default. */
  readonly tracing?: boolean;
  /** Counts steps by state, and tells durations and the queue, as Effect `Metric`s; `false` by default. */
  readonly metrics?: boolean;
  /** Computes cached steps anew, and caches what they give now; `false` by default. */
  readonly refresh?: boolean;
}
