/**
 * The queue of nodes that are ready to start, of all frames of a run. Two columns and two marks, so that a node that
 * passes costs four writes and no object; what has passed is forgotten at once, since a frame holds values.
 */
import type { Frame } from "./frame.ts";

/** Picks which of `count` ready nodes is next; the first, unless a simulation explores other orders. */
export type Pick = (count: number) => number;

/** How many places that have been passed are kept before the columns are cut. */
const mostPassed = 65_536;

export class Ready {
  #frames: Array<Frame | undefined> = [];
  #indices: Array<number> = [];
  /** The next node is at `#head`, the next free place is at `#tail`. */
  #head = 0;
  #tail = 0;

  get length(): number {
    return this.#tail - this.#head;
  }

  push(frame: Frame, index: number): void {
    const at = this.#tail++;
    this.#frames[at] = frame;
    this.#indices[at] = index;
  }

  /** The index of the node whose frame `nextFrame` gave. */
  get nextIndex(): number {
    return this.#indices[this.#head]!;
  }

  get nextFrame(): Frame {
    return this.#frames[this.#head]!;
  }

  /** The next node has been looked at. */
  drop(): void {
    this.#frames[this.#head++] = undefined;
    if (this.#head === this.#tail) {
      this.#head = 0;
      this.#tail = 0;
      if (this.#frames.length > mostPassed) this.#cut(0);
    } else if (this.#head > mostPassed) {
      this.#cut(this.#head);
    }
  }

  /** Swaps the next node with one that stands `offset` behind it. */
  bringForward(offset: number): void {
    const at = this.#head + offset;
    const frame = this.#frames[at];
    const index = this.#indices[at]!;
    this.#frames[at] = this.#frames[this.#head];
    this.#indices[at] = this.#indices[this.#head]!;
    this.#frames[this.#head] = frame;
    this.#indices[this.#head] = index;
  }

  #cut(from: number): void {
    this.#frames = this.#frames.slice(from, this.#tail);
    this.#indices = this.#indices.slice(from, this.#tail);
    this.#tail -= from;
    this.#head = 0;
  }
}
