/**
 * Commits in groups: everything that is queued in one turn of the event loop is written in one transaction, and waiting steps
 * continue after its COMMIT, when it can no longer be lost. A commit costs a fraction of a millisecond whatever its size,
 * up to a limit in bytes, beyond which the rest waits for the next turn.
 *
 * While the file cannot be written, everything is kept and retried. A record that can never be written
 * fails its run, and no other.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { StoreProblem } from "../journal/store.ts";
import { isBusy, isPassing, problemOf } from "./problems.ts";
import { pauseMillis } from "./retry.ts";

/** The maximum number of entries in one transaction: a long timer phase delays the end of the turn. */
const mostEntries = 4096;
/** More entries than this are queued only when the file cannot be written as fast as they arrive. */
const tooManyEntries = 2 * mostEntries;
const tooManyBytes = 64 * 1024 * 1024;
/** The maximum size of one transaction, in bytes: about 20 ms of writing. */
const mostBytes = 8 * 1024 * 1024;
const retryMillis = 500;
/** Commits of other processes make a file busy for moments. Runs report it only after this long. */
const busyPatienceMillis = 2_000;
/** If another process is writing, the lock is left free for as long as it was held, up to this limit. */
const mostGapMillis = 5;

/** A source of entries to write. */
export interface Client {
  /**
   * Writes its next part, about `room` bytes, inside a transaction; returns the number of entries written. It is called
   * again if that transaction failed.
   */
  readonly write: (room: number) => number;
  /** That part has been committed. */
  readonly committed: () => void;
  /** The number of entries left to write. */
  readonly entries: number;
  readonly bytes: number;
  /** Its part can never be committed: it is skipped from now on. */
  readonly failed: (problem: StoreProblem) => void;
  /** Called after each commit, once each client knows which of its records were committed. */
  readonly goOn: () => void;
  readonly trouble: (problem: StoreProblem | undefined) => void;
}

export class Writer {
  readonly #database: DatabaseSync;
  readonly #name: string;
  readonly #isShared: () => boolean;
  readonly #begin: StatementSync;
  readonly #end: StatementSync;
  /** All clients that may have entries to write. */
  readonly #clients = new Set<Client>();
  readonly #dirty = new Set<Client>();
  #entries = 0;
  #bytes = 0;
  #scheduled: NodeJS.Immediate | undefined = undefined;
  #retry: NodeJS.Timeout | undefined = undefined;
  #attempts = 0;
  #busySince = 0;
  #isTelling = false;
  readonly #whenTried: Array<() => void> = [];
  trouble: StoreProblem | undefined = undefined;

  constructor(database: DatabaseSync, name: string, isShared: () => boolean) {
    this.#database = database;
    this.#name = name;
    this.#isShared = isShared;
    // Prepared once: a run of short steps commits thousands of times a second.
    this.#begin = database.prepare("BEGIN IMMEDIATE");
    this.#end = database.prepare("COMMIT");
  }

  get isBlocked(): boolean {
    return this.trouble !== undefined || this.#entries > tooManyEntries || this.#bytes > tooManyBytes;
  }

  enter(client: Client): void {
    this.#clients.add(client);
  }

  leave(client: Client): void {
    this.#clients.delete(client);
    this.#dirty.delete(client);
  }

