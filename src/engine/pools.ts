/**
 * Pools: named limits that steps share. Counters and queues, never locks.
 *
 * A slot is held while a user's function is under way, and never while a step waits: a dynamic step releases its slot when
 * it has expanded, and a retried step between its attempts. So no step waits for a slot while it holds another,
 * and pools cannot deadlock, however dynamic steps and the steps in them share them.
 *
 * A rate limits the starts in *any* window of its length. Effect's `RateLimiter` counts in fixed windows, or by a token
 * bucket, and both let twice the limit start within one window; so the last starts are kept here, as one number each.
 */
import type { Clock } from "effect/Clock";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import type { Fiber } from "effect/Fiber";
import type { PoolLimits } from "../../types/pool.ts";
import type { Limits, PoolValue } from "../graph/pool.ts";
import { limitsOf } from "../graph/pool.ts";
import type { Frame } from "./frame.ts";
import { Starts } from "./starts.ts";

/** The run that pools belong to, as far as they need it. */
export interface PoolHost {
  readonly clock: Clock;
  /** Starts every node that can start. */
  readonly drain: () => void;
  readonly fork: (effect: Effect.Effect<void>) => Fiber<void>;
  /** A step of a pool with a rate starts. */
  readonly onStart: (pool: string, path: string) => void;
  /** The start times of a pool's steps in an earlier part of the run, in milliseconds since 1970. */
  readonly pastStarts: (pool: string) => ReadonlyArray<number>;
}

interface Waiting {
  readonly frame: Frame;
  readonly index: number;
  readonly wake: () => void;
}

/** The shared state of a pool: of one run, or of all runs in this process. */
class SharedPool {
  /** The number of taken slots. */
  used = 0;
  /** The number of them whose function has not been called yet: they count as starts at the current time. */
  starting = 0;
  readonly starts = new Starts();
  /** One for each run. The first is the next to get a slot. */
  readonly queues: Array<RunQueue> = [];

  /** Gives slots to waiting nodes, alternating between runs. `host`: the run that is being served, which drains itself. */
  wake(host: PoolHost): void {
    for (let blocked = 0; blocked < this.queues.length; ) {
      const queue = this.queues[0]!;
      if (this.queues.length > 1) this.queues.push(this.queues.shift()!);
      if (!queue.wakeFirst()) {
        blocked++;
        continue;
      }
      blocked = 0;
      // Not from within the loop of another run.
      if (queue.host !== host) queueMicrotask(queue.host.drain);
    }
  }
}

/** The slots of a pool, for one run: its limits, and which of its nodes wait. */
class RunQueue {
  readonly name: string;
  readonly host: PoolHost;
  readonly shared: SharedPool;
  readonly limits: Limits;
  /** Nodes that wait for a slot, from `#next` on. */
  #waiting: Array<Waiting> = [];
  #next = 0;
  readonly #hold: (frame: Frame, index: number, queue: RunQueue) => void;
  #timer: Fiber<void> | undefined;

  constructor(
    name: string,
    host: PoolHost,
    shared: SharedPool,
    limits: Limits,
    hold: (frame: Frame, index: number, queue: RunQueue) => void,
  ) {
    this.name = name;
    this.host = host;
    this.shared = shared;
    this.limits = limits;
    this.#hold = hold;
  }

  get waiting(): number {
    return this.#waiting.length - this.#next;
  }

  /** In milliseconds of the monotonic clock. */
  get now(): number {
    return Number(this.host.clock.monotonicTimeNanosUnsafe()) / 1e6;
  }

