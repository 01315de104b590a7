/** `"a", "b" and "c"`. */
export const listed = (names: ReadonlyArray<string>): string => {
  const quoted = names.map((name) => `"${name}"`);
  return quoted.length < 2 ? quoted.join("") : `${quoted.slice(0, -1).join(", ")} and ${quoted.at(-1)!}`;
};
