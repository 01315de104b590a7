/**
 * The owners of runs. A claim is one statement: the first process to change the run's row owns it, with a new epoch. A
 * claim that is sent again because its answer was lost is recognized by its token.
 */
import { randomUUID } from "node:crypto";
import type { Claimable, NewRun } from "../journal/store.ts";
import { mostCrashes } from "../journal/store.ts";
import type { Before, RunRow } from "../stores/rows.ts";
import { beforeOf, crashedText, runChecksum } from "../stores/rows.ts";
import { hashIn } from "../stores/texts.ts";
import type { Database } from "./database.ts";
import type { Owners } from "./owners.ts";
import { runColumns } from "./reader.ts";
import type { Names } from "./schema.ts";
import type { Values } from "./values.ts";
import { legible } from "./values.ts";

export type Claimed =
  | { readonly type: "new"; readonly run: number; readonly epoch: number }
  | { readonly type: "existing"; readonly row: RunRow; readonly epoch: number; readonly before: Before }
  | { readonly type: "held"; readonly owner: string }
  | { readonly type: "absent" }
  | { readonly type: "succeeded"; readonly row: RunRow }
  | { readonly type: "ended" }
  | { readonly type: "exhausted"; readonly crashes: number };

interface Asking {
  /** This process does not hold the run, whatever its row says. */
  readonly isFree: boolean;
  readonly which: Claimable;
}

export class Claims {
  readonly #database: Database;
  readonly #names: Names;
  readonly #owners: Owners;
  readonly #values: Values;

  constructor(database: Database, names: Names, owners: Owners, values: Values) {
    this.#database = database;
    this.#names = names;
    this.#owners = owners;
    this.#values = values;
  }

  async claim(runId: string, run: NewRun | undefined, asking: Asking): Promise<Claimed> {
    const token = randomUUID();
    const begun =
      run === undefined ? undefined : await this.#database.patiently(() => this.#begin(run, token));
    if (begun !== undefined) return begun;
    return this.#database.patiently(() => this.#takeOver(runId, token, asking));
  }

  async #begin(run: NewRun, token: string): Promise<Claimed | undefined> {
    const { id, pipeline, shape } = run;
    const origin = run.origin === undefined ? null : legible(run.origin);
    const inputs = await this.#values.place(run.inputs);
    const began = Math.round(run.time);
    const crc = runChecksum({ id, pipeline, shape, inputs, origin, began });
    const { table } = this.#names;
    const [row] = await this.#database.query(
      `WITH made AS (
         INSERT INTO ${table("runs")} (id, pipeline, shape, inputs, origin, began, crc, status, epoch, owner, claim, active)
         VALUES ($1, $2, $3, $4, $5, $6::bigint, $7::bigint, 'running', 1, ${this.#owners.me}, $8, $9::bigint)
         ON CONFLICT (id) DO NOTHING RETURNING run),
       held AS (INSERT INTO ${table("holds")} (run, hash) SELECT run, $10 FROM made WHERE $10 <> '')
       SELECT run::float8 AS run FROM made`,
      [
        id,
        pipeline,
        shape,
        inputs,
        origin,
        String(began),
        String(crc),
        token,
        String(Date.now()),
        hashIn(inputs) ?? "",
      ],
    );
    return row === undefined ? undefined : { type: "new", run: row["run"] as number, epoch: 1 };
  }

  async #takeOver(runId: string, token: string, { isFree, which }: Asking): Promise<Claimed> {
    const { table } = this.#names;
    const { me } = this.#owners;
    const [row] = await this.#database.query(
      `WITH old AS (
         SELECT r.*, r.status = 'running' AND CASE WHEN r.owner = ${me} THEN NOT $4::boolean ELSE ${this.#owners.held("r")} END
           AS is_held FROM ${table("runs")} AS r WHERE r.id = $1 FOR NO KEY UPDATE OF r),
       judged AS (
         SELECT old.*, crashes + CASE WHEN status = 'running' AND owner <> ${me} THEN 1 ELSE 0 END AS deaths FROM old),
       taken AS (
         UPDATE ${table("runs")} AS r SET
           status = CASE WHEN j.deaths >= ${mostCrashes} THEN 'failed' ELSE 'running' END,
           ended = CASE WHEN j.deaths >= ${mostCrashes} THEN $3::bigint END,
           error = CASE WHEN j.deaths >= ${mostCrashes} THEN $5 END,
           owner = CASE WHEN j.deaths >= ${mostCrashes} THEN NULL ELSE ${me} END,
           crashes = CASE WHEN j.deaths >= ${mostCrashes} THEN 0 ELSE j.deaths END,
           records = NULL, active = $3::bigint, epoch = r.epoch + 1, claim = $2
         FROM judged AS j WHERE r.run = j.run AND NOT j.is_held AND (j.status = 'running' OR $6 <> 'under way') AND (j.status <> 'succeeded' OR $6 <> 'not succeeded') RETURNING r.run, r.epoch)
       SELECT ${runColumns("j")}, j.owner, j.deaths, j.claim = $2 AS is_mine, taken.epoch AS taken
       FROM judged AS j LEFT JOIN taken ON taken.run = j.run`,
      [
        runId,
        token,
        String(Date.now()),
        String(isFree),
        this.#values.hideSaid(crashedText(mostCrashes)),
        which,
      ],
    );
    if (row === undefined) return { type: "absent" };
    const found = row as unknown as RunRow;
    const { owner, deaths, is_mine: isMine, taken } = row;
    if (taken === null && isMine !== true) {
      if (which === "under way" && found.status !== "running") return { type: "ended" };
      if (which === "not succeeded" && found.status === "succeeded") return { type: "succeeded", row: found };
      return { type: "held", owner: await this.#owners.nameOf(owner as number) };
    }
    if (taken !== null && deaths >= mostCrashes) return { type: "exhausted", crashes: deaths as number };
    const epoch = taken === null ? found.epoch : (taken as number);
    // A run created by the first attempt, whose answer was lost.
    if (isMine === true && epoch === 1) return { type: "new", run: found.run, epoch };
    return { type: "existing", row: found, epoch, before: beforeOf(found) };
  }

  /** Restores a run to its state before the claim. */
  async giveBack(run: number, epoch: number, before: Before): Promise<void> {
    const { status, ended, error, crashes, active, records } = before;
    const text = (value: number | null): string | null => (value === null ? null : String(value));
    await this.#database.query(
      `UPDATE ${this.#names.table("runs")} SET status = $1, ended = $2::bigint, error = $3, crashes = $4::int,
         active = $5::bigint, records = $6::int, owner = NULL WHERE run = $7::bigint AND epoch = $8::int`,
      [
        status,
        text(ended),
        error,
        String(crashes),
        String(active),
        text(records),
        String(run),
        String(epoch),
      ],
    );
  }

  async acquit(runId: string): Promise<void> {
    await this.#database.query(
      `UPDATE ${this.#names.table("runs")} SET crashes = 0 WHERE id = $1 AND owner = ${this.#owners.me}`,
      [runId],
    );
  }

  /** Marks a run without an owner as interrupted. Returns false if it has one by now. */
  async interrupt(runId: string, time: number): Promise<boolean> {
    const rows = await this.#database.query(
      `UPDATE ${this.#names.table("runs")} AS r SET status = 'interrupted', error = NULL, ended = $2::bigint,
         active = $2::bigint, owner = NULL, crashes = 0, epoch = epoch + 1
       WHERE r.id = $1 AND r.status = 'running' AND NOT ${this.#owners.held("r")} RETURNING 1 AS done`,
      [runId, String(time)],
    );
    return rows.length > 0;
  }
}
