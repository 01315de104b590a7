/** Runs that wait for a process to execute them. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { ClaimableRun, NewRun } from "../journal/store.ts";
import { runChecksum } from "../stores/rows.ts";
import { transaction } from "./database.ts";
import type { Reader, SqliteRunRow } from "./reader.ts";
import type { Values } from "./values.ts";

/** How often the file is polled for runs that others have submitted: this costs microseconds while no process writes. */
const lookMillis = 40;

export class Runners {
  readonly #database: DatabaseSync;
  readonly #reader: Reader;
  readonly #values: Values;
  readonly #insert: StatementSync;
  readonly #complete: StatementSync;
  readonly #open: StatementSync;
  readonly #dataVersion: StatementSync;
  readonly #listeners = new Set<() => void>();

  constructor(database: DatabaseSync, reader: Reader, values: Values) {
    this.#database = database;
    this.#reader = reader;
    this.#values = values;
    this.#insert = database.prepare(
      `INSERT INTO runs (id, pipeline, shape, inputs, origin, began, crc, status, epoch, active)
       VALUES (?, ?, ?, ?, ?, ?, ?, 'running', 0, ?)`,
    );
    this.#complete = database.prepare("UPDATE runs SET shape = ?, inputs = ?, crc = ? WHERE run = ?");
    this.#open = database.prepare("SELECT * FROM runs WHERE status = 'running' ORDER BY run");
    this.#dataVersion = database.prepare("PRAGMA data_version");
  }

  /** A run without an owner has the epoch 0. */
  submit(run: NewRun): boolean {
    const isDone = transaction(this.#database, () => this.#submit(run));
    if (isDone) for (const listener of this.#listeners) listener();
    return isDone;
  }

  #submit(run: NewRun): boolean {
    const { id, pipeline, shape, inputs: text, time } = run;
    const origin = run.origin ?? null;
    const began = Math.round(time);
    const inputs = this.#values.place(text, undefined);
    const crc = runChecksum({ id, pipeline, shape, inputs, origin, began });
    const row = this.#reader.row(id);
    if (row === undefined) {
      const { lastInsertRowid } = this.#insert.run(
        id,
        pipeline,
        shape,
        inputs,
        origin,
        began,
        crc,
        Date.now(),
      );
      this.#values.place(text, Number(lastInsertRowid)); // Referenced by the run, once it has a number.
      return true;
    }
    const isWithoutShape = row.shape === "" && row.epoch === 0 && row.status === "running";
    if (!isWithoutShape || shape === "" || row.pipeline !== pipeline || row.began !== began) return false;
    this.#complete.run(shape, inputs, crc, row.run);
    this.#values.place(text, row.run);
    return true;
  }

  claimable(pipelines: ReadonlyArray<string>, limit: number): ReadonlyArray<ClaimableRun> {
    const mine: Array<ClaimableRun> = [];
    const others: Array<ClaimableRun> = [];
    for (const row of this.#open.iterate() as unknown as Iterable<SqliteRunRow>) {
      const status = this.#reader.statusOf(row);
      if (status === "running") continue;
      const { id, pipeline, shape, origin, began, owner } = row;
      (pipelines.includes(pipeline) ? mine : others).push({
        id,
        pipeline,
        shape,
        status,
        began,
        ended: undefined,
        error: undefined,
        origin: origin ?? undefined,
        isUnchecked: shape === "",
        isReleased: owner === null,
      });
      if (mine.length >= limit) break;
    }
    return [...mine, ...others].slice(0, limit);
  }

  listen(tell: () => void): () => void {
    this.#listeners.add(tell);
    let seen: unknown = undefined;
    const looking = setInterval(() => {
      if (!this.#database.isOpen) return;
      try {
        const version = Object.values(this.#dataVersion.get() ?? {})[0];
        if (version !== seen) tell();
        seen = version;
      } catch {
        // Busy: it is polled again soon.
      }
    }, lookMillis);
    return () => {
      clearInterval(looking);
      this.#listeners.delete(tell);
    };
  }
}
