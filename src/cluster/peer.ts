/** Another runner that performs steps of this one's runs: the tasks it has in progress, and its load. */
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Scope from "effect/Scope";
import type { RunnerInfo, StepAddress } from "../serve/runner-info.ts";
import type { Answer } from "../workers/task.ts";
import type { Job } from "./job.ts";
import type { Batch, Order, Reply } from "./messages.ts";
import { SharedValues } from "./shared-values.ts";
import type { Outgoing } from "./transport.ts";
import { connect, mostInBatch, mostLength } from "./transport.ts";

/** The amount of work that is sent ahead, so that the runner stays busy until more arrives. */
const aheadMillis = 60;
const mostAhead = 256;
/** The maximum number of waiting steps that are sent to one runner. */
const mostWaiting = 512;
/** A runner that does not report its tasks in progress within this time is assumed to have none. */
const askedMillis = 1_000;

/** The load for each step that can compute at once. Waiting steps only break ties. */
export const loadOf = (busy: number, waiting: number, size: number): number =>
  (busy + waiting / 1_000) / size;

/** Receives the events of a peer. */
export interface PeerOwner {
  /** The peer may have capacity for more. */
  readonly free: () => void;
  readonly answered: (peer: Peer, job: Job, answer: Answer) => void;
  /** The peer returns a task. */
  readonly returned: (peer: Peer, job: Job) => void;
  readonly lost: (peer: Peer, jobs: ReadonlyArray<Job>, reason: string) => void;
}

export type PeerInfo = RunnerInfo & { readonly steps: StepAddress };

export class Peer {
  info: PeerInfo;
  wasReady = false;
  /** The number of consecutive times that it was not among the living runners. */
  missing = 0;
  readonly #owner: PeerOwner;
  readonly #scope = Scope.makeUnsafe();
  #outgoing: Outgoing | undefined;
  readonly #jobs = new Map<number, Job>();
  readonly #ids = new Map<Job, number>();
  readonly #asked = new Map<number, (places: ReadonlyArray<string>) => void>();
  readonly #shared = new SharedValues((shared) => this.#order({ type: "forget", shared: [shared] }));
  #orders: Array<string> = [];
  #length = 0;
  #lastId = 0;
  #waiting = 0;
  #size = 1;
  /** The number of steps that it performs for others. */
  #others = 0;
  /** The estimated milliseconds for one task. */
  #pace = aheadMillis;
  #lastBatch = 0;
  /** Resolves once the connection is established or has failed. */
  readonly settled: Promise<void>;
  #settle: () => void = () => {};
  #isReady = false;
  /** It accepts no more tasks. */
  isStopping = false;
  #isLost = false;

