/** The limits on real waiting in a check, adjusted by its earlier runs. */

/** The initial time for a run in which nothing happens, before there is experience with such runs. */
const firstCalmMillis = 50;
const leastCalmMillis = 1;

export class Patience {
  /** The limit on waiting in real time, in milliseconds. */
  readonly millis: number;
  /** The longest timer of a step, in milliseconds of the run's clock. */
  readonly timerMillis: number;
  /**
   * A promise may be settled by something that no run has started, such as an already open connection. If nothing else can
   * happen, this many real milliseconds pass before the run's clock advances.
   */
  calmMillis: number;
  /** After a run was given up at the limit, later ones in which nothing happens are given up sooner. */
  hasGivenUp = false;
  /** Sockets were opened, and answers through them cannot be observed. */
  usesSockets = false;

  constructor(millis: number, timerMillis: number = millis) {
    this.millis = millis;
    this.timerMillis = timerMillis;
    this.calmMillis = Math.min(firstCalmMillis, millis);
  }

  /** Nothing happened for the whole time: the next run need not wait as long. */
  stayedCalm(): void {
    this.calmMillis = Math.max(leastCalmMillis, this.calmMillis / 2);
  }

  /** Something arrived after all. */
  cameAfter(millis: number): void {
    this.calmMillis = Math.min(this.millis, Math.max(this.calmMillis, millis * 8));
  }

  /** The time for a run with nothing left to wait for; something may still arrive through an open handle. */
  lastMillis(isOpen: boolean): number {
    return this.hasGivenUp && !isOpen
      ? Math.max(leastCalmMillis, Math.min(this.calmMillis, 20))
      : this.millis;
  }
}
