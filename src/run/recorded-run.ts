/**
 * One recorded run as a whole, for views that fold it as they fold the events of a live run. `Runs` shows users the same run
 * as plain data.
 */
import * as Effect from "effect/Effect";
import type { RunInfo } from "../../types/runs.ts";
import type { PipelineEvent } from "../events.ts";
import { outcomesOf } from "../journal/records.ts";
import type { RunDetails, StoreProblem, StoreService } from "../journal/store.ts";
import type { RecordReader } from "./recorded-state.ts";
import { foldRecord, recordedState } from "./recorded-state.ts";

export class RecordedRun {
  readonly id: string;
  readonly status: RunInfo["status"];
  readonly began: number;
  readonly ended: number | undefined;
  readonly error: string | undefined;
  readonly #details: RunDetails;
  #outcomes: ReadonlyMap<string, unknown> | undefined;

  constructor(details: RunDetails) {
    this.id = details.id;
    this.status = details.status;
    this.began = details.began;
    this.ended = details.ended;
    this.error = details.error;
    this.#details = details;
  }

  /** The number of its records. */
  get size(): number {
    return this.#details.entries.length;
  }

  hasOutcome(path: string): boolean {
    return (this.#outcomes ??= outcomesOf(this.#details.entries)).has(path);
  }

  /** Folds its records, event by event. */
  fold(reader: RecordReader): void {
    foldRecord(this.#details, reader);
  }

  /** Its events: folding them leads to the same state. */
  get events(): ReadonlyArray<PipelineEvent> {
    return recordedState(this.#details).events;
  }
}

/** Undefined if there is no such run. */
export const recordedRun = (
  store: StoreService,
  runId: string,
): Effect.Effect<RecordedRun | undefined, StoreProblem> =>
  Effect.map(store.find(runId), (run) => (run === undefined ? undefined : new RecordedRun(run)));
