/**
 * Texts in the database: short ones inline, long ones in rows of their own, stored once however often they are used. A
 * long text is written, in parts, before the commit of the records that refer to it.
 */
import type { StoreCodec } from "../../types/store.ts";
import { hashIn, hashOf, isLong, placeOf, Sealer, wholeText } from "../stores/texts.ts";
import type { Database } from "./database.ts";
import type { Names } from "./schema.ts";

/** The size of one part, in bytes. Each part is one message to Postgres. */
const partBytes = 1024 * 1024;
/** The maximum number of texts that are read at once. */
const mostAtOnce = 8;

/** The text as Postgres accepts it: without NUL and lone surrogates. JSON contains neither. */
export const legible = (text: string): string => text.toWellFormed().replaceAll("\0", "\u{fffd}");

export class Values {
  readonly #database: Database;
  readonly #blobs: string;
  readonly #sealer: Sealer;

  constructor(database: Database, names: Names, codec: StoreCodec | undefined) {
    this.#database = database;
    this.#blobs = names.table("blobs");
    this.#sealer = new Sealer(database.name, codec);
  }

  /** The text as it may be stored in the database. Throws if the codec does. */
  hide(text: string): string {
    return this.#sealer.hide(text);
  }

  /** The same for errors and messages about a run. */
  hideSaid(text: string): string {
    return this.#sealer.hideSaid(legible(text));
  }

  showSaid(text: string): string {
    return this.#sealer.showSaid(text);
  }

  /** The stored form of a text, once a long text is written. */
  place(text: string): string | Promise<string> {
    const hidden = this.hide(text);
    return isLong(hidden) ? this.#put(hidden) : hidden;
  }

  async #put(text: string): Promise<string> {
    const data = Buffer.from(text);
    const hash = hashOf(data);
    for (let part = 0; part * partBytes < data.length; part++) {
      // An existing text is only marked as needed: pruning skips it for a day.
      await this.#database.query(
        `INSERT INTO ${this.#blobs} (hash, part, data, touched) VALUES ($1, $2::int, $3, now())
         ON CONFLICT (hash, part) DO UPDATE SET touched = now()`,
        [hash, String(part), data.subarray(part * partBytes, (part + 1) * partBytes)],
      );
    }
    return placeOf(hash);
  }

  /** Reads a stored text. With `isForEyes`, one that cannot be decrypted is replaced by a note; otherwise it is an error. */
  async take(placed: string, isForEyes = false): Promise<string> {
    const hash = hashIn(placed);
    const text = hash === undefined ? placed : await this.#whole(hash);
    return isForEyes ? this.#sealer.show(text) : this.#sealer.unseal(text);
  }

  /** Reads several texts, in order. */
  async takeAll(placed: ReadonlyArray<string>, isForEyes: boolean): Promise<ReadonlyArray<string>> {
    const texts: Array<string> = [];
    for (let at = 0; at < placed.length; ) {
      // Most are short: a promise for each would cost more than reading them.
      if (hashIn(placed[at]!) === undefined) {
        texts.push(isForEyes ? this.#sealer.show(placed[at]!) : this.#sealer.unseal(placed[at]!));
        at++;
        continue;
      }
      const some = placed.slice(at, at + mostAtOnce);
      texts.push(...(await Promise.all(some.map((one) => this.take(one, isForEyes)))));
      at += some.length;
    }
    return texts;
  }

  async #whole(hash: string): Promise<string> {
    const parts: Array<Uint8Array> = [];
    for (;;) {
      const [row] = await this.#database.query(
        `SELECT data FROM ${this.#blobs} WHERE hash = $1 AND part = $2::int`,
        [hash, String(parts.length)],
      );
      if (row === undefined) break;
      parts.push(row["data"] as Uint8Array);
      if (parts.at(-1)!.length < partBytes) break;
    }
    return wholeText(parts.length === 0 ? undefined : Buffer.concat(parts), hash, this.#database.name);
  }
}
