/** Effect's scheduler for a simulation: nothing runs by itself, and the choices say what is next. */
import type { Fiber } from "effect/Fiber";
import type { Scheduler, SchedulerDispatcher } from "effect/Scheduler";
import type { Choices } from "./choices.ts";
import { generator } from "./random.ts";

/** Operations after which a fiber yields in any case: Effect's own default. */
const mostOperations = 2048;

export class Tasks implements Scheduler {
  readonly executionMode = "async";
  readonly #choices: Choices;
  #tasks: Array<() => void> = [];
  /** After how many operations a fiber yields next: at places that a plain run would pass without a pause. */
  #yieldAfter: () => number;
  #untilYield: number;
  /** Called when something that can run has come. */
  whenReady: (() => void) | undefined = undefined;

  constructor(choices: Choices, yieldSeed: number) {
    this.#choices = choices;
    const random = generator(yieldSeed);
    this.#yieldAfter = yieldSeed === 0 ? () => mostOperations : () => 4 + Math.floor(random() * 60);
    this.#untilYield = this.#yieldAfter();
  }

  get length(): number {
    return this.#tasks.length;
  }

  shouldYield(fiber: Fiber<unknown, unknown>): boolean {
    if (fiber.currentOpCount < this.#untilYield) return false;
    this.#untilYield = this.#yieldAfter();
    return true;
  }

  makeDispatcher(): SchedulerDispatcher {
    return { scheduleTask: (task) => this.add(task), flush: () => this.runAll() };
  }

  add(task: () => void): void {
    this.#tasks.push(task);
    this.whenReady?.();
  }

  /** Runs one task that is ready; false: there is none. */
  runOne(): boolean {
    const { length } = this.#tasks;
    if (length === 0) return false;
    const [task] = this.#tasks.splice(this.#choices.choose(length), 1);
    task!();
    return true;
  }

  runAll(): void {
    while (this.runOne());
  }

  /** Forgets all that has not run: what a crash does. */
  clear(): void {
    this.#tasks = [];
  }
}
