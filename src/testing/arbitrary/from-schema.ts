import type * as fc from "fast-check";
import type { AnySchema, EncodedOf } from "../../../types/schema.ts";
import { describe } from "../../values/describe.ts";
import { isEffectSchema, isSchema, isUnchecked } from "../../values/schema.ts";
import { confusable } from "./confusable.ts";
import { fromEffect } from "./from-effect.ts";
import type { JsonSchema } from "./json-schema.ts";
import { arbitraryOf, UnreadableSchema } from "./json-schema.ts";

/** The form of a readable Standard Schema. */
interface Readable {
  readonly "~standard": {
    readonly vendor: string;
    readonly validate: (value: unknown) => unknown;
    readonly jsonSchema?: { readonly input: (options: { readonly target: string }) => unknown };
  };
}

const refuse = (reason: string): never => {
  throw new TypeError(`arbitrary.fromSchema cannot read this schema: ${reason}`);
};

const target = { target: "draft-2020-12" };

/** Does the schema accept this value? An asynchronous schema is not asked. */
const fits = (standard: Readable["~standard"], value: unknown): boolean => {
  const result = standard.validate(value);
  if (result instanceof Promise) {
    result.catch(() => {});
    return true;
  }
  return (result as { readonly issues?: unknown }).issues === undefined;
};

const arbitraryFor = (vendor: string, schema: unknown): fc.Arbitrary<unknown> => {
  try {
    return arbitraryOf(schema as JsonSchema);
  } catch (error) {
    return refuse(
      error instanceof UnreadableSchema
        ? `${error.message}.`
        : `${vendor} returned a JSON Schema that fast-check cannot follow: ${describe(error)}`,
    );
  }
};

/** Draws until a value fits; reports an error if hardly any does, instead of searching forever. */
const fitting = (
  values: fc.Arbitrary<unknown>,
  isFit: (value: unknown) => boolean,
): fc.Arbitrary<unknown> => {
  let refused = 0;
  return values.filter((value) => {
    if (isFit(value)) {
      refused = 0;
      return true;
    }
    if (++refused > 10_000)
      refuse(
        "almost no value generated from its JSON Schema passes it. Write its arbitrary by hand, with fast-check.",
      );
    return false;
  });
};

const fromStandard = (schema: Readable): fc.Arbitrary<unknown> => {
  const standard = schema["~standard"];
  const { jsonSchema, vendor } = standard;
  if (jsonSchema === undefined) {
    return refuse(
      `${vendor} offers no JSON Schema for it ("~standard".jsonSchema). Write its arbitrary by hand, with fast-check.`,
    );
  }
  let json: unknown;
  try {
    json = jsonSchema.input(target);
  } catch (error) {
    return refuse(`${vendor} says: ${describe(error)}`);
  }
  const isFit = (value: unknown): boolean => fits(standard, value);
  // Most libraries accept unknown keys, which no caller would send.
  return confusable(fitting(arbitraryFor(vendor, json), isFit), { isOwn: isFit, keys: false });
};

/**
 * Values that a schema accepts, before it decodes them, as a run receives them. They shrink only to values that
 * the schema accepts too.
 *
 * Reads any Effect Schema, and a Standard Schema if its library exports its JSON Schema, as zod and arktype do.
 */
export const fromSchema = <Schema extends AnySchema>(schema: Schema): fc.Arbitrary<EncodedOf<Schema>> =>
  valuesOf(schema) as fc.Arbitrary<EncodedOf<Schema>>;

const valuesOf = (schema: unknown): fc.Arbitrary<unknown> => {
  if (isUnchecked(schema)) {
    return refuse("type<T>() has no check at run time. Write its arbitrary by hand, with fast-check.");
  }
  if (!isSchema(schema)) return refuse("it is not a schema.");
  if (!isEffectSchema(schema)) return fromStandard(schema as Readable);
  try {
    return confusable(fromEffect(schema as never));
  } catch (error) {
    return refuse(`Effect says: ${describe(error)}`);
  }
};
