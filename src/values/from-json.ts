/**
 * Values that came as JSON, as a schema takes them: an Effect Schema that takes a Date or a class gets one from its JSON form.
 * Comes in: a schema and a value. Goes out: the value to decode by the schema, or where its JSON form does not fit. The
 * schema itself may check more than that.
 */
import * as Exit from "effect/Exit";
import * as Cause from "effect/Cause";
import * as Schema from "effect/Schema";
import * as SchemaIssue from "effect/SchemaIssue";
import * as SchemaParser from "effect/SchemaParser";
import { describe } from "./describe.ts";
import { isEffectSchema, isUnchecked } from "./schema.ts";

/** Where a value does not fit, and why. */
export interface Misfit {
  readonly issuePath: ReadonlyArray<PropertyKey>;
  readonly reason: string;
}

type FromJson = { readonly value: unknown } | { readonly misfit: Misfit };

const misfitOf = (error: unknown): Misfit => {
  if (!SchemaIssue.isIssue(error)) return { issuePath: [], reason: describe(error) };
  const issue = SchemaIssue.makeFormatterStandardSchemaV1()(error).issues[0];
  const issuePath = Array.from(issue?.path ?? [], (part) => (typeof part === "object" ? part.key : part));
  return { issuePath, reason: issue?.message ?? "the schema states no reason" };
};

export const fromJson = (schema: unknown, value: unknown): FromJson => {
  if (!isEffectSchema(schema) || isUnchecked(schema)) return { value };
  try {
    const codec = Schema.toCodecJson(Schema.toEncoded(schema as never)) as Schema.Codec<unknown>;
    const exit = SchemaParser.decodeUnknownExit(codec)(value);
    return Exit.isSuccess(exit) ? { value: exit.value } : { misfit: misfitOf(Cause.squash(exit.cause)) };
  } catch (error) {
    // A schema without a JSON form.
    return { misfit: misfitOf(error) };
  }
};
