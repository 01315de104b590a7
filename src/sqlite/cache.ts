/** Outputs that runs share. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Cached, CacheKey } from "../journal/store.ts";
import type { Values } from "./values.ts";
import { checksum, hashOf } from "./values.ts";
import type { Client, Writer } from "./writer.ts";

interface CacheRow {
  readonly text: string;
  readonly run: string;
  readonly path: string;
  readonly time: number;
  readonly crc: number;
}

type CachePut = readonly [key: CacheKey, cached: Cached];

const keyOf = ({ step, version, inputs }: CacheKey): string =>
  hashOf(JSON.stringify([step, version, inputs]));

export class Cache implements Client {
  #queue: Array<CachePut> = [];
  readonly #get: StatementSync;
  readonly #put: StatementSync;
  readonly #otherVersion: StatementSync;
  readonly #otherInputs: StatementSync;
  readonly #writer: Writer;
  readonly #values: Values;

  constructor(database: DatabaseSync, writer: Writer, values: Values) {
    this.#writer = writer;
    this.#values = values;
    this.#get = database.prepare("SELECT text, run, path, time, crc FROM cache WHERE key = ?");
    this.#put = database.prepare(
      "INSERT OR REPLACE INTO cache (key, step, version, inputs, text, run, path, time, crc) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    );
    this.#otherVersion = database.prepare("SELECT version FROM cache WHERE step = ? AND inputs = ? LIMIT 1");
    this.#otherInputs = database.prepare("SELECT 1 FROM cache WHERE step = ? AND version = ? LIMIT 1");
  }

  get(key: CacheKey): Cached | undefined {
    const at = keyOf(key);
    if (this.#queue.length > 0 && this.#writer.trouble === undefined) this.#writer.flush();
    const row = this.#get.get(at) as CacheRow | undefined;
    // What is damaged is computed again: nothing is lost by that.
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
    return this.#otherInputs.get(step, version) === undefined
      ? "it was never computed"
      : "its inputs changed";
  }

  put(key: CacheKey, cached: Cached): void {
    this.#queue.push([key, cached]);
    this.#writer.add(this);
  }

  write(): void {
    for (const [key, { text, runId, path, time }] of this.#queue) {
      const at = keyOf(key);
      const placed = this.#values.place(text, undefined);
      const inputs = hashOf(key.inputs);
      this.#put.run(
        at,
        key.step,
        key.version,
        inputs,
        placed,
        runId,
        path,
        Math.round(time),
        checksum(at, placed),
      );
    }
  }

  committed(): void {
    this.#queue = [];
  }

  // Nobody waits for the cache.
  goOn(): void {}

  trouble(): void {}
}