  /** The delay until another may start: 0 means now; Infinity, not before a slot is released or a function is called. */
  #delay(): number {
    const { limits, shared } = this;
    if (shared.used >= limits.concurrency) return Infinity;
    return limits.rate === undefined ? 0 : shared.starts.delay(limits.rate, this.now, shared.starting);
  }

  /** Takes a slot immediately, if one is free and no node waits for it. */
  takeNow(frame: Frame, index: number): boolean {
    if (this.waiting > 0 || this.#delay() > 0) return false;
    this.#hold(frame, index, this);
    return true;
  }

  wait(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.#setTimer(this.#delay());
  }

  /** Removes a waiting node. */
  leave(frame: Frame, index: number): void {
    const at = this.#waiting.findIndex((each) => each.frame === frame && each.index === index);
    if (at >= this.#next) this.#waiting.splice(at, 1);
  }

  /** Gives a slot to the first waiting node. Returns false if no node waits, or no slot is free. */
  wakeFirst(): boolean {
    while (this.#next < this.#waiting.length) {
      const { frame, index, wake } = this.#waiting[this.#next]!;
      if (frame.ending === undefined) {
        const delay = this.#delay();
        if (delay > 0) {
          this.#setTimer(delay);
          return false;
        }
      }
      this.#next++;
      this.#cut();
      if (frame.ending !== undefined) continue;
      this.#hold(frame, index, this);
      wake();
      return true;
    }
    return false;
  }

  #cut(): void {
    if (this.#next <= 1024 || this.#next * 2 <= this.#waiting.length) return;
    this.#waiting = this.#waiting.slice(this.#next);
    this.#next = 0;
  }

  /** Checks again when the rate allows another start. */
  #setTimer(delay: number): void {
    if (this.#timer !== undefined || !Number.isFinite(delay)) return;
    const timer = this.host.fork(Effect.sleep(Math.ceil(delay)));
    this.#timer = timer;
    timer.addObserver((exit) => {
      if (this.#timer !== timer) return;
      this.#timer = undefined;
      if (Exit.isFailure(exit)) return;
      this.shared.wake(this.host);
      this.host.drain();
    });
  }

  close(): void {
    const timer = this.#timer;
    this.#timer = undefined;
    timer?.interruptUnsafe();
    this.#waiting = [];
    this.#next = 0;
    this.shared.queues.splice(this.shared.queues.indexOf(this), 1);
  }
}

/** A slot that a node holds. */
interface Slot {
  readonly queue: RunQueue;
  /** Its function has been called. */
  hasStarted: boolean;
}

/** The pools of this process, by the clock of their times and by name. */
const ofProcess = new WeakMap<Clock, Map<string, SharedPool>>();

const processPools = (clock: Clock): Map<string, SharedPool> => {
  let pools = ofProcess.get(clock);
  if (pools === undefined) ofProcess.set(clock, (pools = new Map()));
  return pools;
};

/** The pools that a run has encountered. */
export class Pools {
  readonly #host: PoolHost;
  readonly #overrides: Readonly<Record<string, number | PoolLimits>>;
  readonly #queues = new Map<string, RunQueue>();
  /** Which nodes of a frame hold a slot of which pool. */
  readonly #held = new Map<Frame, Map<number, Slot>>();

  constructor(host: PoolHost, overrides: Readonly<Record<string, number | PoolLimits>>) {
    this.#host = host;
    this.#overrides = overrides;
  }

  /** The number of nodes that wait for a slot. */
  get waiting(): number {
    let count = 0;
    for (const { waiting } of this.#queues.values()) count += waiting;
    return count;
  }

  /** Adds a value that steps of the run name: it sets the limits of its name, also for steps that name it by a string. */
  meet(pool: PoolValue): void {
    if (!this.#queues.has(pool.name)) this.#add(pool.name, pool);
  }

  #add(name: string, pool: PoolValue | undefined): RunQueue | undefined {
    const override = Object.hasOwn(this.#overrides, name) ? this.#overrides[name] : undefined;
    if (pool === undefined && override === undefined) return undefined;
    const shared = this.#sharedPool(name, pool?.scope === "process");
    const limits = limitsOf(pool ?? {}, override);
    const queue = new RunQueue(name, this.#host, shared, limits, (frame, index, from) =>
      this.#hold(frame, index, from),
    );
    shared.queues.push(queue);
    if (limits.rate !== undefined) shared.starts.keepFor(limits.rate.perMillis);
    this.#queues.set(name, queue);
    return queue;
  }

  #sharedPool(name: string, isOfProcess: boolean): SharedPool {
    const { clock } = this.#host;
    const known = isOfProcess ? processPools(clock).get(name) : undefined;
    if (known !== undefined) return known;
    const shared = new SharedPool();
    if (isOfProcess) processPools(clock).set(name, shared);
    // The starts of an earlier part of the run, in a process that is gone.
    const now = Number(clock.monotonicTimeNanosUnsafe()) / 1e6;
    const wallNow = clock.currentTimeMillisUnsafe();
    for (const time of this.#host.pastStarts(name)) shared.starts.add(now - Math.max(0, wallNow - time));
    return shared;
  }

  /** Takes a slot for a node that is about to start. Returns false if it must wait; it is woken when it holds one. */
  take(frame: Frame, index: number, name: string, wake: () => void): boolean {
    const queue = this.#queues.get(name) ?? this.#add(name, undefined);
    if (queue === undefined || this.#held.get(frame)?.has(index) === true) return true;
    if (queue.takeNow(frame, index)) return true;
    queue.wait({ frame, index, wake });
    return false;
  }

  /** The function of a node is called now: that is its start. */
  started(frame: Frame, index: number): void {
    const slot = this.#held.get(frame)?.get(index);
    if (slot === undefined || slot.hasStarted) return;
    slot.hasStarted = true;
    const { queue } = slot;
    queue.shared.starting--;
    if (!queue.shared.starts.isKept) return;
    queue.shared.starts.add(queue.now);
    this.#host.onStart(queue.name, frame.pathOf(index));
    // The delay of the nodes that waited for this start is now known.
    queue.shared.wake(this.#host);
  }

  /** A node that waits for a slot must no longer start. */
  leave(frame: Frame, index: number, name: string): void {
    this.#queues.get(name)?.leave(frame, index);
    this.giveBack(frame, index);
  }

  /** A node is done with its slot, if it holds one: the slot goes to the first waiting node. */
  giveBack(frame: Frame, index: number): void {
    const held = this.#held.get(frame);
    const slot = held?.get(index);
    if (held === undefined || slot === undefined) return;
    held.delete(index);
    if (held.size === 0) this.#held.delete(frame);
    this.#free(slot);
    slot.queue.shared.wake(this.#host);
  }

  #free({ queue, hasStarted }: Slot): void {
    queue.shared.used--;
    if (!hasStarted) queue.shared.starting--;
  }

  #hold(frame: Frame, index: number, queue: RunQueue): void {
    queue.shared.used++;
    queue.shared.starting++;
    let held = this.#held.get(frame);
    if (held === undefined) this.#held.set(frame, (held = new Map()));
    held.set(index, { queue, hasStarted: false });
  }

  /** The run has ended: releases its slots, and ends its waits and timers. */
  close(): void {
    for (const held of this.#held.values()) for (const slot of held.values()) this.#free(slot);
    this.#held.clear();
    const { clock } = this.#host;
    for (const queue of this.#queues.values()) {
      const { name, shared } = queue;
      queue.close();
      shared.wake(this.#host);
      const isUnused = shared.queues.length === 0 && shared.starts.isOver(queue.now);
      if (isUnused && processPools(clock).get(name) === shared) processPools(clock).delete(name);
    }
    this.#queues.clear();
  }
}
