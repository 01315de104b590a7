/** The records of one run in the file, written by its owner. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Entry } from "../journal/records.ts";
import { isOutcome, Kind } from "../journal/records.ts";
import type { Journal, StoredEvent } from "../journal/store.ts";
import { lineOf } from "../stores/lines.ts";
import type { End, Keeper as OwnedKeeper, OwnedClaim } from "../stores/owned-journal.ts";
import { OwnedJournal } from "../stores/owned-journal.ts";
import { endedAnswer } from "../stores/messages.ts";
import type { Values } from "./values.ts";
import { checksum } from "../stores/texts.ts";
import type { Client, Writer } from "./writer.ts";

/** The statements that all runs share. */
export interface Statements {
  readonly fence: StatementSync;
  readonly chunk: StatementSync;
  readonly event: StatementSync;
  readonly end: StatementSync;
  readonly survived: StatementSync;
  readonly release: StatementSync;
  readonly wait: StatementSync;
  readonly unwait: StatementSync;
  readonly unwaitAll: StatementSync;
  readonly takeMessage: StatementSync;
  readonly refuseMessages: StatementSync;
  readonly dropCancels: StatementSync;
}

export const statements = (database: DatabaseSync): Statements => ({
  fence: database.prepare("SELECT crashes FROM runs WHERE run = ? AND epoch = ?"),
  chunk: database.prepare("INSERT INTO chunks (run, seq, count, time, lines, crc) VALUES (?, ?, ?, ?, ?, ?)"),
  event: database.prepare("INSERT INTO events (run, time, type, path, detail) VALUES (?, ?, ?, ?, ?)"),
  end: database.prepare(
    `UPDATE runs SET status = ?, error = ?, ended = ?, active = ?, records = ?, owner = NULL, crashes = 0
     WHERE run = ? AND epoch = ?`,
  ),
  survived: database.prepare("UPDATE runs SET crashes = 0 WHERE run = ?"),
  release: database.prepare("UPDATE runs SET owner = NULL, active = ? WHERE run = ? AND epoch = ?"),
  wait: database.prepare("INSERT OR REPLACE INTO waits (run, path, since, text) VALUES (?, ?, ?, ?)"),
  unwait: database.prepare(
    "DELETE FROM waits WHERE run = ? AND (path = ? OR substr(path, 1, length(?) + 1) IN (? || '/', ? || '['))",
  ),
  unwaitAll: database.prepare("DELETE FROM waits WHERE run = ?"),
  takeMessage: database.prepare("UPDATE messages SET taken = 1 WHERE message = ?"),
  refuseMessages: database.prepare("UPDATE messages SET taken = 1, answer = ? WHERE run = ? AND taken = 0"),
  dropCancels: database.prepare("DELETE FROM messages WHERE run = ? AND type = 'cancel'"),
});

type Done = (() => void) | undefined;

/** The maximum size of one row of records, in bytes: longer ones are split. */
const mostRowBytes = 4 * 1024 * 1024;

const sizeOf = ({ path, text }: Entry): number => path.length + text.length + 32;

export type Keeper = OwnedKeeper<SqliteJournal>;

export class SqliteJournal extends OwnedJournal<SqliteJournal, Writer> implements Journal, Client {
  readonly #statements: Statements;
  readonly #values: Values;
  #seq: number;
  /** The path of the last record that this process has committed. */
  #last = "";
  #queue: Array<Entry> = [];
  #done: Array<Done> = [];
  #events: Array<StoredEvent> = [];
  /** How many entries of the queue the open transaction has written, and whether it has found another owner. */
  #written = 0;
  #wrote: "all" | "part" | "fenced" = "part";
  #isWaiting = false;
  bytes = 0;
  /** Whether it has received the messages that were sent before it was claimed. */
  hasLooked = false;
  /** Whether its owner has lived so long that this run cannot have killed the earlier ones. */
  hasSurvived = false;

  constructor(
    claim: OwnedClaim & {
      readonly seq: number;
      readonly isWaiting: boolean;
    },
    keeper: Keeper,
    writer: Writer,
    statements: Statements,
    values: Values,
  ) {
    super(claim, keeper, writer);
    this.#seq = claim.seq;
    this.#isWaiting = claim.isWaiting;
    this.#statements = statements;
    this.#values = values;
  }

  get entries(): number {
    return this.#queue.length + this.#events.length + (this.ending === undefined ? 0 : 1);
  }

  isBlocked(): boolean {
    return this.isOver || this.writer.isBlocked || this.keeper.isLate();
  }

