/** Labels of a picture: what is shown of a name, how wide that is, and how it is kept that wide. */
import { cells, isSteady } from "./cells.ts";
import { shortened, visible } from "./escape.ts";

export const padding = 12;
/** Labels are cut to so many characters, and each is taken to be as wide as a wide one of the font is. */
const longest = 34;
export const characterWidth = 7.85;
const noteCharacterWidth = 6.4;

export const labelOf = (name: string): string => shortened(visible(name), longest);

const labelWidth = (label: string): number => Math.max(1, cells(label)) * characterWidth;
const noteWidth = (note: string): number => Math.max(1, cells(note)) * noteCharacterWidth;

/**
 * How wide a label must be made, whatever the reader's fonts have for its characters; undefined where fonts hardly differ.
 * A dash is three letters wide in one font, and a letter with thirty marks higher than its box: such a label is drawn as
 * wide as its cells, and what is left of it above and below the box is cut.
 */
export const forcedLabel = (label: string): number | undefined =>
  isSteady(label) ? undefined : labelWidth(label);
export const forcedNote = (note: string): number | undefined =>
  isSteady(note) ? undefined : noteWidth(note);

/** How wide a box with this label is, and with this note below it. */
export const widthOf = (label: string, note = ""): number =>
  Math.max(44, Math.max(labelWidth(label), noteWidth(note)) + 2 * padding);
