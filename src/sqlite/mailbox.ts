/**
 * Messages to runs: rows that the owner of a run polls many times a second and answers in the same row. Polling
 * costs microseconds while no other process writes to the file.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Answer, Message, NewMessage } from "../journal/store.ts";
import { describe } from "../values/describe.ts";
import type { Claims } from "./claims.ts";
import { transaction } from "./database.ts";
import type { SqliteJournal } from "./journal.ts";
import type { Owners } from "./owners.ts";
import { isBusy } from "./problems.ts";
import type { Reader } from "./reader.ts";
import { pauseMillis } from "./retry.ts";
import { answersKeptMillis, ownerGone, refusal } from "../stores/messages.ts";
import type { Values } from "./values.ts";

interface MessageRow {
  readonly message: number;
  readonly epoch: number;
  readonly type: "signal" | "cancel";
  readonly path: string;
  readonly text: string;
  readonly time: number;
}

/** The state of a message. */
export type Sent =
  | { readonly type: "answered"; readonly answer: Answer }
  /** Its owner has received it, or will look for it. */
  | { readonly type: "asked"; readonly message: number };

export class Mailbox {
  readonly #database: DatabaseSync;
  readonly #reader: Reader;
  readonly #owners: Owners;
  readonly #claims: Claims;
  readonly #values: Values;
  readonly #insert: StatementSync;
  readonly #pending: StatementSync;
  readonly #sent: StatementSync;
  readonly #answer: StatementSync;
  readonly #state: StatementSync;
  readonly #delete: StatementSync;
  readonly #clean: StatementSync;

  constructor(database: DatabaseSync, reader: Reader, owners: Owners, claims: Claims, values: Values) {
    this.#database = database;
    this.#reader = reader;
    this.#owners = owners;
    this.#claims = claims;
    this.#values = values;
    this.#insert = database.prepare(
      "INSERT INTO messages (run, epoch, type, path, text, time) VALUES (?, ?, ?, ?, ?, ?)",
    );
    this.#pending = database.prepare(
      "SELECT message, epoch, type, path, text, time FROM messages WHERE run = ? AND taken = 0 ORDER BY message",
    );
    this.#sent = database.prepare(
      "SELECT 1 FROM messages WHERE run = ? AND path = ? AND type = 'signal' AND taken = 0",
    );
    this.#answer = database.prepare("UPDATE messages SET taken = ?, answer = ? WHERE message = ?");
    this.#state = database.prepare(
      `SELECT messages.taken, messages.answer, messages.epoch, runs.status, runs.owner, runs.epoch AS current
       FROM messages JOIN runs ON runs.run = messages.run WHERE messages.message = ?`,
    );
    this.#delete = database.prepare(
      "DELETE FROM messages WHERE message = ? AND (taken = 1 OR type = 'cancel')",
    );
    this.#clean = database.prepare("DELETE FROM messages WHERE taken = 1 AND time < ?");
  }

  /** Stores a message, or refuses it at once. */
  send({ runId, type, path, text, time }: NewMessage): Sent {
    return transaction(this.#database, () => {
      const row = this.#reader.row(runId);
      if (row === undefined) return { type: "answered", answer: { type: "absent" } };
      const status = this.#reader.statusOf(row);
      this.#clean.run(Date.now() - answersKeptMillis);
      const answer = refusal(type, status, this.#sent.get(row.run, path) !== undefined);
      if (answer !== undefined) return { type: "answered", answer };
      if (type === "cancel" && status !== "running") {
        this.#claims.interrupt(row.run, Math.round(time));
        return { type: "answered", answer: { type: "delivered" } };
      }
      const kept = this.#values.place(text, row.run);
      const { lastInsertRowid } = this.#insert.run(row.run, row.epoch, type, path, kept, Math.round(time));
      return status === "running"
        ? { type: "asked", message: Number(lastInsertRowid) }
        : { type: "answered", answer: { type: "kept" } };
    });
  }

  /** The answer to a message, if there is one. */
  answerTo(message: number): Answer | undefined {
    const row = this.#state.get(message) as
      | {
          readonly taken: number;
          readonly answer: string | null;
          readonly epoch: number;
          readonly status: string;
          readonly owner: string | null;
          readonly current: number;
        }
      | undefined;
    // A cancel request is deleted when its run ends.
    if (row === undefined) return { type: "delivered" };
    if (row.answer !== null) {
      const answer = JSON.parse(row.answer) as Answer;
      this.#delete.run(message);
      return answer;
    }
    const isHeld = row.status === "running" && this.#owners.living(row.owner) !== undefined;
    // The next owner of the run receives a signal; a cancel request was only for this owner.
    if (!isHeld || row.current !== row.epoch) return { type: "kept" };
    return undefined;
  }

  /** Deletes a cancel request without an answer when its sender gives up. */
  giveUp(message: number): void {
    this.#delete.run(message);
  }

  /** Delivers a run's messages to it. Resolves once it has answered them. */
  async deliver(journal: SqliteJournal): Promise<void> {
    const { onMessage, messages } = journal;
    if (onMessage === undefined) return;
    const answers: Array<Promise<void>> = [];
    journal.hasLooked = true;
    const rows = this.#pending.all(journal.run) as unknown as ReadonlyArray<MessageRow>;
    for (const row of rows) {
      if (messages.has(row.message)) continue;
      messages.add(row.message);
      if (row.type === "cancel" && row.epoch !== journal.epoch) {
        this.#settle(row.message, ownerGone);
        continue;
      }
      const { message, type, path, time } = row;
      const text = this.#values.take(row.text);
      const asked: Message = { id: message, runId: journal.runId, type, path, text, time };
      answers.push(
        onMessage(asked)
          .catch((error: unknown): Answer => ({ type: "refused", reason: describe(error) }))
          .then((answer) => this.#settle(message, answer)),
      );
    }
    await Promise.all(answers);
  }

  /** Writes an answer. A signal that was kept for later and not recorded is delivered again to the next owner. */
  #settle(message: number, answer: Answer, attempt = 0): void {
    if (!this.#database.isOpen) return;
    try {
      this.#answer.run(1, JSON.stringify(answer), message);
    } catch (error) {
      if (isBusy(error))
        setTimeout(() => this.#settle(message, answer, attempt + 1), pauseMillis(attempt)).unref();
    }
  }
}
