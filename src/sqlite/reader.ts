/** Runs as they stand in the file, each row checked before anything is made of it. */
import type { DatabaseSync } from "node:sqlite";
import { StoreCorrupt } from "../errors.ts";
import type { Entry } from "../journal/records.ts";
import { newest } from "../journal/records.ts";
import type { RunDetails, RunStatus, RunSummary, StoredEvent } from "../journal/store.ts";
import { readLines } from "./lines.ts";
import type { Values } from "./values.ts";
import { checksum } from "./values.ts";

interface RunRow {
  readonly run: number;
  readonly id: string;
  readonly pipeline: string;
  readonly shape: string;
  readonly inputs: string;
  readonly origin: string | null;
  readonly began: number;
  readonly crc: number;
  readonly status: RunStatus;
  readonly ended: number | null;
  readonly error: string | null;
}

interface ChunkRow {
  readonly seq: number;
  readonly count: number;
  readonly time: number;
  readonly lines: string;
  readonly crc: number;
}

export const runChecksum = (row: Pick<RunRow, "id" | "pipeline" | "shape" | "inputs" | "origin" | "began">) =>
  checksum(row.id, row.pipeline, row.shape, row.inputs, row.origin, row.began);

const summary = (row: RunRow): RunSummary => ({
  id: row.id,
  pipeline: row.pipeline,
  status: row.status,
  began: row.began,
  ended: row.ended ?? undefined,
  error: row.error ?? undefined,
  origin: row.origin ?? undefined,
});

export class Reader {
  readonly #database: DatabaseSync;
  readonly #name: string;
  readonly #values: Values;

  constructor(database: DatabaseSync, name: string, values: Values) {
    this.#database = database;
    this.#name = name;
    this.#values = values;
  }

  row(id: string): RunRow | undefined {
    const row = this.#database.prepare("SELECT * FROM runs WHERE id = ?").get(id) as unknown as
      | RunRow
      | undefined;
    if (row !== undefined && row.crc !== runChecksum(row)) {
      throw this.#corrupt(`the row of run "${id}" is not what was written.`);
    }
    return row;
  }

  runs(): ReadonlyArray<RunSummary> {
    return (
      this.#database
        .prepare("SELECT * FROM runs ORDER BY began DESC, run DESC")
        .all() as unknown as Array<RunRow>
    ).map(summary);
  }

  /** The number that the next record of a run has. */
  nextSeq(run: number): number {
    const row = this.#database
      .prepare("SELECT seq + count AS next FROM chunks WHERE run = ? ORDER BY seq DESC LIMIT 1")
      .get(run) as { readonly next: number } | undefined;
    return row?.next ?? 1;
  }

  details(row: RunRow): RunDetails {
    return {
      ...summary(row),
      shape: row.shape,
      inputs: this.#values.take(row.inputs),
      entries: this.#entries(row),
      events: this.#database
        .prepare("SELECT time, type, path, detail FROM events WHERE run = ? ORDER BY event")
        .all(row.run) as unknown as ReadonlyArray<StoredEvent>,
    };
  }

  #entries({ run, id }: RunRow): ReadonlyArray<Entry> {
    const entries: Array<Entry> = [];
    const rows = this.#database
      .prepare("SELECT seq, count, time, lines, crc FROM chunks WHERE run = ? ORDER BY seq")
      .all(run) as unknown as ReadonlyArray<ChunkRow>;
    for (const { seq, count, time, lines, crc } of rows) {
      // Rows are only ever added: where one is missing, a page of the file is.
      if (seq !== entries.length + 1)
        throw this.#corrupt(`record ${entries.length + 1} of run "${id}" is missing.`);
      if (crc !== checksum(seq, count, time, lines)) {
        throw this.#corrupt(`record ${seq} of run "${id}" is not what was written.`);
      }
      for (const entry of readLines(lines, time, count, this.#name)) entries.push(entry);
    }
    return newest(entries).map((entry) =>
      entry.text.startsWith("#") ? { ...entry, text: this.#values.take(entry.text) } : entry,
    );
  }

  #corrupt(reason: string): StoreCorrupt {
    return new StoreCorrupt({ store: this.#name, reason });
  }
}
