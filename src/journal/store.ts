/**
 * The seam to a durable store: what a run asks of it, and nothing of how it does it. Values come and go as text; paths
 * are keys; order means nothing but that the newest record of a path counts.
 */
import * as Context from "effect/Context";
import type { Effect } from "effect/Effect";
import type { StoreCorrupt, StoreError } from "../errors.ts";
import type { Entry } from "./records.ts";

/** How a run stands. "crashed": its process ended before it did. */
export type RunStatus = "running" | "succeeded" | "failed" | "interrupted" | "crashed";

export interface NewRun {
  readonly id: string;
  readonly pipeline: string;
  /** The shape of the pipeline's graph, as `shape.ts` writes it. */
  readonly shape: string;
  readonly inputs: string;
  /** Where the pipeline came from, for whoever resumes it by hand: the command line's file. */
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
}

/** Something that happened, beside what is recorded of steps: failures, retries, cache hits, lines of a log. */
export interface StoredEvent {
  readonly time: number;
  readonly type: string;
  readonly path: string;
  readonly detail: string;
}

export interface RunDetails extends RunSummary {
  readonly shape: string;
  readonly inputs: string;
  /** The newest of each kind and path, without what was dropped; oldest first. */
  readonly entries: ReadonlyArray<Entry>;
  readonly events: ReadonlyArray<StoredEvent>;
}

/** One open run. Synchronous on purpose: a hundred thousand steps a second pass through it. */
export interface Journal {
  /** Queues a record. `done` is called once it cannot be lost any more. */
  readonly append: (entry: Entry, done: (() => void) | undefined) => void;
  readonly tell: (event: StoredEvent) => void;
  /** The run has ended. `done` is called once all of it is recorded; with an error where that cannot be for now. */
  readonly end: (
    status: RunStatus,
    error: string | undefined,
    time: number,
    done: (problem: StoreError | StoreCorrupt | undefined) => void,
  ) => void;
  /** The store cannot take more for now: nothing new should start. */
  readonly isBlocked: () => boolean;
  /** Told after each commit; the engine goes on then. */
  onCommit: () => void;
  /** Told when the store cannot be written, and with undefined when it can again. */
  onTrouble: (problem: StoreError | StoreCorrupt | undefined) => void;
}

/** What an earlier run computed. */
export interface Cached {
  readonly text: string;
  readonly runId: string;
  readonly path: string;
  readonly time: number;
}

export interface CacheKey {
  readonly step: string;
  readonly version: string;
  /** The step's inputs, or what the user's `key` gave, as text. */
  readonly inputs: string;
}

/** A request from outside to a run: from the command line, it may come from another process. */
export interface Message {
  readonly runId: string;
  readonly type: "signal" | "cancel";
  readonly path: string;
  readonly text: string;
}

type Asked<Value> = Effect<Value, StoreError | StoreCorrupt>;

/**
 * What a store does for the engine. It may change with any release: stores come from the library's entry points.
 *
 * @internal
 */
export interface StoreService {
  /** What to call it in a sentence. */
  readonly name: string;
  /** The longest text that a value may have. */
  readonly maxValueBytes: number;
  readonly begin: (run: NewRun) => Asked<Journal>;
  readonly find: (runId: string) => Asked<RunDetails | undefined>;
  /** Goes on with a run that was found and is not live. */
  readonly reopen: (runId: string) => Asked<Journal>;
  readonly runs: () => Asked<ReadonlyArray<RunSummary>>;
  /** Deletes runs that ended before `time`, and what only they held. How many they were. */
  readonly prune: (time: number) => Asked<number>;
  readonly setStatus: (runId: string, status: RunStatus, time: number) => Asked<void>;
  /** Records a signal for a run that is not live. */
  readonly signal: (runId: string, path: string, text: string, time: number) => Asked<void>;

  readonly cached: (key: CacheKey) => Cached | undefined;
  /** Why there is nothing for this key, in half a sentence. */
  readonly missReason: (key: CacheKey) => string;
  readonly putCached: (key: CacheKey, cached: Cached) => void;

  /** Hears messages of other processes. What `hear` gives is told to the sender: a sentence where it was refused. */
  readonly listen: (hear: (message: Message) => Promise<string | undefined>) => () => void;
}

/**
 * Where runs are recorded. Made by an entry point of its own, such as `espalier/sqlite`, and opaque to users: give it to
 * a run as the option `store`, or provide it as a service.
 *
 * @public
 */
export class Store extends Context.Service<Store, StoreService>()("espalier/Store") {}
