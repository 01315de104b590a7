/**
 * The records of a run, and which of them count: the newest record of each path, without what was dropped. Every reader of a
 * journal (the stores, replay, the commands) goes through `newest`.
 */
import type { Cause } from "effect/Cause";
import { isAtOrUnderAny } from "../path.ts";

/** The kinds of records. The numbers are in the files of stores: never reuse one. */
export const Kind = {
  /**
   * The output of a step or an item, or the direct value of a dynamic step: as its `output` schema encodes it, or as it was
   * before it was decoded by a schema that cannot encode. Decoded when it is read.
   */
  outcome: 1,
  /** The error of an item that failed in a map that collects failures. */
  failure: 2,
  /** The shape of the graph that a dynamic step, a switch or an item returned. Of a map: its items. */
  expansion: 3,
  /** All earlier records of this path, and of all paths beneath it, no longer count. */
  dropped: 4,
  /** A value that was sent to a waiting step. */
  signal: 5,
  /** The time at which a waiting step stops waiting. */
  deadline: 6,
  /** The earlier outcome of this path and its choice no longer count; records beneath it do. */
  reopened: 7,
  /** The step waits for a value from outside; the text is a `WaitText` as JSON. The wait is over once its outcome is recorded. */
  waiting: 8,
  /** An outcome that its `output` schema does not decode: the value of a fallback, or one that could be recorded only after decoding. */
  asIs: 9,
  /**
   * Which items of a map with `enough` are its output: their keys as a JSON array of strings. Of a race: its winner, as the only
   * one.
   */
  chosen: 20,
  /** The state that a loop begins with, encoded as those that its turns make. */
  firstState: 30,
  /** The run undoes its succeeded steps. The path is empty; the text is a `CompensatingText` as JSON. */
  compensating: 40,
  /** The compensation of this path is over; the text is empty, or its error. */
  undone: 41,
  /** All compensations are over: the run can only end. */
  compensated: 42,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

export interface Entry {
  readonly kind: Kind;
  readonly path: string;
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly began: number;
  readonly ended: number;
  readonly attempt: number;
  /** The message that this entry records: it is never delivered again once the entry is committed. */
  readonly message?: number;
}

/** The text of a record of the kind `waiting`. */
export interface WaitText {
  /** The question to the person or program that answers, in its encoded form. */
  readonly ask?: unknown;
  /** Milliseconds since 1970. */
  readonly deadline?: number;
}

/** The text of a record of the kind `compensating`: how the run ends. */
export interface CompensatingText {
  /** The error of the run, as text; without it, the run was cancelled. */
  readonly error?: string;
  /** The path that failed. */
  readonly path: string;
}

/** The content of that text: how a run that undoes its steps ends. */
export interface Ending {
  readonly cause: Cause<unknown>;
  /** The path that failed. */
  readonly path: string;
}

/** The question that a record answers: only the newest answer counts. Undefined for a record that withdraws answers. */
const questions: Readonly<
  Record<
    Kind,
    | "outcome"
    | "expansion"
    | "signal"
    | "deadline"
    | "waiting"
    | "chosen"
    | "first"
    | "compensating"
    | "undone"
    | "compensated"
    | undefined
  >
> = {
  [Kind.outcome]: "outcome",
  [Kind.failure]: "outcome",
  [Kind.expansion]: "expansion",
  [Kind.dropped]: undefined,
  [Kind.signal]: "signal",
  [Kind.deadline]: "deadline",
  [Kind.reopened]: undefined,
  [Kind.waiting]: "waiting",
  [Kind.asIs]: "outcome",
  [Kind.chosen]: "chosen",
  [Kind.firstState]: "first",
  [Kind.compensating]: "compensating",
  [Kind.undone]: "undone",
  [Kind.compensated]: "compensated",
};

/** The records that count, oldest first. Takes all records of a run, oldest first. */
export const newest = (entries: ReadonlyArray<Entry>): ReadonlyArray<Entry> => {
  const counting: Array<Entry> = [];
  // By question: joining each question and path into one text would take most of the time.
  const answered = new Map<string, Set<string>>();
  const answer = (question: string, path: string): boolean => {
    let paths = answered.get(question);
    if (paths === undefined) answered.set(question, (paths = new Set()));
    // One look-up, not two: it is most of the cost of reading a record.
    const before = paths.size;
    return paths.add(path).size !== before;
  };
  const dropped = new Set<string>();
  for (let i = entries.length - 1; i >= 0; i--) {
    const entry = entries[i]!;
    const { kind, path } = entry;
    const question = questions[kind];
    if (kind === Kind.dropped) dropped.add(path);
    else if (kind === Kind.reopened) {
      answer("outcome", path);
      answer("chosen", path);
    }
    if (question === undefined) continue;
    if (dropped.size > 0 && isAtOrUnderAny(path, dropped)) continue;
    if (answer(question, path)) counting.push(entry);
  }
  return counting.reverse();
};

/** Does a record end its step, with an output or as an item that failed? */
export const isOutcome = ({ kind }: { readonly kind: Kind }): boolean => questions[kind] === "outcome";

/** The outcome of each path: a step's output, or the error of an item that failed. */
export const outcomesOf = (entries: ReadonlyArray<Entry>): ReadonlyMap<string, Entry> =>
  new Map(entries.filter(isOutcome).map((entry) => [entry.path, entry]));
