/** Runs that wait for a process to execute them, and the processes that execute runs. */
import type { ClaimableRun, NewRun } from "../journal/store.ts";
import { runChecksum } from "../stores/rows.ts";
import { hashIn } from "../stores/texts.ts";
import type { Database } from "./database.ts";
import type { Owners } from "./owners.ts";
import type { Names } from "./schema.ts";
import type { Values } from "./values.ts";
import { legible } from "./values.ts";

export class Runners {
  readonly #database: Database;
  readonly #names: Names;
  readonly #owners: Owners;
  readonly #values: Values;
  readonly #listeners = new Set<() => void>();

  constructor(database: Database, names: Names, owners: Owners, values: Values) {
    this.#database = database;
    this.#names = names;
    this.#owners = owners;
    this.#values = values;
  }

  /** A run without an owner has the epoch 0. */
  async submit(run: NewRun): Promise<boolean> {
    const { id, pipeline, shape } = run;
    const origin = run.origin === undefined ? null : legible(run.origin);
    const inputs = await this.#values.place(run.inputs);
    const began = Math.round(run.time);
    const crc = runChecksum({ id, pipeline, shape, inputs, origin, began });
    const { table, channel } = this.#names;
    const rows = await this.#database.query(
      `WITH made AS (
         INSERT INTO ${table("runs")} AS r (id, pipeline, shape, inputs, origin, began, crc, status, epoch, active)
         VALUES ($1, $2, $3, $4, $5, $6::bigint, $7::bigint, 'running', 0, $8::bigint)
         ON CONFLICT (id) DO UPDATE SET shape = excluded.shape, inputs = excluded.inputs, crc = excluded.crc
           WHERE r.shape = '' AND r.epoch = 0 AND r.status = 'running' AND excluded.shape <> ''
             AND r.pipeline = excluded.pipeline AND r.began = excluded.began
         RETURNING r.run),
       held AS (INSERT INTO ${table("holds")} (run, hash) SELECT run, $9 FROM made WHERE $9 <> '' ON CONFLICT DO NOTHING)
       SELECT run::float8 AS run, pg_notify('${channel}', 'submitted') AS told FROM made`,
      [
        id,
        pipeline,
        shape,
        inputs,
        origin,
        String(began),
        String(crc),
        String(Date.now()),
        hashIn(inputs) ?? "",
      ],
    );
    return rows.length > 0;
  }

  async claimable(pipelines: ReadonlyArray<string>, limit: number): Promise<ReadonlyArray<ClaimableRun>> {
    const rows = await this.#database.query(
      `SELECT r.id, r.pipeline, r.shape, r.origin, r.began::float8 AS began, r.epoch, r.owner IS NULL AS is_released
       FROM ${this.#names.table("runs")} AS r WHERE r.status = 'running' AND NOT ${this.#owners.held("r")}
       ORDER BY r.pipeline = ANY ($1::text[]) DESC, r.run LIMIT $2::bigint`,
      [[...pipelines], String(limit)],
    );
    return rows.map(
      ({ id, pipeline, shape, origin, began, epoch, is_released: isReleased }) =>
        ({
          id,
          pipeline,
          shape,
          status: epoch === 0 ? "submitted" : "crashed",
          began,
          ended: undefined,
          error: undefined,
          origin: (origin as string | null) ?? undefined,
          isUnchecked: shape === "",
          isReleased,
        }) as ClaimableRun,
    );
  }

  /** A run may have become claimable. */
  tell(): void {
    for (const listener of this.#listeners) listener();
  }

  listen(tell: () => void): () => void {
    this.#listeners.add(tell);
    return () => this.#listeners.delete(tell);
  }

  async announce(text: string | undefined): Promise<void> {
    const runners = this.#names.table("runners");
    await this.#database.query(
      text === undefined
        ? `DELETE FROM ${runners} WHERE owner = ${this.#owners.me}`
        : `INSERT INTO ${runners} (owner, text) VALUES (${this.#owners.me}, $1)
           ON CONFLICT (owner) DO UPDATE SET text = excluded.text`,
      text === undefined ? [] : [text],
    );
  }

  async list(): Promise<ReadonlyArray<string>> {
    const rows = await this.#database.query(
      `SELECT r.text FROM ${this.#names.table("runners")} AS r WHERE ${this.#owners.living("r.owner")} ORDER BY r.owner`,
    );
    return rows.map(({ text }) => text as string);
  }
}
