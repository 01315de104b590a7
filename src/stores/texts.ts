/**
 * Texts as a store keeps them: encrypted if it was given a codec, in their place if short, and apart under their hash if
 * long. The marks and sums are the same in every store.
 */
import { createHash } from "node:crypto";
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

/** Is a text, sealed or not, so long that its place holds only its hash? */
export const isLong = (text: string): boolean => text.length > inlineUpTo;

/** What is written in the place of a text that is kept apart. */
export const placeOf = (hash: string): string => apart + hash;

/** The hash of the text that is kept apart; undefined: the text itself is there. */
export const hashIn = (placed: string): string | undefined =>
  placed.startsWith(apart) ? placed.slice(apart.length) : undefined;

/** A text that was kept apart. Throws `StoreCorrupt` if it is another than its hash says. */
export const wholeText = (data: Uint8Array | undefined, hash: string, store: string): string => {
  if (data === undefined || hashOf(data) !== hash) {
    throw new StoreCorrupt({ store, reason: "a large value in it differs from what was written." });
  }
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString();
};

/** Hides texts by a store's codec, and shows them again. */
export class Sealer {
  readonly #store: string;
  readonly #codec: StoreCodec | undefined;

  constructor(store: string, codec: StoreCodec | undefined) {
    this.#store = store;
    this.#codec = codec;
  }

  /** The text as it may be seen in the store. Throws if the codec does. */
  hide(text: string): string {
    if (this.#codec === undefined || text === "") return text;
    try {
      return sealed + JSON.stringify(this.#codec.encode(text));
    } catch (error) {
      throw this.#codecFailed("encode", error);
    }
  }

  /** A whole text as it was before it was hidden. Throws `StoreError` if it cannot be decrypted. */
  unseal(text: string): string {
    if (!text.startsWith(sealed)) return text;
    if (this.#codec === undefined) {
      throw new StoreError({
        store: this.#store,
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

  /** The same to be shown: a text that this store cannot decrypt becomes a JSON string that says so. */
  show(text: string): string {
    return this.#codec === undefined && text.startsWith(sealed) ? '"<encrypted>"' : this.unseal(text);
  }

  /**
   * The same for errors and details of events. They are not JSON and can begin with a mark, so a backslash before it says
   * that it is not one.
   */
  hideSaid(text: string): string {
    if (this.#codec !== undefined) return this.hide(text);
    return /^[#$\\]/.test(text) ? `\\${text}` : text;
  }

  showSaid(text: string): string {
    return text.startsWith("\\") ? text.slice(1) : this.show(text);
  }

  #codecFailed(what: "encode" | "decode", error: unknown): StoreError {
    const reason = `its codec cannot ${what} a value: ${describe(error)}`;
    return new StoreError({ store: this.#store, kind: "failed", reason });
  }
}

/** Longer parts are not joined: a row may be megabytes long. */
const joinedUpTo = 4096;

/** A checksum over the parts of a row, as if joined by NULs. */
export const checksum = (...parts: ReadonlyArray<string | number | null>): number => {
  if (parts.every((part) => typeof part !== "string" || part.length < joinedUpTo)) {
    return crc32(parts.join("\0"));
  }
  let sum = crc32(String(parts[0] ?? ""));
  for (const part of parts.slice(1)) {
    sum = crc32("\0", sum);
    if (part !== null) sum = crc32(String(part), sum);
  }
  return sum;
};