  append(entry: Entry, done: Done): void {
    if (this.isOver) return;
    this.#queue.push(entry);
    this.#done.push(done);
    const size = sizeOf(entry);
    this.bytes += size;
    this.writer.add(this, size);
  }

  tell(event: StoredEvent): void {
    if (this.isOver) return;
    this.#events.push(event);
    this.writer.add(this, 0);
  }

  write(room: number): number {
    this.#written = 0;
    this.#wrote = "part";
    const owned = this.#statements.fence.get(this.run, this.epoch) as
      | { readonly crashes: number }
      | undefined;
    if (owned === undefined) {
      this.#wrote = "fenced";
      return 0;
    }
    let bytes = 0;
    while (this.#written < this.#queue.length && bytes < room) bytes += this.#writeRow(room - bytes);
    // A run that has recorded something has made progress despite its crash.
    if (this.#written > 0 && owned.crashes > 0) this.#statements.survived.run(this.run);
    if (this.#written < this.#queue.length) return bytes;
    this.#wrote = "all";
    for (const { time, type, path, detail } of this.#events) {
      this.#statements.event.run(this.run, Math.round(time), type, path, this.#values.hideSaid(detail));
    }
    if (this.ending !== undefined) this.#writeEnd(this.ending);
    return bytes;
  }

  /** Writes some of the records as one row. */
  #writeRow(room: number): number {
    const from = this.#written;
    const most = Math.min(room, mostRowBytes);
    // The time of the last record, since a step may have taken days: this is when the row was written.
    const time = Math.round(this.#queue[from]!.ended);
    const parts: Array<string> = [];
    let bytes = 0;
    let before = from === 0 ? this.#last : this.#queue[from - 1]!.path;
    do {
      const entry = this.#queue[this.#written++]!;
      const line = lineOf(entry, before, time, this.#values.place(entry.text, this.run));
      before = entry.path;
      parts.push(line);
      bytes += line.length;
      // The special ones are few: most records are outcomes of steps that did not wait.
      if (entry.kind !== Kind.outcome || this.#isWaiting) this.#writeWait(entry);
    } while (this.#written < this.#queue.length && bytes < most);
    const lines = parts.join("");
    const count = this.#written - from;
    const seq = this.#seq + from;
    this.#statements.chunk.run(this.run, seq, count, time, lines, checksum(seq, count, time, lines));
    return bytes;
  }

  /** Updates the list of waiting steps, and removes the messages that are recorded. */
  #writeWait(entry: Entry): void {
    const { kind, path, text, ended, message } = entry;
    if (message !== undefined) this.#statements.takeMessage.run(message);
    if (kind === Kind.waiting) {
      this.#isWaiting = true;
      this.#statements.wait.run(this.run, path, Math.round(ended), this.#values.place(text, this.run));
    } else if (isOutcome(entry) || kind === Kind.dropped) {
      this.#statements.unwait.run(this.run, path, path, path, path);
    }
  }

  #writeEnd({ status, error, time }: End): void {
    const at = Math.round(time);
    const { end, release, unwaitAll, refuseMessages, dropCancels } = this.#statements;
    dropCancels.run(this.run);
    if (status === "interrupted" && (this.releases || this.keeper.isLeaving())) {
      release.run(at, this.run, this.epoch);
      return;
    }
    if (status === "succeeded") {
      unwaitAll.run(this.run);
      refuseMessages.run(JSON.stringify(endedAnswer), this.run);
    }
    const said = error === undefined ? null : this.#values.hideSaid(error);
    end.run(status, said, at, Date.now(), this.#seq - 1 + this.#queue.length, this.run, this.epoch);
  }

  committed(): void {
    if (this.#wrote === "fenced") {
      this.fenced();
      return;
    }
    const count = this.#written;
    const isAll = this.#wrote === "all";
    if (count > 0) this.#last = this.#queue[count - 1]!.path;
    const told = isAll ? this.#done : this.#done.splice(0, count);
    this.#seq += count;
    if (isAll) {
      this.#queue = [];
      this.#done = [];
      this.#events = [];
      this.bytes = 0;
    } else {
      for (const entry of this.#queue.splice(0, count)) this.bytes -= sizeOf(entry);
    }
    const end = isAll ? this.ending : undefined;
    for (const done of told) done?.();
    if (end !== undefined) this.finish(undefined);
  }

  protected drop(): void {
    this.#queue = [];
    this.#done = [];
    this.#events = [];
  }
}
