/**
 * Steps with a policy: all of their attempts are one fiber, made by `policy.ts`. Each attempt is an Effect that waits for a
 * slot of its pool and one of the concurrency limit, and whose interruption waits for the step to end. Between attempts a
 * step holds neither.
 */
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import type { Fiber } from "effect/Fiber";
import { ExpansionError, StepTimedOut } from "../errors.ts";
import { blamed } from "./blame.ts";
import { stepReturned } from "./exposure.ts";
import { expandable } from "./graph.ts";
import type { AttemptRoom, Core } from "./core.ts";
import { firstPhase, returnsOf } from "./phase.ts";
import type { Attempt, Frame } from "./frame.ts";
import { Call, Job } from "./frame.ts";
import { allAttempts, withFallback } from "./policy.ts";

type Inputs = Readonly<Record<string, unknown>>;

/** An attempt whose end is awaited: `stop` ends it early. */
interface Awaited {
  readonly attempt: Attempt;
  readonly stop: (ended: () => void) => void;
}

export class Attempts implements AttemptRoom {
  readonly #core: Core;
  /** Attempts that wait for a slot. They take turns with new nodes. */
  readonly #waiting: Array<() => void> = [];
  #isTurnOfNode = false;

  constructor(core: Core) {
    this.#core = core;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Gives a free slot to a waiting attempt; every second time, leaves it to a node, if there is one. */
  takeTurn(hasNodes: boolean): boolean {
    this.#isTurnOfNode = !this.#isTurnOfNode && hasNodes;
    if (this.#isTurnOfNode) return false;
    this.#waiting.shift()!();
    return true;
  }

  start(frame: Frame, index: number, inputs: Inputs): void {
    const core = this.#core;
    const path = frame.pathOf(index);
    const policy = frame.policyOf(index)!;
    const job = new Job(frame, index, undefined);
    core.jobs.add(job);
    const before = core.journal?.failureBefore(path);
    if (before !== undefined) job.attempt = before.attempt;
    const attempts =
      before !== undefined
        ? Effect.fail(before.error)
        : allAttempts(
            policy,
            path,
            (attempt) => {
              job.attempt = attempt;
              return this.#attempt(frame, index, inputs, attempt);
            },
            (attempt, error, delayMillis) => {
              if (attempt === 1) core.emitter.firstBegan(frame, index);
              core.emitter.emit({ type: "step.retried", path, attempt, error, delayMillis });
            },
            core.records.journaled(frame, index, inputs),
          );
    const effect = withFallback(policy, path, attempts, (value, error) => {
      core.emitter.emit({ type: "step.fallback", path, attempt: job.attempt, error });
      if (frame.read !== undefined) core.compensations.fellBack(path);
      return this.#acceptFallback(frame, index, inputs, job.attempt + 1, value, { error });
    });
    const fiber = core.forkWithin(frame.contextOf(core, index, 1), effect);
    job.fiber = fiber;
    fiber.addObserver((exit) => {
      // The policy's own functions may throw too: `while`, or a Schedule.
      const mine = { path, phase: "run" } as const;
      core.jobs.isOver(job, Exit.isSuccess(exit) ? exit : Exit.failCause(blamed(exit.cause, mine)));
    });
  }

  #attempt(frame: Frame, index: number, inputs: Inputs, count: number): Effect.Effect<unknown, unknown> {
    const core = this.#core;
    return Effect.callback((resume) => {
      let hasStarted = false;
      let hasEnded = false;
      const { timeoutMillis } = frame.policyOf(index)!;
      const timing =
        timeoutMillis === undefined ? undefined : new Timing(core, frame.pathOf(index), timeoutMillis);
      const { attempt, stop } = this.#awaited((exit) => {
        hasEnded = true;
        if (frame.hasPools) core.pools.giveBack(frame, index);
        resume(timing === undefined ? exit : timing.end(exit));
      });
      const start = (): void => {
        if (frame.ending !== undefined) return; // The interruption of this Effect is on its way.
        hasStarted = true;
        if (frame.hasPools) core.pools.started(frame, index);
        if (count > 1) core.journal?.noteAttempt(frame.pathOf(index), count);
        const begun = timing?.begin(attempt, frame.definitionOf(index).options.where === "worker");
        core.calls.begin(frame, index, inputs, count, attempt);
        if (!hasEnded) begun?.();
      };
      this.#whenThereIsASlot(frame, index, start);
      return Effect.callback<void>((ended) => {
        const waiting = this.#waiting.indexOf(start);
        if (waiting !== -1) this.#waiting.splice(waiting, 1);
        if (hasEnded || !hasStarted) {
          const pool = frame.poolOf(index);
          if (pool !== undefined) core.pools.leave(frame, index, pool);
          ended(Effect.void);
          return;
        }
        stop(() => ended(Effect.void));
      });
    });
  }

  /** Takes a slot of the step's pool, and then one of the concurrency limit. */
  #whenThereIsASlot(frame: Frame, index: number, start: () => void): void {
    const core = this.#core;
    const pool = frame.poolOf(index);
    if (pool !== undefined && !core.pools.take(frame, index, pool, () => this.#waiting.push(start))) return;
    if (core.jobs.active < core.limits.concurrency) {
      start();
      core.drain();
    } else {
      this.#waiting.push(start);
    }
  }

  /** A pipeline that a fallback returned is expanded if the step can expand; everything else is the output. */
  #acceptFallback(
    frame: Frame,
    index: number,
    inputs: Inputs,
    count: number,
    value: unknown,
    failure: { readonly error: unknown },
  ): Effect.Effect<unknown, unknown> {
    const mayExpand = returnsOf[firstPhase[frame.definitionOf(index).kind]] !== "output";
    if (!mayExpand || expandable(value) === undefined) {
      const reason = mayExpand ? stepReturned(value) : undefined;
      if (reason === undefined) return Effect.succeed(value);
      return Effect.fail(new ExpansionError({ path: frame.pathOf(index), reason }));
    }
    return Effect.callback((resume) => {
      const { attempt, stop } = this.#awaited(resume);
      const call = new Call(this.#core, frame, index, inputs, count, attempt);
      call.failure = failure;
      if (call.phase === "choose") call.phase = "case";
      this.#core.expansions.expand(call, value);
      this.#core.drain();
      return Effect.callback<void>((ended) => stop(() => ended(Effect.void)));
    });
  }

  #awaited(done: Attempt["done"]): Awaited {
    const core = this.#core;
    let hasEnded = false;
    let whenEnded: (() => void) | undefined;
    const attempt: Attempt = {
      job: undefined,
      done: (exit) => {
        hasEnded = true;
        done(exit);
        whenEnded?.();
      },
    };
    const stop = (ended: () => void): void => {
      if (hasEnded) {
        ended();
        return;
      }
      whenEnded = ended;
      if (attempt.job !== undefined) core.failures.cancel(attempt.job);
      core.drain();
    };
    return { attempt, stop };
  }
}

