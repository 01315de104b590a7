/** Which ticks of a schedule are due: a pure function of when it last fired, the time, and how it treats missed ticks. */
import type { AnySchedule } from "../schedule.ts";

/** If more ticks were missed, the oldest are left out. */
const mostMissed = 1_000;

/** A timer can be this late if the machine is busy. An older tick was missed. */
const lateMillis = 60_000;

export interface Due {
  /** The ticks to run, oldest first. */
  readonly ticks: ReadonlyArray<Date>;
  /** How many missed ticks are left out. */
  readonly missed: number;
  /** Up to when ticks have been considered. */
  readonly until: number;
}

/**
 * The ticks after `since` up to `now`. `isFirst`: no process served the schedule until now, so each of them was missed.
 */
export const dueTicks = (schedule: AnySchedule, since: number, now: number, isFirst: boolean): Due => {
  const all = schedule.between(since, now, mostMissed);
  const oldest = isFirst ? Infinity : now - lateMillis;
  const inTime = all.filter((tick) => tick.getTime() >= oldest);
  const missed = all.slice(0, all.length - inTime.length);
  const caughtUp = schedule.catchUp === "all" ? missed : schedule.catchUp === "last" ? missed.slice(-1) : [];
  return { ticks: [...caughtUp, ...inTime], missed: missed.length - caughtUp.length, until: now };
};

const mark = "@";

/** The id of a schedule's run at a tick: the same in every process. */
export const tickRunId = (schedule: string, tick: Date): string => {
  const time = tick.toISOString();
  return `${schedule}${mark}${time.endsWith(".000Z") ? `${time.slice(0, -5)}Z` : time}`;
};

/** How the ids of a schedule's runs begin. */
export const runIdPrefix = (schedule: string): string => `${schedule}${mark}`;

/** The tick of a run, in milliseconds since 1970; undefined for a run of something else. */
export const tickOf = (schedule: string, runId: string): number | undefined => {
  const prefix = runIdPrefix(schedule);
  const time = runId.startsWith(prefix) ? Date.parse(runId.slice(prefix.length)) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
};
