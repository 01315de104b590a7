/** Forms made from schemas: the control for each value, and the value that a form returns. */
import * as Schema from "effect/Schema";
import { expect, test } from "vitest";
import * as z from "zod";
import { jsonSchemaOf } from "../../src/serve/json-schemas.ts";
import { fieldsFor, recordOf, textsOf } from "../../src/serve/page/client/forms.ts";
import type { Control } from "../../src/serve/page/client/schemas.ts";
import { field } from "../../src/serve/page/client/schemas.ts";

class Author extends Schema.Class<Author>("Author")({
  name: Schema.String,
  born: Schema.optionalKey(Schema.Int),
}) {}

const kindOf = (control: Control): unknown => {
  if (control.is === "fields")
    return Object.fromEntries(control.fields.map(({ name, control }) => [name, kindOf(control)]));
  return control.is === "choice" ? control.choices : control.is;
};

test.each([
  ["a text", Schema.String, true, "text"],
  ["a checked text", Schema.NonEmptyString, true, "text"],
  ["a number", Schema.Number, true, "number"],
  ["a whole number", Schema.Int, true, "number"],
  ["a truth value", Schema.Boolean, true, "check"],
  ["literals", Schema.Literals(["a", "b"]), true, ["a", "b"]],
  ["numbers to choose from", Schema.Literals([1, 2]), true, [1, 2]],
  ["an enum", Schema.Enum({ Red: "red", Blue: "blue" }), true, ["red", "blue"]],
  ["a Date", Schema.Date, true, "text"],
  ["a class", Author, true, { name: "text", born: "number" }],
  ["a record in a record", Schema.Struct({ by: Author }), true, { by: { name: "text", born: "number" } }],
  ["what may be left out", Schema.UndefinedOr(Schema.String), false, "text"],
  ["a text or null", Schema.NullOr(Schema.String), true, "text"],
  ["a number or null", z.number().nullable(), true, "number"],
  ["a choice or null", Schema.NullOr(Schema.Literals(["a", "b"])), true, ["a", "b"]],
  ["a record or null", Schema.NullOr(Schema.Struct({ a: Schema.String })), true, "json"],
  ["a single literal", z.literal("fixed"), true, ["fixed"]],
  ["literals of zod", z.union([z.literal(1), z.literal("two")]), true, [1, "two"]],
  ["a list", Schema.Array(Schema.String), true, "json"],
  ["a union", Schema.Union([Schema.String, Schema.Finite]), true, "json"],
  ["anything", Schema.Unknown, true, "json"],
  [
    "zod",
    z.object({ n: z.number().default(3), e: z.enum(["x", "y"]) }),
    true,
    { n: "number", e: ["x", "y"] },
  ],
  ["a schema that cannot be described", z.coerce.date(), true, "json"],
] as const)("a field for %s", (_, schema, required, expected) => {
  expect(kindOf(field("value", required, jsonSchemaOf(schema)).control)).toEqual(expected);
});

test("a schema that refers to itself ends in JSON", () => {
  interface Tree {
    readonly name: string;
    readonly child?: Tree;
  }
  const Tree: Schema.Codec<Tree> = Schema.Struct({
    name: Schema.String,
    child: Schema.optionalKey(Schema.suspend(() => Tree)),
  }).annotate({ identifier: "Tree" });
  expect(JSON.stringify(kindOf(field("tree", true, jsonSchemaOf(Tree)).control))).toMatch(
    /^(?:\{"name":"text","child":)+"json"\}+$/,
  );
});

test("a form that is filled in with values says the same values", () => {
  const schema = Schema.Struct({
    text: Schema.String,
    empty: Schema.String,
    number: Schema.Number,
    flag: Schema.Boolean,
    off: Schema.Boolean,
    choice: Schema.Literals([1, 2]),
    list: Schema.Array(Schema.Unknown),
    by: Author,
    left: Schema.optionalKey(Schema.Struct({ flag: Schema.Boolean, text: Schema.String })),
    null: Schema.NullOr(Schema.String),
    word: Schema.Union([Schema.String, Schema.Finite]),
  });
  const { control } = field("value", true, jsonSchemaOf(schema));
  if (control.is !== "fields") throw new Error("It has fields");
  for (const record of [
    {
      text: '"quoted"',
      empty: "",
      number: 1.5,
      flag: true,
      off: false,
      choice: 2,
      list: [null, "x"],
      by: { name: "Ada" },
      null: null,
      word: "7",
    },
    // Values that their usual controls cannot hold.
    { text: 5, number: "Infinity", flag: "yes", choice: 3, by: { name: "Ada", other: 1 }, left: null },
  ]) {
    const fields = fieldsFor(control.fields, record);
    expect(recordOf(fields, textsOf(fields, record))).toMatchObject(record);
  }
});

test("a record that may be left out is, unless something of it is written", () => {
  const of = Schema.Struct({
    by: Schema.optionalKey(Schema.Struct({ flag: Schema.Boolean, name: Schema.String })),
  });
  const { control } = field("value", true, jsonSchemaOf(of));
  if (control.is !== "fields") throw new Error("It has fields");
  expect(recordOf(control.fields, {})).toEqual({});
  expect(recordOf(control.fields, { "by/name": "Ada" })).toEqual({ by: { flag: false, name: "Ada" } });
});
