/**
 * An isolated world for one run: time that passes only when nothing else can happen, random numbers from a seed, and a
 * scheduler that runs one task at a time, in the order of a schedule. It shares nothing with another run.
 *
 * Effect's TestClock waits for a command to advance; this clock advances by itself to the next due sleeper. Before that,
 * it waits for everything that takes real time.
 */
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import type * as Exit from "effect/Exit";
import { whenSettled } from "../values/thenable.ts";
import { Agenda } from "./agenda.ts";
import { Machine, nameOfWork } from "./machine.ts";
import { Patience } from "./patience.ts";
import type { MachineWork, Place, RunTimer, Surroundings, TimerRequest, Unhandled } from "./place.ts";
import { outside, within } from "./place.ts";
import { randomOf } from "./random.ts";
import { contextOf } from "./world-context.ts";

/**
 * The order of tasks that may run in any order: drawn from a seed, or given choice by choice. After the last
 * choice, it is first in, first out.
 *
 * @public
 */
export type Schedule =
  | {
      /** The seed of the choices. */
      readonly seed: number;
    }
  | {
      /** At each choice, the index of the task that continues, among those that can. */
      readonly picks: ReadonlyArray<number>;
    };

export const firstInFirstOut: Schedule = Object.freeze({ picks: Object.freeze([]) });

export interface WorldOptions {
  readonly schedule?: Schedule | undefined;
  /** A seed for additional points at which fibers yield: every few operations instead of 2,048. */
  readonly yields?: number | undefined;
  /** The seed of `Math.random`, `crypto` and Effect's `Random`. */
  readonly seed?: number | undefined;
  /** The initial time of Effect's clock. */
  readonly time?: number | undefined;
  /** The initial value of `Date.now`. */
  readonly date?: number | undefined;
  /** The value that a function that expands reads for an environment variable; by default the real one. */
  readonly env?: ((name: string, real: string | undefined) => string | undefined) | undefined;
  /** The limits on waiting in real time. */
  readonly patience?: Patience | undefined;
  readonly services?: Context.Context<any> | undefined;
  /** Interrupts the run at this moment. */
  readonly interruptAt?: number | undefined;
  /** Receives unhandled rejections and exceptions; without it, the process does. */
  readonly onUnhandled?: ((problem: Unhandled) => void) | undefined;
}

/** The end of a run in a world; `stuck`: nothing is left that could continue. */
export type Ended<A> = { readonly exit: Exit.Exit<A, unknown> } | { readonly stuck: string };

/** The number of tasks to run in one turn of the event loop before others get their turn. */
const tasksPerTurn = 500;

/** An ordinary day, the same in every run, so that findings are reproducible next year. */
const usualDate = Date.UTC(2026, 0, 15, 9, 30);

/** After this many reads in a row, the clock advances at each read, so that code that polls the clock ends. */
const readsUntilClockMoves = 1000;

/** More timers than this in a row, with nothing else in between, are assumed never to end. */
const mostTimersInARow = 5000;

/** The longest timer that Node supports, in milliseconds. */
const longestTimer = 2 ** 31 - 1;

/** A run is polled this many times turn by turn, and then every millisecond. */
const quickLooks = 20;
/** The minimum number of polls before the run is assumed to receive nothing from elsewhere. */
const calmLooks = quickLooks + 8;

/** The machine's own timers, which runs see replaced. */
const { clearTimeout, setImmediate, setTimeout } = globalThis;
const realNow = performance.now.bind(performance);

export class World {
  /** Every choice made: the number of candidates, and the index picked. */
  readonly choices: Array<{ readonly of: number; readonly took: number }> = [];
  /** The number of moments at which the run could be interrupted. */
  moments = 0;
  /** The number of fibers that have begun and not ended. */
  fibers = 0;
  readonly #options: WorldOptions;
  readonly #patience: Patience;
  readonly #tasks: Array<{ readonly run: () => void; readonly priority: number }> = [];
  readonly #agenda: Agenda;
  readonly #machine = new Machine();
  readonly #place: Place;
  readonly #choose: (count: number) => number;
  readonly #random: () => number;
  readonly #nextYield: () => number;
  #yieldAfter: number;
  #promises = 0;
  #clockReads = 0;
  #skew = 0;
  #isOver = false;
  #halted = false;
  #end: (how: { readonly stuck: string }) => void = () => {};
  #interrupt = (): void => {};
  #isPumping = false;
  #tasksThisTurn = 0;
  #whenIdle: (() => void) | undefined;

