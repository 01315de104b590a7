/**
 * Values from outside, in any form that a schema accepts. An Effect Schema also accepts the JSON form of a Date or a class,
 * and a value that is already decoded, through its encoded form. A schema that only decodes accepts the JSON of a value if it
 * decodes that to the same value.
 */
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Equal from "effect/Equal";
import * as Exit from "effect/Exit";
import * as Schema from "effect/Schema";
import * as SchemaIssue from "effect/SchemaIssue";
import * as SchemaParser from "effect/SchemaParser";
import { describe } from "./describe.ts";
import { decode, isEffectSchema, isUnchecked } from "./schema.ts";

/** The location where a value does not fit, and the reason. */
export interface Misfit {
  readonly issuePath: ReadonlyArray<PropertyKey>;
  readonly reason: string;
}

type Found = { readonly value: unknown } | { readonly misfit: Misfit };

/** Effect's description of the JSON form of a number, in which these three are strings. */
const numberAsJson = /(?:number \| )?"Infinity" \| "-Infinity" \| "NaN"/g;

const misfitOf = (error: unknown): Misfit => {
  if (!SchemaIssue.isIssue(error)) return { issuePath: [], reason: describe(error) };
  const issue = SchemaIssue.makeFormatterStandardSchemaV1()(error).issues[0];
  const issuePath = Array.from(issue?.path ?? [], (part) => (typeof part === "object" ? part.key : part));
  return {
    issuePath,
    reason: issue?.message.replace(numberAsJson, "number") ?? "the schema states no reason",
  };
};

type Parse = (value: unknown) => Exit.Exit<unknown, unknown>;

const parsed = (parser: () => Parse, value: unknown): Found => {
  try {
    const exit = parser()(value);
    return Exit.isSuccess(exit) ? { value: exit.value } : { misfit: misfitOf(Cause.squash(exit.cause)) };
  } catch (error) {
    // A schema without such a form.
    return { misfit: misfitOf(error) };
  }
};

const jsonCodec = (schema: unknown) =>
  Schema.toCodecJson(Schema.toEncoded(schema as never)) as Schema.Codec<unknown>;

/** The schema's encoded value, from its JSON form. The schema may have further checks. */
export const fromJson = (schema: unknown, value: unknown): Found =>
  !isEffectSchema(schema) || isUnchecked(schema)
    ? { value }
    : parsed(() => SchemaParser.decodeUnknownExit(jsonCodec(schema)), value);

/** The encoded value, from a value that an Effect Schema has decoded. */
export const fromDecoded = (schema: unknown, value: unknown): Found =>
  parsed(() => SchemaParser.encodeUnknownExit(schema as Schema.Codec<unknown>), value);

const noJson: Found = {
  misfit: { issuePath: [], reason: "its schema does not decode the JSON form of it to the same value" },
};

/** The JSON form of a value that a schema decodes. */
export const toJson = (schema: unknown, value: unknown): Effect.Effect<Found> => {
  if (isEffectSchema(schema)) {
    return Effect.sync(() => parsed(() => SchemaParser.encodeUnknownExit(jsonCodec(schema)), value));
  }
  return Effect.matchCause(
    Effect.suspend(() => {
      const json: unknown = JSON.parse(JSON.stringify(value));
      return Effect.map(
        Effect.all([decode(schema, value), decode(schema, json)]),
        ([one, other]): Found =>
          !isUnchecked(schema) && Equal.equals(one, other) ? { value: json } : noJson,
      );
    }),
    { onSuccess: (found) => found, onFailure: () => noJson },
  );
};
