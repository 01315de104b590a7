/**
 * A world of its own for one run: time that passes only when nothing else can happen, random numbers from a seed, and a
 * scheduler that takes one task at a time, in the order that a schedule says. Nothing in it is shared with another run.
 *
 * Effect's TestClock waits for a command to advance; this clock goes by itself to when the next sleeper is due. Before it
 * does, everything that only real time can bring is waited for.
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
 * The order in which things happen that may happen in any order: drawn by a seed, or given choice by choice. Where the
 * choices end, first in is first out.
 *
 * @public
 */
export type Schedule =
  | {
      /** What the choices are drawn by. */
      readonly seed: number;
    }
  | {
      /** At each choice, which of what can continue does. */
      readonly picks: ReadonlyArray<number>;
    };

export const firstInFirstOut: Schedule = Object.freeze({ picks: Object.freeze([]) });

export interface WorldOptions {
  readonly schedule?: Schedule | undefined;
  /** A seed for where fibers yield, beside where they do in a plain run: every few operations instead of 2,048. */
  readonly yields?: number | undefined;
  /** For `Math.random`, `crypto` and Effect's `Random`. */
  readonly seed?: number | undefined;
  /** When Effect's clock begins. */
  readonly time?: number | undefined;
  /** What `Date.now` returns at the beginning. */
  readonly date?: number | undefined;
  /** What a function that expands reads of environment variables; by default what they are. */
  readonly env?: ((name: string, real: string | undefined) => string | undefined) | undefined;
  /** How long real time may take. */
  readonly patience?: Patience | undefined;
  readonly services?: Context.Context<any> | undefined;
  /** Interrupts the run at this moment. */
  readonly interruptAt?: number | undefined;
  /** Receives rejections and exceptions that nothing handled; without it the process does. */
  readonly onUnhandled?: ((problem: Unhandled) => void) | undefined;
}

/** How a run in a world came to its end; `stuck`: nothing is left in it that could continue. */
export type Ended<A> = { readonly exit: Exit.Exit<A, unknown> } | { readonly stuck: string };

/** Tasks run in one turn of the event loop before others get theirs. */
const tasksPerTurn = 500;

/** A day like any other, and the same in every run: what is found today is found next year as well. */
const usualDate = Date.UTC(2026, 0, 15, 9, 30);

/** Reads of the clock in a row after which it moves at each read: code that waits by reading must come to an end. */
const readsUntilClockMoves = 1000;

/** More timers than this, with nothing else happening between them, do not come to an end by themselves. */
const mostTimersInARow = 5000;

/** In milliseconds: Node has no longer one. */
const longestTimer = 2 ** 31 - 1;

/** A run is looked at turn by turn, and when that has brought nothing, every millisecond. */
const quickLooks = 20;
/** So many times at least, before nothing is said to come from elsewhere. */
const calmLooks = quickLooks + 8;

/** The machine's own, whatever runs see in their place. */
const { clearTimeout, setImmediate, setTimeout } = globalThis;
const realNow = performance.now.bind(performance);

export class World {
  /** Every choice that there was: how many there were to choose from, and which was taken. */
  readonly choices: Array<{ readonly of: number; readonly took: number }> = [];
  /** How many moments there were at which the run could be interrupted. */
  moments = 0;
  /** Fibers that have begun and not ended. */
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

  /** Fibers that sleep, and that no one has woken. */
  get sleeping(): number {
    return this.#agenda.sleepingFibers;
  }

  /** Timers that have not fired and keep the process running. */
  get timers(): ReadonlyArray<RunTimer> {
    return this.#agenda.timers;
  }

  /** What the machine still does for the run. */
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

  /** While a promise is pending, only its own timers move the clock; and when it settles, that waits for its turn. */
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
          // As without a check: the process ends with it.
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

  /** Code that reads the clock until it has moved sees it move. */
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

  /** Where a fiber yields: where it would in a plain run, or sooner. */
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

  /** One task, of those with the least priority number. */
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

  /** Something has happened, or nothing can happen but that time continues. Was the run interrupted here? */
  #moment(): boolean {
    this.moments++;
    if (this.moments !== this.#options.interruptAt) return false;
    this.#interrupt();
    return true;
  }

  #flush(): void {
    while (this.#tasks.length > 0) this.#takeTask();
  }

  /** Nothing happens any more, as when a process is gone. */
  halt(reason: string): void {
    this.#halted = true;
    this.#end({ stuck: reason });
  }

  #lookIfIdle(): void {
    if (this.#tasks.length === 0) this.#whenIdle?.();
  }

  /** Runs an Effect to its end. `started` receives the means to interrupt it. */
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
   * Waits in real time until nothing can happen but that the clock continues, and calls `next`: with a reason if not even
   * that can, or if it has taken too long. Gives the means to stop.
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
      // Of a machine that is busy with other things, milliseconds say little.
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
      // What the interruption leads to comes before the clock continues.
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

  /** Some promise is pending that no timer of its own will settle, or an answer may come through an open socket. */
  #mayBeSettledFromElsewhere(): boolean {
    const isAwaited = this.#promises > 0 && this.#agenda.next?.isTimer !== true;
    return isAwaited || this.#machine.isOpen || (this.#patience.usesSockets && hasOpenSockets());
  }

  /** Why the clock cannot continue, if it cannot. */
  #stuckReason(): string | undefined {
    const { next } = this.#agenda;
    if (next === undefined) {
      return this.#promises > 0
        ? "a promise has not settled, and nothing is left that could settle it"
        : "nothing is left that could continue, neither a step nor a timer";
    }
    if (!next.isTimer) return undefined;
    // A run that waits for a value from outside keeps its process alive with such a timer.
    if (next.millis >= longestTimer) return "nothing is left but to wait for a value from outside";
    const { timerMillis } = this.#patience;
    if (this.#agenda.firedInARow > mostTimersInARow)
      return `${mostTimersInARow} timers have fired, and nothing else happened`;
    if (next.millis <= timerMillis || this.#agenda.sleepingFibers > 0) return undefined;
    return `it waits for a timer of ${next.millis} ms, longer than the limit on waiting of ${timerMillis} ms (option "patience")`;
  }

  #tooLong(): string {
    const work = this.#machine.left.map(nameOfWork);
    return `${[...new Set(work)].join(", ")} took longer than the limit on waiting of ${this.#patience.millis} ms (option "patience")`;
  }

  /**
   * Lets what the run left behind come to its end, as it would in a process that continues: for so long on the run's clock,
   * and as long as real time is needed, but no longer than the limit.
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

  /** What is still there of the run is of the process from now on. */
  close(): void {
    this.#isOver = true;
  }
}

const hasOpenSockets = (): boolean =>
  globalThis.process
    ?.getActiveResourcesInfo?.()
    .some((type) => type.startsWith("TCPSocket") || type.startsWith("TLS")) ?? false;
