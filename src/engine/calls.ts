/**
 * Calls that do not end immediately in the hot loop: their inputs are decoded, and the result of their function is awaited
 * and examined, until it is a value or a failure.
 */
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import type { GraphInput } from "../graph/node.ts";
import { whenSettled } from "../values/thenable.ts";
import { blamed, thrownCause } from "./blame.ts";
import type { RunningContext } from "./context.ts";
import type { CallRoom, Core } from "./core.ts";
import { declaredInputs, named } from "./decoded.ts";
import { callStep } from "./executor.ts";
import { returnsOf } from "./phase.ts";
import type { Attempt, Frame, Job } from "./frame.ts";
import { Call } from "./frame.ts";
import { callMember } from "./members.ts";
import { drained, isAsyncGenerator } from "./generators.ts";
import { decodeInputs } from "./inputs.ts";

type Inputs = Readonly<Record<string, unknown>>;

/** The value may be a proxy that throws. */
export const isBareEffect = (value: unknown): value is Effect.Effect<unknown, unknown> => {
  try {
    return Effect.isEffect(value);
  } catch {
    return false;
  }
};

export class Calls implements CallRoom {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** A call that the hot loop cannot end, or one attempt of several. Its start has been reported, unless it is an attempt. */
  begin(frame: Frame, index: number, inputs: Inputs, count: number, attempt: Attempt | undefined): void {
    const { emitter } = this.#core;
    if (attempt !== undefined && emitter.watcher !== undefined) emitter.started(frame, index, count);
    const call = new Call(this.#core, frame, index, inputs, count, attempt);
    const { definition } = call;
    if (definition.schemas === undefined) {
      this.#invoke(call, inputs);
      return;
    }
    this.decode(call, declaredInputs(definition), (values) => this.#invoke(call, named(definition, values)));
  }

  /** The call of a step that began in the hot loop and did not end there. */
  callOf(frame: Frame, index: number, inputs: Inputs, context: RunningContext): Call {
    return new Call(this.#core, frame, index, inputs, 1, undefined, context);
  }

  #invoke(call: Call, inputs: Inputs): void {
    const { map, layers } = call.frame;
    if (map === undefined && call.phase === "contender") {
      this.#core.races.start(call);
      return;
    }
    let value: unknown;
    try {
      if (layers !== undefined) value = layers.execute(call.asStepCall(inputs));
      else if (map === undefined) value = callStep(call.definition, inputs, call.context);
      else value = callMember(map, call.index, inputs, call.context);
    } catch (thrown) {
      this.threw(call, thrown);
      return;
    }
    this.returned(call, value);
  }

  returned(call: Call, value: unknown): void {
    if ((typeof value === "object" && value !== null) || typeof value === "function") {
      try {
        if (isBareEffect(value)) {
          if (Exit.isExit(value)) this.exited(call, value);
          else this.#forkStep(call, value);
          return;
        }
        if (typeof (value as PromiseLike<unknown>).then === "function") {
          this.#awaitPromise(call, value as PromiseLike<unknown>);
          return;
        }
        if (isAsyncGenerator(value)) {
          this.#awaitPromise(call, drained(value, call.context));
          return;
        }
      } catch (thrown) {
        this.threw(call, thrown);
        return;
      }
    }
    this.resolved(call, value);
  }

  exited(call: Call, exit: Exit.Exit<unknown, unknown>): void {
    if (Exit.isSuccess(exit)) this.resolved(call, exit.value);
    else this.#core.jobs.callIsOver(call, Exit.failCause(blamed(exit.cause, call)));
  }

  #forkStep(call: Call, effect: Effect.Effect<unknown, unknown>): void {
    const fiber = this.#core.forkWithin(call.context, effect);
    const exit = fiber.pollUnsafe();
    if (exit !== undefined) {
      this.exited(call, exit);
      return;
    }
    const { jobs } = this.#core;
    const job = jobs.newLeaf(call);
    job.fiber = fiber;
    fiber.addObserver((ended) => jobs.leafIsOver(job, call, ended));
  }

  #awaitPromise(call: Call, thenable: PromiseLike<unknown>): void {
    const { jobs } = this.#core;
    // The job is created after `then` has been called: if that throws, nothing is under way.
    whenSettled(
      thenable,
      (value) => this.#fulfilled(job, call, value),
      (thrown) =>
        jobs.leafIsOver(
          job,
          call,
          job.cancelled ? Exit.interrupt() : Exit.failCause(thrownCause(call, thrown)),
        ),
    );
    const job = jobs.newLeaf(call);
  }

  /** A promise was fulfilled, perhaps with an Effect, which is then run in its place. */
  #fulfilled(job: Job, call: Call, value: unknown): void {
    const { jobs } = this.#core;
    const { settled, cancelled, frame } = job;
    const isOver = settled || cancelled || (frame.ending !== undefined && !frame.isFinal(job.index));
    if (isOver || !isBareEffect(value)) {
      jobs.leafIsOver(job, call, Exit.succeed(value));
      return;
    }
    jobs.remove(job);
    this.returned(call, value);
    this.#core.drain();
  }

  threw(call: Call, thrown: unknown): void {
    this.#core.jobs.callIsOver(call, Exit.failCause(thrownCause(call, thrown)));
  }

  resolved(call: Call, value: unknown): void {
    switch (returnsOf[call.phase]) {
      case "output":
        if (call.attempt === undefined) this.#core.provide(call.frame, call.index, value, call.count);
        else call.attempt.done(Exit.succeed(value));
        return;
      case "choice":
        return this.#core.expansions.choose(call, value);
      case "state":
        return this.#core.loops.begin(call, value);
      case "expansion":
        return this.#core.expansions.expand(call, value);
    }
  }

  /** Decodes the inputs of a call, and continues: immediately if no schema is asynchronous. */
  decode(
    call: Call,
    declared: ReadonlyArray<GraphInput>,
    next: (values: ReadonlyArray<unknown>) => void,
  ): void {
    const decoding = decodeInputs(declared, call.inputs, call.path);
    if (Exit.isExit(decoding) && Exit.isSuccess(decoding)) {
      next(decoding.value as ReadonlyArray<unknown>);
      return;
    }
    const { jobs } = this.#core;
    const fiber = this.#core.forkWithin(call.context, decoding);
    const job = jobs.newLeaf(call);
    job.fiber = fiber;
    fiber.addObserver((exit) => {
      if (job.settled) return;
      if (Exit.isSuccess(exit) && !job.cancelled && job.frame.ending === undefined) {
        jobs.remove(job);
        next(exit.value);
      } else {
        jobs.isOver(job, exit);
      }
      this.#core.drain();
    });
  }
}
