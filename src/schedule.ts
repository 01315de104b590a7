/**
 * `schedule`: a value that describes when runs of a pipeline start. In: a cron expression, a pipeline, and rules for
 * overlapping runs and missed ticks. Out: a frozen value that computes its ticks. `serve/` fires it.
 */
import * as Cron from "effect/Cron";
import * as Result from "effect/Result";
import type { PipelineSchedule, ScheduleFunction } from "../types/schedule.ts";
import { expandable } from "./engine/graph.ts";
import { InvalidSchedule } from "./errors.ts";
import { forbiddenInRunId } from "./run/run-id.ts";
import type { Specification } from "./values/specification.ts";
import {
  aFunction,
  isRecord,
  oneOf,
  problemOf,
  received,
  typed,
  unknownOption,
} from "./values/specification.ts";

type Fields = Readonly<Record<string, unknown>>;

/** A name of this length, followed by the time of a tick, is still a valid run id. */
const longestName = 160;

const nameProblem = (name: unknown): string | undefined => {
  if (typeof name !== "string") return `name must be a string; got ${typed(name)}.`;
  if (name === "") return "name must not be empty.";
  if (Array.from(name).length > longestName)
    return `name must have at most ${longestName} characters; got ${Array.from(name).length}.`;
  // A run id begins with the name, and "@" ends it there.
  return name.includes("@") || forbiddenInRunId.test(name)
    ? `name must not contain "/", "@", control characters or lone surrogates; got ${JSON.stringify(name)}.`
    : undefined;
};

const zoneProblem = (name: string, zone: unknown): string | undefined => {
  if (typeof zone !== "string")
    return `${name} must be a string such as "Europe/Berlin"; got ${typed(zone)}.`;
  try {
    return Intl.DateTimeFormat("en", { timeZone: zone }) && undefined;
  } catch {
    return `${name} must be an IANA time zone such as "Europe/Berlin"; got ${received(zone)}.`;
  }
};

/** In the order in which the documentation lists them. */
export const scheduleOptions: Specification = {
  cron: {
    check: (name, value) =>
      typeof value === "string"
        ? undefined
        : `${name} must be a cron expression such as "0 3 * * *"; got ${typed(value)}.`,
    does: "A cron expression of five fields (minute, hour, day of month, month, weekday), or six with seconds first",
    without: "required",
  },
  timeZone: {
    check: zoneProblem,
    does: 'The time zone of `cron`, such as `"Europe/Berlin"`. A time that does not exist on a day fires right after the gap; one that exists twice fires the first time',
    without: "UTC",
  },
  pipeline: {
    check: (name, value) =>
      expandable(value) === undefined ? `${name} must be a pipeline; got ${typed(value)}.` : undefined,
    does: "The pipeline to run",
    without: "required",
  },
  inputs: {
    check: aFunction("the tick, a Date"),
    does: "A function of the tick that returns the inputs of the run",
    without: "no inputs",
  },
  overlap: {
    check: oneOf("skip", "queue", "replace", "allow"),
    does: 'If an earlier run is still active: `"skip"` the tick, `"queue"` it, `"replace"` the earlier run, or `"allow"` both',
    without: '`"skip"`',
  },
  catchUp: {
    check: oneOf("none", "last", "all"),
    does: 'For ticks that passed while no process served the schedule: run `"none"`, the `"last"`, or `"all"`',
    without: '`"none"`',
  },
};

const optionsProblem = (options: Fields): string | undefined =>
  problemOf(options, scheduleOptions, (option) => unknownOption("A schedule", option, scheduleOptions));

const ofSchedule: unique symbol = Symbol.for("espalier/Schedule") as never;

const noInputs = (): Fields => ({});

class ScheduleValue implements PipelineSchedule {
  readonly [ofSchedule] = true;
  readonly name: string;
  readonly cron: string;
  readonly timeZone: string;
  readonly pipeline: PipelineSchedule["pipeline"];
  readonly overlap: PipelineSchedule["overlap"];
  readonly catchUp: PipelineSchedule["catchUp"];
  readonly inputs: (tick: Date) => Fields;
  readonly #parsed: Cron.Cron;

