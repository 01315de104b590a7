/** Outputs that runs share, and the process that is computing each. */
import type { Cached, CacheKey } from "../journal/store.ts";
import { Gathered } from "../stores/gathered.ts";
import { checksum, hashOf } from "../stores/texts.ts";
import type { Database } from "./database.ts";
import { numbers } from "./database.ts";
import type { Owners } from "./owners.ts";
import type { Names } from "./schema.ts";
import type { Values } from "./values.ts";
import { legible } from "./values.ts";

interface Put {
  readonly key: CacheKey;
  readonly cached: Cached;
}

/** The maximum size of one statement, in bytes. */
const mostBytes = 4 * 1024 * 1024;

/** The maximum number of values that one statement reads: each can be large. */
const mostValues = 64;

/** The maximum number of keys that one statement claims, or says why they are missing. */
const mostKeys = 1_000;

type Row = Readonly<Record<string, unknown>>;

const keyOf = ({ step, version, inputs }: CacheKey): string =>
  hashOf(JSON.stringify([step, version, inputs]));

export class Cache {
  readonly #queue = new Map<string, Put>();
  /** The version of each step's last value, which is possibly not written yet. */
  readonly #lastPut = new Map<string, string>();
  readonly #database: Database;
  readonly #names: Names;
  readonly #owners: Owners;
  readonly #values: Values;
  readonly #reads = new Gathered<string, Row | undefined>((keys) => this.#rows(keys), mostValues);
  readonly #misses = new Gathered<CacheKey, string>((keys) => this.#missReasons(keys), mostKeys);
  readonly #claims = new Gathered<string, boolean>((keys) => this.#startAll(keys), mostKeys);
  #writing: Promise<void> | undefined = undefined;

  constructor(database: Database, names: Names, owners: Owners, values: Values) {
    this.#database = database;
    this.#names = names;
    this.#owners = owners;
    this.#values = values;
  }

  async get(key: CacheKey): Promise<Cached | undefined> {
    const at = keyOf(key);
    const queued = this.#queue.get(at);
    if (queued !== undefined) return queued.cached;
    const row = await this.#reads.ask(at);
    // A damaged value is recomputed: nothing is lost.
    if (row === undefined || row["crc"] !== checksum(at, row["text"] as string)) return undefined;
    try {
      const text = await this.#values.take(row["text"] as string);
      return { text, runId: row["run"] as string, path: row["path"] as string, time: row["time"] as number };
    } catch {
      return undefined;
    }
  }

