/**
 * Messages to runs: rows. The run's owner is notified of each, and answers in the same row.
 * In case a notification is lost, it polls once a second.
 */
import { randomUUID } from "node:crypto";
import type { Answer, Message, NewMessage } from "../journal/store.ts";
import { answerMillis, answersKeptMillis, ownerGone, refusal, unheard } from "../stores/messages.ts";
import { hashIn } from "../stores/texts.ts";
import { describe } from "../values/describe.ts";
import type { Claims } from "./claims.ts";
import type { Database, Row } from "./database.ts";
import { pause } from "./database.ts";
import { Gathered } from "../stores/gathered.ts";
import type { PostgresJournal } from "./journal.ts";
import type { Owners } from "./owners.ts";
import { isOneOf, listOf } from "./reader.ts";
import type { Names } from "./schema.ts";
import type { Values } from "./values.ts";

/** A sender polls for its answer immediately, then less and less often, down to this interval. */
const lookMillis = 50;
/** The maximum number of runs whose messages are read together. */
const mostRuns = 256;

export class Mailbox {
  readonly #database: Database;
  readonly #names: Names;
  readonly #owners: Owners;
  readonly #claims: Claims;
  readonly #values: Values;
  readonly #gathered = new Gathered<number, ReadonlyArray<Row>>((runs) => this.#unread(runs), mostRuns);

  constructor(database: Database, names: Names, owners: Owners, claims: Claims, values: Values) {
    this.#database = database;
    this.#names = names;
    this.#owners = owners;
    this.#claims = claims;
    this.#values = values;
  }

  /** Stores a message, and waits a little for its answer. Calls `onStored`, since it may be for a run of this process. */
  async send(message: NewMessage, onStored: () => void, isUnwanted: () => boolean): Promise<Answer> {
    const token = randomUUID();
    const sent = await this.#database.patiently(() => this.#store(message, token));
    if (typeof sent !== "number") return sent;
    onStored();
    const until = performance.now() + answerMillis;
    for (let looks = 0; performance.now() < until && !isUnwanted(); looks++) {
      const answer = await this.#database.patiently(() => this.#answerTo(sent));
      if (answer !== undefined) return answer;
      await pause(Math.min(lookMillis, 2 ** looks));
    }
    if (message.type === "signal") return { type: "kept" };
    await this.#giveUp(sent);
    return unheard;
  }