  constructor(name: string, options: Fields) {
    const { cron, timeZone = "UTC", pipeline, inputs, overlap = "skip", catchUp = "none" } = options;
    this.name = name;
    this.cron = cron as string;
    this.timeZone = timeZone as string;
    this.pipeline = pipeline as PipelineSchedule["pipeline"];
    this.overlap = overlap as PipelineSchedule["overlap"];
    this.catchUp = catchUp as PipelineSchedule["catchUp"];
    this.inputs = (inputs ?? noInputs) as (tick: Date) => Fields;
    this.#parsed = parsed(name, this.cron, this.timeZone);
    Object.freeze(this);
  }

  next(count = 5, after = new Date()): ReadonlyArray<Date> {
    const ticks: Array<Date> = [];
    for (let at = after; ticks.length < count; ) ticks.push((at = Cron.next(this.#parsed, at)));
    return ticks;
  }

  /** The newest ticks after `since`, up to and including `until`, oldest first. */
  between(since: number, until: number, most: number): ReadonlyArray<Date> {
    const ticks: Array<Date> = [];
    // Strictly before: a tick at `until` itself counts.
    for (let at = new Date(until + 1); ticks.length < most; ) {
      at = Cron.prev(this.#parsed, at);
      if (at.getTime() <= since) break;
      ticks.push(at);
    }
    return ticks.reverse();
  }
}

const parsed = (name: string, cron: string, timeZone: string): Cron.Cron => {
  const refuse = (reason: string) => new InvalidSchedule({ schedule: name, reason });
  const result = Cron.parse(cron, timeZone);
  if (Result.isFailure(result)) {
    const { message } = result.failure;
    const reason = `cron is not a valid expression: ${received(cron)} (${message.toLowerCase()}). Write minute, hour, day of month, month and weekday, such as "0 3 * * *".`;
    throw refuse(reason);
  }
  try {
    Cron.next(result.success);
    return result.success;
  } catch {
    throw refuse(`cron never fires: ${received(cron)} has no date. Check its day of month and month.`);
  }
};

/** A schedule from any copy of this library. */
export type AnySchedule = ScheduleValue;

export const isSchedule = (value: unknown): value is AnySchedule =>
  typeof value === "object" && value !== null && ofSchedule in value;

/**
 * A schedule: runs of a pipeline that start automatically while `espalier serve` serves the file that exports it. Each
 * tick starts one run, however many processes serve the same store: the run's id contains the tick.
 *
 * @example
 * ```ts
 * import { pipeline, schedule, type } from "espalier";
 *
 * const report = pipeline("report")
 *   .input("day", type<string>())
 *   .step("text", ["day"], ({ day }) => `Sales of ${day}`);
 *
 * export const nightly = schedule("nightly", {
 *   cron: "0 3 * * *",
 *   timeZone: "Europe/Berlin",
 *   pipeline: report,
 *   inputs: (tick) => ({ day: tick.toISOString().slice(0, 10) }),
 *   overlap: "skip",
 *   catchUp: "last",
 * });
 *
 * console.log(nightly.next(1, new Date("2026-01-01T12:00:00Z"))[0]?.toISOString()); // 2026-01-02T02:00:00.000Z
 * ```
 *
 * @public
 */
export const schedule: ScheduleFunction = ((name: unknown, options: unknown) => {
  const problem =
    nameProblem(name) ??
    (isRecord(options)
      ? (optionsProblem(options) ?? missing(options))
      : `options must be an object; got ${typed(options)}.`);
  if (problem !== undefined)
    throw new InvalidSchedule({ schedule: typeof name === "string" ? name : "", reason: problem });
  return new ScheduleValue(name as string, options as Fields);
}) as ScheduleFunction;

const missing = (options: Fields): string | undefined => {
  const absent = ["cron", "pipeline"].find((name) => options[name] === undefined);
  return absent === undefined ? undefined : `${absent} is missing.`;
};
