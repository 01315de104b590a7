/** The options of steps, maps, waits and runs. */
import type { Input as DurationInput } from "effect/Duration";
import type { Schedule } from "effect/Schedule";
import type { StepTimedOut } from "../src/errors.ts";
import type { PipelineEvent } from "../src/events.ts";
import type { Anything } from "./anything.ts";
import type { StepContext } from "./context.ts";
import type { Sentences } from "./sentences.ts";
import type { Pool, PoolLimits } from "./pool.ts";
import type { StoreLayer } from "./store.ts";
import type { WorkersLayer } from "./workers.ts";

/**
 * When and how often a failed step is retried.
 *
 * @public
 */
export interface RetryOptions<Failure = unknown> {
  /** The number of retries after the first attempt. By default, it retries until an attempt succeeds. */
  readonly times?: number | undefined;
  /** The delay before the first retry; none by default. */
  readonly delay?: DurationInput | Sentences["duration"] | undefined;
  /** The factor by which each delay is multiplied to get the next; 1 by default. */
  readonly factor?: number | undefined;
  /** The maximum delay; no limit by default. */
  readonly maxDelay?: DurationInput | Sentences["duration"] | undefined;
  /** Randomly varies each delay between 80 % and 120 %. */
  readonly jitter?: boolean | undefined;
  /** Returns whether this error should be retried. */
  readonly while?: ((error: Failure) => boolean) | undefined;
}

/**
 * How a step's output is reused by other runs. `Arguments` are the arguments of `key`: the step's inputs, or in a map the
 * item and the inputs.
 *
 * @public
 */
export interface CacheOptions<in Arguments extends ReadonlyArray<any> = any> {
  /** The version of the cached output. Outputs written by another version are not reused. */
  readonly version?: string | number | undefined;
  /**
   * Returns the cache key, instead of the step's inputs and those of the expansions around it. Needed when the output
   * depends on something else, such as the context (`runId`, `path`, `index`, `attempt`).
   */
  readonly key?: ((...inputs: Arguments) => unknown) | undefined;
  /** A name instead of the pipeline's and the step's path, to share outputs between pipelines. */
  readonly name?: string | undefined;
  /** How long an output may be reused. */
  readonly ttl?: DurationInput | Sentences["duration"] | undefined;
}

/** The error sentence for options of a step that contradict each other. */
type CacheCompensates = [
  "compensate cannot be combined with cache: a cached output may be the work of another run, which must not be undone. Remove one of them.",
];

/** The type of `cache`, which excludes `compensate`. It accepts anything until the type of the output is known. */
type Cacheable<Undoable, Undone, Options> = [Undone] extends [never]
  ? Options
  : unknown extends Undone
    ? Options
    : [Undoable] extends [Anything]
      ? Options
      : CacheCompensates;

/**
 * The options that every step has. `Undoable` is the output that `compensate` receives, `Undone` what it returns.
 *
 * @public
 */
export interface CommonOptions<
  in Arguments extends ReadonlyArray<any> = any,
  in Failure = any,
  Undoable = any,
  Undone = any,
> {
  /** Retries the step when it fails: an Effect `Schedule`, or a record such as `{ times: 3, delay: "1 second" }`. */
  readonly retry?: Schedule<any, any, any, never> | RetryOptions<Failure> | undefined;
  /** The maximum duration of one attempt. */
  readonly timeout?: DurationInput | Sentences["duration"] | undefined;
  /** A limit that steps share: a `pool`, or the name of one. */
  readonly pool?: Pool | string | undefined;
  /** Reuses the output across runs that have a store. */
  readonly cache?: Cacheable<Undoable, Undone, true | CacheOptions<Arguments>> | undefined;
  /**
   * Undoes the step, given its output and the arguments of the step's function. Called if the step has succeeded and the run
   * fails with `onFailure: "compensate"`, starting with the step that succeeded last. It can be called more than
   * once, with the same `idempotencyKey` in its context.
   */
  readonly compensate?:
    | ((output: Undoable, ...given: [...Arguments, context: StepContext]) => Undone)
    | undefined;
  /**
   * `"worker"`: the step's function runs on one of the run's workers, such as a thread; in a map, loop or race, the function of
   * each item, turn or contender does. The functions of dynamic steps and switches themselves always run here. `"here"` by default.
   */
  readonly where?: "here" | "worker" | undefined;
  /** Shown in diagrams and reports. */
  readonly description?: string | undefined;
  /** Tags for grouping and finding steps. */
  readonly tags?: ReadonlyArray<string> | undefined;
}

/**
 * Options of a plain step. `Outputs` is the list of its outputs, `Fallback` the value of the fallback, `Output` the schema of
 * the output: a type annotation that leaves these out has none of them.
 *
 * @public
 */
