/**
 * The queue of nodes that are ready to start, of all frames of a run. Two columns in a ring, so that a node that passes
 * costs a few writes and no object; what has passed is forgotten at once, since a frame holds values. A queue that is
 * never long stays in the processor's cache: with columns that grew by every node, writing them took a tenth of a map's
 * time.
 */
import type { Frame } from "./frame.ts";

/** Picks which of `count` ready nodes is next; the first, unless a simulation explores other orders. */
export type Pick = (count: number) => number;

/** Places are powers of two, so that going round the ring is a mask. */
const leastPlaces = 64;
/** A queue that was longer than this gives its places back when it is empty. */
const mostPlacesKept = 65_536;

export class Ready {
  #frames = new Array<Frame | undefined>(leastPlaces);
  #indices = new Array<number>(leastPlaces);
  #mask = leastPlaces - 1;
  /** Where the next node is. */
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(frame: Frame, index: number): void {
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

  /** The next node has been looked at. */
  drop(): void {
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
