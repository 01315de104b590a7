/**
 * Failures and interruption: when a node fails, its map collects the failure, its readers are skipped, or its frame ends;
 * everything that runs within a frame that ends is stopped, or abandoned after the grace period.
 */
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Result from "effect/Result";
import { NotProvided } from "../errors.ts";
import type { ExpansionChanged, StoreCorrupt } from "../errors.ts";
import type { StepDefinition } from "../graph/definition.ts";
import type { Core, FailureRoom } from "./core.ts";
import type { Frame, Job } from "./frame.ts";
import type { MapState } from "./members.ts";
import { State } from "./frame.ts";

/** Does a map continue when one of its items has failed? */
const toleratesFailures = ({ options }: StepDefinition): boolean =>
  options.failures === "collect" || options.enough !== undefined;

export class Failures implements FailureRoom {
  readonly #core: Core;
  #count = 0;

  constructor(core: Core) {
    this.#core = core;
  }

  failed(frame: Frame, index: number, cause: Cause.Cause<unknown>, attempt: number): void {
    const { emitter, journal, limits, loops, maps, pools, races } = this.#core;
    frame.states[index] = State.failed;
    if (frame.hasPools) pools.giveBack(frame, index);
    if (emitter.watcher !== undefined || journal !== undefined) emitter.failed(frame, index, cause, attempt);
    if (frame.graph?.finals !== undefined && this.#isOverWithFinals(frame, index, cause)) return;
    if (frame.ending !== undefined) return;
    const map = frame.map;
    const interrupted = Cause.hasInterruptsOnly(cause);
    if (map?.type === "contenders") {
      races.contenderFailed(frame, map, index, cause);
    } else if (map?.type === "items" && map.definition.options.failures === "collect" && !interrupted) {
      const error = Cause.squash(cause);
      if (journal === undefined) this.collect(frame, index, error);
      else
        journal.keepFailure(frame, index, error, attempt, (recorded) => {
          if (!frame.ended) this.collect(frame, index, recorded);
        });
    } else if (map?.type === "items" && map.definition.options.enough !== undefined && !interrupted) {
      const tooFew = maps.tolerate(frame, map);
      if (tooFew !== undefined) this.endEarly(frame, Cause.fail(tooFew), tooFew.path);
    } else if (limits.finish && !interrupted) {
      (frame.failures ??= []).push(cause);
      if (map?.type === "items") maps.itemIsOver(frame, map);
      else if (map !== undefined) loops.turnFailed(frame);
      else this.#skipReaders(frame, index);
    } else {
      const needsPath = this.#count++ === 0 || emitter.watcher !== undefined;
      this.#endFrames(frame, cause, needsPath ? frame.pathOf(index) : "");
    }
  }

  /** Notes the failure for `finally` steps. Returns true if such a step failed, which changes nothing else. */
  #isOverWithFinals(frame: Frame, index: number, cause: Cause.Cause<unknown>): boolean {
    const isInterrupted = Cause.hasInterruptsOnly(cause);
    const error = isInterrupted
      ? new NotProvided({ path: frame.pathOf(index), status: "interrupted" })
      : Cause.squash(cause);
    (frame.errors ??= new Map()).set(index, error);
    if (!frame.isFinal(index)) return false;
    this.#core.frames.passOver(frame, index);
    return true;
  }

