/** The list of runs, a page at a time: newest first, filtered, with how many of their steps wait for a value. */
import * as Effect from "effect/Effect";
import type { RunStatus, RunSummary, StoreProblem, StoreService } from "../journal/store.ts";
import type { RunInfo } from "./api.ts";

export interface RunQuery {
  readonly pipeline?: string | undefined;
  readonly status?: RunStatus | undefined;
  readonly search?: string | undefined;
  readonly limit?: number | undefined;
  readonly after?: string | undefined;
}

const usualLimit = 50;

export const infoOf = ({ id, pipeline, status, began, ended, error }: RunSummary, waiting = 0): RunInfo => ({
  id,
  pipeline,
  status,
  began,
  ...(ended === undefined ? {} : { ended }),
  ...(error === undefined || status === "interrupted" ? {} : { error }),
  ...(waiting === 0 ? {} : { waiting }),
});

/** Where a page ended: the time and the id of its last run. It stays a valid place after that run is removed. */
const cursorOf = ({ began, id }: RunSummary): string => `${began}:${id}`;

const isAfter = (cursor: string): ((run: RunSummary) => boolean) => {
  const time = Number(cursor.slice(0, cursor.indexOf(":")));
  const id = cursor.slice(cursor.indexOf(":") + 1);
  let isPast = false;
  return (run) => {
    if (run.began > time) return false;
    const isLater = isPast || run.began < time;
    if (run.id === id) isPast = true;
    return isLater;
  };
};

const matches = ({ id, pipeline }: RunSummary, search: string): boolean =>
  id.toLowerCase().includes(search) || pipeline.toLowerCase().includes(search);

export const listRuns = (
  store: StoreService,
  { pipeline, status, search = "", limit = usualLimit, after }: RunQuery,
): Effect.Effect<{ readonly runs: ReadonlyArray<RunInfo>; readonly next?: string }, StoreProblem> =>
  Effect.gen(function* () {
    const isFirst = search === "" && after === undefined;
    const all = yield* store.runs({ pipeline, status, limit: isFirst ? limit + 1 : undefined });
    const wanted = search.toLowerCase();
    const isLater = after === undefined ? () => true : isAfter(after);
    const found: Array<RunSummary> = [];
    for (const run of all) {
      if (!isLater(run) || (wanted !== "" && !matches(run, wanted))) continue;
      found.push(run);
      if (found.length > limit) break;
    }
    const page = found.slice(0, limit);
    const waits = new Map<string, number>();
    for (const { runId } of yield* store.waiting()) waits.set(runId, (waits.get(runId) ?? 0) + 1);
    const runs = page.map((run) => infoOf(run, waits.get(run.id)));
    return found.length > limit ? { runs, next: cursorOf(page.at(-1)!) } : { runs };
  });
