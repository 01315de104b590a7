/** The owners of runs. Every statement that changes an owned run names its epoch, so an earlier owner changes nothing. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Claimable, NewRun } from "../journal/store.ts";
import { mostCrashes } from "../journal/store.ts";
import type { Before } from "../stores/rows.ts";
import { beforeOf, crashedText, runChecksum } from "../stores/rows.ts";
import { transaction } from "./database.ts";
import type { Owners } from "./owners.ts";
import { nameOfOwner } from "./owners.ts";
import type { Reader, SqliteRunRow } from "./reader.ts";
import type { Values } from "./values.ts";

export type Claimed =
  | { readonly type: "new"; readonly run: number; readonly epoch: number }
  | { readonly type: "existing"; readonly row: SqliteRunRow; readonly epoch: number; readonly before: Before }
  | { readonly type: "held"; readonly owner: string }
  | { readonly type: "absent" }
  | { readonly type: "succeeded"; readonly row: SqliteRunRow }
  | { readonly type: "ended" }
  | { readonly type: "exhausted"; readonly crashes: number };

export class Claims {
  readonly #database: DatabaseSync;
  readonly #owners: Owners;
  readonly #reader: Reader;
  readonly #values: Values;
  readonly #insert: StatementSync;
  readonly #take: StatementSync;
  readonly #set: StatementSync;
  readonly #acquit: StatementSync;
  readonly #giveBack: StatementSync;

  constructor(database: DatabaseSync, owners: Owners, reader: Reader, values: Values) {
    this.#database = database;
    this.#owners = owners;
    this.#reader = reader;
    this.#values = values;
    this.#insert = database.prepare(
      `INSERT INTO runs (id, pipeline, shape, inputs, origin, began, crc, status, epoch, owner, active)
       VALUES (?, ?, ?, ?, ?, ?, ?, 'running', 1, ?, ?)`,
    );
    this.#take = database.prepare(
      `UPDATE runs SET status = 'running', ended = NULL, error = NULL, records = NULL, owner = ?, crashes = ?,
         active = ?, epoch = epoch + 1 WHERE run = ? RETURNING epoch`,
    );
    this.#set = database.prepare(
      `UPDATE runs SET status = ?, error = ?, ended = ?, active = ?, owner = NULL, crashes = 0, epoch = epoch + 1
       WHERE run = ?`,
    );
    this.#acquit = database.prepare("UPDATE runs SET crashes = 0 WHERE id = ? AND owner = ?");
    this.#giveBack = database.prepare(
      `UPDATE runs SET status = ?, ended = ?, error = ?, crashes = ?, active = ?, records = ?, owner = NULL
       WHERE run = ? AND epoch = ?`,
    );
  }

  claim(runId: string, run: NewRun | undefined, which: Claimable): Claimed {
    return transaction(this.#database, () => {
      const row = this.#reader.row(runId);
      if (row === undefined) return run === undefined ? { type: "absent" } : this.#begin(run);
      if (which === "under way" && row.status !== "running") return { type: "ended" };
      if (which === "not succeeded" && row.status === "succeeded") return { type: "succeeded", row };
      const holder = row.status === "running" ? this.#owners.living(row.owner) : undefined;
      if (holder !== undefined) return { type: "held", owner: nameOfOwner(holder) };
      return this.#takeOver(row);
    });
  }

  #begin(run: NewRun): Claimed {
    const { id, pipeline, shape, origin = null } = run;
    const inputs = this.#values.place(run.inputs, undefined);
    const began = Math.round(run.time);
    const crc = runChecksum({ id, pipeline, shape, inputs, origin, began });
    const me = this.#owners.me.owner;
    this.#owners.beat();
    const { lastInsertRowid } = this.#insert.run(
      id,
      pipeline,
      shape,
      inputs,
      origin,
      began,
      crc,
      me,
      Date.now(),
    );
    const number = Number(lastInsertRowid);
    this.#values.place(run.inputs, number); // Referenced by the run, once it has a number.
    return { type: "new", run: number, epoch: 1 };
  }

  #takeOver(row: SqliteRunRow): Claimed {
    // A run that is recorded as running, and whose owner is gone, has crashed.
    const crashes = row.status === "running" && row.owner !== null ? row.crashes + 1 : row.crashes;
    const now = Date.now();
    if (crashes >= mostCrashes) {
      this.#set.run("failed", this.#values.hideSaid(crashedText(crashes)), now, now, row.run);
      return { type: "exhausted", crashes };
    }
    this.#owners.beat();
    const taken = this.#take.get(this.#owners.me.owner, crashes, now, row.run) as { readonly epoch: number };
    return { type: "existing", row, epoch: taken.epoch, before: beforeOf(row) };
  }

  giveBack(run: number, epoch: number, before: Before): void {
    const { status, ended, error, crashes, active, records } = before;
    transaction(this.#database, () => {
      this.#giveBack.run(status, ended, error, crashes, active, records, run, epoch);
    });
  }

  acquit(runId: string): void {
    this.#acquit.run(runId, this.#owners.me.owner);
  }

  /** Marks a run without an owner as interrupted. An owner that only seemed to be gone can no longer write. */
  interrupt(run: number, time: number): void {
    this.#set.run("interrupted", null, time, time, run);
  }
}
