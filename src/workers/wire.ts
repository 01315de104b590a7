/** Values as texts, to send them between machines and to record them. An Effect Schema encodes values that JSON cannot represent. */
import { decodeBy, encodeBy } from "../values/codec.ts";
import type { Wire } from "./task.ts";

export const textWire: Wire = {
  name: "text",
  write: (schema, value) => encodeBy(schema, value, false),
  read: (schema, sent) => decodeBy(schema, sent as string),
};
