/** One run's record in the file. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { StoreCorrupt, StoreError } from "../errors.ts";
import type { Entry } from "../journal/records.ts";
import type { Journal, RunStatus, StoredEvent } from "../journal/store.ts";
import { linesOf } from "./lines.ts";
import type { Values } from "./values.ts";
import { checksum } from "./values.ts";
import type { Client, Writer } from "./writer.ts";

/** The statements that all runs share. */
export interface Statements {
  readonly chunk: StatementSync;
  readonly event: StatementSync;
  readonly end: StatementSync;
}

export const statements = (database: DatabaseSync): Statements => ({
  chunk: database.prepare("INSERT INTO chunks (run, seq, count, time, lines, crc) VALUES (?, ?, ?, ?, ?, ?)"),
  event: database.prepare("INSERT INTO events (run, time, type, path, detail) VALUES (?, ?, ?, ?, ?)"),
  end: database.prepare("UPDATE runs SET status = ?, error = ?, ended = ? WHERE run = ?"),
});

/** Writes records as one row, whose first record has the number `seq`. */
export const insertChunk = (
  { chunk }: Statements,
  values: Values,
  run: number,
  seq: number,
  entries: ReadonlyArray<Entry>,
): void => {
  const time = Math.round(entries[0]!.began);
  const lines = linesOf(entries, time, values, run);
  chunk.run(run, seq, entries.length, time, lines, checksum(seq, entries.length, time, lines));
};

interface End {
  readonly status: RunStatus;
  readonly error: string | undefined;
  readonly time: number;
  readonly done: (problem: StoreError | StoreCorrupt | undefined) => void;
}

type Done = (() => void) | undefined;

export class SqliteJournal implements Journal, Client {
  readonly #run: number;
  readonly #writer: Writer;
  readonly #statements: Statements;
  readonly #values: Values;
  #seq: number;
  #entries: Array<Entry> = [];
  #done: Array<Done> = [];
  #events: Array<StoredEvent> = [];
  #end: End | undefined = undefined;
  onCommit: () => void = () => {};
  onTrouble: (problem: StoreError | StoreCorrupt | undefined) => void = () => {};

  constructor(run: number, seq: number, writer: Writer, statements: Statements, values: Values) {
    this.#run = run;
    this.#seq = seq;
    this.#writer = writer;
    this.#statements = statements;
    this.#values = values;
    writer.enter(this);
  }

  isBlocked(): boolean {
    return this.#writer.isBlocked;
  }

  append(entry: Entry, done: Done): void {
    this.#entries.push(entry);
    this.#done.push(done);
    this.#writer.add(this);
  }

  tell(event: StoredEvent): void {
    this.#events.push(event);
    this.#writer.add(this);
  }

  end(status: RunStatus, error: string | undefined, time: number, done: End["done"]): void {
    this.#end = { status, error, time, done };
    this.#writer.add(this);
    // An interrupted run does not wait for a disk that may never have space again.
    if (status === "interrupted" && this.#writer.trouble !== undefined) this.#finish(this.#writer.trouble);
  }

  write(): void {
    if (this.#entries.length > 0) {
      insertChunk(this.#statements, this.#values, this.#run, this.#seq, this.#entries);
    }
    for (const { time, type, path, detail } of this.#events) {
      this.#statements.event.run(this.#run, Math.round(time), type, path, detail);
    }
    if (this.#end !== undefined) {
      const { status, error, time } = this.#end;
      this.#statements.end.run(status, error ?? null, Math.round(time), this.#run);
    }
  }

  committed(): void {
    const told = this.#done;
    this.#seq += this.#entries.length;
    this.#entries = [];
    this.#done = [];
    this.#events = [];
    for (const done of told) done?.();
    this.#finish(undefined);
  }

  goOn(): void {
    this.onCommit();
  }

  trouble(problem: StoreError | StoreCorrupt | undefined): void {
    this.onTrouble(problem);
    if (problem !== undefined && this.#end?.status === "interrupted") this.#finish(problem);
  }

  #finish(problem: StoreError | StoreCorrupt | undefined): void {
    const end = this.#end;
    if (end === undefined) return;
    this.#end = undefined;
    this.#writer.leave(this);
    end.done(problem);
  }
}
