/** The list of runs, a page at a time: newest first, filtered, with how many of their steps wait for a value. */
import * as Effect from "effect/Effect";
import type { RunInfo as RecordedInfo, RunsFilter } from "../../types/runs.ts";
import type { StoreProblem, StoreService } from "../journal/store.ts";
import { Runs } from "../run/runs.ts";
import type { RunInfo } from "./api.ts";
import type { Refused } from "./problems.ts";
import { notACursor } from "./problems.ts";
import { inStore } from "./stored-runs.ts";

export interface RunQuery {
  readonly pipeline?: string | undefined;
  readonly status?: RunsFilter["status"];
  readonly search?: string | undefined;
  readonly limit?: number | undefined;
  readonly after?: string | undefined;
}

const usualLimit = 50;

export const infoOf = (
  { id, pipeline, status, began, ended, error }: RecordedInfo,
  waiting = 0,
): RunInfo => ({
  id,
  pipeline,
  status,
  began,
  ...(ended === undefined ? {} : { ended }),
  ...(error === undefined || status === "interrupted" ? {} : { error }),
  ...(waiting === 0 ? {} : { waiting }),
});

/** Where a page ended: the time and the id of its last run. It stays a valid place after that run is removed. */
const cursorOf = ({ began, id }: RecordedInfo): string => `${began}:${id}`;

const placeOf = (cursor: string): RunsFilter["after"] => {
  const [, began, id] = /^(\d{1,16})(?:\.\d+)?:([^/]+)$/.exec(cursor) ?? [];
  return id === undefined ? undefined : { began: Number(began), id };
};

export const listRuns = (
  store: StoreService,
  { limit = usualLimit, after, ...filter }: RunQuery,
): Effect.Effect<{ readonly runs: ReadonlyArray<RunInfo>; readonly next?: string }, StoreProblem | Refused> =>
  Effect.gen(function* () {
    const place = after === undefined ? undefined : placeOf(after);
    if (after !== undefined && place === undefined) return yield* notACursor(after);
    const wanted = Object.entries({ ...filter, after: place, limit: limit + 1 });
    const asked: RunsFilter = Object.fromEntries(wanted.filter(([, value]) => value !== undefined));
    const found = yield* inStore(store, Runs.list(asked));
    const page = found.slice(0, limit);
    const waits = new Map<string, number>();
    for (const { runId } of yield* inStore(store, Runs.waiting()))
      waits.set(runId, (waits.get(runId) ?? 0) + 1);
    const runs = page.map((run) => infoOf(run, waits.get(run.id)));
    return found.length > limit ? { runs, next: cursorOf(page.at(-1)!) } : { runs };
  });
