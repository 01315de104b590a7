/**
 * Commits in groups: everything that is queued in one turn of the event loop goes into one transaction, and whoever waits
 * is told after its COMMIT, when it can no more be lost. A commit costs a fraction of a millisecond however much is in it.
 *
 * While the file cannot be written all is kept and tried again, and nobody is told but that there is trouble.
 */
import type { DatabaseSync } from "node:sqlite";
import type { StoreCorrupt, StoreError } from "../errors.ts";
import { problemOf } from "./problems.ts";

/** So many at once: a long phase of timers starves the turn's end. */
const most = 4096;
/** More than that is waiting only when the file cannot be written. */
const tooMany = 2 * most;
const retryMillis = 500;

/** Who has something to write. */
export interface Client {
  /** Writes all that it has, inside of a transaction. It is called again where that failed. */
  readonly write: () => void;
  /** That has been committed. */
  readonly committed: () => void;
  /** Told after each commit, when all have been told what of theirs was committed. */
  readonly goOn: () => void;
  readonly trouble: (problem: StoreError | StoreCorrupt | undefined) => void;
}

export class Writer {
  readonly #database: DatabaseSync;
  readonly #name: string;
  /** All who may be waiting. */
  readonly #clients = new Set<Client>();
  #dirty = new Set<Client>();
  #queued = 0;
  #scheduled: NodeJS.Immediate | undefined = undefined;
  #retry: NodeJS.Timeout | undefined = undefined;
  #telling = false;
  trouble: StoreError | StoreCorrupt | undefined = undefined;

  constructor(database: DatabaseSync, name: string) {
    this.#database = database;
    this.#name = name;
  }

  get isBlocked(): boolean {
    return this.trouble !== undefined || this.#queued > tooMany;
  }

  enter(client: Client): void {
    this.#clients.add(client);
  }

  leave(client: Client): void {
    this.#clients.delete(client);
  }

  /** One thing more to write. */
  add(client: Client): void {
    this.#dirty.add(client);
    this.#queued++;
    if (this.trouble !== undefined) return;
    if (this.#queued >= most && !this.#telling) this.flush();
    else this.#scheduled ??= setImmediate(() => this.flush());
  }

  /** Commits what is queued. */
  flush(): void {
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    if (this.#queued === 0) return;
    const batch = this.#dirty;
    try {
      this.#commit(batch);
    } catch (error) {
      this.#inTrouble(problemOf(this.#name, error));
      return;
    }
    this.#dirty = new Set();
    this.#queued = 0;
    this.#outOfTrouble();
    // What is told may have more to write: that waits for its own commit.
    this.#telling = true;
    for (const client of batch) client.committed();
    this.#telling = false;
    for (const client of this.#clients) client.goOn();
  }

  #commit(batch: ReadonlySet<Client>): void {
    const database = this.#database;
    database.exec("BEGIN IMMEDIATE");
    try {
      for (const client of batch) client.write();
      database.exec("COMMIT");
    } catch (error) {
      // SQLite has rolled back by itself where the disk was full.
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
  }

  #inTrouble(problem: StoreError | StoreCorrupt): void {
    const isNew = this.trouble === undefined;
    this.trouble = problem;
    this.#retry = setTimeout(() => this.flush(), retryMillis);
    if (isNew) for (const client of this.#clients) client.trouble(problem);
  }

  #outOfTrouble(): void {
    if (this.trouble === undefined) return;
    clearTimeout(this.#retry);
    this.trouble = undefined;
    for (const client of this.#clients) client.trouble(undefined);
  }

  /** Commits what is left, if it can, and stops trying. */
  close(): void {
    if (this.trouble === undefined) this.flush();
    clearTimeout(this.#retry);
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    this.#queued = 0;
  }
}
