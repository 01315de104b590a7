/**
 * Forms made from JSON Schemas: a field for each property that can be written in one, and JSON for all else. What is in a
 * form is text until it is sent; the server decodes it by the schema itself.
 */
import { h } from "preact";
import type { UiElement } from "../../../draw/page/client/elements.ts";

export interface Schema {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly enum?: ReadonlyArray<unknown>;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: ReadonlyArray<string>;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

export interface Field {
  readonly name: string;
  readonly required: boolean;
  readonly schema: Schema | undefined;
}

/** The texts of a form's fields, by name. */
export type Texts = Readonly<Record<string, string>>;

const isChoice = ({ enum: choices }: Schema): boolean =>
  choices !== undefined && choices.every((choice) => typeof choice === "string");

/** The fields of a record's schema; undefined where it is not a record, and JSON is written. */
export const fieldsOf = (schema: Schema | undefined): ReadonlyArray<Field> | undefined =>
  schema?.properties === undefined
    ? undefined
    : Object.entries(schema.properties).map(([name, property]) => ({
        name,
        schema: property,
        required: schema.required?.includes(name) === true,
      }));

/** What a text says; undefined where nothing is written. Throws where it is not JSON. */
const valueOf = ({ name, schema }: Field, text: string): unknown => {
  if (schema !== undefined && (schema.type === "string" || isChoice(schema))) return text;
  if (text.trim() === "") return undefined;
  if (schema?.type === "boolean") return text === "true";
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Error(`"${name}" is not JSON: a text needs quotes, such as "yes".`);
  }
};

/** The record that a form says. Fields that were left empty and may be, are left out. */
export const recordOf = (fields: ReadonlyArray<Field>, texts: Texts): Readonly<Record<string, unknown>> => {
  const record: Record<string, unknown> = {};
  for (const field of fields) {
    const text = texts[field.name] ?? (field.schema?.type === "boolean" ? "false" : "");
    if (text === "" && !field.required) continue;
    const value = valueOf(field, text);
    if (value !== undefined) record[field.name] = value;
  }
  return record;
};

/** A value as the text of its field. */
const textOf = ({ schema }: Field, value: unknown): string =>
  typeof value === "string" && schema !== undefined && (schema.type === "string" || isChoice(schema))
    ? value
    : JSON.stringify(value);

/** What a form says of a record: the other way round. */
export const textsOf = (fields: ReadonlyArray<Field>, record: Readonly<Record<string, unknown>>): Texts =>
  Object.fromEntries(
    fields.flatMap((field) =>
      record[field.name] === undefined ? [] : [[field.name, textOf(field, record[field.name])] as const],
    ),
  );

const control = (field: Field, id: string, text: string, onText: (text: string) => void): UiElement => {
  const { schema, required } = field;
  const onInput = (event: Event): void => onText((event.currentTarget as HTMLInputElement).value);
  if (schema?.type === "boolean") {
    return h("input", {
      id,
      type: "checkbox",
      checked: text === "true",
      onChange: (event: Event) => onText(String((event.currentTarget as HTMLInputElement).checked)),
    });
  }
  if (schema !== undefined && isChoice(schema)) {
    const choices = ["", ...schema.enum!.map(String)];
    return h(
      "select",
      { id, required, value: text, onChange: onInput },
      choices.map((choice) => h("option", { value: choice, key: choice }, choice)),
    );
  }
  if (schema?.type === "string") return h("input", { id, type: "text", required, value: text, onInput });
  if (schema?.type === "number" || schema?.type === "integer")
    return h("input", {
      id,
      type: "number",
      step: schema.type === "integer" ? "1" : "any",
      required,
      value: text,
      onInput,
    });
  return h("textarea", {
    id,
    required,
    rows: 3,
    spellcheck: false,
    value: text,
    placeholder: "JSON",
    onInput,
  });
};

interface FieldsProps {
  readonly prefix: string;
  readonly fields: ReadonlyArray<Field>;
  readonly texts: Texts;
  /** The field that the server refused. */
  readonly wrong: string | undefined;
  readonly onText: (name: string, text: string) => void;
}

export const Fields = ({ prefix, fields, texts, wrong, onText }: FieldsProps): UiElement =>
  h(
    "div",
    { class: "fields" },
    fields.map((field) => {
      const { name, schema, required } = field;
      const id = `${prefix}-${name}`;
      return h(
        "div",
        { class: name === wrong ? "field wrong" : "field", key: name },
        h("label", { for: id }, name, required ? "" : h("span", { class: "faint" }, " (optional)")),
        control(field, id, texts[name] ?? "", (text) => onText(name, text)),
        schema?.description === undefined ? null : h("div", { class: "faint" }, schema.description),
      );
    }),
  );
