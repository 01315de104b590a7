/**
 * Values of a JSON Schema, as data that shrinks. JSON Schema is the one language into which both Effect Schema and other
 * libraries' schemas can be translated.
 */
import * as fc from "fast-check";

/** The supported parts of JSON Schema, drafts 7 to 2020-12. */
export interface JsonSchema {
  readonly type?: string | ReadonlyArray<string>;
  readonly const?: unknown;
  readonly enum?: ReadonlyArray<unknown>;
  readonly anyOf?: ReadonlyArray<JsonSchema>;
  readonly oneOf?: ReadonlyArray<JsonSchema>;
  readonly allOf?: ReadonlyArray<JsonSchema>;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: ReadonlyArray<string>;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly propertyNames?: JsonSchema;
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema | ReadonlyArray<JsonSchema> | false;
  readonly prefixItems?: ReadonlyArray<JsonSchema>;
  readonly additionalItems?: boolean | JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly definitions?: Readonly<Record<string, JsonSchema>>;
}

const formats: Readonly<Record<string, () => fc.Arbitrary<string>>> = {
  date: () =>
    fc
      .date({ noInvalidDate: true, min: new Date(0), max: new Date("2100-01-01") })
      .map((date) => date.toISOString().slice(0, 10)),
  "date-time": () =>
    fc
      .date({ noInvalidDate: true, min: new Date(0), max: new Date("2100-01-01") })
      .map((date) => date.toISOString()),
  uuid: () => fc.uuid(),
  email: () =>
    fc
      .tuple(fc.stringMatching(/^[a-z]{1,8}$/), fc.stringMatching(/^[a-z]{1,8}$/))
      .map(([name, host]) => `${name}@${host}.org`),
  uri: () => fc.webUrl(),
  ipv4: () => fc.ipV4(),
  ipv6: () => fc.ipV6(),
};

const text = ({ format, maxLength, minLength, pattern }: JsonSchema): fc.Arbitrary<string> => {
  const known = format === undefined ? undefined : formats[format];
  if (known !== undefined) return known();
  const made = pattern === undefined ? undefined : fc.stringMatching(new RegExp(pattern));
  const fits = (value: string): boolean =>
    value.length >= (minLength ?? 0) && value.length <= (maxLength ?? Infinity);
  if (made !== undefined)
    return minLength === undefined && maxLength === undefined ? made : made.filter(fits);
  return fc.string({
    ...(minLength === undefined ? {} : { minLength }),
    ...(maxLength === undefined ? {} : { maxLength }),
  });
};

const whole = (schema: JsonSchema): fc.Arbitrary<number> => {
  const { exclusiveMaximum, exclusiveMinimum, multipleOf = 1 } = schema;
  const least = Math.max(
    schema.minimum ?? -Infinity,
    exclusiveMinimum === undefined ? -Infinity : Math.floor(exclusiveMinimum) + 1,
    Number.MIN_SAFE_INTEGER,
  );
  const most = Math.min(
    schema.maximum ?? Infinity,
    exclusiveMaximum === undefined ? Infinity : Math.ceil(exclusiveMaximum) - 1,
    Number.MAX_SAFE_INTEGER,
  );
  const step = Math.max(multipleOf, 1);
  return fc
    .integer({ min: Math.ceil(least / step), max: Math.floor(most / step) })
    .map((value) => value * step);
};

const fraction = ({
  exclusiveMaximum,
  exclusiveMinimum,
  maximum,
  minimum,
  multipleOf,
}: JsonSchema): fc.Arbitrary<number> => {
  if (multipleOf !== undefined) {
    return fc
      .integer({
        min: Math.ceil((minimum ?? -1e6) / multipleOf),
        max: Math.floor((maximum ?? 1e6) / multipleOf),
      })
      .map((value) => value * multipleOf);
  }
  const min = exclusiveMinimum ?? minimum;
  const max = exclusiveMaximum ?? maximum;
  return fc.double({
    noNaN: true,
    noDefaultInfinity: true,
    ...(min === undefined ? {} : { min, minExcluded: exclusiveMinimum !== undefined }),
    ...(max === undefined ? {} : { max, maxExcluded: exclusiveMaximum !== undefined }),
  });
};

/** Excludes a name with a meaning for every object. */
const freeName = fc.string({ maxLength: 8 }).filter((name) => name !== "__proto__");

/** A part of a schema that cannot be read, and its location. */
export class UnreadableSchema extends Error {}

/** Below this depth, a recursive schema takes the shortest way out. */
const deepest = 4;

