/**
 * The interface to a durable store: the operations that a run needs, not how they are done. Values are texts; paths are
 * keys; order does not matter, except that the newest record of a path counts.
 *
 * A store holds many runs. Each run has at most one owner at a time, in one process; a claim gives it a new epoch, and the
 * store itself refuses writes of an older epoch. Reading needs no claim. Every store must keep the laws of
 * `storeConformance` (`espalier/testing`).
 */
import * as Context from "effect/Context";
import type { Effect } from "effect/Effect";
import type { StoreCorrupt, StoreError } from "../errors.ts";
import type { Entry } from "./records.ts";

/**
 * The state of a run. "submitted": no process has claimed it yet. "crashed": its owner is gone. Both can be claimed.
 */
export type RunStatus = "submitted" | "running" | "succeeded" | "failed" | "interrupted" | "crashed";

export const runStatuses: ReadonlyArray<RunStatus> = [
  "submitted",
  "running",
  "succeeded",
  "failed",
  "interrupted",
  "crashed",
];

export interface NewRun {
  readonly id: string;
  readonly pipeline: string;
  /** The shape of the pipeline's graph. */
  readonly shape: string;
  readonly inputs: string;
  /** Where the pipeline came from, for the user who resumes it by hand: the command line's file. */
  readonly origin: string | undefined;
  readonly time: number;
}

export interface RunSummary {
  readonly id: string;
  readonly pipeline: string;
  readonly status: RunStatus;
  readonly began: number;
  readonly ended: number | undefined;
  readonly error: string | undefined;
  readonly origin: string | undefined;
  /** It was submitted by the name of its pipeline alone: its inputs must be checked before it begins. */
  readonly isUnchecked: boolean;
}

/** Something that happened, other than the records of steps: failures, retries, cache hits, log lines. */
export interface StoredEvent {
  readonly time: number;
  readonly type: string;
  readonly path: string;
  readonly detail: string;
}

/** A run that has not ended and has no owner. */
export interface ClaimableRun extends RunSummary {
  /** Empty: it was submitted by the name of its pipeline alone, with its inputs as they were given. */
  readonly shape: string;
  /** Its last owner did not die while owning it: it was released, or never claimed. */
  readonly isReleased: boolean;
}

/** Whether a run of that status has not ended. */
export const isUnderWay = (status: RunStatus): boolean =>
  status === "running" || status === "crashed" || status === "submitted";

export interface RunDetails extends RunSummary {
  readonly shape: string;
  readonly inputs: string;
  /** The newest of each kind and path, without what was dropped; oldest first. */
  readonly entries: ReadonlyArray<Entry>;
  readonly events: ReadonlyArray<StoredEvent>;
}

/** A step that waits for a value from outside, in a run that has not succeeded. */
export interface Wait {
  readonly runId: string;
  readonly path: string;
  /** A `WaitText` as JSON. */
  readonly text: string;
  readonly since: number;
}

export interface RunFilter {
  readonly pipeline?: string | undefined;
  readonly status?: RunStatus | undefined;
  /** The beginning of the id. */
  readonly idPrefix?: string | undefined;
  /** A text that is in the id or in the name of the pipeline, in upper or lower case. */
  readonly search?: string | undefined;
  /** Only runs that follow this one. It is a valid place after its run is removed, except among runs of the same millisecond. */
  readonly after?: { readonly began: number; readonly id: string } | undefined;
  readonly limit?: number | undefined;
}

export type StoreProblem = StoreError | StoreCorrupt;

/** A request from outside to a run, from this process or another. */
export interface NewMessage {
  readonly runId: string;
  readonly type: "signal" | "cancel";
  readonly path: string;
  readonly text: string;
  readonly time: number;
}

export interface Message extends NewMessage {
  readonly id: number;
}

/** The answer to a message. */
export type Answer =
  /** The owner received it: a signal has reached its step, or the run stops. */
  | { readonly type: "delivered" }
  /** It is stored, and the run receives it later. */
  | { readonly type: "kept" }
  | { readonly type: "refused"; readonly reason: string }
  /** There is no such run. */
  | { readonly type: "absent" };

/**
 * One run that this process owns. Synchronous on purpose: a hundred thousand steps a second pass through it. A
 * record whose `done` was called survives any crash.
 */
export interface Journal {
  /** Which claim of the run this is. The store refuses what a journal with an older epoch writes. */
  readonly epoch: number;
  /** Queues a record. `done` is called once it can no longer be lost, and never if it cannot be recorded. */
  readonly append: (entry: Entry, done: (() => void) | undefined) => void;
  readonly tell: (event: StoredEvent) => void;
  /**
   * The run has ended and no longer has an owner. `done` is called once all of it is recorded; with an error if it cannot be,
   * or, for an interrupted run, cannot be for now.
   */
  readonly end: (
    status: "succeeded" | "failed" | "interrupted",
    error: string | undefined,
    time: number,
    done: (problem: StoreProblem | undefined) => void,
  ) => void;
  /** Releases the run as it was before it was claimed. Nothing must have been appended. */
  readonly giveBack: () => Effect<void>;
  /** The store cannot accept more for now: nothing new should start. */
  readonly isBlocked: () => boolean;
  /** Whether the run, when it is interrupted, is released for others to resume, and not ended. */
  releases: boolean;
  /** Called after each commit; the engine continues then. */
  onCommit: () => void;
  /** Called when the store cannot be written for now, and with undefined when it can again. */
  onTrouble: (problem: StoreProblem | undefined) => void;
  /** Called once, when nothing more can be recorded: the run has another owner, or the store is broken. */
  onLost: (problem: StoreProblem) => void;
  /**
   * Receives the messages to the run, also those that were sent before it was claimed. A signal is answered "delivered" or
   * "kept" once an entry with the message's id is recorded.
   */
  onMessage: ((message: Message) => Promise<Answer>) | undefined;
  /** Delivers the messages that were sent before the run was claimed, and resolves once each is answered. */
  readonly receive: () => Promise<void>;
}

