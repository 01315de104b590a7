/** The page's format of counts and times, and the text that a screen reader reads for a step. */
import type { PageState, PageStep, StepRun } from "../data.ts";

export const count = (value: number, one: string, many = `${one}s`): string =>
  `${value.toLocaleString("en")} ${value === 1 ? one : many}`;

/** A length of time, given in milliseconds. */
export const time = (millis: number): string => {
  if (millis < 1_000) return `${Math.round(millis * 10) / 10} ms`;
  if (millis < 60_000) return `${(millis / 1_000).toFixed(millis < 10_000 ? 2 : 1)} s`;
  const minutes = Math.floor(millis / 60_000);
  const seconds = Math.round((millis % 60_000) / 1_000);
  return minutes < 60 ? `${minutes} min ${seconds} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};

export const stateLabels: Readonly<Record<PageState, string>> = {
  pending: "not started",
  running: "running",
  waiting: "waiting",
  retrying: "retrying",
  done: "done",
  failed: "failed",
  skipped: "skipped",
  stopped: "stopped",
  leaked: "abandoned",
  recalled: "from an earlier run",
};

export const undoneLabels: Readonly<Record<NonNullable<StepRun["undone"]>, string>> = {
  "under way": "being undone",
  done: "undone",
  failed: "could not be undone",
};

export const spoken = ({ path, kind }: PageStep, note: string, state: PageState | undefined): string => {
  const name = [kind, path, note].filter((word) => word !== "").join(" ");
  return state === undefined ? name : `${name}, ${stateLabels[state]}`;
};