export interface StepOptions<
  Outputs = ReadonlyArray<never>,
  Fallback = never,
  in Failure = any,
  in Arguments extends ReadonlyArray<any> = any,
  Output = never,
  Undoable = any,
  Undone = any,
> extends CommonOptions<Arguments, Failure, Undoable, Undone> {
  /** The names of the outputs, if there are several or if the only one is not named after the step. */
  readonly outputs?: Outputs | undefined;
  /**
   * The value to use once every attempt has failed, or a function of the error that returns it (directly, or as a Promise
   * or Effect).
   */
  readonly fallback?: Fallback | ((error: Failure) => Fallback);
  /** A schema that decodes what the step returns: the output is the decoded value. */
  readonly output?: Output | undefined;
}

/**
 * Options of a dynamic step. The parameters are those of `StepOptions`.
 *
 * @public
 */
export interface DynamicOptions<
  Outputs = ReadonlyArray<never>,
  Fallback = never,
  in Failure = any,
  in Arguments extends ReadonlyArray<any> = any,
  Output = never,
  Undoable = any,
  Undone = any,
> extends CommonOptions<Arguments, Failure, Undoable, Undone> {
  /** The outputs that the step exposes: its own name (the default), a list of names, or `"all"` outputs of the pipeline it returns. */
  readonly outputs?: Outputs | undefined;
  /**
   * The value to use once every attempt has failed, or a function of the error that returns it (directly, or as a Promise
   * or Effect). A returned pipeline is expanded like any other.
   */
  readonly fallback?: Fallback | ((error: Failure) => Fallback);
  /** A schema that decodes what the step returns: the output is the decoded value. */
  readonly output?: Output | undefined;
}

/** The error sentence for options of a map that contradict each other. */
type EnoughCollects = [
  "enough cannot be combined with failures: a map with enough tolerates failures by itself. Remove one of them.",
];

/**
 * Options of a map. Retry, timeout, pool, fallback and output schema apply to each item.
 *
 * @public
 */
export interface MapOptions<
  in Item = any,
  Fallback = never,
  in Failure = any,
  in Arguments extends ReadonlyArray<any> = any,
  Failures = "fail" | "collect",
  Output = never,
  Enough = number,
  Undoable = any,
  Undone = any,
> extends CommonOptions<Arguments, Failure, Undoable, Undone> {
  /** The maximum number of items that run at once; all by default. */
  readonly concurrency?: number | undefined;
  /** Returns the key that identifies an item in its path, instead of its index. */
  readonly key?: ((item: Item, index: number) => string | number) | undefined;
  /** `"fail"`: the first item that fails also fails the map. `"collect"`: each output is a `Result`. */
  readonly failures?: Failures;
  /** With `"collect"`: the minimum number of items that must succeed. */
  readonly minSuccess?: [Failures] extends ["fail" | undefined]
    ? Sentences["minSuccessAlone"] | undefined
    : number | undefined;
  /**
   * The number of items that the map needs. Once that many have succeeded, the others are interrupted, and the output holds the
   * values of those that succeeded, in item order. Cannot be combined with `failures` or `minSuccess`.
   */
  readonly enough?: [Failures] extends ["collect"] ? EnoughCollects : Enough;
  /**
   * The value to use once every attempt has failed, or a function of the error that returns it (directly, or as a Promise
   * or Effect). A returned pipeline is expanded like any other.
   */
  readonly fallback?: Fallback | ((error: Failure) => Fallback);
  /** A schema that decodes what each item returns: the output is the decoded value. */
  readonly output?: Output | undefined;
}

/**
 * Options of a switch.
 *
 * @public
 */
export interface SwitchOptions<
  in Arguments extends ReadonlyArray<any> = any,
  in Failure = any,
  Output = never,
  Undoable = any,
  Undone = any,
  Fallback = never,
> extends CommonOptions<Arguments, Failure, Undoable, Undone> {
  /**
   * The value to use once every attempt has failed, or a function of the error that returns it (directly, or as a Promise
   * or Effect). A returned pipeline is expanded like any other.
   */
  readonly fallback?: Fallback | ((error: Failure) => Fallback);
  /** A schema that decodes what the case returns: the output is the decoded value. */
  readonly output?: Output | undefined;
}

/**
 * Options of a loop. Retry, timeout, pool, cache, fallback and output schema apply to each turn.
 *
 * @public
 */
export interface LoopOptions<
  Until = (state: any, inputs: any) => boolean,
  Fallback = never,
  in Failure = any,
  in Arguments extends ReadonlyArray<any> = any,
  Output = never,
  Undoable = any,
  Undone = any,
