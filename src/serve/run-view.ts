/**
 * The data that pages show of runs. While a page watches a run that this process executes, the state is kept and updated by
 * the run's events. The state of a run that has ended is read from its record once. That of a run under way in another
 * process is read on each request.
 */
import * as Effect from "effect/Effect";
import type { RunInfo } from "../../types/runs.ts";
import { reportData } from "../draw/report/report-page.ts";
import { ReportState } from "../draw/report/report-state.ts";
import type { PipelineEvent } from "../events.ts";
import type { StoreProblem, StoreService } from "../journal/store.ts";
import type { RecordedRun } from "../run/recorded-run.ts";
import { recordedRun } from "../run/recorded-run.ts";
import { describeWithCauses } from "../values/causes.ts";
import type { LiveFeed } from "./live-feed.ts";
import { isUnderWay, storedInfo } from "./stored-runs.ts";
import { ViewChanges } from "./view-changes.ts";

/** A view that no page has requested for this long is forgotten. */
const keptMillis = 30_000;
const mostViews = 20;
/** Further steps are only counted, unless they failed: a page must load all the steps that it shows at once. */
const mostSteps = 10_000;
/** A page that opens a larger run first receives this many steps, which it paints while the server prepares the rest. */
const stepsAtFirst = 1_000;
/** How long a request waits for something to happen. */
const waitMillis = 15_000;
/** How often the store is polled for changes. */
const readMillis = 500;
/** A run of another process is read again after this many times the duration of the last read. */
const restFactor = 4;

/** Was this event of a feed recorded when its run was read? */
const isRecorded = (event: PipelineEvent, last: ReadonlyMap<string, number>): boolean => {
  if (!("path" in event)) return event.type === "run.started";
  const recorded = last.get(event.path) ?? 0;
  return event.type === "step.logged" ? Math.floor(event.time) <= recorded : event.time < recorded;
};

/** `failure`: the error of the run in this process, with its stack. */
const stateOf = (
  run: RecordedRun,
  unrecorded: ReadonlyArray<PipelineEvent>,
  failure: unknown,
  most = mostSteps,
): ReportState => {
  const report = new ReportState(most);
  const isOver = !isUnderWay(run.status);
  const last = new Map<string, number>();
  run.fold({
    state: report.run,
    tell: (event) => {
      // The record of a crashed run ends as interrupted, but the run continues once a process resumes it.
      if (!isOver && event.type === "run.interrupted") return undefined;
      if (unrecorded.length > 0 && "path" in event) last.set(event.path, event.time);
      return report.event(event);
    },
  });
  if (unrecorded.length > 0) {
    // A step that is left out is only counted, and must not be counted twice.
    const isCounted = (event: PipelineEvent): boolean =>
      report.run.leftOut > 0 &&
      "path" in event &&
      report.run.step(event.path) === undefined &&
      run.hasOutcome(event.path);
    for (const event of unrecorded) if (!isRecorded(event, last) && !isCounted(event)) report.event(event);
  }
  if (run.status === "failed" && failure !== undefined && describeWithCauses(failure) === run.error)
    report.event({ type: "run.failed", runId: run.id, time: run.ended ?? run.began, error: failure });
  return report;
};

/** The state of a run that this process executes: read once, then updated by events. */
class LiveState {
  readonly feed: LiveFeed;
  #report: ReportState | undefined = undefined;
  #pending: Array<PipelineEvent> = [];
  readonly #onChange = new Set<() => void>();
  /** Has anything happened since the state was last looked at? */
  isChanged = true;
  readonly stop: () => void;