/** The answer to a claim. */
export type Claim =
  | { readonly type: "new"; readonly journal: Journal }
  /** It was read after it was claimed: no other process can have written since. */
  | { readonly type: "existing"; readonly run: RunDetails; readonly journal: Journal }
  /** It is running: `owner` describes its owner, for messages. */
  | { readonly type: "held"; readonly owner: string }
  /** There is no such run, and none was requested to begin. */
  | { readonly type: "absent" }
  /** It has succeeded: it was read, and stays as it is. */
  | { readonly type: "succeeded"; readonly run: RunDetails }
  /** It has succeeded, failed or been interrupted, and the claim was only for a run that is under way. */
  | { readonly type: "ended" }
  /** It killed its process so many times in a row without recording anything, and has just been failed for that. */
  | { readonly type: "exhausted"; readonly crashes: number };

/** The runs that a claim takes: all; all except succeeded ones, which it reads; or only those that are under way. */
export type Claimable = "all" | "not succeeded" | "under way";

/** The number of consecutive claims whose process died without a commit after which a run fails. */
export const mostCrashes = 3;

/** An output that an earlier run computed. */
export interface Cached {
  readonly text: string;
  readonly runId: string;
  readonly path: string;
  readonly time: number;
}

export interface CacheKey {
  readonly step: string;
  readonly version: string;
  /** The step's inputs, or what the user's `key` returned, as text. */
  readonly inputs: string;
}

export interface PruneOptions {
  /** Runs whose last activity was before this time, in milliseconds since 1970. */
  readonly before: number;
  /** Also runs that can be resumed: failed, interrupted and crashed ones. */
  readonly resumable: boolean;
}

type Asked<Value> = Effect<Value, StoreProblem>;

/**
 * The operations of a store. They may change with any release: stores come from the library's entry points.
 *
 * @internal
 */
export interface StoreService {
  /** The store's name in messages; no two stores of a process that hold different runs share one. */
  readonly name: string;
  /** The longest text that a value may have, in bytes. The store decides how it keeps longer texts. */
  readonly maxValueBytes: number;
  /** Whether values are encrypted, so that a secret may be recorded. */
  readonly keepsSecrets: boolean;

  /**
   * Makes this process the owner of a run, or of a new one if there is none and `run` is given. Atomic. A run in a state
   * other than `which` is left as it is.
   */
  readonly claim: (runId: string, run: NewRun | undefined, which?: Claimable) => Asked<Claim>;

  /** If the process dies now, a run that it owns is not the cause: deaths of its processes are counted from here on. */
  readonly acquit: (runId: string) => Asked<void>;

  /**
   * Records a run without an owner, for another process to claim. Returns false if a run with that id exists. One that was
   * submitted with an empty shape gets the shape and inputs of this one, unless a process has claimed it.
   */
  readonly submit: (run: NewRun) => Asked<boolean>;
  /** The runs that can be claimed: those of the given pipelines first, oldest first. */
  readonly claimable: (pipelines: ReadonlyArray<string>, limit: number) => Asked<ReadonlyArray<ClaimableRun>>;
  /** Calls `tell` when there may be a run to claim, if the store learns of it by itself. Returns a function that stops this. */
  readonly onClaimable: (tell: () => void) => () => void;
  /** Announces to all processes, in a text, that this one takes runs; with undefined, that it no longer takes any. */
  readonly announce: (text: string | undefined) => Asked<void>;
  /** The texts of the live processes that take runs. */
  readonly runners: () => Asked<ReadonlyArray<string>>;

  readonly find: (runId: string) => Asked<RunDetails | undefined>;
  /** `find` without the records and events. */
  readonly summary: (runId: string) => Asked<RunSummary | undefined>;
  /** The summaries of those of these runs that exist, in any order. */
  readonly summaries: (runIds: ReadonlyArray<string>) => Asked<ReadonlyArray<RunSummary>>;
  /** Newest first. */
  readonly runs: (filter?: RunFilter) => Asked<ReadonlyArray<RunSummary>>;
  /** The recorded text of a path's outcome, whole. */
  readonly value: (runId: string, path: string) => Asked<string | undefined>;
  readonly waiting: () => Asked<ReadonlyArray<Wait>>;

  /**
   * Sends a message to a run and waits a little for its owner's answer. A signal is stored first, so that it is delivered
   * later if there is no answer. A cancel is addressed to the current owner and ends with it; a run without
   * an owner is marked as interrupted.
   */
  readonly send: (message: NewMessage) => Asked<Answer>;
  /** Deletes runs without an owner, with data that only they hold. Returns the number of runs. */
  readonly prune: (options: PruneOptions) => Asked<number>;

  readonly cached: (key: CacheKey) => Asked<Cached | undefined>;
  /** Why nothing is cached for this key, in half a sentence. */
  readonly missReason: (key: CacheKey) => Asked<string>;
  readonly putCached: (key: CacheKey, cached: Cached) => void;
  /** Claims the computation of a key. Returns false if another live process is computing it. */
  readonly startComputing: (key: CacheKey) => Asked<boolean>;
  readonly stopComputing: (key: CacheKey) => void;
}

/**
 * The place where runs are recorded. Created by its own entry point, such as `espalier/sqlite`, and opaque to users: pass
 * it to a run as the option `store`, or provide it as a service.
 *
 * @public
 */
export class Store extends Context.Service<Store, StoreService>()("espalier/Store") {}