export const arbitraryOf = (root: JsonSchema): fc.Arbitrary<unknown> => {
  const resolve = (schema: JsonSchema): JsonSchema => {
    if (schema.$ref === undefined) return schema;
    const name = decodeURIComponent(schema.$ref.split("/").at(-1) ?? "")
      .replaceAll("~1", "/")
      .replaceAll("~0", "~");
    const found = schema.$ref === "#" ? root : (root.$defs?.[name] ?? root.definitions?.[name]);
    if (found === undefined)
      throw new UnreadableSchema(`it refers to ${schema.$ref}, which it does not have`);
    return found;
  };

  const list = (schema: JsonSchema, depth: number): fc.Arbitrary<unknown> => {
    const { items, maxItems, minItems = 0, uniqueItems } = schema;
    const isTuple = Array.isArray(items);
    const first = (schema.prefixItems ?? (isTuple ? items : [])) as ReadonlyArray<JsonSchema>;
    const rest = isTuple ? schema.additionalItems : (items as JsonSchema | false | undefined);
    const fixed = fc.tuple(...first.map((each) => go(each, depth)));
    const isOpen = rest !== false && (typeof rest === "object" || (first.length === 0 && maxItems !== 0));
    if (!isOpen || maxItems === first.length) return fixed;
    const item = go(typeof rest === "object" ? rest : {}, depth + 1);
    const size = {
      minLength: Math.max(0, minItems - first.length),
      ...(maxItems === undefined
        ? depth >= deepest
          ? { maxLength: Math.max(0, minItems - first.length) }
          : {}
        : { maxLength: maxItems - first.length }),
    };
    const others =
      uniqueItems === true
        ? fc.uniqueArray(item, { ...size, selector: (each) => JSON.stringify(each) })
        : fc.array(item, size);
    return first.length === 0 ? others : fc.tuple(fixed, others).map(([some, more]) => [...some, ...more]);
  };

  const record = (schema: JsonSchema, depth: number): fc.Arbitrary<unknown> => {
    const { additionalProperties, properties = {}, required = [] } = schema;
    const isNeeded = (name: string): boolean => required.includes(name);
    const names = Object.keys(properties).filter((name) => isNeeded(name) || depth < deepest);
    const known = fc.record(
      Object.fromEntries(names.map((name) => [name, go(properties[name]!, depth + 1)])),
      { requiredKeys: names.filter(isNeeded) },
    );
    const [pattern] = Object.entries(schema.patternProperties ?? {});
    const values =
      pattern?.[1] ?? (typeof additionalProperties === "object" ? additionalProperties : undefined);
    if (values === undefined || depth >= deepest) return known;
    const name =
      pattern !== undefined
        ? fc.stringMatching(new RegExp(pattern[0]))
        : schema.propertyNames === undefined
          ? freeName
          : (go(schema.propertyNames, depth) as fc.Arbitrary<string>);
    const others = fc.dictionary(name, go(values, depth + 1), { noNullPrototype: true, maxKeys: 6 });
    return names.length === 0
      ? others
      : fc.tuple(others, known).map(([more, some]) => Object.assign({}, more, some));
  };

  const typed = (type: string, schema: JsonSchema, depth: number): fc.Arbitrary<unknown> => {
    switch (type) {
      case "string":
        return text(schema);
      case "integer":
        return whole(schema);
      case "number":
        return fraction(schema);
      case "boolean":
        return fc.boolean();
      case "null":
        return fc.constant(null);
      case "array":
        return list(schema, depth);
      case "object":
        return record(schema, depth);
      default:
        throw new UnreadableSchema(`it has the type "${type}"`);
    }
  };

  const any = (): fc.Arbitrary<unknown> =>
    fc.oneof(fc.constant(null), fc.boolean(), fc.integer(), fc.string());

  /** The smallest choice comes first, since others shrink to it. */
  const choice = (schemas: ReadonlyArray<JsonSchema>, depth: number): fc.Arbitrary<unknown> => {
    const isLeaf = (schema: JsonSchema): boolean =>
      schema.$ref === undefined && schema.type !== "object" && schema.type !== "array";
    const leaves = depth >= deepest ? schemas.filter(isLeaf) : [];
    const open = leaves.length > 0 ? leaves : schemas;
    return fc.oneof({ withCrossShrink: true }, ...open.map((each) => go(each, depth)));
  };

  const go = (given: JsonSchema | boolean, depth: number): fc.Arbitrary<unknown> => {
    if (typeof given === "boolean") return any();
    // An endlessly recursive schema has no smallest value; no real schema should be one.
    if (depth > 40) throw new UnreadableSchema("it refers to itself without end");
    const schema = resolve(given);
    if ("const" in schema) return fc.constant(schema.const);
    if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
    if (schema.allOf !== undefined) {
      const { allOf, ...rest } = schema;
      return go(Object.assign({}, rest, ...allOf.map(resolve)) as JsonSchema, depth);
    }
    const choices = schema.anyOf ?? schema.oneOf;
    if (choices !== undefined) return choice(choices, depth);
    const { type } = schema;
    if (type === undefined) {
      if (schema.properties !== undefined) return record(schema, depth);
      if ("not" in schema) throw new UnreadableSchema("it only says what a value must not be");
      return any();
    }
    return typeof type === "string"
      ? typed(type, schema, depth)
      : fc.oneof({ withCrossShrink: true }, ...type.map((each) => typed(each, schema, depth)));
  };

  return go(root, 0);
};
