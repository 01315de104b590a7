/** What may stand as a schema, and what it says about types. */
import type { Decoder } from "effect/Schema";
import type { StandardSchemaV1 } from "effect/StandardSchema";

declare const uncheckedType: unique symbol;

/**
 * The schema of `type<T>()`: a type, and no check at run time.
 *
 * @public
 */
export interface Unchecked<Type> {
  /** Its type; nothing of it exists at run time. */
  readonly [uncheckedType]: (value: Type) => Type;
}

/**
 * Anything that `.input` takes: an Effect Schema, a Standard Schema v1 (zod, valibot, arktype), or `type<T>()`.
 *
 * @public
 */
export type AnySchema = Decoder<any, any> | StandardSchemaV1<any, any> | Unchecked<any>;

/** What a run must be given. */
export type EncodedOf<Schema> =
  Schema extends Unchecked<infer Type>
    ? Type
    : Schema extends { readonly Encoded: infer Encoded; readonly "~effect/Schema/Schema": unknown }
      ? Encoded
      : Schema extends StandardSchemaV1<any, any>
        ? StandardSchemaV1.InferInput<Schema>
        : never;

/** What steps read. */
export type DecodedOf<Schema> =
  Schema extends Unchecked<infer Type>
    ? Type
    : Schema extends { readonly Type: infer Type; readonly "~effect/Schema/Schema": unknown }
      ? Type
      : Schema extends StandardSchemaV1<any, any>
        ? StandardSchemaV1.InferOutput<Schema>
        : any;

/** The services that decoding needs. */
export type DecodingNeeds<Schema> = Schema extends { readonly DecodingServices: infer Services }
  ? Services
  : never;
