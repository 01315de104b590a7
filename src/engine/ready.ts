/**
 * The nodes that are ready to start, of all frames of a run: depth before breadth. Nodes that can expand are deferred until
 * nothing else is ready; the newest ones come first then, in their order. So expansions that have begun end before others
 * begin, and hold memory for a short time. A deferred node still waits for a bounded number of others only.
 */
import type { Frame } from "./frame.ts";
import { mayGrow } from "./loop-kinds.ts";
import { Queue } from "./queue.ts";

/** Picks which of `count` ready nodes is next; the first, unless a simulation explores other orders. */
export type Pick = (count: number) => number;

/** The number of nodes that may pass deferred ones before the oldest deferred node has its turn. */
export const mostPassed = 1024;

export class Ready extends Queue {
  /** Deferred since the last one had its turn, the oldest first; and those before, the newest last. */
  readonly #incoming = new Queue();
  readonly #deferred = new Queue();
  /** False for a simulation that explores orders, since it must see all ready nodes. */
  readonly #defers: boolean;
  #isDeferring = false;
  /** The next node can expand, and had its turn when it became ready. */
  #isNextGrowing = false;
  #passed = 0;

  constructor(defers: boolean) {
    super();
    this.#defers = defers;
  }

  /** The number of ready nodes, including deferred ones. */
  get total(): number {
    return this.length + this.#incoming.length + this.#deferred.length;
  }

  push(frame: Frame, index: number): void {
    const { graph } = frame;
    const isDeferred =
      graph === undefined ? frame.hasGrown : graph.grows && mayGrow(graph.nodes[index]!.definition.kind);
    if (!isDeferred || !this.#defers) {
      this.add(frame, index);
    } else if (graph === undefined) {
      // The next item of a map: after all that the earlier ones become.
      this.#deferred.add(frame, index);
      this.#isDeferring = true;
    } else if (this.length === 0 && this.#incoming.length === 0) {
      this.add(frame, index);
      this.#isNextGrowing = true;
    } else {
      this.#incoming.add(frame, index);
      this.#isDeferring = true;
    }
  }

  drop(): void {
    this.pass();
    if (!this.#isDeferring) {
      this.#isNextGrowing = false;
      return;
    }
    if (this.#isNextGrowing) this.#settle();
    if (++this.#passed >= mostPassed) this.#release();
  }

  /** What is deferred from now on comes before what is deferred now. */
  #settle(): void {
    const [incoming, deferred] = [this.#incoming, this.#deferred];
    for (; incoming.length > 0; incoming.dropLast()) deferred.add(incoming.lastFrame, incoming.lastIndex);
    this.#isNextGrowing = false;
  }

  /** No other node is ready: a deferred one has its turn. Returns false if there is none. */
  refill(): boolean {
    if (!this.#isDeferring) return false;
    if (this.#incoming.length > 0) this.#settle();
    const deferred = this.#deferred;
    this.add(deferred.lastFrame, deferred.lastIndex);
    deferred.dropLast();
    this.#passed = 0;
    this.#isDeferring = deferred.length > 0;
    return true;
  }

  /** The oldest deferred node has its turn. */
  #release(): void {
    const from = this.#deferred.length > 0 ? this.#deferred : this.#incoming;
    this.add(from.nextFrame, from.nextIndex);
    from.pass();
    this.#passed = 0;
    this.#isDeferring = this.#incoming.length > 0 || this.#deferred.length > 0;
  }
}
