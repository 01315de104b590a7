/** The durable runs that are under way in this process: to be joined, signalled and cancelled by their ids. */
import * as Effect from "effect/Effect";
import type * as Exit from "effect/Exit";
import type { RunJournal } from "../journal/run-journal.ts";

type Outputs = Record<string, unknown>;

export class LiveRun {
  readonly runId: string;
  readonly store: string;
  /** What the run was asked for, to tell whether somebody else asks for the same; undefined until it is known. */
  asked: { readonly shape: string; readonly inputs: string } | undefined = undefined;
  durable: RunJournal | undefined = undefined;
  #interrupt: (() => void) | undefined = undefined;
  #isCancelled = false;
  #exit: Exit.Exit<Outputs, unknown> | undefined = undefined;
  readonly #waiting = new Set<(exit: Exit.Exit<Outputs, unknown>) => void>();

  constructor(runId: string, store: string) {
    this.runId = runId;
    this.store = store;
  }

  /** How to interrupt it, once it has begun. It may have been cancelled before that. */
  set interrupt(interrupt: () => void) {
    this.#interrupt = interrupt;
    if (this.#isCancelled) interrupt();
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#interrupt?.();
  }

  end(exit: Exit.Exit<Outputs, unknown>): void {
    runs.delete(keyOf(this.runId, this.store));
    this.#exit = exit;
    for (const resume of this.#waiting) resume(exit);
  }

  /** What the run gives, for somebody who has not started it. */
  get result(): Effect.Effect<Outputs, unknown> {
    return Effect.callback((resume) => {
      if (this.#exit !== undefined) {
        resume(this.#exit);
        return undefined;
      }
      this.#waiting.add(resume);
      return Effect.sync(() => this.#waiting.delete(resume));
    });
  }
}

const runs = new Map<string, LiveRun>();

const keyOf = (runId: string, store: string): string => `${store}\n${runId}`;

export const liveRun = (runId: string, store: string): LiveRun | undefined => runs.get(keyOf(runId, store));

/** The live run of that id, whatever its store. */
export const anyLiveRun = (runId: string): LiveRun | undefined => {
  for (const run of runs.values()) if (run.runId === runId) return run;
  return undefined;
};

/** Takes the id, so that no other run of it begins. There must be no live one. */
export const reserve = (runId: string, store: string): LiveRun => {
  const run = new LiveRun(runId, store);
  runs.set(keyOf(runId, store), run);
  return run;
};
