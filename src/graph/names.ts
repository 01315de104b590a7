/**
 * What a name may hold, and which names a glob such as `feat_*` reads. The compile-time twin is in `types/`.
 */
const longest = 256;

/** No / [ ] * and no control character. A loop, since on short names it takes a fifth of what a regular expression does. */
const isForbidden = (name: string): boolean => {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code < 0x20 || code === 0x2a || code === 0x2f || code === 0x5b || code === 0x5d) return true;
    if (code >= 0x7f && code <= 0x9f) return true;
  }
  return false;
};

/** Why `name` is no name, or undefined where it is one. */
export const nameProblem = (name: unknown): string | undefined => {
  if (typeof name !== "string") return `A name is a string, and this one is ${typeof name}.`;
  if (name === "") return "A name is not empty.";
  if (name.length > longest)
    return `A name has at most ${longest} characters, and this one has ${name.length}.`;
  if (name === "__proto__") return `"__proto__" is refused as a name.`;
  if (isForbidden(name)) return "A name holds no / [ ] * and no control character.";
  return undefined;
};

/** Is this input a glob? A star never stands in a name, so it says so. */
export const isGlob = (input: string): boolean => input.includes("*");

/** A test of whether a name is of the family that `glob` names: each star stands for any characters, or none. */
export const globMatcher = (glob: string): ((name: string) => boolean) => {
  const parts = glob.split("*");
  const first = parts[0] as string;
  const last = parts[parts.length - 1] as string;
  return (name) => {
    if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last))
      return false;
    let from = first.length;
    const until = name.length - last.length;
    for (let i = 1; i < parts.length - 1; i++) {
      const part = parts[i] as string;
      const found = name.indexOf(part, from);
      if (found === -1 || found + part.length > until) return false;
      from = found + part.length;
    }
    return true;
  };
};
