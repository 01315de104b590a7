/**
 * All events of a run from its first: those in the store, then the new ones. If another process executes the run, the
 * store is read repeatedly. A watcher sees no difference.
 */
import * as Effect from "effect/Effect";
import type { PipelineEvent } from "../events.ts";
import type { StoreProblem, StoreService } from "../journal/store.ts";
import { recordedRun } from "../run/recorded-run.ts";
import { describe } from "../values/describe.ts";
import type { LiveFeed } from "./live-feed.ts";
import { isUnderWay } from "./stored-runs.ts";

export interface Watched {
  /** Some events, in the order in which they happened. Recorded ones come all at once, and no longer change. */
  readonly take: (events: ReadonlyArray<PipelineEvent>, areRecorded: boolean) => void;
  /** The run has ended, and no event follows. */
  readonly end: () => void;
}

/** How often a run of another process is read. */
const readMillis = 500;

const isEndOf = ({ type }: PipelineEvent): boolean =>
  type === "run.succeeded" || type === "run.failed" || type === "run.interrupted";

/** Log lines of one step differ by their text; all other events of one path differ by their time. */
const keyOf = (event: PipelineEvent): string => {
  const line = event.type === "step.logged" ? event.message.map((part) => describe(part)).join(" ") : "";
  return `${event.type} ${"path" in event ? event.path : ""} ${line}`;
};

/** Times in a record are whole numbers, and may be those of the commit. */
const sameMillis = 50;

/** The events that were sent: for each kind of event and path, its newest time. */
class SentEvents {
  readonly #times = new Map<string, number>();
  hasEnd = false;

  note(event: PipelineEvent): void {
    this.#times.set(keyOf(event), event.time);
    if (isEndOf(event)) this.hasEnd = true;
  }

  /** The events that were not sent before. From now on they count as sent. */
  news(events: ReadonlyArray<PipelineEvent>): ReadonlyArray<PipelineEvent> {
    return events.filter((event) => {
      const before = this.#times.get(keyOf(event));
      if (before !== undefined && event.time <= before + sameMillis) return false;
      this.note(event);
      return true;
    });
  }
}

/**
 * Sends the events of a run until it has ended. `feedOf` finds the run in this process. Interrupting the effect ends the watch.
 */
export const watchRun = (
  store: StoreService,
  feedOf: (runId: string) => LiveFeed | undefined,
  runId: string,
  { take, end }: Watched,
): Effect.Effect<void, StoreProblem> =>
  Effect.gen(function* () {
    const sent = new SentEvents();
    const send = (events: ReadonlyArray<PipelineEvent>): void => {
      const news = sent.news(events);
      if (news.length > 0) take(news, true);
    };
    for (;;) {
      const feed = feedOf(runId);
      if (feed === undefined) {
        const found = yield* recordedRun(store, runId);
        if (found === undefined) return end();
        const isOver = !isUnderWay(found.status);
        if (feedOf(runId) !== undefined) continue;
        // The record of a crashed run ends as interrupted, but the run continues once a process resumes it.
        send(isOver ? found.events : found.events.filter((event) => !isEndOf(event)));
        if (isOver) return end();
        yield* Effect.sleep(readMillis);
        continue;
      }
      yield* Effect.callback<void, StoreProblem>((resume) => {
        let pending: Array<PipelineEvent> | undefined = [];
        const stop = feed.watch(
          (event) => {
            if (pending !== undefined) return void pending.push(event);
            sent.note(event);
            take([event], false);
          },
          () => {
            if (pending === undefined) resume(Effect.void);
          },
        );
        Effect.runFork(recordedRun(store, runId)).addObserver((exit) => {
          if (exit._tag === "Failure") return resume(Effect.failCause(exit.cause));
          // An end in the record has just happened, and the feed reports it too.
          const recorded = exit.value?.events ?? [];
          send(recorded.filter((event) => !isEndOf(event)));
          send([...feed.unrecorded, ...pending!]);
          pending = undefined;
          if (feed.hasEnded) resume(Effect.void);
        });
        return Effect.sync(stop);
      });
      const found = yield* recordedRun(store, runId);
      if (feedOf(runId) !== undefined) continue;
      if (found === undefined || !isUnderWay(found.status)) {
        if (!sent.hasEnd) send(found?.events.filter(isEndOf) ?? []);
        return end();
      }
    }
  });
