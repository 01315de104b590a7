/** The choices that make an interleaving: which of several things that could be next, is next. */
import { generator } from "./random.ts";

/**
 * An interleaving: a seed that makes every choice, or the choices themselves, in order, where each that is missing means
 * "the first". The seed 0 and the empty list are the order in which things became ready.
 *
 * @public
 */
export type Schedule = number | ReadonlyArray<number>;

export class Choices {
  /** What was chosen, for a run that is to be repeated or simplified. */
  readonly made: Array<number> = [];
  readonly #next: (count: number) => number;

  constructor(schedule: Schedule) {
    if (typeof schedule === "number") {
      const random = generator(schedule);
      this.#next = schedule === 0 ? () => 0 : (count) => Math.floor(random() * count);
    } else {
      this.#next = (count) => Math.abs(schedule[this.made.length] ?? 0) % count;
    }
  }

  /** One of `count`, from 0. */
  choose(count: number): number {
    if (count <= 1) return 0;
    const chosen = this.#next(count);
    this.made.push(chosen);
    return chosen;
  }
}