/**
 * The timeout of one attempt. A timer stops work that waits; work that blocks the event loop ends before its timer can
 * fire, so its duration is checked when it has ended.
 */
class Timing {
  readonly #core: Core;
  readonly #path: string;
  readonly #timeoutMillis: number;
  #timer: Fiber<void> | undefined;
  #began = 0n;
  #timedOut: StepTimedOut | undefined;
  #hasEnded = false;

  constructor(core: Core, path: string, timeoutMillis: number) {
    this.#core = core;
    this.#path = path;
    this.#timeoutMillis = timeoutMillis;
  }

  /**
   * The attempt is about to start. Returns a function to call if it did not end immediately. An attempt that may wait for a worker
   * begins when it has one.
   */
  begin(attempt: Attempt, mayWait: boolean): () => void {
    if (!mayWait || this.#core.workers === undefined) {
      this.#start();
      return () => this.#watch(attempt);
    }
    attempt.began = () => {
      if (this.#hasEnded || this.#began !== 0n) return;
      this.#start();
      this.#watch(attempt);
    };
    return () => {};
  }

  #start(): void {
    this.#began = this.#core.clock.monotonicTimeNanosUnsafe();
  }

  #watch(attempt: Attempt): void {
    const core = this.#core;
    this.#timer = core.fork(Effect.sleep(this.#timeoutMillis));
    this.#timer.addObserver((exit) => {
      if (Exit.isFailure(exit) || this.#hasEnded) return;
      this.#timedOut = this.#error();
      if (attempt.job !== undefined) core.failures.cancel(attempt.job, this.#timedOut);
      core.drain();
    });
  }

  /** The outcome of the attempt, which has ended. */
  end(exit: Exit.Exit<unknown, unknown>): Exit.Exit<unknown, unknown> {
    this.#hasEnded = true;
    this.#timer?.interruptUnsafe();
    if (this.#timedOut !== undefined) return Exit.fail(this.#timedOut);
    if (Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)) return exit;
    if (this.#began === 0n) return exit; // No worker began it.
    const millis = Number(this.#core.clock.monotonicTimeNanosUnsafe() - this.#began) / 1e6;
    return millis > this.#timeoutMillis ? Exit.fail(this.#error()) : exit;
  }

  #error(): StepTimedOut {
    return new StepTimedOut({ path: this.#path, timeoutMillis: this.#timeoutMillis });
  }
}