> extends CommonOptions<Arguments, Failure, Undoable, Undone> {
  /** Returns whether the loop ends with this state. Called after each turn, so at least one turn runs. Must not be asynchronous. */
  readonly until: Until;
  /** The maximum number of turns; 1,000 by default. Beyond it, the loop fails with `TooManyTurns`. A run can be resumed with more. */
  readonly maxTurns?: number | undefined;
  /**
   * The state to continue with once every attempt of a turn has failed, or a function of the error that returns it (directly,
   * or as a Promise or Effect). A returned pipeline is expanded like any other.
   */
  readonly fallback?: Fallback | ((error: Failure) => Fallback);
  /** A schema that decodes what each turn returns: the state is the decoded value. */
  readonly output?: Output | undefined;
}

/**
 * Options of a race. They apply to the race as a whole.
 *
 * @public
 */
export interface RaceOptions<
  Fallback = never,
  in Failure = any,
  in Arguments extends ReadonlyArray<any> = any,
  Output = never,
  Undoable = any,
  Undone = any,
> extends CommonOptions<Arguments, Failure, Undoable, Undone> {
  /**
   * The value to use once every attempt has failed, or a function of the error that returns it (directly, or as a Promise
   * or Effect). A returned pipeline is expanded like any other.
   */
  readonly fallback?: Fallback | ((error: Failure) => Fallback);
  /** A schema that decodes what the winner returns: the output is the decoded value. */
  readonly output?: Output | undefined;
}

/**
 * Options of a step that waits for time. `After` is the list of names in `after`.
 *
 * @public
 */
export interface SleepOptions<After = ReadonlyArray<never>> {
  /** Outputs that must exist before the wait begins. Without any, it begins with the run. */
  readonly after?: After | undefined;
  /** Shown in diagrams and reports. */
  readonly description?: string | undefined;
  /** Tags for grouping and finding steps. */
  readonly tags?: ReadonlyArray<string> | undefined;
}

/**
 * Options of a step that waits for an external value. `After` is the list of names in `after`, `Inputs` their values.
 *
 * @public
 */
export interface WaitOptions<After = ReadonlyArray<never>, in Inputs = any, Fallback = never>
  extends SleepOptions<After> {
  /** The question for the person who answers, shown wherever the waiting step is shown and in the event `step.waiting`. */
  readonly ask?: ((inputs: Inputs) => unknown) | undefined;
  /** The maximum time to wait, including restarts of the run. */
  readonly timeout?: DurationInput | Sentences["duration"] | undefined;
  /**
   * For `.await`: the value to use once the timeout has passed, or a function of the `StepTimedOut` that returns it (directly,
   * or as a Promise or Effect).
   */
  readonly fallback?: Fallback | ((error: StepTimedOut) => Fallback);
}

/**
 * Options of a run.
 *
 * @public
 */
export interface RunOptions {
  /** The maximum number of steps that run at once; no limit by default. */
  readonly concurrency?: number | undefined;
  /** For each pool, by name, the maximum number of its steps that run at once, or limits that replace its own. */
  readonly pools?: Readonly<Record<string, number | PoolLimits>> | undefined;
  /** The maximum number of steps that expansions may add in the whole run; 1,000,000 by default. */
  readonly maxSteps?: number | undefined;
  /** The maximum depth of nested expansions; 32 by default. */
  readonly maxDepth?: number | undefined;
  /**
   * What happens on failure: the steps that do not depend on it are interrupted (the default), or finish, or are interrupted and
   * then the succeeded steps are undone by their `compensate`, in reverse order.
   */
  readonly onFailure?: "interrupt" | "finish" | "compensate" | undefined;
  /**
   * Interrupts the run when it fires: the signals of the run's steps fire with the same reason, and the run's promise
   * rejects with it. If it has already fired, nothing starts. A caller who joined a run in progress stops waiting for it.
   */
  readonly signal?: AbortSignal | undefined;
  /** Called with each event of the run as it happens. An exception that it throws is logged and does not affect the run. */
  readonly onEvent?: ((event: PipelineEvent) => void) | undefined;
  /** The run's id; a new one by default. */
  readonly runId?: string | undefined;
  /** How long an interrupted step may take to end before it is abandoned; 5 seconds by default. */
  readonly gracePeriod?: DurationInput | undefined;
  /** Where the run is recorded: `SqliteStore.layer({ filename })`. A store provided as a service works as well. */
  readonly store?: StoreLayer | undefined;
  /**
   * The workers that run steps with `where: "worker"`: `ThreadWorkers.layer({ module })`. Workers provided as a service work as
   * well. Without workers such steps run here, and the run reports this once.
   */
  readonly workers?: WorkersLayer | undefined;
  /** Creates a span in Effect's `Tracer` for the run and for each step, item and expansion; `false` by default. */
  readonly tracing?: boolean | undefined;
  /** Reports step counts by state, durations and the queue as Effect `Metric`s; `false` by default. */
  readonly metrics?: boolean | undefined;
  /** Recomputes cached steps and caches their new outputs; `false` by default. */
  readonly refresh?: boolean | undefined;
}
