/** What a step, a map and a run can be asked for beside the work itself. */
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
 * How often and how soon a failed step is tried again.
 *
 * @public
 */
export interface RetryOptions<Failure = unknown> {
  /** How many more attempts after the first one. Without it, until one succeeds. */
  readonly times?: number | undefined;
  /** How long before the next attempt; none by default. */
  readonly delay?: DurationInput | Sentences["duration"] | undefined;
  /** What each delay is multiplied by to give the next; 1 by default. */
  readonly factor?: number | undefined;
  /** The longest that a delay can become; no limit by default. */
  readonly maxDelay?: DurationInput | Sentences["duration"] | undefined;
  /** Spreads each delay at random between 80 % and 120 %. */
  readonly jitter?: boolean | undefined;
  /** Whether this error is worth another attempt. */
  readonly while?: ((error: Failure) => boolean) | undefined;
}

/**
 * How a step's output is reused by other runs. `Arguments` is what `key` is called with: the step's inputs, in a map the
 * item and the inputs.
 *
 * @public
 */
export interface CacheOptions<in Arguments extends ReadonlyArray<any> = any> {
  /** Another version never reads what this one wrote. */
  readonly version?: string | number | undefined;
  /**
   * What identifies the output, instead of the step's inputs and those of the expansions around it. Needed where the output
   * depends on something else, such as the context (`runId`, `path`, `index`, `attempt`).
   */
  readonly key?: ((...inputs: Arguments) => unknown) | undefined;
  /** A name instead of the pipeline's and the step's path, to share outputs between pipelines. */
  readonly name?: string | undefined;
  /** How long an output may be reused. */
  readonly ttl?: DurationInput | Sentences["duration"] | undefined;
}

/** The sentence about options of a step that contradict each other. */
type CacheCompensates = [
  "compensate cannot be combined with cache: a cached output may be the work of another run, which must not be undone. Remove one of them.",
];

/** What `cache` may be where nothing is undone. While the output has yet to be looked at, it may be anything. */
type Cacheable<Undoable, Undone, Options> = [Undone] extends [never]
  ? Options
  : unknown extends Undone
    ? Options
    : [Undoable] extends [Anything]
      ? Options
      : CacheCompensates;

/**
 * The options that every step has. `Undoable` is the output as `compensate` gets it, `Undone` what that returns.
 *
 * @public
 */
export interface CommonOptions<
  in Arguments extends ReadonlyArray<any> = any,
  in Failure = any,
  Undoable = any,
  Undone = any,
> {
  /** Tries again what failed: an Effect `Schedule`, or a record such as `{ times: 3, delay: "1 second" }`. */
  readonly retry?: Schedule<any, any, any, never> | RetryOptions<Failure> | undefined;
  /** The longest that one attempt may take. */
  readonly timeout?: DurationInput | Sentences["duration"] | undefined;
  /** A limit that steps share: a `pool`, or the name of one. */
  readonly pool?: Pool | string | undefined;
  /** Reuses the output across runs that have a store. */
  readonly cache?: Cacheable<Undoable, Undone, true | CacheOptions<Arguments>> | undefined;
  /**
   * Undoes what the step did, given its output and what the step's function got. Called if the step has succeeded and the run,
   * with `onFailure: "compensate"`, fails: the last step that succeeded is the first that is undone. It can be called more than
   * once, with the same `idempotencyKey` in its context.
   */
  readonly compensate?:
    | ((output: Undoable, ...given: [...Arguments, context: StepContext]) => Undone)
    | undefined;
  /**
   * `"worker"`: the step's function runs on one of the run's workers, such as a thread; in a map, a loop and a race that of each
   * item, turn and contender. The own functions of dynamic steps and switches always run here. `"here"` by default.
   */
  readonly where?: "here" | "worker" | undefined;
  /** Shown in diagrams and reports. */
  readonly description?: string | undefined;
  /** To group and to find steps by. */
  readonly tags?: ReadonlyArray<string> | undefined;
}

/**
 * Options of a plain step. `Outputs` is the list of its outputs, `Fallback` what a fallback gives, `Output` the schema of
 * the output: an annotation without them has none of these.
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
  /** The names of the outputs, if there are several or if it differs from the step's name. */
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
  /** What the step exposes: by default its name; these names; or `"all"` outputs of what it returns. */
  readonly outputs?: Outputs | undefined;
  /**
   * The value to use once every attempt has failed, or a function of the error that returns it (directly, or as a Promise
   * or Effect). A pipeline is expanded like any other.
   */
  readonly fallback?: Fallback | ((error: Failure) => Fallback);
  /** A schema that decodes what the step returns: the output is the decoded value. */
  readonly output?: Output | undefined;
}

/** The sentence about options of a map that contradict each other. */
type EnoughCollects = [
  "enough cannot be combined with failures: a map with enough tolerates failures by itself. Remove one of them.",
];

