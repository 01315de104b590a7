/**
 * Pools: named limits that steps share. Counters and queues, never locks.
 *
 * A slot is held while a user's function is under way, and by nothing that waits: a dynamic step gives its slot back when
 * it has expanded, and a step that is retried between its attempts. So no step waits for a slot while it holds another,
 * and pools cannot deadlock, however dynamic steps and the steps in them share them.
 */
import type { Frame } from "./frame.ts";

interface Waiting {
  readonly frame: Frame;
  readonly index: number;
  readonly wake: () => void;
}

interface Pool {
  readonly limit: number;
  used: number;
  /** Nodes that wait for a slot, from `next` on. */
  waiting: Array<Waiting>;
  next: number;
}

export class Pools {
  readonly #pools = new Map<string, Pool>();
  /** Which nodes of a frame hold a slot of which pool. */
  readonly #held = new Map<Frame, Map<number, Pool>>();

  constructor(limits: Readonly<Record<string, number>>) {
    for (const [name, limit] of Object.entries(limits)) {
      this.#pools.set(name, { limit, used: 0, waiting: [], next: 0 });
    }
  }

  /** How many nodes wait for a slot. */
  get waiting(): number {
    let count = 0;
    for (const { next, waiting } of this.#pools.values()) count += waiting.length - next;
    return count;
  }

  /** Takes a slot for a node that is about to start. False: it waits, and is woken when it holds one. */
  take(frame: Frame, index: number, name: string, wake: () => void): boolean {
    const pool = this.#pools.get(name);
    if (pool === undefined || this.#held.get(frame)?.has(index) === true) return true;
    if (pool.used >= pool.limit) {
      pool.waiting.push({ frame, index, wake });
      return false;
    }
    this.#hold(frame, index, pool);
    return true;
  }

  /** A node is done with its slot, if it holds one: the slot goes to the first that waits. */
  giveBack(frame: Frame, index: number): void {
    const held = this.#held.get(frame);
    const pool = held?.get(index);
    if (held === undefined || pool === undefined) return;
    held.delete(index);
    if (held.size === 0) this.#held.delete(frame);
    pool.used--;
    this.#wakeFirst(pool);
  }

  #wakeFirst(pool: Pool): void {
    while (pool.used < pool.limit && pool.next < pool.waiting.length) {
      const { frame, index, wake } = pool.waiting[pool.next++]!;
      if (frame.ending !== undefined) continue;
      this.#hold(frame, index, pool);
      wake();
    }
    if (pool.next > 1024 && pool.next * 2 > pool.waiting.length) {
      pool.waiting = pool.waiting.slice(pool.next);
      pool.next = 0;
    }
  }

  #hold(frame: Frame, index: number, pool: Pool): void {
    pool.used++;
    let held = this.#held.get(frame);
    if (held === undefined) this.#held.set(frame, (held = new Map()));
    held.set(index, pool);
  }
}
