/** When the steps of a pool with a rate started: the times that still count, oldest first. In milliseconds of one clock. */

export class Starts {
  #times: Array<number> = [];
  /** Those before it no longer count. */
  #first = 0;
  /** The longest window of those who ask. */
  #longest = 0;

  /** From now on someone asks for windows of this length. */
  keepFor(millis: number): void {
    this.#longest = Math.max(this.#longest, millis);
  }

  /** Does anyone ask? */
  get isKept(): boolean {
    return this.#longest > 0;
  }

  /** A start. Nearly always the newest; what is restored may be older. */
  add(time: number): void {
    const times = this.#times;
    let at = times.length;
    while (at > this.#first && times[at - 1]! > time) at--;
    if (at === times.length) times.push(time);
    else times.splice(at, 0, time);
  }

  /**
   * How long until another may start, where at most `limit` may in any window of `perMillis`. `more` are about to, at a
   * time of which nothing is known but that it is to come: Infinity, where it is for one of those to start first.
   */
  delay(
    { limit, perMillis }: { readonly limit: number; readonly perMillis: number },
    now: number,
    more: number,
  ): number {
    this.#forget(now);
    if (more >= limit) return Infinity;
    // The one that must have left the window.
    const time = this.#times[this.#times.length - (limit - more)];
    return time === undefined ? 0 : Math.max(0, time + perMillis - now);
  }

  /** Does none of them count any more? */
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
