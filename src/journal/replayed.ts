/** Interprets a recorded outcome for the run that resumes: a value, a failure, or something that cannot be used. */
import { ExpansionChanged, StoreCorrupt } from "../errors.ts";
import { decodeBy } from "../values/codec.ts";
import { describe } from "../values/describe.ts";
import { decode } from "../values/encode.ts";
import { decodesOnly } from "../values/schema.ts";
import { readError } from "./failure-text.ts";
import type { Entry } from "./records.ts";
import { Kind } from "./records.ts";
import { isReadable } from "./texts.ts";

/** The recorded outcome of a step: its value, its error, or something that cannot be read. */
export type Replayed =
  | { readonly type: "value"; readonly value: unknown }
  | Undecoded
  | { readonly type: "failure"; readonly error: unknown }
  | { readonly type: "corrupt"; readonly problem: StoreCorrupt | ExpansionChanged };

/** A value to decode by a schema that may be asynchronous. */
export interface Undecoded {
  readonly type: "undecoded";
  readonly schema: unknown;
  readonly value: unknown;
  /** The error if the schema refuses it. */
  readonly changed: ExpansionChanged;
}

/** Reads an outcome by the step's `output` schema. `store`: the store's name in an error. */
export const replayed = ({ kind, path, text }: Entry, output: unknown, store: string): Replayed => {
  // If it can be read, it is the recorded value, and the schema has changed.
  const changed = () => new ExpansionChanged({ path, missing: [], added: [], changed: [path] });
  try {
    if (kind === Kind.failure) return { type: "failure", error: readError(text) };
    if (kind === Kind.outcome && decodesOnly(output)) {
      return { type: "undecoded", schema: output, value: decode(text), changed: changed() };
    }
    return { type: "value", value: kind === Kind.asIs ? decode(text) : decodeBy(output, text) };
  } catch (error) {
    if (isReadable(text)) return { type: "corrupt", problem: changed() };
    const reason = `what is recorded of "${path}" cannot be read: ${describe(error)}`;
    return { type: "corrupt", problem: new StoreCorrupt({ store, reason }) };
  }
};
