/** The report of a run: one page that shows what happened, built from the run's events as they arrive or afterwards. */
import * as Effect from "effect/Effect";
import type * as Stream from "effect/Stream";
import type { PipelineEvent } from "../../events.ts";

import { reportPage } from "./report-page.ts";
import { ReportState } from "./report-state.ts";

/**
 * Collects the data of a report, event by event, without retaining the values of the run.
 *
 * @public
 */
export interface ReportCollector {
  /** Takes the next event of the run. */
  readonly event: (event: PipelineEvent) => void;
  /** The report of what has happened so far, as the text of an HTML file. */
  readonly toHtml: () => string;
}

/**
 * The part of a run that a report needs; the runs that `start` returns have it.
 *
 * @public
 */
export interface ReportedRun {
  /** All events of the run, from its first to its last. */
  readonly events: Stream.Stream<PipelineEvent>;
}

const collector = (): ReportCollector => {
  const state = new ReportState();
  return { event: (event) => state.event(event), toHtml: () => reportPage(state) };
};

const fromEvents = (events: Iterable<PipelineEvent>): string => {
  const { event, toHtml } = collector();
  for (const next of events) event(next);
  return toHtml();
};

const fromRun = (run: ReportedRun): Effect.Effect<string> =>
  Effect.gen(function* () {
    const streams = yield* Effect.promise(() => import("effect/Stream"));
    const { event, toHtml } = collector();
    yield* streams.runForEach(run.events, (next) => Effect.sync(() => event(next)));
    return toHtml();
  });

/**
 * Reports of runs: the graph as it grew, a time line, the values, the errors with their causes, and the declared and
 * actual outputs of each expansion. A report is one self-contained HTML file, also for failed runs. Values are described
 * without running any of their code: no getter, no `toString`, no trap of a proxy.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect";
 * import { pipeline } from "espalier";
 * import { Report } from "espalier/draw";
 *
 * const sum = pipeline("sum")
 *   .step("one", [], () => 1)
 *   .step("two", ["one"], ({ one }) => one + 1);
 *
 * const html = await Effect.runPromise(Effect.flatMap(sum.start({}), Report.fromRun));
 * console.log(html.startsWith("<!doctype html>")); // true
 * ```
 *
 * @public
 */
export const Report: {
  /** Waits for the end of a run that `start` returned, whatever its outcome, and returns its report. */
  readonly fromRun: (run: ReportedRun) => Effect.Effect<string>;
  /** The report of stored events, given in the order in which they happened. */
  readonly fromEvents: (events: Iterable<PipelineEvent>) => string;
  /** For runs whose events are already being read: pass it each event, and request the report when needed. */
  readonly collector: () => ReportCollector;
} = { fromRun, fromEvents, collector };
