import type * as fc from "fast-check";
import type { AnySchema, EncodedOf } from "../../../types/schema.ts";
import { describe } from "../../values/describe.ts";
import { isEffectSchema, isSchema, isUnchecked } from "../../values/schema.ts";
import { confusable } from "./confusable.ts";
import { fromEffect } from "./from-effect.ts";
import type { JsonSchema } from "./json-schema.ts";
import { arbitraryOf, UnreadableSchema } from "./json-schema.ts";

/** How a Standard Schema that can be read shows itself. */
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

/** Is this value one that the schema takes? A schema that has to wait to say so is not asked. */
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

/** Draws until a value fits; where hardly any does, says so instead of searching forever. */
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
      refuse("hardly any value of its JSON Schema fits it. Write its arbitrary by hand, with fast-check.");
    return false;
  });
};

const fromStandard = (schema: Readable): fc.Arbitrary<unknown> => {
  const standard = schema["~standard"];
  const { jsonSchema, vendor } = standard;
  if (jsonSchema === undefined) {
    return refuse(
      `${vendor} gives no JSON Schema of it ("~standard".jsonSchema). Write its arbitrary by hand, with fast-check.`,
    );
  }
  let json: unknown;
  try {
    json = jsonSchema.input(target);
  } catch (error) {
    return refuse(`${vendor} says: ${describe(error)}`);
  }
  const isFit = (value: unknown): boolean => fits(standard, value);
  // Most libraries accept keys that they do not know, which no caller would send.
  return confusable(fitting(arbitraryFor(vendor, json), isFit), { isOwn: isFit, keys: false });
};

/**
 * Values that a schema takes, before it decodes them: what a run is given. They shrink, and all that they shrink to is
 * taken by the schema as well.
 *
 * Any Effect Schema is read; a Standard Schema, where its library gives the JSON Schema of it, as zod and arktype do.
 */
export const fromSchema = <Schema extends AnySchema>(schema: Schema): fc.Arbitrary<EncodedOf<Schema>> =>
  valuesOf(schema) as fc.Arbitrary<EncodedOf<Schema>>;

const valuesOf = (schema: unknown): fc.Arbitrary<unknown> => {
  if (isUnchecked(schema)) {
    return refuse("type<T>() says nothing at run time. Write its arbitrary by hand, with fast-check.");
  }
  if (!isSchema(schema)) return refuse("it is not a schema.");
  if (!isEffectSchema(schema)) return fromStandard(schema as Readable);
  try {
    return confusable(fromEffect(schema as never));
  } catch (error) {
    return refuse(`Effect says: ${describe(error)}`);
  }
};
