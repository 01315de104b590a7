/**
 * The nodes that are ready to start, of all frames of a run: depth before breadth. Nodes that can expand are deferred until
 * nothing else is ready; the newest ones come first then, in their order. So what has begun to grow ends before other steps
 * begin to, and holds memory for a short time. A deferred node waits for a bounded number of others all the same.
 *
 * Two columns in a ring, so that a node that passes costs a few writes and no object; what has passed is forgotten at once,
 * since a frame holds values. A queue that is never long stays in the processor's cache: with columns that grew by every
 * node, writing them took a tenth of a map's time.
 */
import type { Frame } from "./frame.ts";
import { mayGrow } from "./loop-kinds.ts";

/** Picks which of `count` ready nodes is next; the first, unless a simulation explores other orders. */
export type Pick = (count: number) => number;

/** Places are powers of two, so that going round the ring is a mask. */
const leastPlaces = 64;
/** A queue that was longer than this gives its places back when it is empty. */
const mostPlacesKept = 65_536;

/** So many nodes may pass a deferred one, before the oldest of these has its turn. */
export const mostPassed = 1024;

class Ring {
  #frames = new Array<Frame | undefined>(leastPlaces);
  #indices = new Array<number>(leastPlaces);
  #mask = leastPlaces - 1;
  /** Where the next node is. */
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

  /** The next node has been looked at. */
  pass(): void {
    this.#frames[this.#head] = undefined;
    this.#head = (this.#head + 1) & this.#mask;
    if (--this.#length === 0 && this.#mask >= mostPlacesKept) this.#resize(leastPlaces);
  }

  /** Swaps the next node with one that stands `offset` behind it. */
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
  /** Not where a simulation explores orders, and so must see all that is ready. */
  readonly #defers: boolean;
  #isDeferring = false;
  #passed = 0;

  constructor(defers: boolean) {
    super();
    this.#defers = defers;
  }

  /** How many are ready, with those that are deferred. */
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

  /** No other node is ready: a deferred one has its turn. False: there is none. */
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
