/** Reads recorded runs from the file, and checks each row before it is used. */
import type { DatabaseSync } from "node:sqlite";
import type { Entry } from "../journal/records.ts";
import { isOutcome, newest } from "../journal/records.ts";
import type { RunDetails, RunFilter, RunStatus, RunSummary, StoredEvent, Wait } from "../journal/store.ts";
import { isUnderWay, runStatuses } from "../journal/store.ts";
import type { ChunkRow, RunRow } from "../stores/rows.ts";
import { addRecords, checkRecords, checkRun, unowned } from "../stores/rows.ts";
import type { Owners } from "./owners.ts";
import type { Values } from "./values.ts";

export interface SqliteRunRow extends RunRow {
  readonly owner: string | null;
}

export class Reader {
  readonly #database: DatabaseSync;
  readonly #name: string;
  readonly #values: Values;
  readonly #owners: Owners;

  constructor(database: DatabaseSync, name: string, values: Values, owners: Owners) {
    this.#database = database;
    this.#name = name;
    this.#values = values;
    this.#owners = owners;
  }

  row(id: string): SqliteRunRow | undefined {
    const row = this.#database.prepare("SELECT * FROM runs WHERE id = ?").get(id) as SqliteRunRow | undefined;
    if (row !== undefined) checkRun(row, runStatuses, this.#name);
    return row;
  }

  statusOf(row: SqliteRunRow): RunStatus {
    if (row.status !== "running") return row.status;
    return this.#owners.living(row.owner) === undefined ? unowned(row) : "running";
  }

  summary(row: SqliteRunRow): RunSummary {
    return {
      id: row.id,
      pipeline: row.pipeline,
      status: this.statusOf(row),
      began: row.began,
      ended: row.ended ?? undefined,
      error: row.error === null ? undefined : this.#values.showSaid(row.error),
      origin: row.origin ?? undefined,
      isUnchecked: row.shape === "",
    };
  }

  runs({
    pipeline = "",
    status,
    idPrefix = "",
    search = "",
    after,
    limit = Infinity,
  }: RunFilter): ReadonlyArray<RunSummary> {
    const found: Array<RunSummary> = [];
    // The names come before the long texts of a row, which are read only for matching rows.
    const rows = this.#database
      .prepare(
        `SELECT run, id, pipeline FROM runs
         WHERE ($pipeline = '' OR pipeline = $pipeline) AND substr(id, 1, length($prefix)) = $prefix
           AND ($status = '' OR status = $status)
           AND (began < $began OR began = $began AND run < (SELECT run FROM runs WHERE id = $id))
         ORDER BY began DESC, run DESC`,
      )
      .iterate({
        pipeline,
        prefix: idPrefix,
        status: status === undefined ? "" : isUnderWay(status) ? "running" : status,
        began: after?.began ?? Number.MAX_SAFE_INTEGER,
        id: after?.id ?? "",
      }) as unknown as Iterable<Pick<SqliteRunRow, "run" | "id" | "pipeline">>;
    const wanted = search.toLowerCase();
    const whole = this.#database.prepare("SELECT * FROM runs WHERE run = ?");
    for (const { run, id, pipeline } of rows) {
      if (found.length >= limit) break;
      if (wanted !== "" && !`${id}\n${pipeline}`.toLowerCase().includes(wanted)) continue;
      const row = whole.get(run) as unknown as SqliteRunRow;
      checkRun(row, runStatuses, this.#name);
      const summary = this.summary(row);
      if (status === undefined || summary.status === status) found.push(summary);
    }
    return found;
  }

  /** The number of a run's next record. */
  nextSeq(run: number): number {
    const row = this.#database
      .prepare("SELECT seq + count AS next FROM chunks WHERE run = ? ORDER BY seq DESC LIMIT 1")
      .get(run) as { readonly next: number } | undefined;
    return row?.next ?? 1;
  }

  /** With `legible`, a text that cannot be decrypted is replaced by a note; otherwise it is an error. */
  details(row: SqliteRunRow, legible = false): RunDetails {
    const text = (placed: string): string =>
      legible ? this.#values.show(placed) : this.#values.take(placed);
    return {
      ...this.summary(row),
      shape: row.shape,
      inputs: text(row.inputs),
      entries: newest(this.#entries(row)).map((entry) => {
        const whole = text(entry.text);
        return whole === entry.text ? entry : { ...entry, text: whole };
      }),
      events: this.#events(row),
    };
  }

  #events(row: RunRow): ReadonlyArray<StoredEvent> {
    const events = this.#database
      .prepare("SELECT time, type, path, detail FROM events WHERE run = ? ORDER BY event")
      .all(row.run) as unknown as ReadonlyArray<StoredEvent>;
    return events.map((event) => ({ ...event, detail: this.#values.showSaid(event.detail) }));
  }

  /** The text of a path's outcome, without decoding all others. */
  value(row: RunRow, path: string): string | undefined {
    const entry = newest(this.#entries(row)).findLast((entry) => entry.path === path && isOutcome(entry));
    return entry === undefined ? undefined : this.#values.show(entry.text);
  }

  waiting(): ReadonlyArray<Wait> {
    const rows = this.#database
      .prepare(
        `SELECT runs.id AS runId, waits.path, waits.text, waits.since FROM waits JOIN runs ON runs.run = waits.run
         WHERE runs.status = 'running' ORDER BY waits.since`,
      )
      .all() as unknown as ReadonlyArray<Wait>;
    return rows.map((row) => ({ ...row, text: this.#values.show(row.text) }));
  }

  isWaiting(run: number): boolean {
    return this.#database.prepare("SELECT 1 FROM waits WHERE run = ? LIMIT 1").get(run) !== undefined;
  }

  /** All records, with their texts as they are stored. */
  #entries(run: RunRow): ReadonlyArray<Entry> {
    const entries: Array<Entry> = [];
    const rows = this.#database
      .prepare("SELECT seq, count, time, lines, crc FROM chunks WHERE run = ? ORDER BY seq")
      .iterate(run.run) as unknown as Iterable<ChunkRow>;
    for (const row of rows) addRecords(entries, row, run.id, this.#name);
    checkRecords(entries, run, this.#name);
    return entries;
  }
}
