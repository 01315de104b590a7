/**
 * The nodes that are ready to start, of all frames of a run: depth before breadth. Nodes that can expand are deferred until
 * nothing else is ready; the newest ones come first then, in their order. So expansions that have begun end before others
 * begin, and hold memory for a short time. A deferred node still waits for a bounded number of others only.
 *
 * Two columns in a ring, so a node that passes costs a few writes and no object; passed nodes are forgotten immediately,
 * since a frame holds values. A queue that is never long stays in the processor's cache: with columns that grew by every
 * node, writing them took a tenth of a map's time.
 */
import type { Frame } from "./frame.ts";
import { mayGrow } from "./loop-kinds.ts";

/** Picks which of `count` ready nodes is next; the first, unless a simulation explores other orders. */
export type Pick = (count: number) => number;

/** The number of places is a power of two, so wrapping around the ring is a mask. */
const leastPlaces = 64;
/** A queue that was longer than this frees its places when it is empty. */
const mostPlacesKept = 65_536;

/** The number of nodes that may pass deferred ones before the oldest deferred node has its turn. */
export const mostPassed = 1024;

class Ring {
  #frames = new Array<Frame | undefined>(leastPlaces);
  #indices = new Array<number>(leastPlaces);
  #mask = leastPlaces - 1;
  /** The place of the next node. */
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(frame: Frame, index: number): void {
    if (this.#length > this.#mask) this.#resize((this.#mask + 1) * 2);
    const at = (this.#head + this.#length++) & this.#mask;
    this.#frames[at] = frame;
    this.#indices[at] = index;
  }

  /** The index of the node whose frame `nextFrame` returned. */
  get nextIndex(): number {
    return this.#indices[this.#head]!;
  }

  get nextFrame(): Frame {
    return this.#frames[this.#head]!;
  }

  get lastIndex(): number {
    return this.#indices[(this.#head + this.#length - 1) & this.#mask]!;
  }

  get lastFrame(): Frame {
    return this.#frames[(this.#head + this.#length - 1) & this.#mask]!;
  }

  dropLast(): void {
    this.#frames[(this.#head + --this.#length) & this.#mask] = undefined;
  }

  /** Removes the next node. */
  pass(): void {
    this.#frames[this.#head] = undefined;
    this.#head = (this.#head + 1) & this.#mask;
    if (--this.#length === 0 && this.#mask >= mostPlacesKept) this.#resize(leastPlaces);
  }

  /** Swaps the next node with the one `offset` places behind it. */
  bringForward(offset: number): void {
    const at = (this.#head + offset) & this.#mask;
    const frame = this.#frames[at];
    const index = this.#indices[at]!;
    this.#frames[at] = this.#frames[this.#head];
    this.#indices[at] = this.#indices[this.#head]!;
    this.#frames[this.#head] = frame;
    this.#indices[this.#head] = index;
  }

  #resize(places: number): void {
    const frames = new Array<Frame | undefined>(places);
    const indices = new Array<number>(places);
    for (let i = 0; i < this.#length; i++) {
      const at = (this.#head + i) & this.#mask;
      frames[i] = this.#frames[at];
      indices[i] = this.#indices[at]!;
    }
    this.#frames = frames;
    this.#indices = indices;
    this.#mask = places - 1;
    this.#head = 0;
  }
}

export class Ready extends Ring {
  /** Deferred since the last one had its turn, the oldest first; and those before, the newest last. */
  readonly #incoming = new Ring();
  readonly #deferred = new Ring();
  /** False for a simulation that explores orders, since it must see all ready nodes. */
  readonly #defers: boolean;
  #isDeferring = false;
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
    if (graph?.grows !== true || !this.#defers || !mayGrow(graph.nodes[index]!.definition.kind)) {
      this.add(frame, index);
      return;
    }
    this.#incoming.add(frame, index);
    this.#isDeferring = true;
  }

  drop(): void {
    this.pass();
    if (this.#isDeferring && ++this.#passed >= mostPassed) this.#release(true);
  }

  /** No other node is ready: a deferred one has its turn. Returns false if there is none. */
  refill(): boolean {
    return this.#isDeferring && this.#release(false);
  }

  #release(isOldest: boolean): boolean {
    const [incoming, deferred] = [this.#incoming, this.#deferred];
    this.#passed = 0;
    if (isOldest) {
      const from = deferred.length > 0 ? deferred : incoming;
      this.add(from.nextFrame, from.nextIndex);
      from.pass();
    } else {
      for (; incoming.length > 0; incoming.dropLast()) deferred.add(incoming.lastFrame, incoming.lastIndex);
      this.add(deferred.lastFrame, deferred.lastIndex);
      deferred.dropLast();
    }
    this.#isDeferring = incoming.length > 0 || deferred.length > 0;
    return true;
  }
}
