/**
 * Values as text by their schema: an Effect Schema defines a JSON form for a Date, a Map or a class; values without one
 * are written as strict JSON. Loaded with the first run that has a store, since schemas are slow to load.
 */

import * as Cause from "effect/Cause";
import * as Exit from "effect/Exit";
import * as Schema from "effect/Schema";
import * as SchemaIssue from "effect/SchemaIssue";
import * as SchemaParser from "effect/SchemaParser";
import { describe } from "./describe.ts";
import { decode, encode, Unwritable } from "./encode.ts";
import { isEffectSchema } from "./schema.ts";
import { secretIn, secretPlaces } from "./secrets.ts";

interface Codec {
  readonly encode: (value: unknown) => Exit.Exit<unknown, SchemaIssue.Issue>;
  readonly decode: (value: unknown) => Exit.Exit<unknown, SchemaIssue.Issue>;
}

const codecs = new WeakMap<object, Codec>();

const codecOf = (schema: object): Codec => {
  let codec = codecs.get(schema);
  if (codec === undefined) {
    const json = Schema.toCodecJson(schema as Schema.Codec<unknown>);
    codec = { encode: SchemaParser.encodeUnknownExit(json), decode: SchemaParser.decodeUnknownExit(json) };
    codecs.set(schema, codec);
  }
  return codec;
};

const inClear =
  "it is Redacted, and the store would hold it in clear: give the store a codec that encrypts, or return a reference to the secret.";

const refused = (cause: Cause.Cause<SchemaIssue.Issue>): Unwritable => {
  const error = Cause.squash(cause);
  if (!SchemaIssue.isIssue(error)) return new Unwritable([], describe(error));
  const issue = SchemaIssue.makeFormatterStandardSchemaV1()(error).issues[0];
  const path = Array.from(issue?.path ?? [], (part) => (typeof part === "object" ? part.key : part));
  return new Unwritable(path, issue?.message ?? "its schema cannot encode it");
};

/** The location of a secret that a store without encryption must not hold, and the fix; undefined if there is none. */
export const secretRefusal = (value: unknown): Unwritable | undefined => {
  try {
    const secret = secretIn(value);
    return secret === undefined ? undefined : new Unwritable(secret, inClear);
  } catch {
    return undefined; // A getter or a proxy that throws: the value is rejected for that.
  }
};

/** The text of a value, or `Unwritable` if it has none. `withSecrets`: `Redacted` values may be written out. */
export const encodeBy = (schema: unknown, value: unknown, withSecrets: boolean): string | Unwritable => {
  if (!isEffectSchema(schema)) {
    const plain = encode(value);
    return typeof plain === "string" || withSecrets ? plain : (secretRefusal(value) ?? plain);
  }
  try {
    const secret = withSecrets ? undefined : secretRefusal(value);
    if (secret !== undefined) return secret;
    const exit = codecOf(schema).encode(value);
    // `Schema.Any` accepts everything: its result is treated like a value without a schema.
    if (!Exit.isSuccess(exit)) return refused(exit.cause);
    return encode(exit.value, withSecrets ? secretPlaces(value, exit.value) : []);
  } catch (error) {
    return new Unwritable([], describe(error));
  }
};

/** The value of a text that `encodeBy` returned for the same schema. Throws for any other text. */
export const decodeBy = (schema: unknown, text: string): unknown => {
  const value = decode(text);
  if (!isEffectSchema(schema)) return value;
  const exit = codecOf(schema).decode(value);
  if (Exit.isSuccess(exit)) return exit.value;
  const { issuePath, reason } = refused(exit.cause);
  throw new Error(issuePath.length === 0 ? reason : `at ${issuePath.map(String).join(".")}: ${reason}`);
};
