/**
 * A queue of nodes with their frames, first in, first out; the newest can be taken back too. Its places are in blocks, so a
 * node that passes costs a few writes and no object, and a queue that grows copies nothing: with two arrays that doubled,
 * copying them took a sixth of a fan-out of 10,000. Passed nodes are forgotten immediately, since a frame holds values. A
 * short queue stays within one block, in the processor's cache.
 */
import type { Frame } from "./frame.ts";

const leastPlaces = 32;
const mostPlaces = 1024;

class Block {
  readonly frames: Array<Frame | undefined>;
  readonly indices: Array<number>;
  previous: Block | undefined;
  next: Block | undefined = undefined;

  constructor(places: number, previous: Block | undefined) {
    this.frames = new Array<Frame | undefined>(places);
    this.indices = new Array<number>(places);
    this.previous = previous;
  }
}

/** Where a queue begins that has no block yet: most queues of a run stay empty. */
const noPlaces = new Block(0, undefined);

export class Queue {
  /** The next node is at `#head` of the first block; the place after the newest is `#tail` of the last. */
  #first = noPlaces;
  #last = noPlaces;
  #head = 0;
  #tail = 0;
  length = 0;

  add(frame: Frame, index: number): void {
    if (this.#tail === this.#last.frames.length) this.#append();
    const { frames, indices } = this.#last;
    frames[this.#tail] = frame;
    indices[this.#tail++] = index;
    this.length++;
  }

  #append(): void {
    const { length } = this.#last.frames;
    const isFirst = this.length === 0;
    const block = new Block(
      Math.min(Math.max(2 * length, leastPlaces), mostPlaces),
      isFirst ? undefined : this.#last,
    );
    if (isFirst) this.#first = block;
    else this.#last.next = block;
    if (isFirst) this.#head = 0;
    this.#last = block;
    this.#tail = 0;
  }

  get nextFrame(): Frame {
    return this.#first.frames[this.#head]!;
  }

  /** The index of the node whose frame `nextFrame` returned. */
  get nextIndex(): number {
    return this.#first.indices[this.#head]!;
  }

  get lastFrame(): Frame {
    return this.#last.frames[this.#tail - 1]!;
  }

  get lastIndex(): number {
    return this.#last.indices[this.#tail - 1]!;
  }

  /** Removes the next node. */
  pass(): void {
    this.#first.frames[this.#head++] = undefined;
    if (--this.length === 0) {
      this.#first = this.#last;
      this.#first.previous = undefined;
      this.#head = 0;
      this.#tail = 0;
    } else if (this.#head === this.#first.frames.length) {
      this.#first = this.#first.next!;
      this.#first.previous = undefined;
      this.#head = 0;
    }
  }

  /** Removes the newest node. */
  dropLast(): void {
    this.#last.frames[--this.#tail] = undefined;
    if (--this.length === 0) {
      this.#head = 0;
      this.#tail = 0;
    } else if (this.#tail === 0) {
      this.#last = this.#last.previous!;
      this.#last.next = undefined;
      this.#tail = this.#last.frames.length;
    }
  }

  /** Swaps the next node with the one `offset` places behind it. */
  bringForward(offset: number): void {
    const { frames, indices } = this.#first;
    let block = this.#first;
    let at = this.#head + offset;
    while (at >= block.frames.length) {
      at -= block.frames.length;
      block = block.next!;
    }
    const frame = block.frames[at];
    const index = block.indices[at]!;
    block.frames[at] = frames[this.#head];
    block.indices[at] = indices[this.#head]!;
    frames[this.#head] = frame;
    indices[this.#head] = index;
  }
}
