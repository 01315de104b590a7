/** The part of JSON Schema that forms support: the control for each value. */

export interface Schema {
  readonly type?: string | ReadonlyArray<string>;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: ReadonlyArray<unknown>;
  readonly const?: unknown;
  readonly anyOf?: ReadonlyArray<Schema>;
  readonly oneOf?: ReadonlyArray<Schema>;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: ReadonlyArray<string>;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

/** The control in which a reader enters a value. */
export type Control =
  | { readonly is: "text" }
  | { readonly is: "number"; readonly isWhole: boolean }
  | { readonly is: "check" }
  | { readonly is: "choice"; readonly choices: ReadonlyArray<string | number> }
  | { readonly is: "fields"; readonly fields: ReadonlyArray<Field> }
  | { readonly is: "json" };

export interface Field {
  readonly name: string;
  readonly required: boolean;
  readonly control: Control;
  readonly description?: string;
  /** An empty field means null. */
  readonly isNullable?: true;
  /** The value if it is left out, as JSON. */
  readonly byDefault?: string;
}

/** The maximum depth at which schemas of nested records are read; deeper or recursive values are entered as JSON. */
const deepest = 4;

type Definitions = Readonly<Record<string, Schema>>;

/** Alternatives can be written in three ways. */
const withAnyOf = (schema: Schema): Schema => {
  const { type, oneOf, ...rest } = schema;
  if (Array.isArray(type)) return { ...rest, anyOf: type.map((each: string) => ({ ...rest, type: each })) };
  return oneOf === undefined || rest.anyOf !== undefined ? schema : { ...rest, anyOf: oneOf };
};

const resolved = (schema: Schema, definitions: Definitions): Schema => {
  const name =
    schema.$ref?.startsWith("#/$defs/") === true ? schema.$ref.slice("#/$defs/".length) : undefined;
  const found =
    name === undefined ? undefined : definitions[name.replaceAll("~1", "/").replaceAll("~0", "~")];
  return withAnyOf(found === undefined ? schema : { ...found, ...schema });
};

/** Numbers that JSON lacks are written as texts, which number fields do not accept. */
const isBeyondNumbers = ({ type, enum: all }: Schema): boolean =>
  type === "string" && all?.every((each) => ["Infinity", "-Infinity", "NaN"].includes(String(each))) === true;

const constants = (schema: Schema): ReadonlyArray<unknown> | undefined =>
  schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);

const choicesOf = (schema: Schema): ReadonlyArray<string | number> | undefined => {
  const choices = constants(schema) ?? schema.anyOf?.flatMap((each) => constants(each) ?? [undefined]);
  return choices?.length !== 0 &&
    choices?.every((choice) => typeof choice === "string" || typeof choice === "number") === true
    ? (choices as ReadonlyArray<string | number>)
    : undefined;
};

const controlOf = (schema: Schema, required: boolean, definitions: Definitions, depth: number): Control => {
  const found = resolved(schema, definitions);
  const choices = choicesOf(found);
  if (choices !== undefined) return { is: "choice", choices };
  // A value that can be left out can also be null, which means the same.
  const isLeftOut = (each: Schema): boolean => !required && depth === 0 && each.type === "null";
  const others = found.anyOf?.filter((each) => !isBeyondNumbers(each) && !isLeftOut(each));
  if (others?.length === 1) return controlOf(others[0]!, required, definitions, depth);
  switch (found.anyOf === undefined ? found.type : undefined) {
    case "string":
      return { is: "text" };
    case "number":
      return { is: "number", isWhole: false };
    case "integer":
      return { is: "number", isWhole: true };
    case "boolean":
      return { is: "check" };
    default:
      break;
  }
  const { properties = {}, required: names = [] } = found;
  const entries = Object.entries(properties);
  if (entries.length === 0 || depth >= deepest) return { is: "json" };
  return {
    is: "fields",
    fields: entries.map(([name, property]) =>
      fieldOf(name, names.includes(name), property, definitions, depth + 1),
    ),
  };
};

/** The schema without null, if a field can hold its other values, so that an empty field can mean null. */
const withoutNull = (schema: Schema, definitions: Definitions, depth: number): Schema | undefined => {
  const { anyOf, ...rest } = resolved(schema, definitions);
  const others = anyOf?.filter(({ type }) => type !== "null");
  if (anyOf === undefined || others === undefined || others.length === anyOf.length) return undefined;
  const found = { ...rest, anyOf: others };
  const { is } = controlOf(found, true, definitions, depth);
  return is === "text" || is === "number" || is === "choice" ? found : undefined;
};

const fieldOf = (
  name: string,
  required: boolean,
  schema: Schema,
  definitions: Definitions,
  depth: number,
): Field => {
  const { description, default: byDefault } = resolved(schema, definitions);
  const nullable = required ? withoutNull(schema, definitions, depth) : undefined;
  return {
    name,
    required,
    control: controlOf(nullable ?? schema, required, definitions, depth),
    ...(nullable === undefined ? {} : { isNullable: true }),
    ...(description === undefined ? {} : { description }),
    ...(byDefault === undefined ? {} : { byDefault: JSON.stringify(byDefault) }),
  };
};

/** The field of a value; without a schema, the value is entered as JSON. */
export const field = (name: string, required: boolean, schema: unknown): Field => {
  const read = (schema ?? {}) as Schema;
  return fieldOf(name, required, read, read.$defs ?? {}, 0);
};
