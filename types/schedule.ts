/** Schedules: when runs of a pipeline start by themselves. */
import type { Pipeline } from "./pipeline.ts";
import type { InputsOf } from "./types-of.ts";

/**
 * What happens at a tick while an earlier run of the schedule is under way. `"skip"`: nothing. `"queue"`: the run starts
 * once the earlier ones have ended. `"replace"`: the earlier run is cancelled, then the new one starts. `"allow"`: both run.
 *
 * @public
 */
export type ScheduleOverlap = "skip" | "queue" | "replace" | "allow";

/**
 * What happens to the ticks that passed while no process served the schedule. `"none"`: nothing. `"last"`: the last of
 * them runs. `"all"`: each of them runs, the oldest first, and at most the last 1,000.
 *
 * @public
 */
export type ScheduleCatchUp = "none" | "last" | "all";

/** The inputs of each run; they can be left out for a pipeline that needs none. */
type ScheduleInputs<P> =
  {} extends InputsOf<P>
    ? {
        /** The inputs of the run of a tick. */
        readonly inputs?: (tick: Date) => InputsOf<P>;
      }
    : {
        /** The inputs of the run of a tick. */
        readonly inputs: (tick: Date) => InputsOf<P>;
      };

/**
 * When a schedule fires, and what it runs.
 *
 * @public
 */
export type ScheduleOptions<P> = ScheduleInputs<P> & {
  /** Five fields (minute, hour, day of month, month, weekday), or six with seconds first, such as `"0 3 * * *"`. */
  readonly cron: string;
  /** The time zone of `cron`, such as `"Europe/Berlin"`; without it, UTC. */
  readonly timeZone?: string;
  /** What is run. */
  readonly pipeline: P;
  /** What happens while an earlier run is under way; without it, `"skip"`. */
  readonly overlap?: ScheduleOverlap;
  /** What happens to ticks that were missed; without it, `"none"`. */
  readonly catchUp?: ScheduleCatchUp;
};

/**
 * A schedule, as a value: `espalier serve` fires those that a file exports.
 *
 * @public
 */
export interface PipelineSchedule<P = Pipeline<any, any, any, any>> {
  /** Its name, which begins the ids of its runs. */
  readonly name: string;
  /** When it fires. */
  readonly cron: string;
  /** The time zone of `cron`. */
  readonly timeZone: string;
  /** What it runs. */
  readonly pipeline: P;
  /** What happens while an earlier run is under way. */
  readonly overlap: ScheduleOverlap;
  /** What happens to ticks that were missed. */
  readonly catchUp: ScheduleCatchUp;
  /** The inputs of the run of a tick. */
  readonly inputs: (tick: Date) => InputsOf<P>;
  /** The next ticks after a time: five after now, by default. */
  readonly next: (count?: number, after?: Date) => ReadonlyArray<Date>;
}

/**
 * `schedule`.
 *
 * @public
 */
export type ScheduleFunction = <P extends Pipeline<any, any, any, any>>(
  name: string,
  options: ScheduleOptions<P>,
) => PipelineSchedule<P>;
