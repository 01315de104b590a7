/**
 * The inputs of a run as they are recorded: the text of each given value, by name; and, for an input whose schema
 * generated, looked up or transformed something, the text of the result, so that it stays the same for the life of the run.
 */
import { child, isAtTop } from "../path.ts";

type Texts = Readonly<Record<string, string>>;

/** The name for the text of a decoded input. No name contains a "/". */
export const decodedName = (name: string): string => child(name, "decoded");

/** The texts of the given values. Empty if the inputs are encrypted and cannot be decrypted here. */
export const givenTexts = (recorded: string): Texts => {
  const texts: unknown = JSON.parse(recorded);
  if (typeof texts !== "object" || texts === null) return {};
  return Object.fromEntries(Object.entries(texts as Texts).filter(([name]) => isAtTop(name)));
};