  constructor(feed: LiveFeed) {
    this.feed = feed;
    this.stop = feed.watch(
      (event) => {
        if (this.#report === undefined) this.#pending.push(event);
        else this.#report.event(event);
        this.#change();
      },
      () => this.#change(),
    );
  }

  /** The state of the run, if its end was seen. */
  get ended(): ReportState | undefined {
    return this.#report?.run.root.ended === undefined ? undefined : this.#report;
  }

  #change(): void {
    this.isChanged = true;
    for (const change of this.#onChange) change();
  }

  /** Waits until something happens. */
  get change(): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      if (this.isChanged || this.feed.hasEnded) return resume(Effect.void);
      const changed = (): void => {
        this.#onChange.delete(changed);
        resume(Effect.void);
      };
      this.#onChange.add(changed);
      return Effect.sync(() => this.#onChange.delete(changed));
    });
  }

  read(store: StoreService, runId: string): Effect.Effect<ReportState | undefined, StoreProblem> {
    if (this.#report !== undefined) return Effect.succeed(this.#report);
    const before = this.feed.unrecorded;
    return Effect.map(recordedRun(store, runId), (run) => {
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
  /** Which end of the run the view shows: `endOf` its summary. */
  end: string | undefined;
  /** How long it took to read the run. */
  took: number;
  asked: number;
  /** The run as it was read for the first part of the view, if it is still in memory. */
  found: WeakRef<RecordedRun> | undefined;
}

/** The runs of this process. */
export interface LiveRuns {
  readonly store: StoreService;
  readonly feedOf: (runId: string) => LiveFeed | undefined;
  readonly failureOf: (runId: string) => unknown;
}

/** Distinguishes each end of a run from its other ends, if it is resumed; undefined while it is under way. */
const endOf = ({
  status,
  began,
  ended,
}: Pick<RecordedRun, "status" | "began" | "ended">): string | undefined =>
  isUnderWay(status) ? undefined : `${status} ${began} ${ended}`;

export class RunViews {
  readonly #runs: LiveRuns;
  readonly #views = new Map<string, View>();

  constructor(runs: LiveRuns) {
    this.#runs = runs;
  }

  /**
   * The view as JSON: the changes since a version, or all of it. Undefined if there is no such run. `waits`: if nothing
   * is different, it returns once something has happened, or after a while. The first response about a large run is a
   * part of the view, with a version that no server knows, so the next response is the whole view.
   */
  view(
    runId: string,
    since: string | undefined,
    waits: boolean,
  ): Effect.Effect<string | undefined, StoreProblem> {
    return Effect.gen({ self: this }, function* () {
      const view = this.#viewOf(runId);
      if (since === undefined && view.changes.isEmpty) {
        const part = yield* this.#firstPart(runId, view);
        if (part !== undefined) return part;
      }
      if (!(yield* this.#update(runId, view))) {
        this.#forget(runId);
        return undefined;
      }
      if (waits && view.changes.isNow(since)) {
        yield* Effect.timeoutOption(this.#change(runId, view), waitMillis);
        yield* this.#update(runId, view);
      }
      view.asked = performance.now();
      return view.changes.since(since);
    });
  }

  #viewOf(runId: string): View {
    const now = performance.now();
    const view = this.#views.get(runId) ?? {
      changes: new ViewChanges(),
      live: undefined,
      end: undefined,
      took: 0,
      asked: now,
      found: undefined,
    };
    view.asked = now;
    // The most recently requested view comes last.
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

  /** A part of the view of a large run. */
  #firstPart(runId: string, view: View): Effect.Effect<string | undefined, StoreProblem> {
    const { store, feedOf, failureOf } = this.#runs;
    return Effect.map(recordedRun(store, runId), (run) => {
      if (run === undefined) return undefined;
      view.found = new WeakRef(run);
      if (run.size <= stepsAtFirst) return undefined;
      const unrecorded = feedOf(runId)?.unrecorded ?? [];
      const report = stateOf(run, unrecorded, failureOf(runId), stepsAtFirst);
      return JSON.stringify({ version: "part", isPart: true, ...reportData(report) });
    });
  }

  /** The details of a run that has a summary: not read again if its end has been read. */
  #details(view: View, summary: RunInfo): Effect.Effect<RecordedRun | undefined, StoreProblem> {
    const found = view.found?.deref();
    view.found = undefined;
    const end = endOf(summary);
    return found !== undefined && end !== undefined && endOf(found) === end
      ? Effect.succeed(found)
      : recordedRun(this.#runs.store, summary.id);
  }

  /** Brings a view up to date. False: there is no such run. */
  #update(runId: string, view: View): Effect.Effect<boolean, StoreProblem> {
    return Effect.gen({ self: this }, function* () {
      const { store, feedOf, failureOf } = this.#runs;
      const feed = feedOf(runId);
      if (feed !== undefined) {
        if (view.live?.feed !== feed) {
          view.live?.stop();
          view.live = new LiveState(feed);
        }
        view.end = undefined;
        const { live } = view;
        const report = yield* live.read(store, runId);
        if (report !== undefined && live.isChanged) {
          live.isChanged = false;
          view.changes.update(reportData(report));
        }
        return report !== undefined;
      }
      const summary = yield* storedInfo(store, runId);
      if (summary === undefined) return false;
      const end = endOf(summary);
      if (end !== undefined && end === view.end) return true;
      // A run whose end was seen here is not read again.
      const seen = end === undefined ? undefined : view.live?.ended;
      view.live?.stop();
      view.live = undefined;
      const began = performance.now();
      const run = seen === undefined ? yield* this.#details(view, summary) : undefined;
      const report = seen ?? (run === undefined ? undefined : stateOf(run, [], failureOf(runId)));
      if (report === undefined) return false;
      view.changes.update(reportData(report));
      view.took = performance.now() - began;
      view.end = end;
      return true;
    });
  }

  /** Waits until something may have happened in a run. */
  #change(runId: string, view: View): Effect.Effect<void, StoreProblem> {
    return Effect.gen({ self: this }, function* () {
      if (view.live !== undefined) return yield* view.live.change;
      const { store, feedOf } = this.#runs;
      if (view.end === undefined) return yield* Effect.sleep(Math.max(readMillis, restFactor * view.took));
      for (;;) {
        yield* Effect.sleep(readMillis);
        const summary = yield* storedInfo(store, runId);
        if (feedOf(runId) !== undefined || summary === undefined || endOf(summary) !== view.end) return;
      }
    });
  }
}
