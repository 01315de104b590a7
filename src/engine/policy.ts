/**
 * The policy of a step: its retry, timeout, output schema and fallback. A step with none of these has no policy,
 * and the engine calls its function directly. Only steps with a policy pay for one.
 */
import * as Cause from "effect/Cause";
import * as Clock from "effect/Clock";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Schedule from "effect/Schedule";
import { InvalidOutput, StepFailed, StepTimedOut } from "../errors.ts";
import type { StepDefinition } from "../graph/definition.ts";
import { noOptions } from "../graph/definition.ts";
import { stepKinds } from "../graph/kinds.ts";
import { aCondition } from "../values/condition.ts";
import { typed } from "../values/specification.ts";
import { decode, problemOf } from "../values/schema.ts";
import { isThenable, promiseOf } from "../values/thenable.ts";

export interface Policy {
  readonly retry: Retry | undefined;
  /** Enforced by the engine: an attempt can wait for its turn, which does not count as its own time. */
  readonly timeoutMillis: number | undefined;
  readonly output: unknown;
  /** `onTimeout`: it is used only for a wait that has timed out, and for no other error. */
  readonly fallback: { readonly of: unknown; readonly onTimeout: boolean } | undefined;
}

interface Retry {
  readonly schedule: Schedule.Schedule<unknown, any, unknown, never>;
  readonly times: number;
  readonly maxDelayMillis: number;
  readonly while: ((error: any) => boolean) | undefined;
}

interface RetryTimes {
  readonly times?: number;
  readonly delay?: Duration.Input;
  readonly factor?: number;
  readonly maxDelay?: Duration.Input;
  readonly jitter?: boolean;
  readonly while?: (error: any) => boolean;
}

const scheduleOf = ({ delay, factor, jitter }: RetryTimes): Schedule.Schedule<unknown> => {
  const spaced = Schedule.exponential(delay ?? 0, factor ?? 1);
  return jitter === true ? Schedule.jittered(spaced) : spaced;
};

const retryOf = (retry: unknown): Retry | undefined => {
  if (retry === undefined) return undefined;
  if (Schedule.isSchedule(retry)) {
    return {
      schedule: retry as Retry["schedule"],
      times: Infinity,
      maxDelayMillis: Infinity,
      while: undefined,
    };
  }
  const asked = retry as RetryTimes;
  const { maxDelay } = asked;
  return {
    schedule: scheduleOf(asked),
    times: asked.times ?? Infinity,
    maxDelayMillis: maxDelay === undefined ? Infinity : Duration.toMillis(maxDelay),
    while: asked.while,
  };
};

export const policyOf = ({ kind, options }: StepDefinition): Policy | undefined => {
  if (options === noOptions) return undefined;
  const { retry, timeout, output, cache } = options;
  const hasFallback = "fallback" in options;
  const asksFor = [retry, timeout, output, cache].some((option) => option !== undefined);
  if (!asksFor && !hasFallback) return undefined;
  return {
    retry: retryOf(retry),
    timeoutMillis:
      timeout === undefined
        ? undefined
        : Duration.toMillis(Duration.fromInputUnsafe(timeout as Duration.Input)),
    output,
    fallback: hasFallback
      ? { of: options.fallback, onTimeout: stepKinds[kind].returns === "wait" }
      : undefined,
  };
};

/** Called for each retry before its delay. */
export type OnRetry = (attempt: number, error: unknown, delayMillis: number) => void;

export type Attempt = (attempt: number) => Effect.Effect<unknown, unknown>;

/** Receives the result of an attempt before it is decoded. The function that it returns is called after decoding. */
export type BeforeDecoding = (value: unknown) => () => void;

/** The journal's part in attempts. */
export interface Journaled {
  /** Wraps each attempt and the decoding of its value. */
  readonly around: ((attempt: Attempt) => Attempt) | undefined;
  readonly beforeDecoding: BeforeDecoding | undefined;
  /** The number of the first attempt. */
  readonly first: number;
}

