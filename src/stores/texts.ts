/**
 * Texts as a store keeps them: encrypted if it has a codec, inline if short, and separately under their hash if
 * long. The marks and checksums are the same in every store.
 */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { StoreCodec } from "../../types/store.ts";
import { StoreCorrupt, StoreError } from "../errors.ts";
import { describe } from "../values/describe.ts";

/** Longer texts are stored separately. */
const inlineUpTo = 256 * 1024;

/** No JSON text starts with either: the hash of a separately stored text follows, or a JSON string of a codec's output. */
const apart = "#";
const sealed = "$";

export const hashOf = (data: string | Uint8Array): string =>
  createHash("sha256").update(data).digest("base64url");

/** Whether a text, sealed or not, is so long that only its hash is stored inline. */
export const isLong = (text: string): boolean => text.length > inlineUpTo;

/** The inline form of a text that is stored separately. */
export const placeOf = (hash: string): string => apart + hash;

/** The hash of a text that is stored separately; undefined if the text itself is inline. */
export const hashIn = (placed: string): string | undefined =>
  placed.startsWith(apart) ? placed.slice(apart.length) : undefined;

/** Reads a text that was stored separately. Throws `StoreCorrupt` if it does not match its hash. */
export const wholeText = (data: Uint8Array | undefined, hash: string, store: string): string => {
  if (data === undefined || hashOf(data) !== hash) {
    throw new StoreCorrupt({ store, reason: "a large value in it differs from what was written." });
  }
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString();
};

/** Encrypts texts with a store's codec, and decrypts them. */
export class Sealer {
  readonly #store: string;
  readonly #codec: StoreCodec | undefined;

  constructor(store: string, codec: StoreCodec | undefined) {
    this.#store = store;
    this.#codec = codec;
  }

  /** The text as it may be stored. Throws if the codec does. */
  hide(text: string): string {
    if (this.#codec === undefined || text === "") return text;
    try {
      return sealed + JSON.stringify(this.#codec.encode(text));
    } catch (error) {
      throw this.#codecFailed("encode", error);
    }
  }

  /** A whole text as it was before it was encrypted. Throws `StoreError` if it cannot be decrypted. */
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

  /** The same for display: a text that this store cannot decrypt becomes a JSON string that says so. */
  show(text: string): string {
    return this.#codec === undefined && text.startsWith(sealed) ? '"<encrypted>"' : this.unseal(text);
  }

  /**
   * The same for errors and details of events. They are not JSON and can start with a mark, so a leading backslash marks
   * text that is not a mark.
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

/** Longer parts are not joined: a row can be megabytes long. */
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
