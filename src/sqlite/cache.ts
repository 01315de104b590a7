/** Outputs that runs share, and the process that is computing each. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Cached, CacheKey } from "../journal/store.ts";
import { transaction } from "./database.ts";
import type { Owners } from "./owners.ts";
import { isBusy } from "./problems.ts";
import { pauseMillis } from "./retry.ts";
import { Gathered } from "../stores/gathered.ts";
import type { Values } from "./values.ts";
import { checksum, hashOf } from "../stores/texts.ts";
import type { Client, Writer } from "./writer.ts";

interface CacheRow {
  readonly text: string;
  readonly run: string;
  readonly path: string;
  readonly time: number;
  readonly crc: number;
}

/** The maximum number of computations that one transaction claims. */
const mostClaims = 1_000;

/** The pause before a claim is released again, if the file cannot be written. */
const troubleMillis = 1_000;

type CachePut = readonly [key: CacheKey, cached: Cached];

const keyOf = ({ step, version, inputs }: CacheKey): string =>
  hashOf(JSON.stringify([step, version, inputs]));

export class Cache implements Client {
  readonly #queue = new Map<string, CachePut>();
  /** The version of each step's last value, which is possibly not written yet. */
  readonly #lastPut = new Map<string, string>();
  #written = 0;
  bytes = 0;
  readonly #database: DatabaseSync;
  readonly #get: StatementSync;
  readonly #put: StatementSync;
  readonly #otherVersion: StatementSync;
  readonly #otherInputs: StatementSync;
  readonly #computing: StatementSync;
  readonly #start: StatementSync;
  readonly #stop: StatementSync;
  readonly #writer: Writer;
  readonly #values: Values;
  readonly #owners: Owners;
  readonly #claims: Gathered<CacheKey, boolean>;

  /** `ask` does its work while no other process locks the file. */
  constructor(
    database: DatabaseSync,
    writer: Writer,
    values: Values,
    owners: Owners,
    ask: <Value>(work: () => Value) => Promise<Value>,
  ) {
    this.#database = database;
    this.#writer = writer;
    this.#values = values;
    this.#owners = owners;
    // The digests of keys are made by other threads, so that keys arrive one by one.
    this.#claims = new Gathered((keys) => ask(() => this.#startAll(keys)), mostClaims, setImmediate);
    this.#get = database.prepare("SELECT text, run, path, time, crc FROM cache WHERE key = ?");
    this.#put = database.prepare(
      "INSERT OR REPLACE INTO cache (key, step, version, inputs, text, run, path, time, crc) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    );
    this.#otherVersion = database.prepare("SELECT version FROM cache WHERE step = ? AND inputs = ? LIMIT 1");
    this.#otherInputs = database.prepare("SELECT 1 FROM cache WHERE step = ? AND version = ? LIMIT 1");
    this.#computing = database.prepare("SELECT owner FROM computing WHERE key = ?");
    this.#start = database.prepare("INSERT OR REPLACE INTO computing (key, owner) VALUES (?, ?)");
    this.#stop = database.prepare("DELETE FROM computing WHERE key = ? AND owner = ?");
  }

  get entries(): number {
    return this.#queue.size;
  }

  get(key: CacheKey): Cached | undefined {
    const at = keyOf(key);
    const queued = this.#queue.get(at);
    if (queued !== undefined) return queued[1];
    const row = this.#get.get(at) as CacheRow | undefined;
    // A damaged value is recomputed: nothing is lost.
    if (row === undefined || row.crc !== checksum(at, row.text)) return undefined;
    try {
      return { text: this.#values.take(row.text), runId: row.run, path: row.path, time: row.time };
    } catch {
      return undefined;
    }
  }

  missReason({ step, version, inputs }: CacheKey): string {
    const other = this.#otherVersion.get(step, hashOf(inputs)) as { readonly version: string } | undefined;
    if (other !== undefined && other.version !== version) {
      return `its version changed from "${other.version}" to "${version}"`;
    }
    // A value that is not written yet has already been computed.
    const isKnown = this.#lastPut.get(step) === version || this.#otherInputs.get(step, version) !== undefined;
    return isKnown ? "its inputs changed" : "it was never computed";
  }

  put(key: CacheKey, cached: Cached): void {
    this.#queue.set(keyOf(key), [key, cached]);
    this.#lastPut.set(key.step, key.version);
    this.bytes += cached.text.length;
    this.#writer.add(this, cached.text.length);
  }

  /** Returns false if another living process is computing it. */
  start(key: CacheKey): Promise<boolean> {
    return this.#claims.ask(key);
  }

  #startAll(keys: ReadonlyArray<CacheKey>): ReadonlyArray<boolean> {
    const me = this.#owners.me.owner;
    return transaction(this.#database, () =>
      keys.map((key) => {
        const at = keyOf(key);
        const row = this.#computing.get(at) as { readonly owner: string } | undefined;
        if (row !== undefined && row.owner !== me && this.#owners.living(row.owner) !== undefined)
          return false;
        this.#start.run(at, me);
        return true;
      }),
    );
  }

  /** A stored value releases the claim when it is written: until then, other processes would compute it again. */
  stop(key: CacheKey): void {
    const at = keyOf(key);
    if (!this.#queue.has(at)) this.#release(at);
  }

  /** Another process waits for a claim, at most until this one ends. */
  #release(at: string, attempt = 0): void {
    if (!this.#database.isOpen) return;
    try {
      this.#stop.run(at, this.#owners.me.owner);
    } catch (error) {
      const pause = isBusy(error) ? pauseMillis(attempt) : troubleMillis;
      setTimeout(() => this.#release(at, attempt + 1), pause).unref();
    }
  }

  write(room: number): number {
    let bytes = 0;
    this.#written = 0;
    for (const [at, [key, { text, runId, path, time }]] of this.#queue) {
      if (bytes >= room) break;
      const placed = this.#values.place(text, undefined);
      const inputs = hashOf(key.inputs);
      const { step, version } = key;
      this.#put.run(at, step, version, inputs, placed, runId, path, Math.round(time), checksum(at, placed));
      this.#stop.run(at, this.#owners.me.owner);
      this.#written++;
      bytes += text.length;
    }
    return bytes;
  }

  committed(): void {
    for (const [at, [, { text }]] of this.#queue) {
      if (this.#written-- <= 0) break;
      this.#queue.delete(at);
      this.bytes -= text.length;
    }
  }

  // No step waits for the cache: a value that cannot be stored is recomputed.
  failed(): void {
    const unstored = [...this.#queue.keys()];
    this.#queue.clear();
    this.bytes = 0;
    for (const at of unstored) this.#release(at);
  }

  goOn(): void {}

  trouble(): void {}
}
