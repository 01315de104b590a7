/**
 * A store in memory, which can be told to crash at one of its writes: that write and all after it are lost, as they are
 * for a process that is killed. What was written before is there for the run that is resumed.
 */
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type { StoreLayer } from "../../types/store.ts";
import type { Entry } from "../journal/records.ts";
import { Kind, newest } from "../journal/records.ts";
import type { Cached, Journal, NewRun, RunDetails, RunStatus, StoreService } from "../journal/store.ts";
import { Store } from "../journal/store.ts";

interface Kept {
  readonly run: NewRun;
  status: RunStatus;
  readonly entries: Array<Entry>;
}

const unlimited = Number.MAX_SAFE_INTEGER;

export class MemoryStore {
  readonly #runs = new Map<string, Kept>();
  readonly #cache = new Map<string, Cached>();
  readonly #name: string;
  /** Writes that are still to succeed. */
  #left = unlimited;
  #crash: () => void = () => {};
  writes = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** After `writes` more, nothing is written any more, and `crash` is called once. */
  crashAfter(writes: number, crash: () => void): void {
    this.#left = writes;
    this.#crash = crash;
  }

  /** The process has been started again. */
  restart(): void {
    this.#left = unlimited;
    this.#crash = () => {};
  }

  /** The paths whose outcomes are recorded. */
  recorded(runId: string): ReadonlySet<string> {
    const entries = newest(this.#runs.get(runId)?.entries ?? []);
    return new Set(entries.filter(({ kind }) => kind === Kind.outcome).map(({ path }) => path));
  }

  get layer(): StoreLayer {
    return Layer.succeed(Store, this.#service);
  }

  get #isDead(): boolean {
    return this.#left === 0;
  }

  #journal(kept: Kept): Journal {
    const journal: Journal = {
      append: (entry, done) => {
        if (this.#isDead) return;
        kept.entries.push(entry);
        this.writes++;
        const isLast = --this.#left === 0;
        queueMicrotask(() => {
          if (isLast) {
            this.#crash();
            return;
          }
          done?.();
          journal.onCommit();
        });
      },
      tell: () => {},
      end: (status, _error, _time, done) => {
        if (!this.#isDead) kept.status = status;
        queueMicrotask(() => done(undefined));
      },
      isBlocked: () => false,
      onCommit: () => {},
      onTrouble: () => {},
    };
    return journal;
  }

  get #service(): StoreService {
    const runs = this.#runs;
    const detailsOf = ({ run, status, entries }: Kept): RunDetails => ({
      id: run.id,
      pipeline: run.pipeline,
      status,
      began: run.time,
      ended: undefined,
      error: undefined,
      origin: run.origin,
      shape: run.shape,
      inputs: run.inputs,
      entries: newest(entries),
      events: [],
    });
    const keyOf = (key: unknown): string => JSON.stringify(key);
    return {
      name: this.#name,
      maxValueBytes: unlimited,
      begin: (run) =>
        Effect.sync(() => {
          const kept: Kept = { run, status: "running", entries: [] };
          runs.set(run.id, kept);
          return this.#journal(kept);
        }),
      find: (id) =>
        Effect.sync(() => {
          const kept = runs.get(id);
          return kept === undefined ? undefined : detailsOf(kept);
        }),
      reopen: (id) => Effect.sync(() => this.#journal(runs.get(id)!)),
      runs: () => Effect.sync(() => [...runs.values()].map(detailsOf)),
      prune: () => Effect.succeed(0),
      setStatus: (id, status) =>
        Effect.sync(() => {
          runs.get(id)!.status = status;
        }),
      signal: () => Effect.void,
      cached: (key) => this.#cache.get(keyOf(key)),
      missReason: () => "it was never computed",
      putCached: (key, cached) => {
        if (!this.#isDead) this.#cache.set(keyOf(key), cached);
      },
      listen: () => () => {},
    };
  }
}
