/** Reads recorded runs from the database, and checks each row before it is used. */
import type { Entry } from "../journal/records.ts";
import { isOutcome, newest } from "../journal/records.ts";
import type { RunDetails, RunFilter, RunSummary, StoredEvent, Wait } from "../journal/store.ts";
import { runStatuses } from "../journal/store.ts";
import type { ChunkRow, RunRow } from "../stores/rows.ts";
import { addRecords, checkRecords, checkRun } from "../stores/rows.ts";
import type { Database } from "./database.ts";
import { numbers } from "./database.ts";
import { Gathered } from "../stores/gathered.ts";
import type { Owners } from "./owners.ts";
import type { Names } from "./schema.ts";
import type { Values } from "./values.ts";

/** SQL: the columns of a `RunRow`. */
export const runColumns = (alias: string): string =>
  [
    ...["id", "pipeline", "shape", "inputs", "origin", "status", "error", "epoch", "crashes", "records"].map(
      (name) => `${alias}.${name}`,
    ),
    ...["run", "began", "crc", "ended", "active"].map((name) => `${alias}.${name}::float8 AS ${name}`),
  ].join(", ");

const chunkColumns = "seq, count, time::float8 AS time, lines, crc::float8 AS crc";

/** SQL: the condition of some runs, and its parameter. Postgres plans a statement with a list again each time. */
export const isOneOf = ({ length }: ReadonlyArray<number>): string =>
  length === 1 ? "= $1::bigint" : "= ANY ($1::bigint[])";
export const listOf = (runs: ReadonlyArray<number>): string =>
  runs.length === 1 ? String(runs[0]) : numbers(runs);

/** A row with the run's actual status: a run whose owner is gone has crashed. */
interface StatedRow extends RunRow {
  readonly stated: RunSummary["status"];
}

/** The number of rows of records that are read at once: each can be some megabytes long. */
const page = 32;
/** Ended runs with at most this many records are read together, up to this many runs. */
const fewRecords = 16;
const mostShort = 16;
const mostRows = 256;

/** The rows of one run. */
interface Recorded {
  readonly chunks: Array<ChunkRow>;
  readonly events: Array<StoredEvent>;
}

export class Reader {
  readonly #database: Database;
  readonly #names: Names;
  readonly #values: Values;
  readonly #owners: Owners;
  readonly #byId = new Gathered<string, StatedRow | undefined>((ids) => this.#inOrder(ids), mostRows);
  readonly #short = new Gathered<number, Recorded>((runs) => this.#recorded(runs), mostShort);

  constructor(database: Database, names: Names, values: Values, owners: Owners) {
    this.#database = database;
    this.#names = names;
    this.#values = values;
    this.#owners = owners;
  }

  async row(id: string): Promise<StatedRow | undefined> {
    return this.#checked(await this.#byId.ask(id));
  }

  async summaries(ids: ReadonlyArray<string>): Promise<ReadonlyArray<RunSummary>> {
    const rows = await this.#rows(ids);
    return rows.map((row) => this.summary(this.#checked(row)!, row.stated));
  }

  #checked(row: StatedRow | undefined): StatedRow | undefined {
    if (row !== undefined) checkRun(row, runStatuses, this.#database.name);
    return row;
  }

  async #inOrder(ids: ReadonlyArray<string>): Promise<ReadonlyArray<StatedRow | undefined>> {
    const rows = new Map((await this.#rows(ids)).map((row) => [row.id, row]));
    return ids.map((id) => rows.get(id));
  }

  async #rows(ids: ReadonlyArray<string>): Promise<ReadonlyArray<StatedRow>> {
    // Postgres plans a statement with a list again each time.
    const condition = ids.length === 1 ? "= $1" : "= ANY ($1::text[])";
    const rows = await this.#database.query(
      `SELECT ${runColumns("r")}, ${this.#owners.status("r")} AS stated
       FROM ${this.#names.table("runs")} AS r WHERE r.id ${condition}`,
      ids.length === 1 ? ids : [ids],
    );
    return rows as unknown as ReadonlyArray<StatedRow>;
  }

  summary(row: RunRow, status: RunSummary["status"]): RunSummary {
    const { id, pipeline, began, ended, error, origin } = row;
    return {
      id,
      pipeline,
      status,
      began,
      ended: ended ?? undefined,
      error: error === null ? undefined : this.#values.showSaid(error),
      origin: origin ?? undefined,
      isUnchecked: row.shape === "",
    };
  }

  async runs({
    pipeline,
    status,
    idPrefix,
    search,
    after,
    limit,
  }: RunFilter): Promise<ReadonlyArray<RunSummary>> {
    const runs = this.#names.table("runs");
    const rows = await this.#database.query(
      `SELECT * FROM (
         SELECT ${runColumns("r")}, r.run AS number, ${this.#owners.status("r")} AS stated
         FROM ${runs} AS r
         WHERE ($1::text IS NULL OR r.pipeline = $1) AND ($2::text IS NULL OR starts_with(r.id, $2))
           AND ($5::text IS NULL OR position(lower($5) IN lower(r.id || chr(10) || r.pipeline)) > 0)
           AND ($6::bigint IS NULL OR r.began < $6
             OR r.began = $6 AND r.run < (SELECT run FROM ${runs} WHERE id = $7::text))
       ) AS found WHERE $3::text IS NULL OR stated = $3
       ORDER BY began DESC, number DESC LIMIT $4::bigint`,
      [
        pipeline ?? null,
        idPrefix ?? null,
        status ?? null,
        limit === undefined || limit === Infinity ? null : String(Math.ceil(limit)),
        search === undefined || search === "" ? null : search,
        after === undefined ? null : String(after.began),
        after?.id ?? null,
      ],
    );
    return (rows as unknown as ReadonlyArray<StatedRow>).map((row) => this.summary(row, row.stated));
  }

