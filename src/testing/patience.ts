/** How long a check waits in real time, and what it has learnt about that from the runs before. */

/** How long a run may take that does nothing at all, before anything is known of such runs. */
const firstCalmMillis = 50;
const leastCalmMillis = 1;

export class Patience {
  /** Real milliseconds for what only real time brings. */
  readonly millis: number;
  /** The longest timer of a step, in milliseconds of the run's clock. */
  readonly timerMillis: number;
  /**
   * A promise may be settled by what no run has begun, such as a connection that was open already. While nothing else can
   * happen, so many real milliseconds pass before the run's clock continues.
   */
  calmMillis: number;
  /** Once a run was given up after the full time, the next ones that are as still are given up sooner. */
  hasGivenUp = false;
  /** Sockets were opened: the answers that come through them show nowhere. */
  usesSockets = false;

  constructor(millis: number, timerMillis: number = millis) {
    this.millis = millis;
    this.timerMillis = timerMillis;
    this.calmMillis = Math.min(firstCalmMillis, millis);
  }

  /** The run was still for the whole time: the next one need not be so for as long. */
  stayedCalm(): void {
    this.calmMillis = Math.max(leastCalmMillis, this.calmMillis / 2);
  }

  /** Something came after all. */
  cameAfter(millis: number): void {
    this.calmMillis = Math.min(this.millis, Math.max(this.calmMillis, millis * 8));
  }

  /** How long a run with nothing left to wait for is given; through what is open, something may come. */
  lastMillis(isOpen: boolean): number {
    return this.hasGivenUp && !isOpen
      ? Math.max(leastCalmMillis, Math.min(this.calmMillis, 20))
      : this.millis;
  }
}