  async #rows(keys: ReadonlyArray<string>): Promise<ReadonlyArray<Row | undefined>> {
    const rows = await this.#database.query(
      `SELECT key, text, run, path, time::float8 AS time, crc::float8 AS crc FROM ${this.#names.table("cache")}
       WHERE key = ANY ($1::text[])`,
      [keys],
    );
    const byKey = new Map(rows.map((row) => [row["key"], row]));
    return keys.map((key) => byKey.get(key));
  }

  missReason(key: CacheKey): Promise<string> {
    return this.#misses.ask(key);
  }

  async #missReasons(keys: ReadonlyArray<CacheKey>): Promise<ReadonlyArray<string>> {
    const cache = this.#names.table("cache");
    const rows = await this.#database.query(
      `SELECT (SELECT version FROM ${cache} WHERE md5(step) = md5(k.step) AND inputs = k.inputs AND version <> k.version LIMIT 1)
           AS other,
         EXISTS (SELECT FROM ${cache} WHERE md5(step) = md5(k.step) AND version = k.version) AS is_known
       FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS k (step, inputs, version, i) ORDER BY k.i`,
      [
        keys.map(({ step }) => legible(step)),
        keys.map(({ inputs }) => hashOf(inputs)),
        keys.map(({ version }) => legible(version)),
      ],
    );
    return keys.map(({ step, version }, i) => {
      const other = rows[i]?.["other"] as string | null | undefined;
      if (other !== null && other !== undefined) return `its version changed from "${other}" to "${version}"`;
      // A value that is not written yet has already been computed.
      const isKnown = this.#lastPut.get(step) === version || rows[i]?.["is_known"] === true;
      return isKnown ? "its inputs changed" : "it was never computed";
    });
  }

  put(key: CacheKey, cached: Cached): void {
    this.#queue.set(keyOf(key), { key, cached });
    this.#lastPut.set(key.step, key.version);
    void this.#write();
  }

  /** Returns false if another living process is computing it. */
  start(key: CacheKey): Promise<boolean> {
    return this.#claims.ask(keyOf(key));
  }

  async #startAll(keys: ReadonlyArray<string>): Promise<ReadonlyArray<boolean>> {
    // Processes that claim the same keys lock them in the same order.
    const rows = await this.#database.query(
      `INSERT INTO ${this.#names.table("computing")} AS c (key, owner)
       SELECT key, ${this.#owners.me} FROM unnest($1::text[]) AS k (key) ORDER BY key
       ON CONFLICT (key) DO UPDATE SET owner = excluded.owner
       WHERE c.owner = excluded.owner OR NOT ${this.#owners.living("c.owner")} RETURNING key`,
      [[...new Set(keys)]],
    );
    const mine = new Set(rows.map((row) => row["key"]));
    return keys.map((key) => mine.has(key));
  }

  /** A stored value releases the claim when it is written: until then, other processes would compute it again. */
  stop(key: CacheKey): void {
    const at = keyOf(key);
    if (!this.#queue.has(at)) this.#release([at]);
  }

  #release(keys: ReadonlyArray<string>): void {
    if (!this.#database.isOpen) return;
    const released = this.#database.patiently(() =>
      this.#database.query(
        `DELETE FROM ${this.#names.table("computing")} WHERE key = ANY ($1::text[]) AND owner = ${this.#owners.me}`,
        [keys],
      ),
    );
    released.catch(() => {}); // Another process waits for them, at most until this one ends.
  }

  /** Resolves once all stored values are written, or cannot be. */
  settled(): Promise<void> {
    return this.#writing ?? Promise.resolve();
  }

  #write(): Promise<void> {
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    await Promise.resolve(); // Values of the same turn are written together.
    while (this.#queue.size > 0) {
      const batch: Array<readonly [string, Put]> = [];
      let bytes = 0;
      for (const one of this.#queue) {
        if (bytes >= mostBytes) break;
        batch.push(one);
        bytes += one[1].cached.text.length;
      }
      // No step waits for the cache: a value that cannot be stored is recomputed.
      const isStored = await this.#database
        .patiently(() => this.#putAll(batch))
        .then(
          () => true,
          () => false,
        );
      for (const [at, put] of batch) if (this.#queue.get(at) === put) this.#queue.delete(at);
      if (!isStored) this.#release(batch.map(([at]) => at));
    }
  }

  async #putAll(batch: ReadonlyArray<readonly [string, Put]>): Promise<void> {
    const texts = await Promise.all(
      batch.map(([, { cached }]) => Promise.resolve(this.#values.place(cached.text))),
    );
    const { table } = this.#names;
    await this.#database.query(
      `WITH put AS (INSERT INTO ${table("cache")} (key, step, version, inputs, text, run, path, time, crc)
         SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
           $8::bigint[], $9::bigint[])
         ON CONFLICT (key) DO UPDATE SET step = excluded.step, version = excluded.version, inputs = excluded.inputs,
           text = excluded.text, run = excluded.run, path = excluded.path, time = excluded.time, crc = excluded.crc)
       DELETE FROM ${table("computing")} WHERE key = ANY ($1::text[]) AND owner = ${this.#owners.me}`,
      [
        batch.map(([at]) => at),
        batch.map(([, { key }]) => legible(key.step)),
        batch.map(([, { key }]) => legible(key.version)),
        batch.map(([, { key }]) => hashOf(key.inputs)),
        texts,
        batch.map(([, { cached }]) => cached.runId),
        batch.map(([, { cached }]) => cached.path),
        numbers(batch.map(([, { cached }]) => Math.round(cached.time))),
        numbers(batch.map(([at], i) => checksum(at, texts[i]!))),
      ],
    );
  }
}