/**
 * Options of a map. Retry, timeout, pool, fallback and output schema are for each item.
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
  /** How many items at once; all by default. */
  readonly concurrency?: number | undefined;
  /** What names an item in its path, instead of its index. */
  readonly key?: ((item: Item, index: number) => string | number) | undefined;
  /** `"fail"`: the first item that fails fails the map. `"collect"`: each output is a `Result`. */
  readonly failures?: Failures;
  /** With `"collect"`: how many items must succeed. */
  readonly minSuccess?: number | undefined;
  /**
   * How many items the map needs. Once so many have succeeded, the others are interrupted, and the output holds the values of
   * those that succeeded, in item order. Not together with `failures` or `minSuccess`.
   */
  readonly enough?: [Failures] extends ["collect"] ? EnoughCollects : Enough;
  /**
   * The value to use once every attempt has failed, or a function of the error that returns it (directly, or as a Promise
   * or Effect). A pipeline is expanded like any other.
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
> extends CommonOptions<Arguments, Failure, Undoable, Undone> {
  /** A schema that decodes what the case returns: the output is the decoded value. */
  readonly output?: Output | undefined;
}

/**
 * Options of a loop. Retry, timeout, pool, cache, fallback and output schema are for each turn.
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
  /** Whether the loop ends with this state: called after each turn, so that there is at least one. Must not be asynchronous. */
  readonly until: Until;
  /** The most turns; 1,000 by default. With more, the loop fails with `TooManyTurns`. A run can be resumed with more. */
  readonly maxTurns?: number | undefined;
  /**
   * The state to continue with once every attempt of a turn has failed, or a function of the error that returns it (directly,
   * or as a Promise or Effect). A pipeline is expanded like any other.
   */
  readonly fallback?: Fallback | ((error: Failure) => Fallback);
  /** A schema that decodes what each turn returns: the state is the decoded value. */
  readonly output?: Output | undefined;
}

/**
 * Options of a race: they are for the race as a whole.
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
   * or Effect). A pipeline is expanded like any other.
   */
  readonly fallback?: Fallback | ((error: Failure) => Fallback);
  /** A schema that decodes what the winner returns: the output is the decoded value. */
  readonly output?: Output | undefined;
}

/**
 * Options of a step that waits for the outside. `After` is the list of the names in `after`, `Inputs` what they give.
 *
 * @public
 */
export interface WaitOptions<After = ReadonlyArray<never>, in Inputs = any, Fallback = never> {
  /** Outputs that must exist before the wait begins; without any, it begins with the run. */
  readonly after?: After | undefined;
  /** The question for the person who answers: shown wherever the waiting step is shown, and in the event `step.waiting`. */
  readonly ask?: ((inputs: Inputs) => unknown) | undefined;
  /** The longest that it waits, restarts of the run included. */
  readonly timeout?: DurationInput | Sentences["duration"] | undefined;
  /**
   * For `.await`: the value to use once the timeout has passed, or a function of the `StepTimedOut` that returns it (directly,
   * or as a Promise or Effect).
   */
  readonly fallback?: Fallback | ((error: StepTimedOut) => Fallback);
  /** Shown in diagrams and reports. */
  readonly description?: string | undefined;
  /** To group and to find steps by. */
  readonly tags?: ReadonlyArray<string> | undefined;
}

/**
 * Options of a run.
 *
 * @public
 */
export interface RunOptions {
  /** How many steps may be under way at once; no limit by default. */
  readonly concurrency?: number | undefined;
  /** For each pool, by name, how many of its steps may be under way at once, or limits instead of its own. */
  readonly pools?: Readonly<Record<string, number | PoolLimits>> | undefined;
  /** How many steps may be expanded in the whole run; 1,000,000 by default. */
  readonly maxSteps?: number | undefined;
  /** How deep expansions may nest; 32 by default. */
  readonly maxDepth?: number | undefined;
  /**
   * What a failure does: interrupts the steps that do not depend on it (the default), lets them finish, or interrupts them and
   * then undoes what has succeeded by the steps' `compensate`, in reverse order.
   */
  readonly onFailure?: "interrupt" | "finish" | "compensate" | undefined;
  /**
   * Interrupts the run when it fires: the signals of the run's steps fire with the same reason, and a promise of the run
   * rejects with it. If it has fired before, nothing starts. A caller who joined a run that is under way stops waiting for it.
   */
  readonly signal?: AbortSignal | undefined;
  /** Called with each event of the run as it happens. An exception from it is logged and does not break the run. */
  readonly onEvent?: ((event: PipelineEvent) => void) | undefined;
  /** The run's id; a new one by default. */
  readonly runId?: string | undefined;
  /** How long an interrupted step may take to end before it is abandoned; 5 seconds by default. */
  readonly gracePeriod?: DurationInput | undefined;
  /** Where the run is recorded: `SqliteStore.layer({ filename })`. Provided as a service, it serves as well. */
  readonly store?: StoreLayer | undefined;
  /**
   * What performs steps with `where: "worker"`: `ThreadWorkers.layer({ module })`. Provided as a service, it serves as well.
   * Without workers such steps run here, and the run says so once.
   */
  readonly workers?: WorkersLayer | undefined;
  /** Gives Effect's `Tracer` a span for the run and each step, item and expansion; `false` by default. */
  readonly tracing?: boolean | undefined;
  /** Counts steps by state, and tells durations and the queue, as Effect `Metric`s; `false` by default. */
  readonly metrics?: boolean | undefined;
  /** Computes cached steps again, and caches their new outputs; `false` by default. */
  readonly refresh?: boolean | undefined;
}