  limitFinals(frame: Frame): void {
    frame.endGrace?.();
    frame.endGrace = this.#afterGrace(() => {
      const left = frame.jobsWithin();
      for (const job of left) this.#stop(job, undefined);
      return left;
    });
  }

  collect(frame: Frame, index: number, error: unknown): void {
    const { maps, pools } = this.#core;
    frame.states[index] = State.failed;
    if (frame.hasPools) pools.giveBack(frame, index);
    const map = frame.map as MapState;
    map.results[index] = Result.fail(error);
    maps.itemIsOver(frame, map);
  }

  /** Steps that read a failed step cannot run, nor can their readers, and so on; the rest of the frame continues. */
  #skipReaders(frame: Frame, failed: number): void {
    const { emitter, frames } = this.#core;
    const push = (to: Frame, index: number): void => this.#core.push(to, index);
    const { readers, readersFrom } = frame.graph!;
    const because = emitter.watcher === undefined ? "" : frame.pathOf(failed);
    const stack = [failed];
    for (let index = stack.pop(); index !== undefined; index = stack.pop()) {
      for (let edge = readersFrom[index]!; edge < readersFrom[index + 1]!; edge++) {
        const reader = readers[edge]!;
        if (frame.states[reader] !== State.waiting) continue;
        if (frame.isFinal(reader)) {
          if (--frame.waits[reader]! === 0) push(frame, reader);
          continue;
        }
        frame.states[reader] = State.skipped;
        frame.remaining--;
        stack.push(reader);
        if (emitter.watcher !== undefined) {
          emitter.emit({ type: "step.skipped", path: frame.pathOf(reader), attempt: 0, because });
        }
      }
    }
    if (--frame.remaining === 0) frames.checkOver(frame);
  }

  /** The first failure of a frame ends it, and every frame above it, up to one that handles the failure. */
  #endFrames(frame: Frame, cause: Cause.Cause<unknown>, path: string): void {
    let top = frame;
    for (;;) {
      const parent = top.parent;
      const isCaught =
        parent === undefined ||
        top.job!.call?.attempt !== undefined ||
        parent.ending !== undefined ||
        parent.map?.type === "contenders" ||
        (parent.map?.type === "items" && toleratesFailures(parent.map.definition));
      if (isCaught) break;
      top = parent;
    }
    this.endEarly(top, cause, path);
    for (let inner: Frame | undefined = frame; inner !== undefined && inner !== top; inner = inner.parent) {
      inner.ending = cause;
      inner.endingPath = path;
    }
  }

  abort(frame: Frame, problem: ExpansionChanged | StoreCorrupt, path: string): void {
    let root = frame;
    while (root.parent !== undefined) root = root.parent;
    this.endEarly(root, Cause.fail(problem), path);
  }

  endEarly(frame: Frame, cause: Cause.Cause<unknown>, path: string, reason?: unknown): void {
    if (frame.ending !== undefined) return;
    const { frames } = this.#core;
    frame.ending = cause;
    frame.endingPath = path;
    const inside = frame.jobsWithin();
    for (const { child } of inside) {
      if (child === undefined || child.ending !== undefined) continue;
      child.ending = Cause.interrupt();
      child.endingPath = path;
    }
    const why = Cause.hasInterruptsOnly(cause) ? reason : Cause.squash(cause);
    // The `finally` steps of the run continue.
    for (const job of inside) if (!job.frame.isFinal(job.index)) this.#stop(job, why);
    for (const { child } of inside) if (child !== undefined) frames.checkOver(child);
    frames.checkOver(frame);
    // If everything that ran has stopped immediately, the `finally` steps have begun, with their own time limit.
    if (!frame.ended && frame.running > 0 && frame.endGrace === undefined) {
      frame.endGrace = this.#afterGrace(() => frame.jobsWithin());
    }
  }

  cancel(job: Job, reason?: unknown): void {
    if (job.child !== undefined) {
      this.endEarly(job.child, Cause.interrupt(), job.frame.pathOf(job.index), reason);
      return;
    }
    this.#stop(job, reason);
    if (!job.settled) job.endGrace ??= this.#afterGrace(() => [job]);
  }

  /** Fires the signal of a job's step with the reason, and interrupts its fiber. */
  #stop(job: Job, reason: unknown): void {
    if (job.settled || job.cancelled) return;
    job.cancelled = true;
    job.call?.abort(reason);
    job.fiber?.interruptUnsafe();
  }

  /** After the grace period, jobs that are still running are abandoned and reported. */
  #afterGrace(remaining: () => ReadonlyArray<Job>): () => void {
    const { emitter, jobs, limits } = this.#core;
    const fiber = this.#core.fork(Effect.sleep(limits.graceMillis));
    fiber.addObserver((exit) => {
      if (Exit.isFailure(exit)) return;
      for (const job of remaining()) {
        if (job.settled || job.child !== undefined) continue;
        const { ending } = job.frame;
        const mayTakeLonger = ending !== undefined && !Cause.hasInterruptsOnly(ending) && !job.cancelled;
        if (mayTakeLonger && job.frame.isFinal(job.index)) continue;
        // A `finally` step that had begun before has not been stopped yet.
        this.#stop(job, undefined);
        if (job.settled) continue;
        if (job.call !== undefined) emitter.leaked(job.call.path, job.call.count);
        jobs.isOver(job, Exit.interrupt());
      }
      this.#core.drain();
    });
    return () => fiber.interruptUnsafe();
  }
}
