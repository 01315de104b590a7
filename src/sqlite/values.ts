/** Texts in the file: short ones inline, long ones in rows of their own, stored once however often they are used. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { StoreCodec } from "../../types/store.ts";
import { hashIn, hashOf, isLong, placeOf, Sealer, wholeText } from "../stores/texts.ts";

export class Values {
  readonly #name: string;
  readonly #sealer: Sealer;
  readonly #put: StatementSync;
  readonly #get: StatementSync;
  readonly #hold: StatementSync;

  constructor(database: DatabaseSync, name: string, codec: StoreCodec | undefined) {
    this.#name = name;
    this.#sealer = new Sealer(name, codec);
    this.#put = database.prepare("INSERT OR IGNORE INTO blobs (hash, data) VALUES (?, ?)");
    this.#get = database.prepare("SELECT data FROM blobs WHERE hash = ?");
    this.#hold = database.prepare("INSERT OR IGNORE INTO holds (run, hash) VALUES (?, ?)");
  }

  /** The text as it may be stored in the file. Throws if the codec does. */
  hide(text: string): string {
    return this.#sealer.hide(text);
  }

  /** The same for errors and messages about a run. */
  hideSaid(text: string): string {
    return this.#sealer.hideSaid(text);
  }

  showSaid(text: string): string {
    return this.#sealer.showSaid(text);
  }

  /** The stored form of a text: the text itself, or the hash of a text that is stored separately. `run`: the run that refers to it. */
  place(text: string, run: number | undefined): string {
    const hidden = this.hide(text);
    if (!isLong(hidden)) return hidden;
    const data = Buffer.from(hidden);
    const hash = hashOf(data);
    this.#put.run(hash, data);
    if (run !== undefined) this.#hold.run(run, hash);
    return placeOf(hash);
  }

  /** Reads a stored text. Throws `StoreCorrupt` if it was changed, and `StoreError` if it cannot be decrypted. */
  take(placed: string): string {
    return this.#sealer.unseal(this.#whole(placed));
  }

  /** The same for display: a text that this store cannot decrypt becomes a JSON string that says so. */
  show(placed: string): string {
    return this.#sealer.show(this.#whole(placed));
  }

  #whole(placed: string): string {
    const hash = hashIn(placed);
    if (hash === undefined) return placed;
    const row = this.#get.get(hash) as { readonly data: Uint8Array } | undefined;
    return wholeText(row?.data, hash, this.#name);
  }
}
