/**
 * The owner's side: has each step with `where: "worker"` performed by the runner with the lowest load, this one included. The
 * steps of a lost runner go to others; those that a runner has started for an owner that is gone are joined.
 */
import * as Effect from "effect/Effect";
import type { Answer, Performed, Said, Task } from "../workers/task.ts";
import { textWire } from "../workers/wire.ts";
import type { WorkersService } from "../workers/workers.ts";
import type { Job } from "./job.ts";
import { placeOf } from "./messages.ts";
import type { Peer } from "./peer.ts";
import { loadOf } from "./peer.ts";
import type { PeersOptions } from "./peers.ts";
import { leastLoaded, Peers } from "./peers.ts";
import type { Taken, TaskServer } from "./task-server.ts";
import { Turns } from "./turns.ts";

/** A step during which this many runners were lost is not run again. */
const mostDeaths = 3;

/** How many more waiting steps run here than elsewhere at most, and for how long this waits for an answer from elsewhere. */
const mostAhead = 4;
const aheadMillis = 50;

type Joinable = Map<string, Peer | "here">;

/** How a job is performed here: on the event loop, or on the threads of the run. */
interface Here {
  readonly threads: WorkersService | undefined;
}

interface Placed extends Job {
  readonly within: Here;
  /** A runner, or this one, that has started it for an earlier owner, until it is joined. */
  joins: Peer | "here" | undefined;
  /** It was joined here. */
  taken: Taken | undefined;
}

