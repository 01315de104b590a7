/** Jobs: the work that has started and not ended, with the slots of the concurrency limit that it holds. */
import * as Exit from "effect/Exit";
import { stepKinds } from "../graph/kinds.ts";
import { blamed } from "./blame.ts";
import { expandable } from "./graph.ts";
import type { Core, JobRoom } from "./core.ts";
import type { Phase } from "./phase.ts";
import { returnsOf } from "./phase.ts";
import type { Call } from "./frame.ts";
import { Job } from "./frame.ts";

/** Is a direct value that a function of this phase returns recorded by itself? */
const isRecorded = (phase: Phase): boolean =>
  phase !== "choose" && phase !== "start" && phase !== "contender";

export class Jobs implements JobRoom {
  readonly #core: Core;
  /** The number of taken slots of the concurrency limit. */
  active = 0;

  constructor(core: Core) {
    this.#core = core;
  }

  /** The job of a call whose Promise or fiber is under way. */
  newLeaf(call: Call): Job {
    const job = new Job(call.frame, call.index, call);
    // A step that waits for an outside value may wait for days: no other step should wait for its slot.
    if (stepKinds[call.definition.kind].returns !== "wait") {
      job.takesSlot = true;
      this.active++;
    }
    this.add(job);
    return job;
  }

  add(job: Job): void {
    job.frame.addJob(job);
    if (job.call?.attempt !== undefined) job.call.attempt.job = job;
  }

  remove(job: Job): void {
    job.settled = true;
    job.endGrace?.();
    job.frame.removeJob(job);
    if (job.takesSlot) this.active--;
  }

  isOver(job: Job, exit: Exit.Exit<unknown, unknown>): void {
    if (job.settled) return;
    this.remove(job);
    const core = this.#core;
    const { frame, index, call } = job;
    if (call !== undefined) this.callIsOver(call, exit);
    else if (Exit.isSuccess(exit)) core.provide(frame, index, exit.value, job.attempt);
    else core.failures.failed(frame, index, exit.cause, job.attempt);
    core.frames.checkOver(frame);
    core.drain();
  }

  leafIsOver(job: Job, call: Call, exit: Exit.Exit<unknown, unknown>): void {
    if (job.settled) return;
    const core = this.#core;
    const isOutput = returnsOf[call.phase] === "output";
    if (Exit.isSuccess(exit) && !isOutput && !job.cancelled && job.frame.ending === undefined) {
      this.remove(job);
      core.calls.resolved(call, exit.value);
    } else if (
      Exit.isSuccess(exit) &&
      !isOutput &&
      (core.journal === undefined || !isRecorded(call.phase) || expandable(exit.value) !== undefined)
    ) {
      // Its result is ignored; but with a store, a value that is an output is recorded.
      this.isOver(job, Exit.interrupt());
    } else if (Exit.isSuccess(exit) || job.cancelled) {
      this.isOver(job, exit);
    } else {
      this.isOver(job, Exit.failCause(blamed(exit.cause, call)));
    }
    core.drain();
  }

  callIsOver({ frame, index, attempt, count }: Call, exit: Exit.Exit<unknown, unknown>): void {
    if (attempt !== undefined) attempt.done(exit);
    else if (Exit.isSuccess(exit)) this.#core.provide(frame, index, exit.value, count);
    else this.#core.failures.failed(frame, index, exit.cause, count);
  }
}