  constructor(options: WorldOptions = {}) {
    this.#options = options;
    this.#patience = options.patience ?? new Patience(5000);
    this.#agenda = new Agenda(options.time ?? 0);
    this.#random = randomOf(options.seed ?? 0);
    this.#place = { surroundings: this.#surroundings() };
    const yields = options.yields === undefined ? undefined : randomOf(options.yields);
    this.#nextYield = yields === undefined ? () => 2048 : () => 4 + Math.floor(yields() * 60);
    this.#yieldAfter = this.#nextYield();
    const schedule = options.schedule ?? firstInFirstOut;
    if ("seed" in schedule) {
      const next = randomOf(schedule.seed);
      this.#choose = (count) => Math.floor(next() * count);
    } else {
      let at = 0;
      this.#choose = (count) => (schedule.picks[at++] ?? 0) % count;
    }
  }

  get time(): number {
    return this.#agenda.time;
  }

  /** The number of sleeping fibers. */
  get sleeping(): number {
    return this.#agenda.sleepingFibers;
  }

  /** Timers that have not fired and keep the process running. */
  get timers(): ReadonlyArray<RunTimer> {
    return this.#agenda.timers;
  }

  /** The work that the machine still does for the run. */
  get machineWork(): ReadonlyArray<MachineWork> {
    return this.#machine.left;
  }

  readonly pick = (count: number): number => {
    if (count < 2) return 0;
    const took = this.#choose(count);
    this.choices.push({ of: count, took });
    return took;
  };

  /** Calls a step's function in this world. */
  readonly inside = <Value>(path: string | undefined, expands: boolean, call: () => Value): Value =>
    within({ ...this.#place, path, expands }, call);

  /** While a promise is pending, only its own timers advance the clock; when it settles, its continuation waits for its turn. */
  readonly promised = <Value>(promise: PromiseLike<Value>): Promise<Value> => {
    return new Promise((resolve, reject) => {
      const inTurn = (tell: () => void): void => {
        this.#promises--;
        this.#schedule(tell, 0);
      };
      whenSettled(
        promise,
        (value) => inTurn(() => resolve(value as Value)),
        (error) => inTurn(() => reject(error as Error)),
      );
      this.#promises++;
    });
  };

  #surroundings(): Surroundings {
    const world = this;
    const { env, onUnhandled } = this.#options;
    return {
      get isOver() {
        return world.#isOver;
      },
      now: () => this.#wallTime(),
      random: this.#random,
      env: env ?? ((_, real) => real),
      setTimer: (request) => this.#setTimer(request),
      exited: (code, path) =>
        this.halt(`${path === undefined ? "a step" : `"${path}"`} called process.exit(${String(code)})`),
      unhandled: (problem) => onUnhandled?.(problem),
      keepsUnhandled: onUnhandled !== undefined,
      began: (id, work) => {
        if (/^(TCP|TLS)/.test(work.type)) this.#patience.usesSockets = true;
        this.#machine.began(id, work);
      },
      ended: this.#machine.ended,
    };
  }

  #setTimer(request: TimerRequest): RunTimer {
    const { onUnhandled } = this.#options;
    const run = (): void => {
      try {
        request.run();
      } catch (reason) {
        if (onUnhandled !== undefined) onUnhandled({ kind: "exception", reason, path: request.path });
        else {
          // As without a check, it ends the process.
          outside(() =>
            setImmediate(() => {
              throw reason;
            }),
          );
        }
      }
    };
    return this.#agenda.setTimer({ ...request, run });
  }

  /** Advances for code that reads the clock until it changes. */
  #wallTime(): number {
    if (++this.#clockReads > readsUntilClockMoves) this.#skew++;
    const { date = usualDate, time = 0 } = this.#options;
    return date + Math.floor(this.#agenda.time - time) + this.#skew;
  }

  #context(): Context.Context<never> {
    return contextOf(
      {
        now: () => this.time,
        sleep: (millis) => this.#sleep(millis),
        random: this.#random,
        shouldYield: (operations) => this.#shouldYield(operations),
        schedule: (run, priority) => this.#schedule(run, priority),
        flush: () => this.#flush(),
        pick: this.pick,
        onFiber: (by) => {
          this.fibers += by;
        },
      },
      this.#options.services,
    );
  }

