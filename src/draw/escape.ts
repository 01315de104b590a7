/**
 * Makes any text safe to show: in a terminal, in HTML and SVG, in DOT, in Mermaid. Names come from data, so a label may
 * hold markup, quotes, line breaks, terminal commands, or marks that turn the reading direction of all that follows.
 *
 * Each function here first spells out invisible characters (`visible`), then escapes whatever its target would read as
 * syntax. None of them throws, whatever the text is.
 */

/**
 * Characters that are invisible or move visible ones: controls, bidi marks, zero-width characters that join nothing,
 * tags, line separators, and halves of a surrogate pair. U+200C and U+200D stay: Persian and emoji are written with
 * them.
 */
const unseen =
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\u{e0000}-\u{e007f}]|\p{Cs}/gu;

const short: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

const spelled = (character: string): string => {
  const code = character.codePointAt(0)!.toString(16);
  return short[character] ?? (code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`);
};

/** The text on one line, with all invisible characters spelled out (`\n`, `\u202e`). Safe in a terminal. */
export const visible = (text: string): string => text.replace(unseen, spelled);

const units = (found: string): string =>
  Array.from(
    { length: found.length },
    (_, i) => `\\u${found.charCodeAt(i).toString(16).padStart(4, "0")}`,
  ).join("");

/** JSON text with all invisible characters spelled out. Its meaning is unchanged. */
export const visibleJson = (json: string): string => json.replace(unseen, units);

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** For the text and the quoted attributes of HTML, SVG and XML. */
export const html = (text: string): string => visible(text).replace(/[&<>"']/g, (found) => entities[found]!);

/**
 * The inside of a double-quoted string of DOT. Graphviz reads backslashes (`\N` is the node's name) and HTML entities
 * in labels, so both are escaped in addition to the quotes.
 */
export const dot = (text: string): string =>
  visible(text).replace(/["\\&]/g, (found) => (found === "&" ? "&amp;" : `\\${found}`));

/**
 * Characters that must be escaped in a Mermaid label: all but letters, marks and digits of any script, spaces, `/`, `,`,
 * and brackets, `_`, `-` and `.` where they cannot begin a list, an emphasis or a link. Mermaid reads labels as Markdown,
 * and before that its own comments, directives and entities. Escaped characters become entities, which it decodes last.
 */
const unsafeInMermaid =
  /(?<![\p{L}\p{N}])[_-]|[_-](?![\p{L}\p{N}])|(?<!\d)\.|\.(?!\d)|(?<=\d)\)|[^\p{L}\p{M}\p{N} _.,/()-]|^ +| +$/gu;

const mermaidEntity = (found: string): string =>
  Array.from(found, (character) => `#${character.codePointAt(0)!};`).join("");

/** The inside of a double-quoted label of Mermaid. */
export const mermaid = (text: string): string => visible(text).replace(unsafeInMermaid, mermaidEntity);

/** At most `length` characters, the last an ellipsis if some are left out. Never half a character. */
export const shortened = (text: string, length: number): string => {
  if (text.length <= length) return text;
  const characters = Array.from(text.slice(0, length * 2 + 2));
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join("")}…`;
};
