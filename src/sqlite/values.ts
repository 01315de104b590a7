/**
 * Texts as they are kept in the file: encrypted if the store has a codec; short ones in their place, long ones in a row
 * of their own under their hash, once for all that hold the same.
 */
import { createHash } from "node:crypto";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import type { StoreCodec } from "../../types/store.ts";
import { StoreCorrupt, StoreError } from "../errors.ts";
import { describe } from "../values/describe.ts";

/** Longer texts are kept apart. */
const inlineUpTo = 256 * 1024;

/** No JSON text begins with either: the hash of one that is kept apart follows, or a JSON string of a codec's output. */
const apart = "#";
const sealed = "$";

export const hashOf = (data: string | Uint8Array): string =>
  createHash("sha256").update(data).digest("base64url");

export class Values {
  readonly #name: string;
  readonly #codec: StoreCodec | undefined;
  readonly #put: StatementSync;
  readonly #get: StatementSync;
  readonly #hold: StatementSync;

  constructor(database: DatabaseSync, name: string, codec: StoreCodec | undefined) {
    this.#name = name;
    this.#codec = codec;
    this.#put = database.prepare("INSERT OR IGNORE INTO blobs (hash, data) VALUES (?, ?)");
    this.#get = database.prepare("SELECT data FROM blobs WHERE hash = ?");
    this.#hold = database.prepare("INSERT OR IGNORE INTO holds (run, hash) VALUES (?, ?)");
  }

  /** The text as it may be seen in the file. Throws if the codec does. */
  hide(text: string): string {
    if (this.#codec === undefined || text === "") return text;
    try {
      return sealed + JSON.stringify(this.#codec.encode(text));
    } catch (error) {
      throw this.#codecFailed("encode", error);
    }
  }

  /** What is written in the place of a text: itself, or the hash of one that is written beside. `run`: who holds it. */
  place(text: string, run: number | undefined): string {
    return this.placeHidden(this.hide(text), run);
  }

  placeHidden(text: string, run: number | undefined): string {
    if (text.length <= inlineUpTo) return text;
    const data = Buffer.from(text);
    const hash = hashOf(data);
    this.#put.run(hash, data);
    if (run !== undefined) this.#hold.run(run, hash);
    return apart + hash;
  }

  /** A text as it was placed. Throws `StoreCorrupt` if it is another, and `StoreError` if it cannot be decrypted. */
  take(placed: string): string {
    const text = this.#whole(placed);
    if (!text.startsWith(sealed)) return text;
    if (this.#codec === undefined) {
      throw new StoreError({
        store: this.#name,
        kind: "failed",
        reason: "its values are encrypted: give the store the codec that they were written with.",
      });
    }
    try {
      return this.#codec.decode(JSON.parse(text.slice(sealed.length)) as string);
    } catch (error) {
      throw this.#codecFailed("decode", error);
    }
  }

  /** The same for eyes: a JSON string that says so in place of what this store cannot decrypt. */
  show(placed: string): string {
    return this.#codec === undefined && this.#whole(placed).startsWith(sealed)
      ? '"<encrypted>"'
      : this.take(placed);
  }

  #whole(placed: string): string {
    if (!placed.startsWith(apart)) return placed;
    const hash = placed.slice(apart.length);
    const data = (this.#get.get(hash) as { readonly data: Uint8Array } | undefined)?.data;
    if (data === undefined || hashOf(data) !== hash) {
      throw new StoreCorrupt({ store: this.#name, reason: "a large value in it is not what was written." });
    }
    return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString();
  }

  #codecFailed(what: "encode" | "decode", error: unknown): StoreError {
    const reason = `its codec cannot ${what} a value: ${describe(error)}`;
    return new StoreError({ store: this.#name, kind: "failed", reason });
  }
}

/** A checksum over the parts of a row, as if joined by NULs. SQLite itself has none for its pages. */
export const checksum = (first: string | number, ...parts: ReadonlyArray<string | number | null>): number => {
  let sum = crc32(String(first));
  for (const part of parts) {
    sum = crc32("\0", sum);
    // Not joined: a row may be megabytes long.
    if (part !== null) sum = crc32(String(part), sum);
  }
  return sum;
};
