/** Labels of a picture: the part of a name that is shown, its width, and how that width is enforced. */
import { cells, isSteady } from "./cells.ts";
import { shortened, visible } from "./escape.ts";

export const padding = 12;
/** Labels are cut to this many characters, and each character is counted as a wide one of the font. */
const longest = 34;
export const characterWidth = 7.85;
const noteCharacterWidth = 6.4;

export const labelOf = (name: string): string => shortened(visible(name), longest);

const labelWidth = (label: string): number => Math.max(1, cells(label)) * characterWidth;
const noteWidth = (note: string): number => Math.max(1, cells(note)) * noteCharacterWidth;

/**
 * The width to force on a label, whatever the reader's fonts have for its characters; undefined if fonts hardly differ.
 * A dash is three letters wide in one font, and a letter with thirty marks is higher than its box: such a label is
 * drawn as wide as its cells, and clipped above and below the box.
 */
export const forcedLabel = (label: string): number | undefined =>
  isSteady(label) ? undefined : labelWidth(label);
export const forcedNote = (note: string): number | undefined =>
  isSteady(note) ? undefined : noteWidth(note);

/** The width of a box with this label, and with this note below it. */
export const widthOf = (label: string, note = ""): number =>
  Math.max(44, Math.max(labelWidth(label), noteWidth(note)) + 2 * padding);
