/**
 * Steps with a policy: all of their attempts are one fiber, made by `policy.ts`. Each attempt is an Effect that waits for a
 * slot of the limit, and whose interruption waits for the step to end.
 */
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import type { Fiber } from "effect/Fiber";
import { StepTimedOut } from "../errors.ts";
import { blamed } from "./blame.ts";
import { RunningContext } from "./context.ts";
import type { AttemptRoom, Core } from "./core.ts";
import type { Attempt, Frame } from "./frame.ts";
import { Job } from "./frame.ts";
import { withPolicy } from "./policy.ts";

type Inputs = Readonly<Record<string, unknown>>;

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

  /** There is a free slot: gives it to an attempt that waits, but every second time leaves it to a node, if there is one. */
  takeTurn(hasNodes: boolean): boolean {
    this.#isTurnOfNode = !this.#isTurnOfNode && hasNodes;
    if (this.#isTurnOfNode) return false;
    this.#waiting.shift()!();
    return true;
  }

  start(frame: Frame, index: number, inputs: Inputs): void {
    const core = this.#core;
    const path = frame.pathOf(index);
    const job = new Job(frame, index, undefined);
    core.jobs.add(job);
    const effect = withPolicy(
      frame.policyOf(index)!,
      path,
      (attempt) => {
        job.attempt = attempt;
        return this.#attempt(frame, index, inputs, attempt);
      },
      (attempt, error, delayMillis) =>
        core.emitter.emit({ type: "step.retried", path, attempt, error, delayMillis }),
    );
    const fiber = core.forkWithin(
      new RunningContext(core, frame, index, 1),
      core.records.fromCache(frame, index, inputs, effect),
    );
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
      let whenEnded: (() => void) | undefined;
      let timer: Fiber<void> | undefined;
      let timedOut: StepTimedOut | undefined;
      const attempt: Attempt = {
        job: undefined,
        done: (exit) => {
          hasEnded = true;
          timer?.interruptUnsafe();
          resume(timedOut === undefined ? exit : Exit.fail(timedOut));
          whenEnded?.();
        },
      };
      const { timeoutMillis } = frame.policyOf(index)!;
      const limit = (millis: number): void => {
        timer = core.fork(Effect.sleep(millis));
        timer.addObserver((exit) => {
          if (Exit.isFailure(exit) || hasEnded) return;
          timedOut = new StepTimedOut({ path: frame.pathOf(index), timeoutMillis: millis });
          if (attempt.job !== undefined) core.failures.cancel(attempt.job);
          core.drain();
        });
      };
      const start = (): void => {
        if (frame.ending !== undefined) return; // The interruption of this Effect is on its way.
        hasStarted = true;
        core.calls.begin(frame, index, inputs, count, attempt);
        if (timeoutMillis !== undefined && !hasEnded) limit(timeoutMillis);
      };
      if (core.jobs.active < core.limits.concurrency) {
        start();
        core.drain();
      } else {
        this.#waiting.push(start);
      }
      return Effect.callback<void>((ended) => {
        const waiting = this.#waiting.indexOf(start);
        if (waiting !== -1) this.#waiting.splice(waiting, 1);
        if (hasEnded || !hasStarted) {
          ended(Effect.void);
          return;
        }
        whenEnded = () => ended(Effect.void);
        if (attempt.job !== undefined) core.failures.cancel(attempt.job);
        core.drain();
      });
    });
  }
}
