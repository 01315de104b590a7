/** Texts as they stand in the file: short ones in their place, long ones beside by their hash. */
import { createHash } from "node:crypto";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { StoreCorrupt } from "../errors.ts";

/** Longer texts are kept apart, and once for all who hold the same. */
const inlineUpTo = 256 * 1024;

/** No text that is JSON begins with it: what follows is the hash of one that is kept apart. */
const mark = "#";

export const hashOf = (data: string | Uint8Array): string =>
  createHash("sha256").update(data).digest("base64url");

export class Values {
  readonly #name: string;
  readonly #put: StatementSync;
  readonly #get: StatementSync;
  readonly #hold: StatementSync;

  constructor(database: DatabaseSync, name: string) {
    this.#name = name;
    this.#put = database.prepare("INSERT OR IGNORE INTO blobs (hash, data) VALUES (?, ?)");
    this.#get = database.prepare("SELECT data FROM blobs WHERE hash = ?");
    this.#hold = database.prepare("INSERT OR IGNORE INTO holds (run, hash) VALUES (?, ?)");
  }

  /** What stands in the place of a text: itself, or the hash of one that is written beside it. `run`: who holds it. */
  place(text: string, run: number | undefined): string {
    if (text.length <= inlineUpTo) return text;
    const data = Buffer.from(text);
    const hash = hashOf(data);
    this.#put.run(hash, data);
    if (run !== undefined) this.#hold.run(run, hash);
    return mark + hash;
  }

  /** A text as it was placed. Throws `StoreCorrupt` where it is another. */
  take(placed: string): string {
    if (!placed.startsWith(mark)) return placed;
    const hash = placed.slice(mark.length);
    const data = (this.#get.get(hash) as { readonly data: Uint8Array } | undefined)?.data;
    if (data === undefined || hashOf(data) !== hash) {
      throw new StoreCorrupt({ store: this.#name, reason: "a large value in it is not what was written." });
    }
    return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString();
  }
}

/** A checksum over the parts of a row. SQLite itself has none for its pages. */
export const checksum = (...parts: ReadonlyArray<string | number | null>): number => crc32(parts.join("\0"));
