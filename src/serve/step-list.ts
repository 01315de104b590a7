/** The recorded steps of a run, a page at a time, in the order in which they were recorded. */
import * as Effect from "effect/Effect";
import type { StoreProblem, StoreService } from "../journal/store.ts";
import { Kind, outcomesOf } from "../journal/records.ts";
import type { RecordedStep } from "./api.ts";
import type { Refused } from "./problems.ts";
import { notACursor } from "./problems.ts";

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

/** Undefined if there is no such run. A page's position is the number of steps before it. */
export const listSteps = (
  store: StoreService,
  runId: string,
  { search = "", limit = usualLimit, after = "0" }: StepQuery,
): Effect.Effect<StepPage | undefined, StoreProblem | Refused> =>
  Effect.gen(function* () {
    if (!/^\d{1,9}$/.test(after)) return yield* notACursor(after);
    const run = yield* store.find(runId);
    if (run === undefined) return undefined;
    const wanted = search.toLowerCase();
    const found = [...outcomesOf(run.entries).values()].filter(({ path }) =>
      path.toLowerCase().includes(wanted),
    );
    const from = Number(after);
    const steps = found.slice(from, from + limit).map(
      ({ kind, path, began, ended, attempt }): RecordedStep => ({
        path,
        status: kind === Kind.failure ? "failed" : "succeeded",
        began,
        ended,
        attempt,
      }),
    );
    const place = from + steps.length;
    return {
      steps,
      total: found.length,
      ...(place < found.length ? { next: String(place) } : {}),
    };
  });
