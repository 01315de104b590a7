/**
 * One turn of the event loop: how many nodes the engine starts before other timers and I/O get their turn.
 */
import type { SchedulerDispatcher } from "effect/Scheduler";

/** Nodes started in one turn. */
const nodesPerTurn = 4096;
/** A turn also ends after this time, which is checked every few nodes. */
const millisPerTurn = 8;
const nodesPerLook = 32;

export class Turn {
  readonly #dispatcher: SchedulerDispatcher;
  readonly #looksAtTime: boolean;
  readonly #next: () => void;
  #isOver = false;
  #nodes = 0;
  #started = 0;

  /** `next` is called when the next turn begins, after one that was cut short. */
  constructor(dispatcher: SchedulerDispatcher, looksAtTime: boolean, next: () => void) {
    this.#dispatcher = dispatcher;
    this.#looksAtTime = looksAtTime;
    this.#next = next;
  }

  /** Nothing starts before the next turn. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Nodes are about to start, perhaps not the first of this turn. */
  begin(): void {
    if (this.#nodes === 0) this.#started = performance.now();
  }

  /** Counts a node that is about to start. Returns true if it must wait for the next turn. */
  endsBefore(): boolean {
    if (this.#isOver) return true;
    const nodes = ++this.#nodes;
    const isLong =
      nodes >= nodesPerTurn ||
      (nodes % nodesPerLook === 0 && this.#looksAtTime && performance.now() - this.#started > millisPerTurn);
    if (!isLong) return false;
    this.#isOver = true;
    this.#dispatcher.scheduleTask(() => {
      this.#isOver = false;
      this.#nodes = 0;
      this.#next();
    }, 0);
    return true;
  }
}
