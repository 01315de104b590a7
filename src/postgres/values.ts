/**
 * Texts in the database: short ones in their place, long ones in rows of their own, once for all that hold the same. A
 * long one is written, in parts, before the commit of what refers to it.
 */
import type { StoreCodec } from "../../types/store.ts";
import { hashIn, hashOf, isLong, placeOf, Sealer, wholeText } from "../stores/texts.ts";
import type { Database } from "./database.ts";
import type { Names } from "./schema.ts";

/** Each is one message to Postgres. */
const partBytes = 1024 * 1024;
/** So many texts are read at once. */
const mostAtOnce = 8;

/** What Postgres takes as text: it has no NUL and no halves of characters. JSON has neither. */
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

  /** The text as it may be seen in the database. Throws if the codec does. */
  hide(text: string): string {
    return this.#sealer.hide(text);
  }

  /** What is said of a run, in words. */
  hideSaid(text: string): string {
    return this.#sealer.hideSaid(legible(text));
  }

  showSaid(text: string): string {
    return this.#sealer.showSaid(text);
  }

  /** What is written in the place of a text, once a long one is there. */
  place(text: string): string | Promise<string> {
    const hidden = this.hide(text);
    return isLong(hidden) ? this.#put(hidden) : hidden;
  }

  async #put(text: string): Promise<string> {
    const data = Buffer.from(text);
    const hash = hashOf(data);
    for (let part = 0; part * partBytes < data.length; part++) {
      // One that is there already is only marked as needed: pruning leaves it alone for a day.
      await this.#database.query(
        `INSERT INTO ${this.#blobs} (hash, part, data, touched) VALUES ($1, $2::int, $3, now())
         ON CONFLICT (hash, part) DO UPDATE SET touched = now()`,
        [hash, String(part), data.subarray(part * partBytes, (part + 1) * partBytes)],
      );
    }
    return placeOf(hash);
  }

  /** A text as it was placed. `legible`: what cannot be decrypted is said to be so; otherwise it is an error. */
  async take(placed: string, isForEyes = false): Promise<string> {
    const hash = hashIn(placed);
    const text = hash === undefined ? placed : await this.#whole(hash);
    return isForEyes ? this.#sealer.show(text) : this.#sealer.unseal(text);
  }

  /** Many of them, in their order. */
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
