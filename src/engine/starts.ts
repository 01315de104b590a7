/** The start times of the steps of a pool with a rate: those that still count, oldest first. In milliseconds of one clock. */

export class Starts {
  #times: Array<number> = [];
  /** Times before this index no longer count. */
  #first = 0;
  /** The longest window that is needed. */
  #longest = 0;

  /** Windows of this length are needed from now on. */
  keepFor(millis: number): void {
    this.#longest = Math.max(this.#longest, millis);
  }

  /** Is any window needed? */
  get isKept(): boolean {
    return this.#longest > 0;
  }

  /** Adds a start. Nearly always the newest; a restored one may be older. */
  add(time: number): void {
    const times = this.#times;
    let at = times.length;
    while (at > this.#first && times[at - 1]! > time) at--;
    if (at === times.length) times.push(time);
    else times.splice(at, 0, time);
  }

  /**
   * The delay until another may start, if at most `limit` may in any window of `perMillis`. `more` are about to start, at an
   * unknown time in the future: Infinity if one of those must start first.
   */
  delay(
    { limit, perMillis }: { readonly limit: number; readonly perMillis: number },
    now: number,
    more: number,
  ): number {
    this.#forget(now);
    if (more >= limit) return Infinity;
    // The start that must have left the window.
    const time = this.#times[this.#times.length - (limit - more)];
    return time === undefined ? 0 : Math.max(0, time + perMillis - now);
  }

  /** Have all of them stopped counting? */
  isOver(now: number): boolean {
    this.#forget(now);
    return this.#first === this.#times.length;
  }

  #forget(now: number): void {
    const times = this.#times;
    while (this.#first < times.length && times[this.#first]! + this.#longest <= now) this.#first++;
    if (this.#first <= 64 || this.#first * 2 <= times.length) return;
    this.#times = times.slice(this.#first);
    this.#first = 0;
  }
}
