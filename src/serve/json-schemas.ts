/** Schemas of users as JSON Schema, where they can be read: for forms and for the API. */
import * as Schema from "effect/Schema";
import { acceptsUndefined, isEffectSchema, isUnchecked } from "../values/schema.ts";

/** Standard JSON Schema, which zod and others implement. */
interface WithJsonSchema {
  readonly "~standard"?: {
    readonly jsonSchema?: { readonly input?: (options: { readonly target: string }) => unknown };
  };
}

const known = new WeakMap<object, { readonly schema: unknown }>();

const read = (schema: object): unknown => {
  try {
    if (isUnchecked(schema)) return undefined;
    if (isEffectSchema(schema)) {
      const { schema: root, definitions } = Schema.toJsonSchemaDocument(schema as never);
      return Object.keys(definitions).length === 0 ? root : { ...root, $defs: definitions };
    }
    return (schema as WithJsonSchema)["~standard"]?.jsonSchema?.input?.({ target: "draft-2020-12" });
  } catch {
    // A schema without a JSON form: the reader writes JSON.
    return undefined;
  }
};

/** The JSON Schema of a schema's input; undefined if it cannot be described. */
export const jsonSchemaOf = (schema: unknown): unknown => {
  if (typeof schema !== "object" && typeof schema !== "function") return undefined;
  if (schema === null) return undefined;
  const found = known.get(schema);
  if (found !== undefined) return found.schema;
  const made = read(schema);
  known.set(schema, { schema: made });
  return made;
};

/** Must a value be given for this schema? */
export const isRequired = (schema: unknown): boolean => !acceptsUndefined(schema);