  /** With `isForEyes`, a text that cannot be decrypted is replaced by a note; otherwise it is an error. */
  async details(row: RunRow, status: RunSummary["status"], isForEyes: boolean): Promise<RunDetails> {
    const { all, events } = await this.#all(row);
    const entries = newest(all);
    const placed = [row.inputs, ...entries.map(({ text }) => text)];
    const [inputs, ...texts] = await this.#values.takeAll(placed, isForEyes);
    return {
      ...this.summary(row, status),
      shape: row.shape,
      inputs: inputs!,
      entries: entries.map((entry, i) => ({ ...entry, text: texts[i]! })),
      events,
    };
  }

  /** The details of a run that was submitted but never claimed. */
  async submitted(row: RunRow): Promise<RunDetails> {
    const inputs = await this.#values.take(row.inputs, false);
    return { ...this.summary(row, "submitted"), shape: row.shape, inputs, entries: [], events: [] };
  }

  async #all(row: RunRow): Promise<{ all: ReadonlyArray<Entry>; events: ReadonlyArray<StoredEvent> }> {
    if (row.records === null || row.records > fewRecords) {
      const [all, events] = await Promise.all([this.#entries(row), this.#events([row.run])]);
      return { all, events: this.#shown(events) };
    }
    const { chunks, events } = await this.#short.ask(row.run);
    const all: Array<Entry> = [];
    for (const chunk of chunks) addRecords(all, chunk, row.id, this.#database.name);
    checkRecords(all, row, this.#database.name);
    return { all, events: this.#shown(events) };
  }

  /** All rows of several short runs. */
  async #recorded(runs: ReadonlyArray<number>): Promise<ReadonlyArray<Recorded>> {
    const found = new Map<number, Recorded>(runs.map((run) => [run, { chunks: [], events: [] }]));
    const [chunks, events] = await Promise.all([
      this.#database.query(
        `SELECT run::float8 AS run, ${chunkColumns} FROM ${this.#names.table("chunks")}
         WHERE run ${isOneOf(runs)} ORDER BY run, seq`,
        [listOf(runs)],
      ),
      this.#events(runs),
    ]);
    for (const row of chunks) found.get(row["run"] as number)!.chunks.push(row as unknown as ChunkRow);
    for (const row of events) found.get(row.run)!.events.push(row);
    return runs.map((run) => found.get(run)!);
  }

  async #events(runs: ReadonlyArray<number>): Promise<ReadonlyArray<StoredEvent & { run: number }>> {
    const rows = await this.#database.query(
      `SELECT run::float8 AS run, time::float8 AS time, type, path, detail FROM ${this.#names.table("events")}
       WHERE run ${isOneOf(runs)} ORDER BY run, epoch, number`,
      [listOf(runs)],
    );
    return rows as unknown as ReadonlyArray<StoredEvent & { run: number }>;
  }

  #shown(events: ReadonlyArray<StoredEvent>): ReadonlyArray<StoredEvent> {
    return events.map(({ time, type, path, detail }) => ({
      time,
      type,
      path,
      detail: this.#values.showSaid(detail),
    }));
  }

  /** The text of a path's outcome, without decoding all others. */
  async value(row: RunRow, path: string): Promise<string | undefined> {
    const entries = newest(await this.#entries(row));
    const entry = entries.findLast((one) => one.path === path && isOutcome(one));
    return entry === undefined ? undefined : this.#values.take(entry.text, true);
  }

  async waiting(): Promise<ReadonlyArray<Wait>> {
    const rows = await this.#database.query(
      `SELECT r.id AS run_id, w.path, w.text, w.since::float8 AS since
       FROM ${this.#names.table("waits")} AS w JOIN ${this.#names.table("runs")} AS r ON r.run = w.run
       WHERE r.status = 'running' ORDER BY w.since, w.path`,
    );
    const texts = await this.#values.takeAll(
      rows.map(({ text }) => text as string),
      true,
    );
    return rows.map(({ run_id: runId, path, since }, i) => ({ runId, path, since, text: texts[i]! }) as Wait);
  }

  async isWaiting(run: number): Promise<boolean> {
    const rows = await this.#database.query(
      `SELECT 1 AS one FROM ${this.#names.table("waits")} WHERE run = $1::bigint LIMIT 1`,
      [String(run)],
    );
    return rows.length > 0;
  }

  /** The number of records of a run. */
  async count(run: number): Promise<number> {
    const [row] = await this.#database.query(
      `SELECT seq + count - 1 AS last FROM ${this.#names.table("chunks")} WHERE run = $1::bigint ORDER BY seq DESC LIMIT 1`,
      [String(run)],
    );
    return (row?.["last"] as number | undefined) ?? 0;
  }

  /** All records, with their texts as they are stored. */
  async #entries(run: RunRow): Promise<ReadonlyArray<Entry>> {
    const entries: Array<Entry> = [];
    for (;;) {
      const rows = await this.#database.query(
        `SELECT ${chunkColumns} FROM ${this.#names.table("chunks")}
         WHERE run = $1::bigint AND seq > $2::int ORDER BY seq LIMIT ${page}`,
        [String(run.run), String(entries.length)],
      );
      for (const row of rows as unknown as ReadonlyArray<ChunkRow>)
        addRecords(entries, row, run.id, this.#database.name);
      if (rows.length < page) break;
    }
    checkRecords(entries, run, this.#database.name);
    return entries;
  }
}
