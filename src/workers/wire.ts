/** Values as texts: how they travel between machines, and are recorded. An Effect Schema gives a text to what JSON has none for. */
import { decodeBy, encodeBy } from "../values/codec.ts";
import type { Wire } from "./task.ts";

export const textWire: Wire = {
  name: "text",
  write: (schema, value) => encodeBy(schema, value, false),
  read: (schema, sent) => decodeBy(schema, sent as string),
};
