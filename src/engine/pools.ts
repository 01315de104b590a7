/**
 * Pools: named limits that steps share. Counters and queues, never locks.
 *
 * A dynamic step keeps its slot of a pool while its sub-pipeline runs, and lends it to one of its steps at a time: a
 * pool of one can hold a dynamic step whose steps need the same pool, and still nothing waits for itself.
 */
import type { Frame, LentSlot } from "./frame.ts";

interface Pool {
  readonly limit: number;
  used: number;
  /** Nodes that are ready but for the pool, from `next` on. */
  waiting: Array<readonly [Frame, number]>;
  next: number;
}

export class Pools {
  readonly #pools = new Map<string, Pool>();
  readonly #held = new Map<Frame, Map<number, Pool | LentSlot>>();
  readonly #wake: (frame: Frame, index: number) => void;

  constructor(limits: Readonly<Record<string, number>>, wake: (frame: Frame, index: number) => void) {
    for (const [name, limit] of Object.entries(limits)) {
      this.#pools.set(name, { limit, used: 0, waiting: [], next: 0 });
    }
    this.#wake = wake;
  }

  /** How many nodes wait for a slot. */
  get waiting(): number {
    let count = 0;
    for (const { next, waiting } of this.#pools.values()) count += waiting.length - next;
    return count;
  }

  /** Takes a slot for a node that is about to start. False: it waits, and is woken when a slot is free. */
  take(frame: Frame, index: number, name: string): boolean {
    const pool = this.#pools.get(name);
    if (pool === undefined || this.#held.get(frame)?.has(index) === true) return true;
    const slot = this.#freeSlot(frame, pool, name);
    if (slot === undefined) {
      pool.waiting.push([frame, index]);
      return false;
    }
    this.#hold(frame, index, slot);
    return true;
  }

  /** The slot that a node holds, for its sub-pipeline to borrow. */
  lend(frame: Frame, index: number): LentSlot | undefined {
    const pool = frame.poolOf(index);
    if (pool === undefined || !this.#pools.has(pool)) return undefined;
    return { pool, busy: false };
  }

  /** A node has ended: its slot, if it holds one, goes to whoever waits. */
  giveBack(frame: Frame, index: number): void {
    const held = this.#held.get(frame);
    const slot = held?.get(index);
    if (held === undefined || slot === undefined) return;
    held.delete(index);
    if (held.size === 0) this.#held.delete(frame);
    const name = frame.poolOf(index)!;
    const pool = this.#pools.get(name)!;
    if ("busy" in slot) {
      slot.busy = false;
      this.#wakeBorrower(pool, name);
    } else {
      slot.used--;
      this.#wakeFirst(pool);
    }
  }

  #wakeFirst(pool: Pool): void {
    while (pool.used < pool.limit && pool.next < pool.waiting.length) {
      const [frame, index] = pool.waiting[pool.next++]!;
      if (frame.ending !== undefined) continue;
      this.#hold(frame, index, pool);
      this.#wake(frame, index);
    }
    if (pool.next > 1024 && pool.next * 2 > pool.waiting.length) {
      pool.waiting = pool.waiting.slice(pool.next);
      pool.next = 0;
    }
  }

  /** A lent slot is for those within the frame that it was lent to, wherever they wait. */
  #wakeBorrower(pool: Pool, name: string): void {
    for (let at = pool.next; at < pool.waiting.length; at++) {
      const [frame, index] = pool.waiting[at]!;
      if (frame.ending !== undefined) continue;
      const slot = this.#freeSlot(frame, pool, name);
      if (slot === undefined) continue;
      pool.waiting.splice(at, 1);
      this.#hold(frame, index, slot);
      this.#wake(frame, index);
      return;
    }
  }

  #freeSlot(frame: Frame, pool: Pool, name: string): Pool | LentSlot | undefined {
    for (let at: Frame | undefined = frame; at !== undefined; at = at.parent) {
      if (at.lent !== undefined && at.lent.pool === name && !at.lent.busy) return at.lent;
    }
    return pool.used < pool.limit ? pool : undefined;
  }

  #hold(frame: Frame, index: number, slot: Pool | LentSlot): void {
    if ("busy" in slot) slot.busy = true;
    else slot.used++;
    let held = this.#held.get(frame);
    if (held === undefined) this.#held.set(frame, (held = new Map()));
    held.set(index, slot);
  }
}
