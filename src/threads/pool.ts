/**
 * Threads, and the queue of tasks. A task goes to the thread with the lowest load, and to a busy one only if the step
 * there waits for something. A thread that ends by itself is replaced, and the tasks that it was running run again, each alone on a
 * thread: a step that ends three threads fails.
 */
import * as Effect from "effect/Effect";
import type { Answer, Said, Task } from "../workers/task.ts";
import type { Job } from "./job.ts";
import { isMarkedThread } from "./marked-thread.ts";
import { Thread } from "./thread-handle.ts";

const threadsOfThreads =
  "the run was started on a worker thread. A module that threads import must not run pipelines with workers by itself: export them from a separate module, or run them only if isMainThread of node:worker_threads is true.";

/** A step that has ended this many threads is not run again. */
const mostDeaths = 3;
/** The maximum number of waiting steps on one thread. */
const mostTogether = 64;
/** Idle threads end after this time. */
const keptMillis = 2_000;

export class Pool {
  readonly #module: string;
  readonly #size: number;
  readonly #waiting: Array<Job> = [];
  readonly #threads = new Set<Thread>();
  #users = 0;
  #ending: NodeJS.Timeout | undefined;
  #lastId = 0;

  constructor(module: string, size: number) {
    this.#module = module;
    this.#size = size;
  }

  acquire(): void {
    clearTimeout(this.#ending);
    this.#users++;
  }

  /** Threads are kept for a while: starting them takes longer than most runs. */
  release(): void {
    if (--this.#users > 0) return;
    this.#ending = setTimeout(() => {
      for (const thread of this.#threads) thread.end();
      this.#threads.clear();
    }, keptMillis);
    this.#ending.unref();
  }

  perform(task: Task, listen: (said: Said) => void): Effect.Effect<Answer> {
    // Otherwise threads would start threads without end.
    if (isMarkedThread()) return Effect.succeed({ type: "refused", reason: threadsOfThreads });
    return Effect.callback((resume) => {
      const job: Job = {
        id: ++this.#lastId,
        task,
        listen,
        done: (answer) =>
          job.whenStopped === undefined ? resume(Effect.succeed(answer)) : job.whenStopped(),
        deaths: 0,
        whenStopped: undefined,
      };
      this.#waiting.push(job);
      this.#dispatch();
      return Effect.callback<void>((stopped) => {
        const waiting = this.#waiting.indexOf(job);
        if (waiting !== -1) this.#waiting.splice(waiting, 1);
        const thread = [...this.#threads].find((each) => each.has(job));
        if (thread === undefined) {
          stopped(Effect.void);
          return;
        }
        job.whenStopped = () => stopped(Effect.void);
        thread.interrupt(job);
      });
    });
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const job = this.#waiting[0]!;
      const thread = this.#threadFor(job);
      if (thread === undefined) return;
      this.#waiting.shift();
      thread.perform(job);
    }
  }

  #threadFor(job: Job): Thread | undefined {
    const idle = [...this.#threads].find((thread) => thread.running === 0);
    if (idle !== undefined) return idle;
    if (this.#threads.size < this.#size) return this.#start();
    if (job.deaths > 0) return undefined;
    const free = [...this.#threads].filter((thread) => thread.hasTime && thread.running < mostTogether);
    return free.reduce<Thread | undefined>(
      (best, thread) => (best === undefined || thread.running < best.running ? thread : best),
      undefined,
    );
  }

  #start(): Thread {
    const thread = new Thread(this.#module, {
      free: () => this.#dispatch(),
      broken: (jobs, reason) => this.#broken(thread, jobs, reason),
      ended: (jobs, reason) => this.#ended(thread, jobs, reason),
    });
    this.#threads.add(thread);
    return thread;
  }

  /** A thread could not load its module. Others cannot either, so no waiting task can run. The next task tries again. */
  #broken(thread: Thread, jobs: ReadonlyArray<Job>, reason: string): void {
    this.#threads.delete(thread);
    for (const job of [...jobs, ...this.#waiting.splice(0)]) {
      job.done({ type: "refused", reason: `the worker thread cannot run it: ${reason}` });
    }
  }

  /** A thread has ended with these jobs; `reason` is set if it ended by itself while they were running. */
  #ended(thread: Thread, jobs: ReadonlyArray<Job>, reason: string | undefined): void {
    this.#threads.delete(thread);
    for (const job of jobs.toReversed()) {
      if (job.whenStopped !== undefined) {
        job.done({ type: "interrupted" });
        continue;
      }
      if (reason !== undefined) job.deaths++;
      if (job.deaths < mostDeaths) this.#waiting.unshift(job);
      else {
        const times = `${mostDeaths} worker threads ended while they ran it (${reason}). Find out what ends the thread, such as process.exit or a lack of memory, or give the step where: "here".`;
        job.done({ type: "refused", reason: times });
      }
    }
    this.#dispatch();
  }
}
