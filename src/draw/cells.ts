/**
 * The width of text in which each character takes one cell or two: in a terminal, and in a picture with a fixed-width
 * font. For text that `visible` has processed: no controls, no marks that turn the reading direction.
 */

/** East Asian wide and fullwidth characters, and those shown as pictures. */
const wide =
  /[\u1100-\u115f\u231a\u231b\u2329\u232a\u23e9-\u23ec\u23f0\u23f3\u25fd\u25fe\u2614\u2615\u2648-\u2653\u267f\u2693\u26a1\u26aa\u26ab\u26bd\u26be\u26c4\u26c5\u26ce\u26d4\u26ea\u26f2\u26f3\u26f5\u26fa\u26fd\u2705\u270a\u270b\u2728\u274c\u274e\u2753-\u2755\u2757\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1b000}-\u{1b2ff}\u{1f004}\u{1f0cf}\u{1f18e}\u{1f191}-\u{1f19a}\u{1f1e6}-\u{1f202}\u{1f210}-\u{1f23b}\u{1f240}-\u{1f248}\u{1f250}\u{1f251}\u{1f260}-\u{1f265}\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f774}-\u{1f776}\u{1f7e0}-\u{1f7eb}\u{1f90c}-\u{1f9ff}\u{1fa70}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** Takes no cell: marks over and under another character, joiners, and the later parts of a Hangul syllable. */
const combining = /[\p{Mn}\p{Me}\u200b-\u200d\u2060\ufeff\u1160-\u11ff\ud7b0-\ud7ff]/u;

const plain = /^[\u0020-\u007e]*$/;

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** One visible unit: a character with everything that joins it. Never more than two cells, as in terminals. */
const cellsOfGrapheme = (grapheme: string): number => {
  if (wide.test(grapheme)) return 2;
  // A sign with a request to be shown as a picture: "❤" and U+FE0F.
  if (grapheme.includes("\ufe0f") && /\p{Extended_Pictographic}|^[0-9#*]/u.test(grapheme)) return 2;
  for (const character of grapheme) if (!combining.test(character)) return 1;
  return 0;
};

/** The number of cells of a text. */
export const cells = (text: string): number => {
  if (plain.test(text)) return text.length;
  let count = 0;
  for (const { segment } of segmenter.segment(text)) count += cellsOfGrapheme(segment);
  return count;
};

/** Characters that fixed-width fonts contain, or take from a font of the same width: Latin, Greek, Cyrillic, some signs, CJK. */
const steady =
  /^[\u0020-\u007e\u00a0-\u017f\u0384-\u03ce\u0400-\u045f\u2010-\u2024\u2026\u2027\u2030-\u203a\u2190-\u2193\u2212\u2260\u2264\u2265\u2500-\u259f\u3000-\u303e\u3041-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff5e]*$/u;

/** Is a text as wide and as high in any fixed-width font as its cells are? */
export const isSteady = (text: string): boolean => steady.test(text);

/** As much of a text as fits into `width` cells, the last one an ellipsis if some is left out. */
export const fitted = (text: string, width: number): string => {
  if (width <= 0) return "";
  if (plain.test(text)) return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
  let count = 0;
  let fits = "";
  let isCut = false;
  // A grapheme may be very long, such as one letter with a thousand marks, of which only a few are visible.
  for (const { segment } of segmenter.segment(text.slice(0, width * 40))) {
    const more = cellsOfGrapheme(segment);
    if (count + more > width) {
      isCut = true;
      break;
    }
    fits += segment.length > 40 ? segment.slice(0, 1) : segment;
    count += more;
  }
  if (!isCut && text.length <= width * 40) return fits;
  let shorter = "";
  let used = 0;
  for (const { segment } of segmenter.segment(fits)) {
    const more = cellsOfGrapheme(segment);
    if (used + more > width - 1) break;
    shorter += segment;
    used += more;
  }
  return `${shorter}…`;
};
