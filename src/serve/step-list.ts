/** The recorded steps of a run, a page at a time, in the order in which they were recorded. */
import * as Effect from "effect/Effect";
import type { RunNotFound } from "../errors.ts";
import type { StoreProblem, StoreService } from "../journal/store.ts";
import { Runs } from "../run/runs.ts";
import type { RecordedStep } from "./api.ts";
import type { Refused } from "./problems.ts";
import { notACursor } from "./problems.ts";
import { inStore } from "./stored-runs.ts";

export interface StepQuery {
  readonly search?: string | undefined;
  readonly limit?: number | undefined;
  readonly after?: string | undefined;
}

export interface StepPage {
  readonly steps: ReadonlyArray<RecordedStep>;
  readonly total: number;
  readonly next?: string;
}

const usualLimit = 100;

/** A page's position is the number of steps before it. */
export const listSteps = (
  store: StoreService,
  runId: string,
  { search = "", limit = usualLimit, after = "0" }: StepQuery,
): Effect.Effect<StepPage, StoreProblem | RunNotFound | Refused> =>
  Effect.gen(function* () {
    if (!/^\d{1,9}$/.test(after)) return yield* notACursor(after);
    const { steps: all } = yield* inStore(store, Runs.get(runId));
    const wanted = search.toLowerCase();
    const found = all.filter(({ path }) => path.toLowerCase().includes(wanted));
    const from = Number(after);
    const steps = found
      .slice(from, from + limit)
      .map(({ path, status, began, ended, attempt }): RecordedStep => {
        return { path, status, began, ended, attempt };
      });
    const place = from + steps.length;
    return {
      steps,
      total: found.length,
      ...(place < found.length ? { next: String(place) } : {}),
    };
  });
