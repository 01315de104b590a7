/**
 * The other runners, from the list of living runners in the store: connects to those that perform steps, drops those
 * that are gone, and logs once why one cannot take part.
 */
import { hostname } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import * as Effect from "effect/Effect";
import type { StoreService } from "../journal/store.ts";
import type { RunnerInfo } from "../serve/runner-info.ts";
import { readRunner } from "../serve/runner-info.ts";
import type { Job } from "./job.ts";
import type { PeerInfo, PeerOwner } from "./peer.ts";
import { Peer } from "./peer.ts";

/** The interval between two reads of the list while there are steps for others. */
const everyMillis = 500;
/** A runner that could not be reached is retried after this time. */
const againMillis = 2_000;
/** A runner that is missing from the list this many times in a row is gone. */
const mostMissing = 2;
/** The maximum time that the first steps wait for connections. */
const patienceMillis = 3_000;
/** Connections are kept for this long after the last step. */
const keptMillis = 30_000;

export interface PeersOptions {
  readonly store: StoreService;
  readonly id: string;
  /** The pipelines here, by name. */
  readonly pipelines: () => RunnerInfo["pipelines"];
  readonly say: (line: string) => void;
}

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || host.startsWith("127.");

export class Peers {
  readonly #options: PeersOptions;
  readonly #owner: PeerOwner;
  readonly #peers = new Map<string, Peer>();
  readonly #unreachable = new Map<string, number>();
  readonly #said = new Set<string>();
  #wanted = -keptMillis;
  #first: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: PeersOptions, owner: PeerOwner) {
    this.#options = options;
    this.#owner = {
      ...owner,
      lost: (peer, jobs, reason) => {
        this.#lost(peer, reason);
        owner.lost(peer, jobs, reason);
      },
    };
  }

  /** The runners that can take steps of a pipeline now. */
  *of(pipeline: string): Generator<Peer> {
    const mine = this.#options.pipelines()[pipeline];
    for (const peer of this.#peers.values()) {
      if (peer.isReady && peer.info.pipelines[pipeline] === mine) yield peer;
    }
  }

  get all(): Iterable<Peer> {
    return this.#peers.values();
  }

  get isAlone(): boolean {
    return this.#peers.size === 0;
  }

  /** Called when there are steps to perform: resolves once it is known which runners can perform them. */
  wanted(): Promise<void> | undefined {
    const now = performance.now();
    const isFirst = now - this.#wanted >= keptMillis;
    this.#wanted = now;
    if (this.#isClosed || !isFirst) return this.#first;
    clearTimeout(this.#timer);
    this.#first = this.#meetAll().finally(() => (this.#first = undefined));
    return this.#first;
  }

  /** Resolves once each connection is established or has failed. */
  async settled(): Promise<void> {
    await Promise.all([...this.#peers.values()].map(({ settled }) => settled));
  }

  /** Logs a line once. */
  sayOnce(line: string): void {
    if (this.#said.has(line)) return;
    this.#said.add(line);
    this.#options.say(line);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const peer of this.#peers.values()) peer.drop("this runner stops");
  }

  /** Steps wait until the runners that can be reached immediately are connected. */
  async #meetAll(): Promise<void> {
    await this.#look();
    await Promise.race([this.settled(), pause(patienceMillis, undefined, { ref: false })]);
  }

  async #look(): Promise<void> {
    // If the list cannot be read, the known runners stay.
    const texts = await Effect.runPromise(
      Effect.orElseSucceed(this.#options.store.runners(), () => undefined),
    );
    if (this.#isClosed) return;
    if (texts !== undefined) this.#update(texts.map(readRunner));
    this.#timer = setTimeout(() => {
      const peers = [...this.#peers.values()];
      const isWanted = performance.now() - this.#wanted < keptMillis || peers.some(({ isBusy }) => isBusy);
      if (isWanted) void this.#look();
      else for (const peer of peers) peer.drop("");
    }, everyMillis);
    this.#timer.unref();
  }

  #update(runners: ReadonlyArray<RunnerInfo>): void {
    const living = new Map<string, PeerInfo>();
    for (const info of runners) {
      const { steps } = info;
      if (steps !== undefined && steps.id !== this.#options.id) living.set(steps.id, { ...info, steps });
    }
    for (const peer of this.#peers.values()) {
      const info = living.get(peer.info.steps.id);
      if (info !== undefined) {
        peer.info = info;
        peer.missing = 0;
        // A stopping runner withdraws, and finishes the tasks that it has started.
      } else if (!peer.isStopping && ++peer.missing >= mostMissing) peer.drop("its lease has ended");
    }
    for (const info of living.values()) this.#meet(info);
  }

  #meet(info: PeerInfo): void {
    const { host, pid, steps } = info;
    const mine = this.#options.pipelines();
    const common = Object.keys(mine).filter((name) => info.pipelines[name] !== undefined);
    for (const name of common) {
      if (info.pipelines[name] !== mine[name])
        this.sayOnce(
          `Runner ${host}:${pid} has another version of "${name}": steps of that pipeline are not sent to it.`,
        );
    }
    if (!common.some((name) => info.pipelines[name] === mine[name])) return;
    if (isLoopback(steps.host) && host !== hostname()) {
      this.sayOnce(
        `Runner ${host}:${pid} is on another machine and listens at ${steps.host} only: steps are not sent to it. Start it with --host and an address that other machines can reach.`,
      );
      return;
    }
    if (this.#peers.has(steps.id) || (this.#unreachable.get(steps.id) ?? 0) > performance.now()) return;
    this.#peers.set(steps.id, new Peer(info, this.#owner));
  }

  #lost(peer: Peer, reason: string): void {
    const { id, host, port } = peer.info.steps;
    const wasKnown = this.#unreachable.has(id);
    this.#peers.delete(id);
    this.#unreachable.set(id, performance.now() + againMillis);
    if (reason === "" || this.#isClosed) return;
    if (peer.wasReady) this.#options.say(`Runner ${peer.name} is gone: ${reason}.`);
    // A runner that has just ended stays in the list for a moment.
    else if (!wasKnown)
      this.sayOnce(
        `Runner ${peer.name} cannot be reached at ${host}:${port}: ${reason}. Steps are not sent to it.`,
      );
  }
}

/** The runners that can take a job. */
export interface Candidates {
  /** The runner with the lowest load that has room for it. */
  readonly best: Peer | undefined;
  /** The lowest number of waiting steps at any such runner; undefined if no runner can perform the job at all. */
  readonly fewestWaiting: number | undefined;
}

export const leastLoaded = (peers: Iterable<Peer>, job: Job): Candidates => {
  let best: Peer | undefined;
  let fewestWaiting: number | undefined;
  for (const peer of peers) {
    if (job.refusedBy.has(peer.info.steps.id)) continue;
    fewestWaiting = Math.min(fewestWaiting ?? Infinity, peer.waiting);
    if (peer.room > 0 && (best === undefined || peer.load < best.load)) best = peer;
  }
  return { best, fewestWaiting };
};
