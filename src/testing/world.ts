/**
 * A world of its own for one run: time that passes only when nothing else can happen, random numbers from a seed, and a
 * scheduler which takes one task at a time in an order that a schedule says. Nothing in it is shared with another run.
 *
 * Effect's TestClock waits to be told how far to go; this one goes by itself to when the next sleeper wakes, since a run
 * that is explored has nobody beside it who knows.
 */
import * as Clock from "effect/Clock";
import * as Context from "effect/Context";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import type * as Exit from "effect/Exit";
import { FiberRuntimeMetrics } from "effect/Metric";
import { Random } from "effect/Random";
import { Scheduler } from "effect/Scheduler";
import { Interleaving } from "../engine/seams.ts";
import { whenSettled } from "../values/thenable.ts";
import { randomOf } from "./random.ts";

/**
 * In which order things happen that may happen in any: by a seed, or by the choices themselves. Where the choices end,
 * and where there are none, first in is first out.
 *
 * @public
 */
export type Schedule =
  | {
      /** What the choices are drawn by. */
      readonly seed: number;
    }
  | {
      /** At each choice, which of what can go on does. */
      readonly picks: ReadonlyArray<number>;
    };

export const firstInFirstOut: Schedule = Object.freeze({ picks: Object.freeze([]) });

export interface WorldOptions {
  readonly schedule?: Schedule | undefined;
  /** A seed for where fibers yield, beside where they do in a plain run: every few operations in place of 2,048. */
  readonly yields?: number | undefined;
  /** For Effect's `Random`. */
  readonly seed?: number | undefined;
  /** When it begins. */
  readonly time?: number | undefined;
  /** Real milliseconds that a promise may take. */
  readonly patience?: number | undefined;
  readonly services?: Context.Context<any> | undefined;
  /** Interrupts the run at this moment. */
  readonly interruptAt?: number | undefined;
}

/** How a run in a world came to its end; `stuck`: nothing is left in it that could go on. */
export type Ended<A> = { readonly exit: Exit.Exit<A, unknown> } | { readonly stuck: string };

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/** Real milliseconds that a promise may go on after an interruption. */
const promiseGraceMillis = 50;

/** Tasks run in one turn of the event loop before others get theirs. */
const tasksPerTurn = 500;

export class World {
  /** Every choice that there was: how many there were to choose from, and which was taken. */
  readonly choices: Array<{ readonly of: number; readonly took: number }> = [];
  /** How many moments there were at which the run could be interrupted. */
  moments = 0;
  /** Fibers that have begun and not ended. */
  fibers = 0;
  readonly #options: WorldOptions;
  readonly #tasks: Array<{ readonly run: () => void; readonly priority: number }> = [];
  readonly #sleepers: Array<Sleeper> = [];
  readonly #choose: (count: number) => number;
  readonly #nextYield: () => number;
  #yieldAfter: number;
  #time: number;
  #promises = 0;
  #isHurried = false;
  #halted = false;
  #end: (how: { readonly stuck: string }) => void = () => {};
  #interrupt = (): void => {};
  #isPumping = false;
  #tasksThisTurn = 0;
  #whenIdle: (() => void) | undefined;

  constructor(options: WorldOptions = {}) {
    this.#options = options;
    this.#time = options.time ?? 0;
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
    return this.#time;
  }

  /** Sleepers that nobody has woken. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  readonly pick = (count: number): number => {
    if (count < 2) return 0;
    const took = this.#choose(count);
    this.choices.push({ of: count, took });
    return took;
  };

  /** While a promise is pending, time stands still; and when it is known what it gives, that waits for its turn. */
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

