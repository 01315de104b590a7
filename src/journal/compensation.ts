/**
 * The records of a run's compensations, also those of an earlier part of it: that it undoes its steps and the error it ends
 * with, each step that is undone, and that none is left.
 */
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import { parentOf } from "../path.ts";
import { readError, writeError } from "./failure-text.ts";
import type { CompensatingText, Ending, Entry } from "./records.ts";
import { Kind, outcomesOf } from "./records.ts";
import { Replay } from "./replay.ts";
import { RunJournal } from "./run-journal.ts";
import type { StoredEvent } from "./store.ts";
import { unwritten } from "./unwritten.ts";

/** The ending of a run that was undoing its steps; undefined if it was not. */
export const endingOf = (entries: ReadonlyArray<Entry>): Ending | undefined => {
  const entry = entries.find(({ kind }) => kind === Kind.compensating);
  if (entry === undefined) return undefined;
  const { error, path } = JSON.parse(entry.text) as CompensatingText;
  return { cause: error === undefined ? Cause.interrupt() : Cause.fail(readError(error)), path };
};

const textOf = ({ cause, path }: Ending): string => {
  const error = Cause.hasInterruptsOnly(cause) ? undefined : writeError(Cause.squash(cause));
  const text: CompensatingText = error === undefined ? { path } : { error, path };
  return JSON.stringify(text);
};

/** Everything that is recorded of a run so far. */
export interface Recorded {
  /** Reads the records, and writes none. */
  readonly journal: RunJournal;
  /** The position, among all records, of the newest one at or beneath each path. */
  readonly places: ReadonlyMap<string, number>;
  /** The result of each compensation that ended in an earlier part of the run: its error, or undefined. */
  readonly undone: ReadonlyMap<string, unknown>;
  readonly isCompensated: boolean;
  /** The paths whose recorded outcome is that of a fallback. */
  readonly fellBack: ReadonlySet<string>;
}

/** Those whose fallback was used between the beginning and the end of the recorded outcome. */
const fellBackIn = (
  entries: ReadonlyArray<Entry>,
  events: ReadonlyArray<StoredEvent>,
): ReadonlySet<string> => {
  const outcomes = outcomesOf(entries);
  return new Set(
    events.flatMap(({ type, path, time }) => {
      const outcome = type === "step.fallback" ? outcomes.get(path) : undefined;
      return outcome !== undefined && time >= outcome.began && time <= outcome.ended ? [path] : [];
    }),
  );
};

const placesOf = (entries: ReadonlyArray<Entry>): ReadonlyMap<string, number> => {
  const places = new Map<string, number>();
  for (const [place, { kind, path }] of entries.entries()) {
    if (kind === Kind.undone || kind === Kind.compensating || kind === Kind.compensated) continue;
    for (let at = path; at !== ""; at = parentOf(at)) places.set(at, place);
  }
  return places;
};

export class CompensationJournal {
  readonly #journal: RunJournal;

  constructor(journal: RunJournal) {
    this.#journal = journal;
  }

  /** Everything that is committed, read from the store. */
  get recorded(): Effect.Effect<Recorded, unknown> {
    const { runId, store } = this.#journal;
    return Effect.map(store.find(runId), (run) => {
      const entries = run?.entries ?? [];
      const clock = { currentTimeMillisUnsafe: () => this.#journal.now };
      return {
        journal: new RunJournal(runId, store, unwritten(), new Replay(entries), clock, []),
        places: placesOf(entries),
        undone: new Map(
          entries
            .filter(({ kind }) => kind === Kind.undone)
            .map(({ path, text }) => [path, text === "" ? undefined : readError(text)]),
        ),
        fellBack: fellBackIn(entries, run?.events ?? []),
        isCompensated: entries.some(({ kind }) => kind === Kind.compensated),
      };
    });
  }

  begin(ending: Ending): Effect.Effect<void> {
    return this.#recorded(Kind.compensating, "", textOf(ending), this.#journal.now);
  }

  undone(path: string, error: unknown, began: number): Effect.Effect<void> {
    return this.#recorded(Kind.undone, path, error === undefined ? "" : writeError(error), began);
  }

  get compensated(): Effect.Effect<void> {
    return this.#recorded(Kind.compensated, "", "", this.#journal.now);
  }

  /** Records immediately, and ends once the record cannot be lost. */
  #recorded(kind: Kind, path: string, text: string, began: number): Effect.Effect<void> {
    return Effect.callback((resume) =>
      this.#journal.note(kind, path, text, began, () => resume(Effect.void)),
    );
  }
}
