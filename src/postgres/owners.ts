/**
 * The processes that own runs, and which of them are alive. Each has a row with a lease that a thread renews once a second, by
 * Postgres's clock, from a connection that also holds an advisory lock. So does the connection that listens, from before the first
 * claim on. Postgres releases both immediately when the process is killed, so that its runs can be taken over without waiting
 * for the lease to expire.
 */
import { hostname } from "node:os";
import type { Database } from "./database.ts";
import type { Names } from "./schema.ts";

/** An owner without a beat for this long is gone. */
export const leaseMillis = 5_000;
/** An owner without its lock is gone after this long: a lost connection is reopened in less. */
const lockGraceMillis = 1_500;
/** After a restart of Postgres, owners need a moment to reconnect. */
const restartGraceMillis = 2_000;

export interface Owner {
  readonly owner: number;
  readonly host: string;
  readonly pid: number;
  readonly since: number;
}

/** SQL: whether the owner of a row with this alias is alive. */
const lives = (row: string, { lockSpace }: Names): string => {
  const beat = `greatest(${row}.beat, pg_postmaster_start_time() + interval '${restartGraceMillis} ms')`;
  return `(${beat} > now() - interval '${leaseMillis} ms' AND (NOT ${row}.locks
    OR ${beat} > now() - interval '${lockGraceMillis} ms'
    OR EXISTS (SELECT FROM pg_catalog.pg_locks AS held WHERE held.locktype = 'advisory' AND held.granted
      AND held.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
      AND held.classid = ${lockSpace}::oid AND held.objid = ${row}.owner::oid AND held.objsubid = 2)))`;
};

export class Owners {
  readonly #database: Database;
  readonly #names: Names;
  #me: Owner | undefined;

  constructor(database: Database, names: Names) {
    this.#database = database;
    this.#names = names;
  }

  /** The number of this process, once it has registered. */
  get me(): number {
    return this.#me?.owner ?? 0;
  }

  /** Registers this process as one that owns runs. */
  async register(): Promise<Owner> {
    const owners = this.#names.table("owners");
    const [row] = await this.#database.query(
      `INSERT INTO ${owners} (host, pid, since, beat, locks) VALUES ($1, $2::int, now(), now(), false)
       RETURNING owner, host, pid, extract(epoch FROM since)::float8 * 1000 AS since`,
      [hostname(), String(process.pid)],
    );
    this.#me = row as Owner;
    await this.#database.query(
      `DELETE FROM ${owners} AS o WHERE beat < now() - interval '1 hour'
       AND NOT EXISTS (SELECT FROM ${this.#names.table("runs")} WHERE status = 'running' AND owner = o.owner)`,
    );
    return this.#me;
  }

  /** The statement that renews the lease; `$1` is the owner. Its row may have been deleted while it was away. */
  get beatSql(): string {
    return `INSERT INTO ${this.#names.table("owners")} (owner, host, pid, since, beat, locks)
      OVERRIDING SYSTEM VALUE VALUES ($1::int, $2, $3::int, now(), now(), $4::boolean)
      ON CONFLICT (owner) DO UPDATE SET beat = now(), locks = excluded.locks`;
  }

  get lockSql(): string {
    return `SELECT pg_try_advisory_lock_shared(${this.#names.lockSpace}, $1::int) AS held`;
  }

  /** The statement by which the session that listens holds the lock too: the thread takes a while to start. */
  get holdSql(): string {
    return `UPDATE ${this.#names.table("owners")} SET locks = pg_try_advisory_lock_shared(${this.#names.lockSpace}, owner)
      WHERE owner = ${this.me}`;
  }

  /** Renews the lease as the thread otherwise does. */
  async beat(): Promise<void> {
    const { owner, host, pid } = this.#me!;
    await this.#database.query(this.beatSql, [String(owner), host, String(pid), "false"]);
  }

  async leave(): Promise<void> {
    if (this.#me === undefined) return;
    for (const table of ["runners", "owners"] as const) {
      await this.#database.query(`DELETE FROM ${this.#names.table(table)} WHERE owner = $1::int`, [
        String(this.me),
      ]);
    }
  }

  /** SQL: whether the run in a row with this alias is held by a living process. This one is alive: it is asking. */
  held(run: string): string {
    return `(${run}.owner IS NOT NULL AND (${run}.owner = ${this.me} OR EXISTS (
      SELECT FROM ${this.#names.table("owners")} AS o WHERE o.owner = ${run}.owner AND ${lives("o", this.#names)})))`;
  }

  /** SQL: the status of a run; one recorded as running has crashed if its owner is gone, unless it never had one. */
  status(run: string): string {
    const { status, epoch } = { status: `${run}.status`, epoch: `${run}.epoch` };
    return `CASE WHEN ${status} = 'running' AND NOT ${this.held(run)}
      THEN CASE WHEN ${epoch} = 0 THEN 'submitted' ELSE 'crashed' END ELSE ${status} END`;
  }

  /** SQL: whether the owner with this number is alive. */
  living(owner: string): string {
    return `EXISTS (SELECT FROM ${this.#names.table("owners")} AS o WHERE o.owner = ${owner} AND ${lives("o", this.#names)})`;
  }

  /** The name of the owner of a run, for messages. */
  async nameOf(owner: number): Promise<string> {
    if (owner === this.me) return "this process";
    const [row] = await this.#database.query(
      `SELECT host, pid, extract(epoch FROM since)::float8 * 1000 AS since
       FROM ${this.#names.table("owners")} WHERE owner = $1::int`,
      [String(owner)],
    );
    if (row === undefined) return "another process";
    const { host, pid, since } = row as Owner;
    return `process ${pid} on ${host}, which started at ${new Date(since).toISOString()}`;
  }
}
