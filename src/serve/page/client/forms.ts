/**
 * Forms made from JSON Schemas: a field for each property that fits one, and JSON for everything else. A form holds
 * texts until it is sent; the server decodes the values by the schemas themselves.
 */
import { h } from "preact";
import type { UiElement } from "../../../draw/page/client/elements.ts";
import type { Control, Field } from "./schemas.ts";

/** The texts of a form's fields, by name; those of a nested record by the path of names. */
export type Texts = Readonly<Record<string, string>>;

const within = (place: string, name: string): string => (place === "" ? name : `${place}/${name}`);

type Value = { readonly value: unknown } | undefined;

const fromText = (
  control: Exclude<Control, { readonly is: "fields" }>,
  name: string,
  text: string,
): Value => {
  switch (control.is) {
    case "text":
      return { value: text };
    case "check":
      return { value: text === "true" };
    case "choice":
      return { value: control.choices.find((choice) => String(choice) === text) ?? text };
    case "number":
      return text.trim() === "" ? undefined : { value: Number(text) };
    case "json":
      if (text.trim() === "") return undefined;
      try {
        return { value: JSON.parse(text) as unknown };
      } catch {
        throw new Error(`"${name}" is not JSON: a string needs quotes, such as "yes".`);
      }
  }
};

/** The value of a field; undefined if it was left empty and is optional. Throws if it is not JSON. */
const valueOf = (field: Field, texts: Texts, place: string): Value => {
  const { name, control, required, isNullable } = field;
  if (control.is === "fields") {
    const isWritten = Object.entries(texts).some(
      ([at, text]) => at.startsWith(within(place, "")) && text !== "",
    );
    return required || isWritten ? { value: recordOf(control.fields, texts, place) } : undefined;
  }
  const text = texts[place] ?? "";
  if (text === "" && isNullable === true) return { value: null };
  if (text === "" && !required) return undefined;
  return fromText(control, name, text);
};

/** The record that a form contains. */
export const recordOf = (
  fields: ReadonlyArray<Field>,
  texts: Texts,
  place = "",
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    fields.flatMap((field) => {
      const found = valueOf(field, texts, within(place, field.name));
      return found === undefined ? [] : [[field.name, found.value] as const];
    }),
  );

const textOf = ({ is }: Control, value: unknown): string =>
  typeof value === "string" && (is === "text" || is === "choice") ? value : JSON.stringify(value);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Can a value be entered in a control, and read back as the same value? */
const fits = (control: Control, value: unknown): boolean => {
  switch (control.is) {
    case "text":
      return typeof value === "string";
    case "number":
      return typeof value === "number";
    case "check":
      return typeof value === "boolean";
    case "choice":
      return control.choices.some((choice) => choice === value);
    case "fields":
      return (
        isRecord(value) && Object.keys(value).every((key) => control.fields.some(({ name }) => name === key))
      );
    case "json":
      return true;
  }
};

/** The fields for existing values: a value that its control cannot hold is written as JSON. */
export const fieldsFor = (
  fields: ReadonlyArray<Field>,
  record: Readonly<Record<string, unknown>>,
): ReadonlyArray<Field> =>
  fields.map((field): Field => {
    const { name, control } = field;
    const value = record[name];
    if (value === undefined || (value === null && field.isNullable === true)) return field;
    // An empty text would be read back as null.
    const isLost = value === "" && field.isNullable === true;
    if (isLost || !fits(control, value)) return { ...field, control: { is: "json" } };
    if (control.is !== "fields" || !isRecord(value)) return field;
    return { ...field, control: { is: "fields", fields: fieldsFor(control.fields, value) } };
  });

/** The texts of a form that contains a record. */
export const textsOf = (
  fields: ReadonlyArray<Field>,
  record: Readonly<Record<string, unknown>>,
  place = "",
): Texts =>
  Object.fromEntries(
    fields.flatMap(({ name, control, isNullable }) => {
      const value = record[name];
      const here = within(place, name);
      if (value === undefined || (value === null && isNullable === true)) return [];
      if (control.is !== "fields") return [[here, textOf(control, value)] as const];
      return isRecord(value) ? Object.entries(textsOf(control.fields, value, here)) : [];
    }),
  );

type OnText = (place: string, text: string) => void;

interface ControlProps {
  readonly field: Field;
  readonly id: string;
  readonly text: string;
  /** Are the field and all records that contain it required? */
  readonly required: boolean;
  readonly onText: (text: string) => void;
}

const Input = ({ field: { control, byDefault }, id, text, required, onText }: ControlProps): UiElement => {
  const onInput = (event: Event): void => onText((event.currentTarget as HTMLInputElement).value);
  const shared = { id, required, value: text, onInput, placeholder: byDefault ?? "" };
  switch (control.is) {
    case "check":
      return h("input", {
        id,
        type: "checkbox",
        checked: (text || byDefault) === "true",
        onChange: (event: Event) => onText(String((event.currentTarget as HTMLInputElement).checked)),
      });
    case "choice":
      return h(
        "select",
        { id, required, value: text, onChange: onInput },
        h(
          "option",
          { value: "" },
          byDefault === undefined ? "" : `${String(JSON.parse(byDefault))} (default)`,
        ),
        control.choices.map((choice) => h("option", { value: choice, key: choice }, choice)),
      );
    case "text":
      return h("input", { ...shared, type: "text" });
    case "number":
      return h("input", { ...shared, type: "number", step: control.isWhole ? "1" : "any" });
    default:
      return h("textarea", { ...shared, rows: 3, spellcheck: false, placeholder: byDefault ?? "JSON" });
  }
};

interface FieldsProps {
  readonly prefix: string;
  readonly fields: ReadonlyArray<Field>;
  readonly texts: Texts;
  /** The field that the server refused. */
  readonly wrong: string | undefined;
  readonly onText: OnText;
  /** The record that these fields belong to, within the form's record. */
  readonly place?: string;
  /** Is that record optional? */
  readonly isOptional?: boolean;
}

export const Fields = ({
  prefix,
  fields,
  texts,
  wrong,
  onText,
  place = "",
  isOptional = false,
}: FieldsProps): UiElement =>
  h(
    "div",
    { class: "fields" },
    fields.map((field) => {
      const { name, control, required, isNullable, description } = field;
      const here = within(place, name);
      const id = `${prefix}-${here}`;
      const style = name === wrong ? "field wrong" : "field";
      const hint = isNullable === true ? " (empty for null)" : required ? "" : " (optional)";
      const title = [name, hint === "" ? "" : h("span", { class: "faint" }, hint)];
      const about = description === undefined ? null : h("div", { class: "faint" }, description);
      if (control.is === "fields")
        return h(
          "fieldset",
          { class: style, key: name },
          h("legend", null, title),
          about,
          h(Fields, {
            prefix,
            fields: control.fields,
            texts,
            wrong: undefined,
            onText,
            place: here,
            isOptional: isOptional || !required,
          }),
        );
      return h(
        "div",
        { class: style, key: name },
        h("label", { for: id }, title),
        h(Input, {
          field,
          id,
          text: texts[here] ?? "",
          required: required && isNullable !== true && !isOptional && control.is !== "check",
          onText: (text) => onText(here, text),
        }),
        about,
      );
    }),
  );
