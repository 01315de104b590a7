/** One thread, as seen by the process that started it: the tasks it runs, and how it ends. */
import { Worker } from "node:worker_threads";
import { describe } from "../values/describe.ts";
import type { Job } from "./job.ts";
import type { Order, Reply } from "./messages.ts";
import { Parcels } from "./parcels.ts";

/** The program of a thread is next to this module's entry point, both in source and when built. */
const program = import.meta.url.endsWith(".ts")
  ? new URL("./thread.ts", import.meta.url)
  : new URL("./thread.js", import.meta.url);

/** An interrupted step that blocks its thread is ended with the thread after this time. */
const patienceMillis = 1_000;

/** Receives the events that concern the other threads. */
interface Owner {
  /** The thread has time for another task. */
  readonly free: () => void;
  /** The thread cannot load its module, and has ended with these jobs. */
  readonly broken: (jobs: ReadonlyArray<Job>, reason: string) => void;
  /** The thread has ended, with these jobs; `reason` is set if it ended by itself. */
  readonly ended: (jobs: ReadonlyArray<Job>, reason: string | undefined) => void;
}

export class Thread {
  readonly #worker: Worker;
  readonly #owner: Owner;
  readonly #jobs = new Map<number, Job>();
  /** The jobs that wait for something. */
  readonly #waits = new Set<Job>();
  readonly #parcels: Parcels;
  #isAlone = false;
  #reason: string | undefined;
  #isKilled = false;
  #brokenReason: string | undefined;

  constructor(module: string, owner: Owner) {
    this.#owner = owner;
    this.#worker = new Worker(program, { workerData: { module }, name: "espalier-worker" });
    this.#parcels = new Parcels((parcel) => this.#send({ type: "forget", parcels: [parcel] }));
    this.#worker.on("message", (reply: Reply) => this.#heard(reply));
    this.#worker.on("error", (error: unknown) => (this.#reason = describe(error)));
    this.#worker.on("exit", (code) => this.#exited(code));
    this.#worker.unref();
  }

  get running(): number {
    return this.#jobs.size;
  }

  /** Whether all of its steps wait for something. */
  get hasTime(): boolean {
    return !this.#isAlone && this.#waits.size === this.#jobs.size;
  }

  has(job: Job): boolean {
    return this.#jobs.has(job.id);
  }

  perform(job: Job): void {
    this.#isAlone = job.deaths > 0;
    if (this.#jobs.size === 0) this.#worker.ref();
    this.#jobs.set(job.id, job);
    try {
      this.#send({ type: "perform", id: job.id, ...this.#parcels.of(job.task) });
    } catch (error) {
      this.#over(job);
      const reason = `its inputs cannot be sent to a worker thread: ${describe(error)} Make them plain data, or give the step where: "here".`;
      job.done({ type: "refused", reason });
    }
  }

  interrupt(job: Job): void {
    this.#send({ type: "interrupt", id: job.id });
    setTimeout(() => {
      if (!this.has(job)) return;
      this.#isKilled = true;
      void this.#worker.terminate();
    }, patienceMillis).unref();
  }

  end(): void {
    this.#isKilled = true;
    void this.#worker.terminate();
  }

  #send(order: Order): void {
    this.#worker.postMessage(order);
  }

  #over(job: Job): void {
    this.#jobs.delete(job.id);
    this.#waits.delete(job);
    if (this.#jobs.size === 0) this.#worker.unref();
  }

  #heard(reply: Reply): void {
    switch (reply.type) {
      case "ready":
        return;
      case "broken":
        this.#brokenReason = reply.reason;
        // Work that the module started before it failed may keep the thread alive.
        void this.#worker.terminate();
        return;
      case "said":
        return this.#jobs.get(reply.id)?.listen(reply.said);
      case "waits": {
        const job = this.#jobs.get(reply.id);
        if (job === undefined) return;
        this.#waits.add(job);
        job.listen({ type: "waits" });
        return this.#owner.free();
      }
      case "answered": {
        const job = this.#jobs.get(reply.id);
        if (job === undefined) return;
        this.#over(job);
        job.done(reply.answer);
        return this.#owner.free();
      }
    }
  }

  #exited(code: number): void {
    this.#parcels.close();
    const jobs = [...this.#jobs.values()];
    this.#jobs.clear();
    const broken = this.#brokenReason;
    if (broken !== undefined) {
      this.#owner.broken(jobs, broken);
      return;
    }
    const reason = this.#reason ?? `it exited with code ${code}`;
    this.#owner.ended(jobs, this.#isKilled ? undefined : reason);
  }
}