  #context(): Context.Context<never> {
    const clock: Clock.Clock = {
      currentTimeMillisUnsafe: () => this.#time,
      currentTimeMillis: Effect.sync(() => this.#time),
      currentTimeNanosUnsafe: () => BigInt(Math.round(this.#time * 1e6)),
      currentTimeNanos: Effect.sync(() => BigInt(Math.round(this.#time * 1e6))),
      monotonicTimeNanosUnsafe: () => BigInt(Math.round(this.#time * 1e6)),
      monotonicTimeNanos: Effect.sync(() => BigInt(Math.round(this.#time * 1e6))),
      sleep: (duration) => this.#sleep(Duration.toMillis(duration)),
    };
    const next = randomOf(this.#options.seed ?? 0);
    const scheduler: Scheduler = {
      executionMode: "async",
      shouldYield: (fiber) => this.#shouldYield(fiber.currentOpCount),
      makeDispatcher: () => ({
        scheduleTask: (run, priority) => this.#schedule(run, priority),
        flush: () => this.#flush(),
      }),
    };
    return Context.merge(
      this.#options.services ?? Context.empty(),
      Context.empty().pipe(
        Context.add(Clock.Clock, clock),
        Context.add(Scheduler, scheduler),
        Context.add(Random, {
          nextDoubleUnsafe: next,
          nextIntUnsafe: () => Math.floor((next() - 0.5) * 2 * Number.MAX_SAFE_INTEGER),
        }),
        Context.add(Interleaving, this.pick),
        Context.add(FiberRuntimeMetrics, {
          recordFiberStart: () => this.fibers++,
          recordFiberEnd: () => this.fibers--,
        }),
      ),
    ) as Context.Context<never>;
  }

  /** Where a fiber yields: where it would in a plain run, or sooner. */
  #shouldYield(operations: number): boolean {
    if (operations < this.#yieldAfter) return false;
    this.#yieldAfter = this.#nextYield();
    return true;
  }

  #sleep(millis: number): Effect.Effect<void> {
    return Effect.callback((resume) => {
      const sleeper = { until: this.#time + Math.max(millis, 0), wake: () => resume(Effect.void) };
      this.#sleepers.push(sleeper);
      return Effect.sync(() => {
        const at = this.#sleepers.indexOf(sleeper);
        if (at !== -1) this.#sleepers.splice(at, 1);
      });
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
      setImmediate(this.#pump);
    }
  }

  /** One task, of those with the least priority number. */
  readonly #pump = (): void => {
    this.#isPumping = false;
    this.#takeTask();
    if (this.#tasks.length > 0) this.#pumpSoon();
    else this.#lookIfIdle();
  };

  #takeTask(): void {
    const tasks = this.#tasks;
    if (this.#halted) tasks.length = 0;
    if (tasks.length === 0) return;
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

  /** Something has happened, or nothing can happen but that time goes on. */
  #moment(): void {
    this.moments++;
    if (this.moments === this.#options.interruptAt) this.#interrupt();
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

  /** Runs an Effect to its end. `started` is given the means to interrupt it. */
  run<A>(
    effect: Effect.Effect<A, unknown>,
    started: (interrupt: () => void) => void = () => {},
  ): Promise<Ended<A>> {
    return new Promise((resolve) => {
      let ended = false;
      let tick: NodeJS.Immediate | undefined;
      let timer: NodeJS.Timeout | undefined;
      const end = (how: Ended<A>): void => {
        if (ended) return;
        ended = true;
        this.#whenIdle = undefined;
        clearImmediate(tick);
        clearTimeout(timer);
        resolve(how);
      };
      /** Promises of whose existence nobody told may settle meanwhile, so it waits a turn and looks again. */
      const look = (): void => {
        tick = undefined;
        if (ended || this.#tasks.length > 0) return;
        if (this.#promises > 0 && !this.#isHurried) return;
        this.#moment();
        if (this.#tasks.length > 0) return;
        if (this.#wake()) this.#lookIfIdle();
      };
      this.#end = end;
      const giveUp = (): void =>
        end({
          stuck:
            this.#promises > 0
              ? "a promise has not settled"
              : "nothing is left that could go on, neither a step nor a timer",
        });
      const { patience = 5000 } = this.#options;
      this.#whenIdle = () => {
        tick ??= setImmediate(look);
        if (timer === undefined) timer = setTimeout(giveUp, patience);
        else timer.refresh();
      };
      const fiber = Effect.runForkWith(this.#context())(effect);
      fiber.addObserver((exit) => end({ exit }));
      this.#interrupt = () => {
        fiber.interruptUnsafe();
        this.#hurry();
      };
      started(this.#interrupt);
      if (!ended) this.#lookIfIdle();
    });
  }

  /** After an interruption nobody waits long for a promise: what ignores that is left behind when its grace is over. */
  #hurry(): void {
    setTimeout(() => {
      this.#isHurried = true;
      this.#lookIfIdle();
    }, promiseGraceMillis).unref();
  }

  /** Time goes on to when the next sleeper wakes. */
  #wake(): boolean {
    let until = Infinity;
    for (const sleeper of this.#sleepers) until = Math.min(until, sleeper.until);
    if (until === Infinity) return false;
    this.#time = until;
    const woken = this.#sleepers.filter((sleeper) => sleeper.until === until);
    for (const sleeper of woken) this.#sleepers.splice(this.#sleepers.indexOf(sleeper), 1);
    const order = [...woken];
    while (order.length > 0) order.splice(this.pick(order.length), 1)[0]!.wake();
    return true;
  }
}
