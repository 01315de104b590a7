/**
 * A clock that stands still until it is told to go on. It is a `TestClock`, so steps that ask for one find it; Effect's
 * own cannot be asked when the next sleeper wakes, and warns by the real clock, which no seed reproduces.
 */
import * as Clock from "effect/Clock";
import * as Context from "effect/Context";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import type { TestClock } from "effect/testing/TestClock";

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

const realClock = Context.get(Context.empty(), Clock.Clock);

export class VirtualClock implements TestClock {
  #now = 0;
  #sleepers: Array<Sleeper> = [];
  /** Hands a sleeper that is due to the scheduler. */
  readonly #wake: (wake: () => void) => void;

  constructor(wake: (wake: () => void) => void) {
    this.#wake = wake;
  }

  get sleeping(): number {
    return this.#sleepers.length;
  }

  /** When the next sleeper wakes; undefined: nobody sleeps, or for ever. */
  get nextWaking(): number | undefined {
    const next = this.#sleepers.reduce((least, { until }) => Math.min(least, until), Infinity);
    return next === Infinity ? undefined : next;
  }

  moveTo(time: number): void {
    this.#now = Math.max(this.#now, time);
    const due = this.#sleepers.filter(({ until }) => until <= this.#now);
    if (due.length === 0) return;
    this.#sleepers = this.#sleepers.filter(({ until }) => until > this.#now);
    for (const { wake } of due.toSorted((a, b) => a.until - b.until)) this.#wake(wake);
  }

  forget(): void {
    this.#sleepers = [];
  }

  sleep(duration: Duration.Duration): Effect.Effect<void> {
    return Effect.callback((resume) => {
      const sleeper: Sleeper = {
        until: this.#now + Duration.toMillis(duration),
        wake: () => resume(Effect.void),
      };
      this.#sleepers.push(sleeper);
      return Effect.sync(() => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
      });
    });
  }

  adjust(duration: Duration.Input): Effect.Effect<void> {
    return Effect.sync(() => this.moveTo(this.#now + Duration.toMillis(Duration.fromInputUnsafe(duration))));
  }

  setTime(timestamp: number): Effect.Effect<void> {
    return Effect.sync(() => this.moveTo(timestamp));
  }

  withLive<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.provideService(effect, Clock.Clock, realClock);
  }

  currentTimeMillisUnsafe(): number {
    return this.#now;
  }

  currentTimeNanosUnsafe(): bigint {
    return BigInt(Math.floor(this.#now * 1_000_000));
  }

  monotonicTimeNanosUnsafe(): bigint {
    return this.currentTimeNanosUnsafe();
  }

  get currentTimeMillis(): Effect.Effect<number> {
    return Effect.sync(() => this.currentTimeMillisUnsafe());
  }

  get currentTimeNanos(): Effect.Effect<bigint> {
    return Effect.sync(() => this.currentTimeNanosUnsafe());
  }

  get monotonicTimeNanos(): Effect.Effect<bigint> {
    return this.currentTimeNanos;
  }
}
