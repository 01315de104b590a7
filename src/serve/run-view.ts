/**
 * The data that pages show of runs. While a page watches a run that this process executes, the state is kept and updated by
 * the run's events. For any other run it is read from the record on each request.
 */
import * as Effect from "effect/Effect";
import { reportData } from "../draw/report/report-page.ts";
import { ReportState } from "../draw/report/report-state.ts";
import type { PipelineEvent } from "../events.ts";
import type { RunDetails, StoreProblem, StoreService } from "../journal/store.ts";
import { recordedState } from "../run/recorded-state.ts";
import { describeWithCauses } from "../values/causes.ts";
import type { LiveFeed } from "./live-feed.ts";
import { ViewChanges } from "./view-changes.ts";

/** A view that no page has requested for this long is forgotten. */
const keptMillis = 30_000;
const mostViews = 20;

/** Was this event of a feed recorded when its run was read? */
const isRecorded = (event: PipelineEvent, last: ReadonlyMap<string, number>): boolean => {
  if (!("path" in event)) return event.type === "run.started";
  const recorded = last.get(event.path) ?? 0;
  return event.type === "step.logged" ? Math.floor(event.time) <= recorded : event.time < recorded;
};

/** `failure`: the error of the run in this process, with its stack. */
const stateOf = (
  run: RunDetails,
  unrecorded: ReadonlyArray<PipelineEvent>,
  failure: unknown,
): ReportState => {
  const report = new ReportState();
  const isUnderWay = run.status === "running" || run.status === "crashed";
  const { events } = recordedState(run);
  const last = new Map<string, number>();
  for (const event of events) {
    if (isUnderWay && event.type === "run.interrupted") continue;
    report.event(event);
    if ("path" in event) last.set(event.path, event.time);
  }
  for (const event of unrecorded) if (!isRecorded(event, last)) report.event(event);
  if (run.status === "failed" && failure !== undefined && describeWithCauses(failure) === run.error)
    report.event({ type: "run.failed", runId: run.id, time: run.ended ?? run.began, error: failure });
  return report;
};

/** The state of a run that this process executes: read once, then updated by events. */
class LiveState {
  readonly feed: LiveFeed;
  #report: ReportState | undefined = undefined;
  #pending: Array<PipelineEvent> = [];
  readonly stop: () => void;

  constructor(feed: LiveFeed) {
    this.feed = feed;
    this.stop = feed.watch(
      (event) => {
        if (this.#report === undefined) this.#pending.push(event);
        else this.#report.event(event);
      },
      () => {},
    );
  }

  read(store: StoreService, runId: string): Effect.Effect<ReportState | undefined, StoreProblem> {
    if (this.#report !== undefined) return Effect.succeed(this.#report);
    const before = this.feed.unrecorded;
    return Effect.map(store.find(runId), (run) => {
      if (run === undefined) return undefined;
      // Another page has possibly requested it in the meantime.
      this.#report ??= stateOf(run, [...before, ...this.#pending], undefined);
      this.#pending = [];
      return this.#report;
    });
  }
}

interface View {
  readonly changes: ViewChanges;
  live: LiveState | undefined;
  asked: number;
}

/** The runs of this process. */
export interface LiveRuns {
  readonly store: StoreService;
  readonly feedOf: (runId: string) => LiveFeed | undefined;
  readonly failureOf: (runId: string) => unknown;
}

export class RunViews {
  readonly #runs: LiveRuns;
  readonly #views = new Map<string, View>();

  constructor(runs: LiveRuns) {
    this.#runs = runs;
  }

  /** The view as JSON: the changes since a version, or all of it. Undefined if there is no such run. */
  view(runId: string, since: string | undefined): Effect.Effect<string | undefined, StoreProblem> {
    return Effect.suspend(() => {
      const view = this.#viewOf(runId);
      return Effect.map(this.#stateOf(runId, view), (report) => {
        if (report === undefined) {
          this.#forget(runId);
          return undefined;
        }
        view.changes.update(reportData(report));
        return view.changes.since(since);
      });
    });
  }

  #viewOf(runId: string): View {
    const now = performance.now();
    const view = this.#views.get(runId) ?? { changes: new ViewChanges(), live: undefined, asked: now };
    view.asked = now;
    // The view that was requested last is the last one.
    this.#views.delete(runId);
    this.#views.set(runId, view);
    for (const [id, { asked }] of this.#views)
      if (this.#views.size > mostViews || now - asked > keptMillis) this.#forget(id);
    return view;
  }

  #forget(runId: string): void {
    this.#views.get(runId)?.live?.stop();
    this.#views.delete(runId);
  }

  #stateOf(runId: string, view: View): Effect.Effect<ReportState | undefined, StoreProblem> {
    const { store, feedOf, failureOf } = this.#runs;
    const feed = feedOf(runId);
    if (view.live?.feed !== feed) {
      view.live?.stop();
      view.live = feed === undefined ? undefined : new LiveState(feed);
    }
    return (
      view.live?.read(store, runId) ??
      Effect.map(store.find(runId), (run) =>
        run === undefined ? undefined : stateOf(run, [], failureOf(runId)),
      )
    );
  }
}
