/** Names in quotes: `"a", "b", "c"`. */
export const quoted = (names: ReadonlyArray<string>): string => names.map((name) => `"${name}"`).join(", ");

/** `"a", "b" and "c"`. */
export const listed = (names: ReadonlyArray<string>): string =>
  names.length < 2 ? quoted(names) : `${quoted(names.slice(0, -1))} and "${names.at(-1)!}"`;
