/** What the page shows of a run, as it is now: made of its record, and of what this process knows beside it. */
import type { PageData } from "../draw/page/data.ts";
import { reportData } from "../draw/report/report-page.ts";
import { ReportState } from "../draw/report/report-state.ts";
import type { RunDetails } from "../journal/store.ts";
import { isUnderWay } from "../journal/store.ts";
import { recordedState } from "../run/recorded-state.ts";
import type { LiveFeed } from "./live-feed.ts";

export const runView = (run: RunDetails, feed: LiveFeed | undefined): PageData => {
  const report = new ReportState();
  const isOpen = isUnderWay(run.status);
  const { events } = recordedState(run);
  const last = new Map<string, number>();
  for (const event of events) {
    if (isOpen && event.type === "run.interrupted") continue;
    report.event(event);
    if ("path" in event) last.set(event.path, event.time);
  }
  // What is recorded of a path is newer than what was told of it before.
  for (const event of feed?.unrecorded ?? []) {
    if ("path" in event && event.time >= (last.get(event.path) ?? 0)) report.event(event);
  }
  return reportData(report);
};
