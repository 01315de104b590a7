/**
 * The runs that are under way in this process, so that they can be joined, signalled and cancelled. A live run is identified
 * by its store instance and its id. Runs without a store are all distinct.
 */
import * as Cause from "effect/Cause";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import { RunInterrupted } from "../errors.ts";
import type { PipelineEvent } from "../events.ts";
import type { RunJournal } from "../journal/run-journal.ts";
import type { StoreService } from "../journal/store.ts";
import type { MailboxOf } from "./mailbox.ts";
import { Mailbox } from "./mailbox.ts";
import type { Recording } from "./record.ts";

type Outputs = Record<string, unknown>;
type Listener = (event: PipelineEvent) => void;

export class LiveRun {
  readonly runId: string;
  readonly store: StoreService | undefined;
  /** The pipeline and inputs of the run, to compare with those of another caller; undefined until they are known. */
  asked: { readonly shape: string; readonly inputs: string } | undefined = undefined;
  /** The recorder of its events, if it was started with a handle. Handles of callers who join it read from there. */
  recording: Recording | undefined = undefined;
  journal: RunJournal | undefined = undefined;
  #mailbox: Mailbox | undefined = undefined;
  #interrupt: ((compensates: boolean) => void) | undefined = undefined;
  /** It can be cancelled before it has begun. */
  isCancelled = false;
  /** Whether the cancelled run undoes what it did. */
  compensates = false;
  #exit: Exit.Exit<Outputs, unknown> | undefined = undefined;
  /** Adds a listener to its events; defined once it has begun. */
  #tellAlso: ((listener: Listener) => void) | undefined = undefined;
  readonly #joined: Array<Listener> = [];
  readonly #whenOpen = new Set<() => void>();
  readonly #whenEnded = new Set<() => void>();

  constructor(runId: string, store: StoreService | undefined) {
    this.runId = runId;
    this.store = store;
  }

  /** Marks the run as open: from now on it receives values. */
  open(journal: RunJournal | undefined, now: () => number, refusal: MailboxOf["refusal"]): Mailbox {
    this.journal = journal;
    const standing = (path: string): string | undefined => this.standing(path);
    this.#mailbox = new Mailbox({ runId: this.runId, journal, now, refusal, standing });
    for (const wake of this.#whenOpen) wake();
    return this.#mailbox;
  }

  /** Its mailbox: waits until the run is open; undefined once it has ended. */
  mailbox(): Effect.Effect<Mailbox | undefined> {
    return Effect.suspend(() => {
      if (this.#exit !== undefined) return Effect.undefined;
      if (this.#mailbox !== undefined) return Effect.succeed(this.#mailbox);
      return Effect.flatMap(once(this.#whenOpen), () => this.mailbox());
    });
  }

  get openMailbox(): Mailbox | undefined {
    return this.#mailbox;
  }

  /** Set once it has begun: why the step at a path will take no value, as far as the engine knows. */
  standing: (path: string) => string | undefined = () => undefined;

  /** Set once it has begun: interrupts it. */
  set interrupt(interrupt: (compensates: boolean) => void) {
    this.#interrupt = interrupt;
  }

  /** Set once it has begun: adds a listener to its events. */
  set tellAlso(tellAlso: (listener: Listener) => void) {
    this.#tellAlso = tellAlso;
    for (const listener of this.#joined) tellAlso(listener);
  }

  /** Adds a caller who joined it: it receives the events from now on. */
  hear(listener: Listener): void {
    this.#joined.push(listener);
    this.#tellAlso?.(listener);
  }

  /** An event of the run itself, for those who joined it. */
  tell(event: PipelineEvent): void {
    for (const listener of this.#joined) listener(event);
  }

  /** `compensates`: whether steps that have succeeded are undone. */
  cancel(compensates = false): void {
    this.isCancelled = true;
    this.compensates ||= compensates;
    this.#interrupt?.(compensates);
  }

  end(exit: Exit.Exit<Outputs, unknown>): void {
    forget(this);
    this.#exit = exit;
    this.#mailbox?.close();
    for (const wake of [...this.#whenOpen, ...this.#whenEnded]) wake();
  }

  /** The outcome of the run, for a caller who joined it: an interruption of the first caller is an error for this one. */
  result(): Effect.Effect<Outputs, unknown> {
    return Effect.suspend(() => {
      if (this.#exit === undefined) return Effect.flatMap(once(this.#whenEnded), () => this.result());
      const isInterrupted = Exit.isFailure(this.#exit) && Cause.hasInterruptsOnly(this.#exit.cause);
      return isInterrupted ? Effect.fail(new RunInterrupted({ runId: this.runId })) : this.#exit;
    });
  }
}

const once = (listeners: Set<() => void>): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const wake = (): void => {
      listeners.delete(wake);
      resume(Effect.void);
    };
    listeners.add(wake);
    return Effect.sync(() => listeners.delete(wake));
  });

/** Runs by their store and their id. */
const stored = new WeakMap<StoreService, Map<string, LiveRun>>();
/** All live runs of this process, including those without a store. */
const all = new Set<LiveRun>();

const forget = (run: LiveRun): void => {
  all.delete(run);
  if (run.store !== undefined) stored.get(run.store)?.delete(run.runId);
};

/** The live run with this id in a store. */
export const liveRun = (store: StoreService, runId: string): LiveRun | undefined =>
  stored.get(store)?.get(runId);

/** The live runs with this id, in any store or none. */
export const liveRuns = (runId: string): ReadonlyArray<LiveRun> =>
  [...all].filter((run) => run.runId === runId);

/** Reserves the id in a store, so that no other run with it begins there. There must be no live run with it. */
export const reserve = (runId: string, store: StoreService | undefined): LiveRun => {
  const run = new LiveRun(runId, store);
  all.add(run);
  if (store !== undefined) {
    const runs = stored.get(store) ?? new Map<string, LiveRun>();
    stored.set(store, runs.set(runId, run));
  }
  return run;
};

/** The current run, for those of its steps that wait for something from outside. */
export const CurrentRun: Context.Reference<LiveRun | undefined> = Context.Reference<LiveRun | undefined>(
  "espalier/CurrentRun",
  { defaultValue: () => undefined },
);
