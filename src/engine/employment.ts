/** Passes the Effects of steps to a worker, and creates one if there is none: see `worker.ts`. */
import type * as Context from "effect/Context";
import type * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import type { RunningContext } from "./context.ts";
import type { Core } from "./core.ts";
import type { Frame } from "./frame.ts";
import type { Employer } from "./worker.ts";
import { Worker } from "./worker.ts";

type Inputs = Readonly<Record<string, unknown>>;

export class Employment {
  readonly #core: Core;
  readonly #contextOfFibers: () => Context.Context<never>;
  readonly #employer: Employer;
  /** Evaluates the Effects of plain steps, while it is in the loop itself. */
  #worker: Worker | undefined;

  /** `next`: starts ready nodes until one has an Effect for the worker. */
  constructor(core: Core, contextOfFibers: () => Context.Context<never>, next: Employer["next"]) {
    this.#core = core;
    this.#contextOfFibers = contextOfFibers;
    this.#employer = {
      next,
      provide: (frame, index, inputs, context, value) => {
        if (frame.map === undefined || typeof value !== "object") core.provide(frame, index, value, 1);
        else core.calls.resolved(core.calls.callOf(frame, index, inputs, context), value);
      },
    };
  }

  take(
    frame: Frame,
    index: number,
    inputs: Inputs,
    context: RunningContext,
    effect: Effect.Effect<unknown, unknown>,
  ): void {
    if (this.#worker === undefined) this.#employ(frame, index, inputs, context, effect);
    else this.#worker.take(frame, index, inputs, context, effect);
  }

  /** Forks a worker, which evaluates this Effect and those of the steps that are ready after it. */
  #employ(
    frame: Frame,
    index: number,
    inputs: Inputs,
    context: RunningContext,
    effect: Effect.Effect<unknown, unknown>,
  ): void {
    const { calls, jobs } = this.#core;
    const worker = new Worker(this.#employer, this.#contextOfFibers());
    worker.take(frame, index, inputs, context, effect);
    this.#worker = worker;
    const fiber = this.#core.fork(worker.program);
    this.#worker = undefined;
    if (worker.frame === undefined) return; // All ready steps have ended.
    // A step suspended, failed, or left children that end with the fiber.
    worker.isLast = true;
    const call = calls.callOf(worker.frame, worker.index, worker.inputs!, worker.context!);
    const exit = fiber.pollUnsafe();
    if (exit !== undefined) {
      calls.exited(call, Exit.isSuccess(exit) ? Exit.succeed(worker.value) : exit);
      return;
    }
    const job = jobs.newLeaf(call);
    job.fiber = fiber;
    fiber.addObserver((ended) =>
      jobs.leafIsOver(job, call, Exit.isSuccess(ended) ? Exit.succeed(worker.value) : ended),
    );
  }
}
