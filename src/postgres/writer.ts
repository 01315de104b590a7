/**
 * Commits in groups: everything that the runs of this process have queued is sent in one statement, and waiting steps continue after
 * its answer, when it can no longer be lost. The next batch is collected while one is in progress. A commit whose answer was lost is
 * sent again unchanged.
 *
 * While Postgres cannot be written, everything is kept and retried. A record that can never be written
 * fails its run, and no other.
 */
import type { StoreProblem } from "../journal/store.ts";
import type { Part } from "./commit.ts";
import { commitStatement } from "./commit.ts";
import type { Database } from "./database.ts";
import { pause } from "./database.ts";
import { isPassing, problemOf } from "./problems.ts";
import type { Names } from "./schema.ts";

/** The maximum number of records in one statement. */
const mostEntries = 4096;
/** The maximum size of one statement, in bytes. */
const mostBytes = 4 * 1024 * 1024;
/** More entries than this are queued only when Postgres cannot write as fast as they arrive. */
const tooManyEntries = 4 * mostEntries;
const tooManyBytes = 64 * 1024 * 1024;
/** Runs report that Postgres cannot be reached only after this long: some restarts are shorter. */
const patienceMillis = 1_000;

/** A source of records to write. */
export interface Client {
  /** Returns its next part, up to about this many records and bytes. No part is returned twice. */
  readonly take: (room: { entries: number; bytes: number }) => Part | undefined;
  /** That part is committed; or, if `fenced`, nothing of it is, since the run has another owner. */
  readonly committed: (part: Part) => void;
  readonly fenced: () => void;
  /** The number of records left to write. */
  readonly entries: number;
  readonly bytes: number;
  /** Its part can never be committed: it is skipped from now on. */
  readonly failed: (problem: StoreProblem) => void;
  /** Called after each commit, once each client knows which of its records were committed. */
  readonly goOn: () => void;
  readonly trouble: (problem: StoreProblem | undefined) => void;
}

interface Taken {
  readonly client: Client;
  readonly part: Part;
}

export class Writer {
  readonly #database: Database;
  readonly #names: Names;
  readonly #clients = new Set<Client>();
  readonly #dirty = new Set<Client>();
  #entries = 0;
  #bytes = 0;
  #scheduled: NodeJS.Immediate | undefined = undefined;
  #flying: Promise<void> | undefined = undefined;
  #isClosed = false;
  /** Callers that wait until the queue has been sent: with the next commit, and with the one in progress. */
  readonly #whenTried: Array<() => void> = [];
  readonly #trying: Array<() => void> = [];
  trouble: StoreProblem | undefined = undefined;
  /** When the last answered commit was requested. */
  confirmed = performance.now();

  constructor(database: Database, names: Names) {
    this.#database = database;
    this.#names = names;
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

  /** Queues one more record, of about this many bytes. */
  add(client: Client, bytes: number): void {
    this.#dirty.add(client);
    this.#entries++;
    this.#bytes += bytes;
    if (this.#flying !== undefined) return;
    // A long timer phase delays the end of the turn.
    if (this.#entries >= mostEntries) void this.flush();
    else this.#scheduled ??= setImmediate(() => void this.flush());
  }

  /** Resolves once everything queued now has been sent, or cannot be at the moment; undefined if nothing is queued. */
  tried(): Promise<void> | undefined {
    if (this.#dirty.size === 0 || this.trouble !== undefined) return undefined;
    return new Promise((resolve) => {
      this.#whenTried.push(resolve);
    });
  }

  #tellTried(): void {
    for (const tell of this.#trying.splice(0)) tell();
  }

  /** Commits the queue; resolves once it is empty, or nothing can be written. */
  flush(): Promise<void> {
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    this.#flying ??= this.#fly().finally(() => {
      this.#flying = undefined;
      if (this.#dirty.size > 0 && !this.#isClosed) this.#scheduled ??= setImmediate(() => void this.flush());
    });
    return this.#flying;
  }

  async #fly(): Promise<void> {
    for (;;) {
      this.#trying.push(...this.#whenTried.splice(0));
      const batch = this.#take();
      if (batch.length > 0) await this.#write(batch);
      this.#tellTried();
      if (batch.length === 0) return;
      if (this.#isClosed) return;
      for (const client of this.#clients) client.goOn();
    }
  }

  #take(): ReadonlyArray<Taken> {
    const batch: Array<Taken> = [];
    const room = { entries: mostEntries, bytes: mostBytes };
    for (const client of this.#dirty) {
      if (room.entries <= 0 || room.bytes <= 0) break;
      const part = client.take(room);
      if (part === undefined) this.#dirty.delete(client);
      else batch.push({ client, part });
    }
    return batch;
  }

  /** Writes a batch, however long that takes. */
  async #write(batch: ReadonlyArray<Taken>): Promise<void> {
    const statement = commitStatement(
      batch.map(({ part }) => part),
      this.#names,
    );
    const began = performance.now();
    for (let attempt = 0; !this.#isClosed; attempt++) {
      const asked = performance.now();
      try {
        const rows = await this.#database.query(statement.text, statement.parameters);
        this.confirmed = asked;
        this.#succeeded(batch, new Set(rows.map(({ run }) => run as number)));
        return;
      } catch (error) {
        const problem = problemOf(this.#database.name, error);
        if (!isPassing(problem)) return this.#apart(batch, problem);
        if (performance.now() - began > patienceMillis) this.#inTrouble(problem);
        await pause(Math.random() * Math.min(500, 10 * 2 ** attempt));
      }
    }
  }

  /** A record in the batch can never be committed: each run is written separately, so that only its own run fails. */
  async #apart(batch: ReadonlyArray<Taken>, problem: StoreProblem): Promise<void> {
    if (batch.length > 1) {
      for (const one of batch) await this.#write([one]);
      return;
    }
    const { client } = batch[0]!;
    this.leave(client);
    client.failed(problem);
  }

  #succeeded(batch: ReadonlyArray<Taken>, owned: ReadonlySet<number>): void {
    if (this.trouble !== undefined) {
      this.trouble = undefined;
      for (const client of this.#clients) client.trouble(undefined);
    }
    for (const { client, part } of batch) {
      if (owned.has(part.run)) client.committed(part);
      else client.fenced();
    }
    this.#entries = 0;
    this.#bytes = 0;
    for (const { entries, bytes } of this.#dirty) {
      this.#entries += entries;
      this.#bytes += bytes;
    }
  }

  #inTrouble(problem: StoreProblem): void {
    const isNew = this.trouble === undefined;
    this.trouble = problem;
    this.#trying.push(...this.#whenTried.splice(0));
    this.#tellTried();
    if (isNew) for (const client of this.#clients) client.trouble(problem);
  }

  /** Writes the rest of the queue, if possible within this time, and stops trying. */
  async close(millis: number): Promise<void> {
    if (this.trouble === undefined) await Promise.race([this.flush(), pause(millis)]);
    this.#isClosed = true;
    this.#trying.push(...this.#whenTried.splice(0));
    this.#tellTried();
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
  }
}