export class Placing {
  readonly #peers: Peers;
  readonly #server: TaskServer;
  readonly #queue: Array<Placed> = [];
  readonly #turns = new Turns<Placed>(
    (job) => this.#startHere(job),
    (job) => this.#waitsHere(job),
  );
  #busyHere = 0;
  #waitingHere = 0;
  #aheadSince: number | undefined = undefined;
  #isDue = false;
  readonly #joinable = new Map<string, Promise<Joinable>>();

  constructor(options: PeersOptions, server: TaskServer) {
    this.#server = server;
    this.#peers = new Peers(options, {
      free: () => {
        this.#aheadSince = undefined;
        this.#due();
      },
      answered: (peer, job, answer) => this.#answered(peer, job as Placed, answer),
      returned: (_, job) => this.#again(job as Placed),
      lost: (peer, jobs, reason) => this.#lost(peer, jobs as ReadonlyArray<Placed>, reason),
    });
    server.onLoad = () => this.#due();
  }

  close(): void {
    this.#peers.close();
  }

  /** The workers of a run, which may have threads of its own. */
  workers(threads: WorkersService | undefined): WorkersService {
    const within: Here = { threads };
    return {
      wire: textWire,
      sparesOwner: false,
      size: threads?.size ?? 1,
      perform: (task, listen, here) =>
        Effect.suspend(() => {
          const looking = this.#peers.wanted();
          const known = looking === undefined ? Effect.void : Effect.promise(() => looking);
          return Effect.andThen(known, this.#place(task, listen, here, within));
        }),
    };
  }

  #place(
    task: Task,
    listen: (said: Said) => void,
    here: Effect.Effect<Performed>,
    within: Here,
  ): Effect.Effect<Performed> {
    return Effect.suspend(() => {
      // A new run has no earlier owner.
      if ((task.epoch ?? 1) <= 1) return this.#perform(task, listen, here, within, undefined);
      const joinable = Effect.promise(() => this.#joinableOf(task));
      return Effect.flatMap(joinable, (places) => {
        const place = placeOf(task);
        const joins = places.get(place);
        places.delete(place);
        return this.#perform(task, listen, here, within, joins);
      });
    });
  }

  #perform(
    task: Task,
    listen: (said: Said) => void,
    here: Effect.Effect<Performed>,
    within: Here,
    joins: Peer | "here" | undefined,
  ): Effect.Effect<Performed> {
    if (this.#peers.isAlone && joins === undefined) return this.#alone(task, listen, here, within);
    return Effect.callback((resume) => {
      const job: Placed = {
        task,
        listen,
        here,
        within,
        joins,
        taken: undefined,
        resume: (outcome) => {
          if (job.whenStopped === undefined) resume(outcome);
          else job.whenStopped();
        },
        refusedBy: new Set(),
        deaths: 0,
        hasBegun: false,
        isWaiting: false,
        isOver: false,
        whenStopped: undefined,
      };
      this.#queue.push(job);
      this.#due();
      return this.#interruption(job);
    });
  }

  #interruption(job: Placed): Effect.Effect<void> {
    return Effect.callback<void>((stopped) => {
      const at = this.#queue.indexOf(job);
      if (at !== -1) this.#queue.splice(at, 1);
      job.whenStopped = () => stopped(Effect.void);
      if (job.taken !== undefined) return job.taken.interrupt();
      for (const peer of this.#peers.all) if (peer.interrupt(job)) return;
      if (this.#turns.remove(job)) this.#overHere(job);
      stopped(Effect.void);
    });
  }

  /** If this is the only runner, its steps run as they would without a cluster. */
  #alone(
    task: Task,
    listen: (said: Said) => void,
    here: Effect.Effect<Performed>,
    { threads }: Here,
  ): Effect.Effect<Performed> {
    if (threads !== undefined) return threads.perform(task, listen, here);
    this.#peers.sayOnce(
      `No other runner takes steps with where: "worker" of "${task.pipeline}", so they run in this process.`,
    );
    return here;
  }

  /** The tasks of a run that are in progress for its earlier owner: queried once by each owner. */
  #joinableOf({ runId, epoch }: Task): Promise<Joinable> {
    const key = `${epoch} ${runId}`;
    let found = this.#joinable.get(key);
    if (found === undefined) {
      found = this.#ask(runId);
      this.#joinable.set(key, found);
      if (this.#joinable.size > 1_000) this.#joinable.delete(this.#joinable.keys().next().value!);
    }
    return found;
  }

  async #ask(runId: string): Promise<Joinable> {
    await this.#peers.settled();
    const all: Joinable = new Map();
    const asked = [...this.#peers.all].map(async (peer) => {
      for (const place of await peer.orphansOf(runId)) all.set(place, peer);
    });
    await Promise.all(asked);
    for (const place of this.#server.orphansOf(runId)) all.set(place, "here");
    return all;
  }

  // -- Placing -------------------------------------------------------------------------------------------------------

  #due(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.#placeAll();
    });
  }

  #placeAll(): void {
    const left: Array<Placed> = [];
    let seen = 0;
    for (const job of this.#queue) {
      seen++;
      if (this.#placeOne(job)) continue;
      left.push(job);
      // A job that any runner could take waits, and so do those behind it.
      if (job.deaths === 0 && job.refusedBy.size === 0) break;
    }
    this.#queue.splice(0, seen, ...left);
    for (const peer of this.#peers.all) peer.flush();
  }

  #placeOne(job: Placed): boolean {
    if (job.joins !== undefined && this.#join(job, job.joins)) return true;
    const { best, fewestWaiting } = leastLoaded(this.#peers.of(job.task.pipeline), job);
    const { threads } = job.within;
    // A job that may have caused the loss of a runner runs here only if there is no other runner.
    const isForHere = fewestWaiting === undefined || (job.deaths === 0 && !this.#isAhead(fewestWaiting));
    const size = threads?.size ?? 1;
    const room = threads === undefined ? this.#turns.room : 2 * size - this.#busyHere;
    if (isForHere && room > 0 && (best === undefined || this.#loadHere(size) <= best.load)) {
      this.#busyHere++;
      if (threads === undefined) this.#turns.add(job);
      else this.#startOnThreads(job, threads);
      return true;
    }
    if (best === undefined) return false;
    const problem = best.perform(job);
    if (problem === undefined) return true;
    this.#peers.sayOnce(`The step "${job.task.path}" is not sent to another runner: ${problem}.`);
    this.#busyHere++;
    this.#turns.add(job);
    return true;
  }

  /**
   * Waiting steps start immediately here, and only after a round trip elsewhere. They therefore wait a
   * little for the other runners; otherwise all of them would run here.
   */
  #isAhead(fewestWaiting: number): boolean {
    if (this.#waitingHere - fewestWaiting < mostAhead) return false;
    const now = performance.now();
    if (this.#aheadSince === undefined) {
      this.#aheadSince = now;
      setTimeout(() => this.#due(), aheadMillis).unref();
    }
    return now - this.#aheadSince < aheadMillis;
  }

  #loadHere(size: number): number {
    return loadOf(this.#busyHere + this.#server.load, this.#waitingHere, size);
  }

  #join(job: Placed, joins: Peer | "here"): boolean {
    job.joins = undefined;
    if (joins !== "here") return joins.isReady && joins.perform(job) === undefined;
    job.taken = this.#server.take(job.task, {
      said: job.listen,
      done: (answer) => job.resume(Effect.succeed(answer)),
      returned: () => setImmediate(() => this.#again(job)),
    });
    return true;
  }

  // -- Here ----------------------------------------------------------------------------------------------------------

  #startHere(job: Placed): void {
    job.hasBegun = true;
    job.resume(
      Effect.ensuring(
        job.here,
        Effect.sync(() => this.#overHere(job)),
      ),
    );
  }

  #startOnThreads(job: Placed, threads: WorkersService): void {
    const listen = (said: Said): void => {
      if (said.type === "waits") this.#waitsHere(job);
      job.listen(said);
    };
    job.resume(
      Effect.ensuring(
        threads.perform(job.task, listen, job.here),
        Effect.sync(() => this.#overHere(job)),
      ),
    );
  }

  #waitsHere(job: Placed): void {
    if (job.isWaiting || job.isOver) return;
    job.isWaiting = true;
    this.#waitingHere++;
    this.#busyHere--;
    this.#due();
  }

  #overHere(job: Placed): void {
    if (job.isWaiting) this.#waitingHere--;
    else this.#busyHere--;
    job.isOver = true;
    this.#due();
  }

  // -- Elsewhere -----------------------------------------------------------------------------------------------------

  #answered(peer: Peer, job: Placed, answer: Answer): void {
    if (answer.type !== "refused" || job.whenStopped !== undefined) {
      job.resume(Effect.succeed(answer));
      return;
    }
    const { pipeline, step } = job.task;
    this.#peers.sayOnce(
      `Runner ${peer.name} does not perform the step "${step}" of "${pipeline}", which runs elsewhere: ${answer.reason}`,
    );
    job.refusedBy.add(peer.info.steps.id);
    this.#again(job);
  }

  #again(job: Placed): void {
    if (job.whenStopped !== undefined) {
      job.resume(Effect.interrupt);
      return;
    }
    job.isWaiting = false;
    job.taken = undefined;
    this.#queue.unshift(job);
    this.#due();
  }

  #lost(peer: Peer, jobs: ReadonlyArray<Placed>, reason: string): void {
    for (const job of jobs.toReversed()) {
      if (job.hasBegun) job.deaths++;
      job.hasBegun = false;
      if (job.deaths < mostDeaths) this.#again(job);
      else {
        const times = `${mostDeaths} runners were lost while they ran it, the last of them ${peer.name}: ${reason}. Find out what ends them, such as process.exit or a lack of memory, or give the step where: "here".`;
        job.resume(Effect.succeed({ type: "refused", reason: times }));
      }
    }
    this.#due();
  }
}
