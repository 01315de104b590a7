/** A store over one file. All who open the same file in one process share one connection. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import * as Effect from "effect/Effect";
import type { StoreCorrupt, StoreError } from "../errors.ts";
import type { Cached, CacheKey, Journal, NewRun, StoreService } from "../journal/store.ts";
import { Kind } from "../journal/records.ts";
import { Cache } from "./cache.ts";
import { closeDatabase, nameOf, openDatabase } from "./database.ts";
import type { Hear } from "./inbox.ts";
import { Inbox } from "./inbox.ts";
import type { Statements } from "./journal.ts";
import { insertChunk, SqliteJournal, statements } from "./journal.ts";
import { problemOf } from "./problems.ts";
import { Reader, runChecksum } from "./reader.ts";
import { Values } from "./values.ts";
import { Writer } from "./writer.ts";

interface Limits {
  readonly maxValueBytes?: number;
  readonly maxFileBytes?: number;
}

class SqliteService implements StoreService {
  readonly name: string;
  readonly maxValueBytes: number;
  readonly #database: DatabaseSync;
  readonly #values: Values;
  readonly #reader: Reader;
  readonly #writer: Writer;
  readonly #statements: Statements;
  readonly #cache: Cache;
  readonly #inbox: Inbox | undefined;
  readonly #newRun: StatementSync;

  constructor(name: string, { maxValueBytes = 256 * 1024 * 1024, maxFileBytes }: Limits) {
    this.name = name;
    this.maxValueBytes = maxValueBytes;
    this.#database = openDatabase(name, maxFileBytes);
    this.#values = new Values(this.#database, name);
    this.#reader = new Reader(this.#database, name, this.#values);
    this.#writer = new Writer(this.#database, name);
    this.#statements = statements(this.#database);
    this.#cache = new Cache(this.#database, this.#writer, this.#values);
    this.#newRun = this.#database.prepare(
      "INSERT INTO runs (id, pipeline, shape, inputs, origin, began, crc, status) VALUES (?, ?, ?, ?, ?, ?, ?, 'running')",
    );
    this.#inbox = name === ":memory:" ? undefined : new Inbox(name);
  }

  close(): void {
    this.#inbox?.close();
    this.#writer.close();
    closeDatabase(this.#database, this.name);
  }

  /** Reads and writes see each other: what is queued is committed first. */
  #ask<Value>(ask: () => Value): Effect.Effect<Value, StoreError | StoreCorrupt> {
    return Effect.try({
      try: () => {
        if (this.#writer.trouble === undefined) this.#writer.flush();
        return ask();
      },
      catch: (error) => problemOf(this.name, error),
    });
  }

  begin(run: NewRun): Effect.Effect<Journal, StoreError | StoreCorrupt> {
    return this.#ask(() => {
      const { id, pipeline, shape, origin = null } = run;
      const inputs = this.#values.place(run.inputs, undefined);
      const began = Math.round(run.time);
      const crc = runChecksum({ id, pipeline, shape, inputs, origin, began });
      const { lastInsertRowid } = this.#newRun.run(id, pipeline, shape, inputs, origin, began, crc);
      const number = Number(lastInsertRowid);
      this.#values.place(run.inputs, number); // The run holds them, once it has a number.
      return this.#journal(number, 1);
    });
  }

  #journal(run: number, seq: number): Journal {
    return new SqliteJournal(run, seq, this.#writer, this.#statements, this.#values);
  }

  find(runId: string) {
    return this.#ask(() => {
      const row = this.#reader.row(runId);
      return row === undefined ? undefined : this.#reader.details(row);
    });
  }

  reopen(runId: string): Effect.Effect<Journal, StoreError | StoreCorrupt> {
    return this.#ask(() => {
      const { run } = this.#reader.row(runId)!;
      this.#database
        .prepare("UPDATE runs SET status = 'running', ended = NULL, error = NULL WHERE run = ?")
        .run(run);
      return this.#journal(run, this.#reader.nextSeq(run));
    });
  }

  runs() {
    return this.#ask(() => this.#reader.runs());
  }

  prune(time: number): Effect.Effect<number, StoreError | StoreCorrupt> {
    return this.#ask(() => {
      const database = this.#database;
      database.exec("BEGIN IMMEDIATE");
      try {
        const which = "SELECT run FROM runs WHERE status <> 'running' AND coalesce(ended, began) < ?";
        for (const table of ["chunks", "events", "holds"]) {
          database.prepare(`DELETE FROM ${table} WHERE run IN (${which})`).run(time);
        }
        const { changes } = database.prepare(`DELETE FROM runs WHERE run IN (${which})`).run(time);
        database.prepare("DELETE FROM cache WHERE time < ?").run(time);
        database.exec(
          `DELETE FROM blobs WHERE hash NOT IN (
             SELECT hash FROM holds UNION SELECT substr(text, 2) FROM cache WHERE text LIKE '#%')`,
        );
        database.exec("COMMIT");
        database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
        return Number(changes);
      } catch (error) {
        if (database.isTransaction) database.exec("ROLLBACK");
        throw error;
      }
    });
  }

  setStatus(runId: string, status: string, time: number): Effect.Effect<void, StoreError | StoreCorrupt> {
    return this.#ask(() => {
      this.#database
        .prepare("UPDATE runs SET status = ?, ended = ? WHERE id = ?")
        .run(status, Math.round(time), runId);
    });
  }

  signal(
    runId: string,
    path: string,
    text: string,
    time: number,
  ): Effect.Effect<void, StoreError | StoreCorrupt> {
    return this.#ask(() => {
      const { run } = this.#reader.row(runId)!;
      const entry = { kind: Kind.signal, path, text, began: time, ended: time, attempt: 1 };
      insertChunk(this.#statements, this.#values, run, this.#reader.nextSeq(run), [entry]);
    });
  }

  cached(key: CacheKey): Cached | undefined {
    return this.#cache.get(key);
  }

  missReason(key: CacheKey): string {
    return this.#cache.missReason(key);
  }

  putCached(key: CacheKey, cached: Cached): void {
    this.#cache.put(key, cached);
  }

  listen(hear: Hear): () => void {
    return this.#inbox?.listen(hear) ?? (() => {});
  }
}

interface Shared {
  readonly service: SqliteService;
  users: number;
}

const shared = new Map<string, Shared>();

/** The store of a file, opened by its first user and closed by its last. Two in-memory stores are two. */
export const acquire = (
  filename: string,
  limits: Limits,
): Effect.Effect<Shared, StoreError | StoreCorrupt> => {
  const name = nameOf(filename);
  return Effect.try({
    try: () => {
      let store = name === ":memory:" ? undefined : shared.get(name);
      if (store === undefined) {
        store = { service: new SqliteService(name, limits), users: 0 };
        if (name !== ":memory:") shared.set(name, store);
      }
      store.users++;
      return store;
    },
    catch: (error) => problemOf(name, error),
  });
};

export const release = (store: Shared): Effect.Effect<void> =>
  Effect.sync(() => {
    if (--store.users > 0) return;
    const { service } = store;
    if (shared.get(service.name) === store) shared.delete(service.name);
    service.close();
  });