  /** Stores a message; returns its number, or the answer if there is one immediately. */
  async #store({ runId, type, path, text, time }: NewMessage, token: string): Promise<Answer | number> {
    const placed = await this.#values.place(text);
    const { table, channel } = this.#names;
    const [row] = await this.#database.query(
      `WITH r AS (SELECT r.run, r.epoch, r.owner, ${this.#owners.status("r")} AS status
         FROM ${table("runs")} AS r WHERE r.id = $1 FOR SHARE OF r),
       seen AS (SELECT r.*, EXISTS (SELECT FROM ${table("messages")} AS m WHERE m.run = r.run AND m.type = 'signal'
         AND m.path = $4 AND NOT m.taken AND m.token <> $2) AS is_sent FROM r),
       stored AS (INSERT INTO ${table("messages")} (token, run, epoch, type, path, text, time, sent)
         SELECT $2, run, epoch, $3, $4, $5, $6::bigint, now() FROM seen
         WHERE CASE WHEN $3 = 'cancel' THEN status = 'running'
           ELSE status <> 'succeeded' AND (status = 'running' OR NOT is_sent) END
         ON CONFLICT (token) DO NOTHING RETURNING message),
       held AS (INSERT INTO ${table("holds")} (run, hash) SELECT run, $7 FROM seen WHERE $7 <> '' ON CONFLICT DO NOTHING)
       SELECT seen.status, seen.is_sent, (SELECT message::float8 FROM stored) AS message,
         (SELECT message::float8 FROM ${table("messages")} WHERE token = $2) AS earlier,
         CASE WHEN seen.status = 'running' THEN pg_notify('${channel}', 'message ' || seen.owner) END AS told
       FROM seen`,
      [runId, token, type, path, placed, String(Math.round(time)), hashIn(placed) ?? ""],
    );
    if (row === undefined) return { type: "absent" };
    const { status, is_sent: isSent, message, earlier } = row;
    const refusedBy = refusal(type, status, isSent as boolean);
    if (refusedBy !== undefined) return refusedBy;
    if (type === "cancel" && status !== "running") {
      // Another process may have claimed it in the meantime: then the cancel request is for that owner.
      return (await this.#claims.interrupt(runId, Math.round(time)))
        ? { type: "delivered" }
        : this.#store({ runId, type, path, text, time }, token);
    }
    if (status !== "running") return { type: "kept" };
    return (message ?? earlier) as number;
  }

  /** The answer to a message, if there is one. */
  async #answerTo(message: number): Promise<Answer | undefined> {
    const { table } = this.#names;
    const [row] = await this.#database.query(
      `SELECT m.answer, m.epoch, r.status, r.epoch AS current, ${this.#owners.held("r")} AS is_held
       FROM ${table("messages")} AS m JOIN ${table("runs")} AS r ON r.run = m.run WHERE m.message = $1::bigint`,
      [String(message)],
    );
    // A cancel request is deleted when its run ends.
    if (row === undefined) return { type: "delivered" };
    const { answer, epoch, status, current, is_held: isHeld } = row;
    if (answer !== null) {
      await this.#giveUp(message);
      return JSON.parse(answer as string) as Answer;
    }
    // The next owner of the run receives a signal; a cancel request was only for this owner.
    if (status !== "running" || isHeld !== true || current !== epoch) return { type: "kept" };
    return undefined;
  }

  /** Deletes a cancel request without an answer when its sender gives up. One with an answer has been read. */
  async #giveUp(message: number): Promise<void> {
    await this.#database.query(
      `DELETE FROM ${this.#names.table("messages")} WHERE message = $1::bigint AND (taken OR type = 'cancel')`,
      [String(message)],
    );
  }

  /** Delivers messages to their runs. Resolves once the runs have answered them. */
  async deliver(journals: Iterable<PostgresJournal>): Promise<void> {
    const mine = [...journals].filter(({ onMessage }) => onMessage !== undefined);
    if (mine.length === 0) return;
    const unread = await this.#unread(mine.map(({ run }) => run));
    await Promise.all(mine.map((journal, i) => this.#handAll(journal, unread[i]!)));
  }

  /** The same for one run. */
  async receive(journal: PostgresJournal): Promise<void> {
    if (journal.onMessage === undefined) return;
    await this.#handAll(journal, await this.#gathered.ask(journal.run));
  }

  async #unread(runs: ReadonlyArray<number>): Promise<ReadonlyArray<ReadonlyArray<Row>>> {
    const rows = await this.#database.query(
      `SELECT message::float8 AS message, run::float8 AS run, epoch, type, path, text, time::float8 AS time
       FROM ${this.#names.table("messages")} WHERE run ${isOneOf(runs)} AND NOT taken ORDER BY message`,
      [listOf(runs)],
    );
    const byRun = Map.groupBy(rows, ({ run }) => run as number);
    return runs.map((run) => byRun.get(run) ?? []);
  }

  async #handAll(journal: PostgresJournal, rows: ReadonlyArray<Row>): Promise<void> {
    const answers: Array<Promise<void>> = [];
    for (const row of rows) {
      const { message, epoch, type, path, text, time } = row;
      if (journal.messages.has(message as number)) continue;
      journal.messages.add(message as number);
      if (type === "cancel" && epoch !== journal.epoch) answers.push(this.#settle(message, ownerGone));
      else answers.push(this.#hand(journal, message, { type, path, time }, text));
    }
    await Promise.all(answers);
  }

  async #hand(
    journal: PostgresJournal,
    id: number,
    about: Pick<Message, "type" | "path" | "time">,
    placed: string,
  ): Promise<void> {
    const { onMessage, runId } = journal;
    let answer: Answer;
    try {
      const text = await this.#database.patiently(() => this.#values.take(placed));
      answer = await onMessage!({ ...about, id, runId, text });
    } catch (error) {
      answer = { type: "refused", reason: describe(error) };
    }
    await this.#settle(id, answer);
  }

  /** Writes an answer. A signal that was kept for later and not recorded is delivered again to the next owner. */
  async #settle(message: number, answer: Answer): Promise<void> {
    const write = () =>
      this.#database.query(
        `UPDATE ${this.#names.table("messages")} SET taken = true, answer = $1 WHERE message = $2::bigint`,
        [JSON.stringify(answer), String(message)],
      );
    // If it cannot be written, the sender gives up, and a signal that was not recorded is delivered again.
    await this.#database.patiently(write).catch(() => {});
  }

  /** Deletes answers that no sender reads any more. */
  async clean(): Promise<void> {
    await this.#database.query(
      `DELETE FROM ${this.#names.table("messages")} WHERE taken AND sent < now() - interval '${answersKeptMillis} ms'`,
    );
  }
}
