/** Schedules, which start runs of a pipeline automatically. */
import type { Pipeline } from "./pipeline.ts";
import type { InputsOf } from "./types-of.ts";

/**
 * What happens at a tick while an earlier run of the schedule is in progress. `"skip"`: nothing. `"queue"`: the run starts
 * once the earlier ones have ended. `"replace"`: the earlier run is cancelled, then the new one starts. `"allow"`: both run.
 *
 * @public
 */
export type ScheduleOverlap = "skip" | "queue" | "replace" | "allow";

/**
 * What happens to the ticks that were missed while no process served the schedule. `"none"`: nothing. `"last"`: the last of
 * them runs. `"all"`: each of them runs, oldest first, up to the last 1,000.
 *
 * @public
 */
export type ScheduleCatchUp = "none" | "last" | "all";

/** The inputs of each run; optional for a pipeline that needs none. */
type ScheduleInputs<P> =
  {} extends InputsOf<P>
    ? {
        /** Returns the inputs of the run for a tick. */
        readonly inputs?: ((tick: Date) => InputsOf<P>) | undefined;
      }
    : {
        /** Returns the inputs of the run for a tick. */
        readonly inputs: (tick: Date) => InputsOf<P>;
      };

/**
 * When a schedule fires and which pipeline it runs.
 *
 * @public
 */
export type ScheduleOptions<P> = ScheduleInputs<P> & {
  /** Five fields (minute, hour, day of month, month, weekday), or six with seconds first, such as `"0 3 * * *"`. */
  readonly cron: string;
  /** The time zone of `cron`, such as `"Europe/Berlin"`; UTC by default. */
  readonly timeZone?: string | undefined;
  /** The pipeline to run. */
  readonly pipeline: P;
  /** What happens while an earlier run is in progress; `"skip"` by default. */
  readonly overlap?: ScheduleOverlap | undefined;
  /** What happens to missed ticks; `"none"` by default. */
  readonly catchUp?: ScheduleCatchUp | undefined;
};

/**
 * A schedule, as a value: `espalier serve` fires the schedules that a file exports.
 *
 * @public
 */
export interface PipelineSchedule<P = Pipeline<any, any, any, any>> {
  /** Its name, with which the ids of its runs begin. */
  readonly name: string;
  /** Its cron expression. */
  readonly cron: string;
  /** The time zone of `cron`. */
  readonly timeZone: string;
  /** The pipeline to run. */
  readonly pipeline: P;
  /** What happens while an earlier run is in progress. */
  readonly overlap: ScheduleOverlap;
  /** What happens to missed ticks. */
  readonly catchUp: ScheduleCatchUp;
  /** Returns the inputs of the run for a tick. */
  readonly inputs: (tick: Date) => InputsOf<P>;
  /** Returns the next `count` ticks (5 by default) after a time (now by default). */
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