  /** Queues one more entry, of about this many bytes. */
  add(client: Client, bytes: number): void {
    this.#dirty.add(client);
    this.#entries++;
    this.#bytes += bytes;
    if (this.#retry !== undefined) return;
    if (this.#entries >= mostEntries && !this.#isTelling) this.flush();
    else this.#scheduled ??= setImmediate(() => this.flush());
  }

  /** Resolves after the next commit, even if it fails; undefined if nothing is queued. */
  tried(): Promise<void> | undefined {
    if (this.#dirty.size === 0) return undefined;
    return new Promise((resolve) => {
      this.#whenTried.push(resolve);
    });
  }

  /** Commits the queue, or as much of it as one transaction takes. */
  flush(): void {
    this.#flush();
    for (const tell of this.#whenTried.splice(0)) tell();
  }

  #flush(): void {
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    if (this.#dirty.size === 0) return;
    const began = performance.now();
    let batch: ReadonlyArray<Client>;
    try {
      batch = this.#commit([...this.#dirty]);
    } catch (error) {
      this.#failed(error);
      return;
    }
    this.#succeeded(batch);
    for (const client of this.#clients) client.goOn();
    this.#leaveGap(performance.now() - began);
  }

  /** The rest waits for the next turn, or a little longer if other processes want to write too. */
  #leaveGap(tookMillis: number): void {
    if (this.#isShared()) {
      this.#retry ??= setTimeout(() => this.flush(), Math.min(mostGapMillis, tookMillis));
      if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
      this.#scheduled = undefined;
    } else if (this.#dirty.size > 0) this.#scheduled ??= setImmediate(() => this.flush());
  }

  #succeeded(batch: ReadonlyArray<Client>): void {
    this.#attempts = 0;
    this.#busySince = 0;
    if (this.trouble !== undefined) {
      this.trouble = undefined;
      for (const client of this.#clients) client.trouble(undefined);
    }
    for (const client of batch) this.#dirty.delete(client);
    // A client may now have more to write, which waits for its own commit.
    this.#isTelling = true;
    for (const client of batch) client.committed();
    this.#isTelling = false;
    this.#count(batch);
  }

  #count(batch: ReadonlyArray<Client>): void {
    for (const client of batch) if (client.entries > 0) this.#dirty.add(client);
    this.#entries = 0;
    this.#bytes = 0;
    for (const { entries, bytes } of this.#dirty) {
      this.#entries += entries;
      this.#bytes += bytes;
    }
  }

  /** Commits entries of these clients in one transaction; returns the clients that have written. */
  #commit(clients: ReadonlyArray<Client>): ReadonlyArray<Client> {
    const database = this.#database;
    const batch: Array<Client> = [];
    this.#begin.run();
    try {
      let room = mostBytes;
      for (const client of clients) {
        room -= client.write(room);
        batch.push(client);
        if (room <= 0) break;
      }
      this.#end.run();
      return batch;
    } catch (error) {
      // If the disk was full, SQLite has already rolled back.
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
  }

  #failed(error: unknown): void {
    if (isBusy(error)) {
      const now = performance.now();
      if (this.#busySince === 0) this.#busySince = now;
      this.#retry = setTimeout(() => this.flush(), pauseMillis(this.#attempts++));
      if (now - this.#busySince > busyPatienceMillis) this.#inTrouble(problemOf(this.#name, error));
      return;
    }
    const problem = problemOf(this.#name, error);
    if (isPassing(problem)) {
      this.#retry = setTimeout(() => this.flush(), retryMillis);
      this.#inTrouble(problem);
    } else this.#oneByOne();
  }

  #inTrouble(problem: StoreProblem): void {
    const isNew = this.trouble === undefined;
    this.trouble = problem;
    if (isNew) for (const client of this.#clients) client.trouble(problem);
  }

  /** An entry in the last batch can never be committed: each client commits separately, so that only its own run fails. */
  #oneByOne(): void {
    for (const client of this.#dirty) {
      try {
        this.#succeeded(this.#commit([client]));
      } catch (error) {
        if (isBusy(error) || isPassing(problemOf(this.#name, error))) {
          this.#failed(error);
          return;
        }
        this.leave(client);
        client.failed(problemOf(this.#name, error));
      }
    }
    for (const client of this.#clients) client.goOn();
    if (this.#dirty.size > 0) this.#scheduled ??= setImmediate(() => this.flush());
  }

  /** Nothing can be written any more. */
  fail(problem: StoreProblem): void {
    for (const client of this.#clients) {
      this.leave(client);
      client.failed(problem);
    }
  }

  /** Commits the rest of the queue, if possible, and stops trying. */
  close(): void {
    for (let size = this.#dirty.size; size > 0 && this.trouble === undefined; size = this.#dirty.size) {
      this.flush();
      if (this.#attempts > 0) break;
    }
    clearTimeout(this.#retry);
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
    this.#retry = undefined;
    this.#scheduled = undefined;
    for (const tell of this.#whenTried.splice(0)) tell();
  }
}