  constructor(info: PeerInfo, owner: PeerOwner) {
    this.info = info;
    this.#owner = owner;
    this.settled = new Promise((resolve) => (this.#settle = resolve));
    const connecting = connect(
      info.steps,
      (text) => this.#heard(JSON.parse(text) as Batch),
      (reason) => this.drop(reason),
    );
    Effect.runFork(
      Effect.match(Scope.provide(connecting, this.#scope), {
        onSuccess: (outgoing) => {
          this.#outgoing = outgoing;
          this.flush();
        },
        onFailure: () => {},
      }),
    );
  }

  /** The name of the runner, for messages. */
  get name(): string {
    return `${this.info.host}:${this.info.pid}`;
  }

  get isBusy(): boolean {
    return this.#jobs.size > 0;
  }

  get isReady(): boolean {
    return this.#isReady && !this.isStopping;
  }

  /** The number of tasks that it can receive now. */
  get room(): number {
    if (!this.isReady || this.#waiting >= mostWaiting) return 0;
    const ahead = Math.min(mostAhead, Math.max(1, Math.floor(aheadMillis / this.#pace)));
    return this.#size + ahead - (this.#jobs.size - this.#waiting);
  }

  /** The number of its tasks that wait for something. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Its load, for each step that it can compute at once. */
  get load(): number {
    return loadOf(this.#jobs.size - this.#waiting + this.#others, this.#waiting, this.#size);
  }

  /** Returns an error message if the task cannot be sent. */
  perform(job: Job): string | undefined {
    const id = ++this.#lastId;
    const sent = this.#shared.of(job.task);
    const text = JSON.stringify({ type: "perform", id, ...sent } satisfies Order);
    if (text.length > mostLength) {
      this.#shared.unsent(sent.shared);
      return `its inputs have ${text.length} characters as text, and a message between runners has at most ${mostLength}`;
    }
    if (this.#jobs.size === 0) this.#lastBatch = performance.now();
    this.#jobs.set(id, job);
    this.#ids.set(job, id);
    this.#push(text);
    return undefined;
  }

  /** Interrupts a job. Returns false if the runner does not have it. */
  interrupt(job: Job): boolean {
    const id = this.#ids.get(job);
    if (id === undefined) return false;
    this.#order({ type: "interrupt", id });
    this.flush();
    return true;
  }

  /** The positions of the tasks of a run that it has started for an owner that is gone. */
  orphansOf(runId: string): Promise<ReadonlyArray<string>> {
    return new Promise((resolve) => {
      if (this.#isLost) return resolve([]);
      const id = ++this.#lastId;
      const timer = setTimeout(() => this.#asked.get(id)?.([]), askedMillis);
      this.#asked.set(id, (places) => {
        clearTimeout(timer);
        this.#asked.delete(id);
        resolve(places);
      });
      this.#order({ type: "ask", id, runId });
      this.flush();
    });
  }

  flush(): void {
    if (this.#outgoing === undefined || this.#orders.length === 0) return;
    const text = `[${this.#orders.join(",")}]`;
    this.#orders = [];
    this.#length = 0;
    this.#outgoing.send(text);
  }

  /** Drops the runner: its tasks in progress are lost. */
  drop(reason: string): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#isReady = false;
    this.#settle();
    this.#shared.close();
    Effect.runFork(Scope.close(this.#scope, Exit.void));
    for (const answer of this.#asked.values()) answer([]);
    const jobs = [...this.#jobs.values()];
    this.#jobs.clear();
    this.#ids.clear();
    this.#owner.lost(this, jobs, reason);
  }

  #order(order: Order): void {
    this.#push(JSON.stringify(order));
  }

  #push(text: string): void {
    if (this.#length + text.length > mostInBatch) this.flush();
    this.#orders.push(text);
    this.#length += text.length;
  }

  #heard({ load, size, replies }: Batch): void {
    if (this.#isLost) return;
    this.#isReady = true;
    this.wasReady = true;
    this.#settle();
    this.#size = size;
    let answers = 0;
    for (const reply of replies) {
      if (reply.type === "answered") answers++;
      this.#obey(reply);
    }
    this.#measure(answers);
    this.#others = Math.max(0, load - (this.#jobs.size - this.#waiting));
    this.#owner.free();
  }

  /** Measures the recent time for one task. */
  #measure(answers: number): void {
    const now = performance.now();
    if (answers > 0) this.#pace = (this.#pace + (now - this.#lastBatch) / answers) / 2;
    if (answers > 0) this.#lastBatch = now;
  }

  #obey(reply: Reply): void {
    switch (reply.type) {
      case "stopping":
        this.isStopping = true;
        return;
      case "stopped":
        return this.drop("");
      case "known":
        return this.#asked.get(reply.id)?.(reply.places);
      case "said": {
        const job = this.#jobs.get(reply.id);
        if (job === undefined) return;
        if (reply.said.type === "began") job.hasBegun = true;
        if (reply.said.type === "waits" && !job.isWaiting) {
          job.isWaiting = true;
          this.#waiting++;
        }
        return job.listen(reply.said);
      }
      case "answered":
      case "returned": {
        const job = this.#jobs.get(reply.id);
        if (job === undefined) return;
        this.#jobs.delete(reply.id);
        this.#ids.delete(job);
        if (job.isWaiting) this.#waiting--;
        job.isWaiting = false;
        if (reply.type === "answered") this.#owner.answered(this, job, reply.answer);
        else this.#owner.returned(this, job);
      }
    }
  }
}
