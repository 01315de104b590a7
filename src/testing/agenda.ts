/** Everything that waits for the clock of a run: sleeping fibers, and the timers that steps have set. */
import type { RunTimer, TimerRequest } from "./place.ts";

interface Sleeper {
  due: number;
  readonly wake: () => void;
  /** Undefined for a sleeping fiber. */
  readonly timer: Timer | undefined;
}

class Timer implements RunTimer {
  readonly millis: number;
  readonly repeats: boolean;
  readonly path: string | undefined;
  isRef = true;
  readonly run: () => void;
  readonly #agenda: Agenda;
  entry: Sleeper | undefined;

  constructor(request: TimerRequest, agenda: Agenda) {
    this.millis = request.millis;
    this.repeats = request.repeats;
    this.path = request.path;
    this.run = request.run;
    this.#agenda = agenda;
  }

  readonly cancel = (): void => {
    if (this.entry !== undefined) this.#agenda.remove(this.entry);
    this.entry = undefined;
  };

  readonly restart = (): void => {
    this.cancel();
    this.entry = this.#agenda.add(this.millis, this.#fire, this);
  };

  readonly #fire = (): void => {
    this.entry = undefined;
    // An interval is due again before its function runs, which may clear it.
    if (this.repeats) this.restart();
    this.run();
  };
}

export class Agenda {
  time: number;
  readonly #sleepers: Array<Sleeper> = [];
  /** The number of timers that have fired since anything else happened. */
  firedInARow = 0;

  constructor(time: number) {
    this.time = time;
  }

  add(millis: number, wake: () => void, timer?: Timer): Sleeper {
    const sleeper: Sleeper = { due: this.time + Math.max(millis, 0), wake, timer };
    this.#sleepers.push(sleeper);
    return sleeper;
  }

  remove(sleeper: Sleeper): void {
    const at = this.#sleepers.indexOf(sleeper);
    if (at !== -1) this.#sleepers.splice(at, 1);
  }

  setTimer(request: TimerRequest): RunTimer {
    const timer = new Timer(request, this);
    timer.restart();
    return timer;
  }

  get sleepingFibers(): number {
    return this.#sleepers.filter(({ timer }) => timer === undefined).length;
  }

  /** Timers that would keep the process running. */
  get timers(): ReadonlyArray<RunTimer> {
    return this.#sleepers.flatMap(({ timer }) => (timer?.isRef === true ? [timer] : []));
  }

  /** The time at which the next one is due, whether it is a step's timer, and that timer's length. */
  get next(): { readonly due: number; readonly isTimer: boolean; readonly millis: number } | undefined {
    let next: Sleeper | undefined;
    for (const sleeper of this.#sleepers) if (next === undefined || sleeper.due < next.due) next = sleeper;
    return next === undefined
      ? undefined
      : { due: next.due, isTimer: next.timer !== undefined, millis: next.timer?.millis ?? 0 };
  }

  /**
   * Advances the clock to the next due time. Sleepers due at the same time wake in any order, except the
   * timers of one step: those fire in the order in which they were set, as in any process.
   */
  advance(pick: (count: number) => number): void {
    const due = this.next?.due;
    if (due === undefined) return;
    this.time = Math.max(this.time, due);
    const groups: Array<Array<Sleeper>> = [];
    const byPath = new Map<string | undefined, Array<Sleeper>>();
    for (const sleeper of this.#sleepers) {
      if (sleeper.due !== due) continue;
      const { timer } = sleeper;
      const group = timer === undefined ? undefined : byPath.get(timer.path);
      if (group !== undefined) group.push(sleeper);
      else {
        const made = [sleeper];
        groups.push(made);
        if (timer !== undefined) byPath.set(timer.path, made);
      }
    }
    while (groups.length > 0) {
      const at = pick(groups.length);
      const sleeper = groups[at]!.shift()!;
      if (groups[at]!.length === 0) groups.splice(at, 1);
      // An earlier one may have cleared it.
      if (!this.#sleepers.includes(sleeper)) continue;
      this.remove(sleeper);
      this.firedInARow = sleeper.timer === undefined ? 0 : this.firedInARow + 1;
      sleeper.wake();
    }
  }
}
