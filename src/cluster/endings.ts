/**
 * Waits for runs that other processes execute. One query checks all the runs that a client waits for: frequently for those that have
 * just been submitted, rarely for long ones.
 */
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import type { StoreCorrupt, StoreError } from "../errors.ts";
import { RunNotFound, SubmittedRunFailed } from "../errors.ts";
import type { RunSummary, StoreProblem, StoreService } from "../journal/store.ts";
import { isUnderWay } from "../journal/store.ts";

type Ending = Effect.Effect<void, SubmittedRunFailed | RunNotFound | StoreError | StoreCorrupt>;

/** The interval between two checks of a run. */
const shortestMillis = 5;
const longestMillis = 250;
const growth = 1.5;

interface Waiting {
  readonly runId: string;
  readonly resume: (ending: Ending) => void;
  millis: number;
  due: number;
}

const endingOf = (runId: string, run: RunSummary | undefined): Ending | undefined => {
  if (run === undefined) return Effect.fail(new RunNotFound({ runId }));
  if (run.status === "succeeded") return Effect.void;
  if (isUnderWay(run.status)) return undefined;
  const status = run.status === "failed" ? "failed" : "interrupted";
  return Effect.fail(new SubmittedRunFailed({ runId, status, reason: run.error ?? "it was cancelled" }));
};

class Endings {
  readonly #store: StoreService;
  readonly #waiting = new Set<Waiting>();
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;

  constructor(store: StoreService) {
    this.#store = store;
  }

  of(runId: string): Ending {
    return Effect.callback((resume) => {
      const one: Waiting = { runId, resume, millis: shortestMillis, due: performance.now() };
      this.#waiting.add(one);
      this.#schedule();
      return Effect.sync(() => this.#waiting.delete(one));
    });
  }

  #schedule(): void {
    if (this.#isLooking) return;
    clearTimeout(this.#timer);
    if (this.#waiting.size === 0) return;
    let due = Infinity;
    for (const one of this.#waiting) due = Math.min(due, one.due);
    this.#timer = setTimeout(() => void this.#look(), Math.max(0, due - performance.now()));
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    const now = performance.now();
    // Runs that would be due shortly are checked in the same query.
    const some = [...this.#waiting].filter(({ due, millis }) => due - now <= millis / 2);
    const ids = [...new Set(some.map(({ runId }) => runId))];
    const asked: Exit.Exit<ReadonlyArray<RunSummary>, StoreProblem> = await Effect.runPromiseExit(
      this.#store.summaries(ids),
    );
    if (Exit.isSuccess(asked)) this.#judge(some, asked.value);
    else for (const one of some) this.#end(one, Effect.failCause(asked.cause));
    this.#isLooking = false;
    this.#schedule();
  }

  #judge(some: ReadonlyArray<Waiting>, found: ReadonlyArray<RunSummary>): void {
    const byId = new Map(found.map((run) => [run.id, run]));
    const now = performance.now();
    for (const one of some) {
      const ending = endingOf(one.runId, byId.get(one.runId));
      if (ending !== undefined) this.#end(one, ending);
      one.due = now + one.millis;
      one.millis = Math.min(longestMillis, one.millis * growth);
    }
  }

  #end(one: Waiting, ending: Ending): void {
    this.#waiting.delete(one);
    one.resume(ending);
  }
}

const endings = new WeakMap<StoreService, Endings>();

/** Resolves once a run has succeeded. */
export const ended = (store: StoreService, runId: string): Ending => {
  let known = endings.get(store);
  if (known === undefined) endings.set(store, (known = new Endings(store)));
  return known.of(runId);
};