/** All attempts of a step under its policy, until one succeeds. `attempt` runs its function once. */
export const allAttempts = (
  policy: Policy,
  path: string,
  attempt: Attempt,
  onRetry: OnRetry,
  journaled: Journaled | undefined,
): Effect.Effect<unknown, unknown> => {
  const { output } = policy;
  const decoded = output === undefined ? attempt : decoding(attempt, path, output, journaled?.beforeDecoding);
  const once = journaled?.around === undefined ? decoded : journaled.around(decoded);
  const first = journaled?.first ?? 1;
  return policy.retry === undefined ? once(first) : retried(once, policy.retry, onRetry, first);
};

const decoding =
  (attempt: Attempt, path: string, schema: unknown, before: BeforeDecoding | undefined): Attempt =>
  (count) =>
    Effect.flatMap(attempt(count), (value) => {
      const whenDecoded = before?.(value);
      const decoded = decode(schema, value);
      const noted = whenDecoded === undefined ? decoded : Effect.tap(decoded, () => Effect.sync(whenDecoded));
      return Effect.catchCause(noted, (cause) => {
        if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt;
        const problem = problemOf(cause);
        const where = problem.path.length === 0 ? "" : ` at ${problem.path.map(String).join(".")}`;
        const reason =
          schema === aCondition
            ? problem.reason
            : // The value itself may be a secret that the schema was to hide.
              `It returns ${typed(value)}, which its output schema refuses${where}: ${problem.reason}`;
        return Effect.fail(new InvalidOutput({ path, reason }));
      });
    });

const retried = (
  attempt: Attempt,
  retry: Retry,
  onRetry: OnRetry,
  first: number,
): Effect.Effect<unknown, unknown> =>
  Effect.gen(function* () {
    const next = yield* Schedule.toStep(retry.schedule);
    for (let count = first; ; count++) {
      const exit = yield* Effect.exit(attempt(count));
      if (Exit.isSuccess(exit)) return exit.value;
      const failure = exit.cause.reasons.find(Cause.isFailReason);
      if (failure === undefined || count > retry.times || retry.while?.(failure.error) === false) {
        return yield* exit;
      }
      const step = yield* Effect.exit(next(yield* Clock.currentTimeMillis, failure.error));
      if (Exit.isFailure(step)) return yield* exit;
      const delayMillis = Math.min(Duration.toMillis(step.value[1]), retry.maxDelayMillis);
      onRetry(count, failure.error, delayMillis);
      // An attempt that repeatedly fails immediately would leave no turn to timers or to an interruption.
      yield* delayMillis > 0 ? Effect.sleep(delayMillis) : Effect.yieldNow;
    }
  });

/**
 * Applies a policy's fallback after all attempts have failed. `accept` turns the value that it returned for an error into the
 * step's output.
 */
export const withFallback = (
  { fallback }: Policy,
  path: string,
  effect: Effect.Effect<unknown, unknown>,
  accept: (value: unknown, error: unknown) => Effect.Effect<unknown, unknown>,
): Effect.Effect<unknown, unknown> => {
  if (fallback === undefined) return effect;
  const { of, onTimeout } = fallback;
  return Effect.catchCause(effect, (cause) => {
    const failure = cause.reasons.find(Cause.isFailReason);
    if (failure === undefined || (onTimeout && !(failure.error instanceof StepTimedOut))) {
      return Effect.failCause(cause);
    }
    const returned = Effect.suspend(() => {
      try {
        return given(typeof of === "function" ? of(failure.error) : of, path);
      } catch (thrown) {
        return Effect.fail(new StepFailed({ path, cause: thrown }));
      }
    });
    return Effect.flatMap(returned, (value) => accept(value, failure.error));
  });
};

/** The result of a fallback: an Effect, or a value, directly or by a Promise, which may resolve to an Effect. An error is a value. */
const given = (returned: unknown, path: string): Effect.Effect<unknown, unknown> => {
  if (returned instanceof Error) return Effect.succeed(returned);
  if (Effect.isEffect(returned)) return returned as Effect.Effect<unknown, unknown>;
  if (!isThenable(returned)) return Effect.succeed(returned);
  const settled = Effect.tryPromise({
    try: () => promiseOf(returned),
    catch: (cause) => new StepFailed({ path, cause }),
  });
  return Effect.flatMap(settled, (value) => given(value, path));
};
