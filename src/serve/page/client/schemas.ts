/** The part of JSON Schema that forms support: the control for each value. */

export interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: ReadonlyArray<unknown>;
  readonly anyOf?: ReadonlyArray<Schema>;
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
  /** The value if it is left out, as JSON. */
  readonly byDefault?: string;
}

/** The maximum depth at which schemas of nested records are read; deeper or recursive values are entered as JSON. */
const deepest = 4;

type Definitions = Readonly<Record<string, Schema>>;

const resolved = (schema: Schema, definitions: Definitions): Schema => {
  const name =
    schema.$ref?.startsWith("#/$defs/") === true ? schema.$ref.slice("#/$defs/".length) : undefined;
  const found =
    name === undefined ? undefined : definitions[name.replaceAll("~1", "/").replaceAll("~0", "~")];
  return found === undefined ? schema : { ...found, ...schema };
};

/** Numbers that JSON lacks are written as texts, which number fields do not accept. */
const isBeyondNumbers = ({ type, enum: all }: Schema): boolean =>
  type === "string" && all?.every((each) => ["Infinity", "-Infinity", "NaN"].includes(String(each))) === true;

const choicesOf = ({ enum: all, anyOf }: Schema): ReadonlyArray<string | number> | undefined => {
  const choices = all ?? anyOf?.flatMap((each) => each.enum ?? [undefined]);
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

const fieldOf = (
  name: string,
  required: boolean,
  schema: Schema,
  definitions: Definitions,
  depth: number,
): Field => {
  const { description, default: byDefault } = resolved(schema, definitions);
  return {
    name,
    required,
    control: controlOf(schema, required, definitions, depth),
    ...(description === undefined ? {} : { description }),
    ...(byDefault === undefined ? {} : { byDefault: JSON.stringify(byDefault) }),
  };
};

/** The field of a value; without a schema, the value is entered as JSON. */
export const field = (name: string, required: boolean, schema: unknown): Field => {
  const read = (schema ?? {}) as Schema;
  return fieldOf(name, required, read, read.$defs ?? {}, 0);
};
