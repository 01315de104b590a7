/** The schedules of a process that fires them. */
import * as Effect from "effect/Effect";
import type * as Fiber from "effect/Fiber";
import type { AnySchedule } from "../schedule.ts";
import type { Starter } from "./scheduler.ts";
import { runSchedule } from "./scheduler.ts";

/** Do two schedules have the same ticks? */
const isSame = (one: AnySchedule, other: AnySchedule): boolean =>
  one.name === other.name && one.cron === other.cron && one.timeZone === other.timeZone;

/** One fiber per schedule. A schedule of a file that is loaded again continues, with what the file says now. */
export class Schedules {
  readonly #host: Starter;
  readonly #running = new Map<AnySchedule, Fiber.Fiber<never>>();

  constructor(host: Starter) {
    this.#host = host;
  }

  keep(schedules: Iterable<AnySchedule>): void {
    const wanted = new Set(schedules);
    const before = [...this.#running.keys()];
    for (const [schedule, fiber] of this.#running) {
      if (wanted.has(schedule)) continue;
      this.#running.delete(schedule);
      fiber.interruptUnsafe();
    }
    for (const schedule of wanted) {
      if (!this.#running.has(schedule))
        this.#running.set(
          schedule,
          Effect.runFork(
            runSchedule(
              this.#host,
              schedule,
              before.some((one) => isSame(one, schedule)),
            ),
          ),
        );
    }
  }
}