  /** Whether a fiber yields: where it would in a plain run, or sooner. */
  #shouldYield(operations: number): boolean {
    if (operations < this.#yieldAfter) return false;
    this.#yieldAfter = this.#nextYield();
    return true;
  }

  #sleep(millis: number): Effect.Effect<void> {
    return Effect.callback((resume) => {
      const sleeper = this.#agenda.add(millis, () => resume(Effect.void));
      return Effect.sync(() => this.#agenda.remove(sleeper));
    });
  }

  #schedule(run: () => void, priority: number): void {
    this.#tasks.push({ run, priority });
    this.#pumpSoon();
  }

  #pumpSoon(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    if (++this.#tasksThisTurn < tasksPerTurn) {
      queueMicrotask(this.#pump);
    } else {
      this.#tasksThisTurn = 0;
      outside(() => setImmediate(this.#pump));
    }
  }

  /** Runs one of the tasks with the lowest priority number. */
  readonly #pump = (): void => {
    this.#isPumping = false;
    within(this.#place, () => this.#takeTask());
    if (this.#tasks.length > 0) this.#pumpSoon();
    else this.#lookIfIdle();
  };

  #takeTask(): void {
    const tasks = this.#tasks;
    if (this.#halted) tasks.length = 0;
    if (tasks.length === 0) return;
    this.#progressed();
    let least = Infinity;
    for (const { priority } of tasks) least = Math.min(least, priority);
    const open: Array<number> = [];
    tasks.forEach(({ priority }, at) => {
      if (priority === least) open.push(at);
    });
    const at = open[this.pick(open.length)]!;
    const [task] = tasks.splice(at, 1);
    task!.run();
    this.#moment();
  }

  #progressed(): void {
    this.#agenda.firedInARow = 0;
    this.#clockReads = 0;
  }

  /** Something has happened, or only the clock can advance. Is the run interrupted here? */
  #moment(): boolean {
    this.moments++;
    if (this.moments !== this.#options.interruptAt) return false;
    this.#interrupt();
    return true;
  }

  #flush(): void {
    while (this.#tasks.length > 0) this.#takeTask();
  }

  /** Stops everything, as when a process is killed. */
  halt(reason: string): void {
    this.#halted = true;
    this.#end({ stuck: reason });
  }

  #lookIfIdle(): void {
    if (this.#tasks.length === 0) this.#whenIdle?.();
  }

  /** Runs an Effect to its end. `started` receives a function that interrupts it. */
  run<A>(
    effect: Effect.Effect<A, unknown>,
    started: (interrupt: () => void) => void = () => {},
  ): Promise<Ended<A>> {
    return new Promise((resolve) => {
      let ended = false;
      let stopWaiting: (() => void) | undefined;
      const end = (how: Ended<A>): void => {
        if (ended) return;
        ended = true;
        this.#whenIdle = undefined;
        stopWaiting?.();
        resolve(how);
      };
      this.#end = end;
      this.#whenIdle = () => {
        stopWaiting ??= this.#whenNothingElse((stuck) => {
          stopWaiting = undefined;
          if (ended || this.#tasks.length > 0) return;
          if (stuck !== undefined) {
            end({ stuck });
            return;
          }
          within(this.#place, () => this.#agenda.advance(this.pick));
          this.#lookIfIdle();
        });
      };
      within(this.#place, () => {
        const fiber = Effect.runForkWith(this.#context())(effect);
        fiber.addObserver((exit) => end({ exit }));
        this.#interrupt = () => fiber.interruptUnsafe();
        started(this.#interrupt);
      });
      if (!ended) this.#lookIfIdle();
    });
  }

  /**
   * Waits in real time until only the clock can advance, then calls `next`: with a reason if the clock cannot
   * advance either, or if it has taken too long. Returns a function that stops waiting.
   */
  #whenNothingElse(next: (stuck?: string) => void): () => void {
    const patience = this.#patience;
    const began = realNow();
    let looks = 0;
    let wasBusy = false;
    let stop = (): void => {};
    const look = (): void => {
      const waited = realNow() - began;
      if (this.#tasks.length > 0) {
        if (looks > quickLooks && !wasBusy) patience.cameAfter(waited);
        next();
        return;
      }
      looks++;
      const isBusy = this.#machine.isBusy(this.#promises > 0);
      wasBusy ||= isBusy;
      if (isBusy) {
        if (waited > patience.millis) next(this.#tooLong());
        else lookAgain();
        return;
      }
      const stuck = this.#stuckReason();
      const { isOpen } = this.#machine;
      const least =
        stuck !== undefined
          ? patience.lastMillis(isOpen)
          : this.#mayBeSettledFromElsewhere()
            ? patience.calmMillis
            : 0;
      // On a machine that is busy with other work, milliseconds mean little.
      if (waited < least || (least > 0 && looks < calmLooks)) {
        lookAgain();
        return;
      }
      if (stuck !== undefined) {
        patience.hasGivenUp = true;
        next(stuck);
        return;
      }
      if (least > 0) patience.stayedCalm();
      // The effects of the interruption run before the clock advances.
      if (this.#moment()) lookAgain();
      else next();
    };
    const lookAgain = (): void => {
      outside(() => {
        if (looks < quickLooks) {
          const immediate = setImmediate(look);
          stop = () => clearImmediate(immediate);
        } else {
          const timer = setTimeout(look, 1);
          stop = () => clearTimeout(timer);
        }
      });
    };
    lookAgain();
    return () => stop();
  }

  /** A promise is pending that no timer of its own will settle, or an answer may arrive through an open socket. */
  #mayBeSettledFromElsewhere(): boolean {
    const isAwaited = this.#promises > 0 && this.#agenda.next?.isTimer !== true;
    return isAwaited || this.#machine.isOpen || (this.#patience.usesSockets && hasOpenSockets());
  }

  /** The reason why the clock cannot advance, if it cannot. */
  #stuckReason(): string | undefined {
    const { next } = this.#agenda;
    if (next === undefined) {
      return this.#promises > 0
        ? "a promise has not settled, and nothing left in the run can settle it"
        : "no ready step or timer is left that could continue the run";
    }
    if (!next.isTimer) return undefined;
    // A run that waits for a value from outside keeps its process alive with such a timer.
    if (next.millis >= longestTimer) return "only waits for values from outside are left";
    const { timerMillis } = this.#patience;
    if (this.#agenda.firedInARow > mostTimersInARow)
      return `${mostTimersInARow} timers fired in a row and nothing else happened`;
    if (next.millis <= timerMillis || this.#agenda.sleepingFibers > 0) return undefined;
    return `it waits for a timer of ${next.millis} ms, longer than the limit on waiting of ${timerMillis} ms (option "patience")`;
  }

  #tooLong(): string {
    const work = this.#machine.left.map(nameOfWork);
    return `${[...new Set(work)].join(", ")} took longer than the limit on waiting of ${this.#patience.millis} ms (option "patience")`;
  }

  /**
   * Lets work that the run left behind finish, as in a process that continues: for this long on the run's clock,
   * and for as much real time as needed, up to the limit.
   */
  async drain(millis: number): Promise<void> {
    const until = this.time + millis;
    const began = realNow();
    const { millis: most } = this.#patience;
    let looks = 0;
    while (realNow() - began < most) {
      await outside(
        () =>
          new Promise<void>((resolve) => {
            if (++looks < quickLooks) setImmediate(resolve);
            else setTimeout(resolve, 1);
          }),
      );
      if (this.#tasks.length > 0 || this.#machine.isBusy(false)) continue;
      const { next } = this.#agenda;
      if (next === undefined || next.due > until) break;
      looks = 0;
      within(this.#place, () => this.#agenda.advance(this.pick));
    }
  }

  /** From now on, the run's remaining work belongs to the process. */
  close(): void {
    this.#isOver = true;
  }
}

const hasOpenSockets = (): boolean =>
  globalThis.process
    ?.getActiveResourcesInfo?.()
    .some((type) => type.startsWith("TCPSocket") || type.startsWith("TLS")) ?? false;
