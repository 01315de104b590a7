/** The types that are accepted as schemas, and the types that these schemas imply. */
import type { Decoder } from "effect/Schema";
import type { StandardSchemaV1 } from "effect/StandardSchema";
import type { Anything } from "./anything.ts";
import type { IsSomething, Listed } from "./names.ts";
import type { IfLeft } from "./given.ts";
import type { Sentences } from "./sentences.ts";

declare const uncheckedType: unique symbol;

/**
 * The schema returned by `type<T>()`: a type, without any check at run time.
 *
 * @public
 */
export interface Unchecked<Type> {
  /** Its type; does not exist at run time. */
  readonly [uncheckedType]: (value: Type) => Type;
}

/**
 * Anything that `.input` takes: an Effect Schema, a Standard Schema v1 (zod, valibot, arktype), or `type<T>()`.
 *
 * @public
 */
export type AnySchema = Decoder<any, any> | StandardSchemaV1<any, any> | Unchecked<any>;

/** The type that a run must be given. */
export type EncodedOf<Schema> =
  Schema extends Unchecked<infer Type>
    ? Type
    : Schema extends { readonly Encoded: infer Encoded; readonly "~effect/Schema/Schema": unknown }
      ? Encoded
      : Schema extends StandardSchemaV1<any, any>
        ? StandardSchemaV1.InferInput<Schema>
        : never;

/** The type that steps read. */
export type DecodedOf<Schema> =
  Schema extends Unchecked<infer Type>
    ? Type
    : Schema extends { readonly Type: infer Type; readonly "~effect/Schema/Schema": unknown }
      ? Type
      : Schema extends StandardSchemaV1<any, any>
        ? StandardSchemaV1.InferOutput<Schema>
        : any;

/** The type of an output: that of its schema, if there is one. */
export type Decoded<Schema, Value> = HasSchema<Schema> extends false ? Value : DecodedOf<Schema>;

/** The same if the options with the schema may lack it: then the value is possibly not decoded. */
export type DecodedIn<Schema, Value, Given> =
  HasSchema<Schema> extends false ? Value : DecodedOf<Schema> | IfLeft<Given, "output", Schema, Value>;

/** Whether there is a schema. `output: undefined` counts as none. */
export type HasSchema<Schema> = 0 extends 1 & Schema ? true : [Schema] extends [undefined] ? false : true;

/** The services of an output's schema. */
export type ServicesIn<Schema> = [Schema] extends [never]
  ? never
  : 0 extends 1 & Schema
    ? never
    : DecodingNeeds<Schema>;

/**
 * The schema, if the returned value may fit it; else an error sentence. The returned type may be less precise (`string` for an
 * enumeration, or `unknown`): the schema checks that at run time.
 */
export type FitSchema<Schema, Value, Name extends string> = [
  IsSomething<Misfit<Schema, Value, Name>>,
] extends [true]
  ? Misfit<Schema, Value, Name>
  : Schema;

type Misfit<Schema, Value, Name extends string> = [Schema] extends [never]
  ? never
  : [Schema] extends [AnySchema]
    ? [MayFit<Value, EncodedOf<Schema>>] extends [never]
      ? [`The step '${Name}' returns`, Value, "which its output schema refuses: it takes", EncodedOf<Schema>]
      : never
    : Sentences["noSchema"];

/** The same for the values of several functions by name, each of which must be able to fit. */
export type FitEach<Schema, Values, Name extends string> = [
  IsSomething<MisfitAmong<Schema, Values, Name>>,
] extends [true]
  ? MisfitAmong<Schema, Values, Name>
  : Schema;

type MisfitAmong<Schema, Values, Name extends string> = [Schema] extends [never]
  ? never
  : [Schema] extends [AnySchema]
    ? [MisfitNames<Values, EncodedOf<Schema>>] extends [never]
      ? never
      : [
          `The step '${Name}' returns`,
          Values[MisfitNames<Values, EncodedOf<Schema>> & keyof Values],
          `which its output schema refuses: ${Listed<`${MisfitNames<Values, EncodedOf<Schema>>}`>} must return`,
          EncodedOf<Schema>,
        ]
    : Sentences["noSchema"];

type MisfitNames<Values, Encoded> = {
  readonly [Key in keyof Values]: [MayFit<Values[Key], Encoded>] extends [never] ? Key : never;
}[keyof Values] &
  (string | number);

/**
 * True if some value of this type may fit, else `never`: one of a union, or an object whose fields may fit, whatever others it has. A
 * condition on the whole comes first, for generic functions: see `IsSomething`.
 */
type MayFit<Value, Encoded> = [Value] extends [Encoded | Anything]
  ? true
  : Value extends unknown
    ? [IsLike<Value, Encoded>] extends [never]
      ? Value extends ReadonlyArray<infer Item>
        ? Encoded extends ReadonlyArray<infer Taken>
          ? MayFit<Item, Taken>
          : never
        : Encoded extends object
          ? HasFields<Value, Encoded>
          : never
      : true
    : never;

/** Something if one type is a part of the other. */
type IsLike<Value, Encoded> = Extract<Value, Encoded> | Extract<Encoded, Value>;

type HasFields<Value, Encoded> = Value extends object
  ? [
      {
        [Key in keyof Encoded]-?: Key extends keyof Value
          ? [IsLike<Value[Key], Encoded[Key]>] extends [never]
            ? Key
            : never
          : {} extends Pick<Encoded, Key>
            ? never
            : Key;
      }[keyof Encoded],
    ] extends [never]
    ? true
    : never
  : never;

/** The schema, if it is one; else an error sentence. Decided at once even for a type parameter, see `ValueIn`. */
export type AskedSchema<Schema, Name extends string> = [Name, { readonly is: IsNoSchema<Schema> }] extends [
  string,
  { readonly is: true },
]
  ? Sentences["noSchema"]
  : Schema;

type IsNoSchema<Schema> = [Schema] extends [AnySchema] ? false : true;

/** The services that decoding needs. */
export type DecodingNeeds<Schema> = Schema extends { readonly DecodingServices: infer Services }
  ? Services
  : never;
