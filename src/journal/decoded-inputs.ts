/**
 * The inputs of a sub-pipeline that a schema generated, looked up or transformed. Their texts are recorded with the
 * expansion, so that every resumed run and every worker sees the same values.
 */
import { ExpansionChanged } from "../errors.ts";
import type { GraphInput } from "../graph/node.ts";
import { decodeBy, encodeBy, secretRefusal } from "../values/codec.ts";
import { encode } from "../values/encode.ts";
import { richText, richValue } from "../values/rich.ts";
import { isEffectSchema, isUnchecked } from "../values/schema.ts";
import { decodedIn } from "./expansion-text.ts";

type Texts = Readonly<Record<string, string>>;

/**
 * The texts of the decoded inputs that differ from the given values; undefined if there are none. `fits`: whether the store
 * accepts a text. An input without a text, such as an instance of a class that zod made, is decoded again on resume.
 */
export const decodedTexts = (
  declared: ReadonlyArray<GraphInput>,
  given: Readonly<Record<string, unknown>>,
  values: ReadonlyArray<unknown>,
  withSecrets: boolean,
  fits: (text: string) => boolean,
): Texts | undefined => {
  const texts: Array<readonly [string, string]> = [];
  for (const [i, { name, schema }] of declared.entries()) {
    if (isUnchecked(schema) || values[i] === given[name]) continue;
    const encoded = encodeBy(schema, values[i], withSecrets);
    // A schema of another library has no encoder: dates and the like keep their form without one.
    const text =
      typeof encoded === "string" || isEffectSchema(schema) || secretRefusal(values[i]) !== undefined
        ? encoded
        : richText(values[i]);
    if (typeof text === "string" && text !== encode(given[name]) && fits(text)) texts.push([name, text]);
  }
  return texts.length === 0 ? undefined : Object.fromEntries(texts);
};

/** Decoded inputs, as they were decoded the first time. */
export interface DecodedOnce {
  readonly values: ReadonlyArray<unknown>;
  /** The texts to record for them. */
  readonly texts?: Texts | undefined;
  /** Set if a schema no longer accepts the recorded text. */
  readonly changed?: ExpansionChanged;
}

/** The inputs as they were decoded before the expansion at `path` was recorded. */
export const asDecodedBefore = (
  path: string,
  recorded: string,
  declared: ReadonlyArray<GraphInput>,
  values: ReadonlyArray<unknown>,
): DecodedOnce => {
  const texts = decodedIn(recorded);
  try {
    const before = declared.map(({ name, schema }, i) => {
      const text = texts[name];
      if (text === undefined) return values[i];
      return isEffectSchema(schema) ? decodeBy(schema, text) : richValue(text);
    });
    return { values: before };
  } catch {
    return { values, changed: new ExpansionChanged({ path, missing: [], added: [], changed: [path] }) };
  }
};
