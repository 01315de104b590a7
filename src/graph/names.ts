/**
 * What a name can contain, which names a glob such as `feat_*` reads, and how an input says that it may be missing. The
 * compile-time twin is in `types/`.
 */
import { typed } from "../values/specification.ts";

const longest = 256;

/**
 * The kind of forbidden content in a name, or undefined if there is none. A loop, since on short names it takes a fifth of
 * the time of a regular expression.
 */
const forbiddenIn = (name: string): "character" | "surrogate" | undefined => {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code < 0x20 || code === 0x2a || code === 0x2f || code === 0x5b || code === 0x5d) return "character";
    if (code >= 0x7f && code <= 0x9f) return "character";
    if (code < 0xd800 || code > 0xdfff) continue;
    const next = name.charCodeAt(++i);
    if (code > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) return "surrogate";
  }
  return undefined;
};

const optionalMark = 0x3f;

/** Why this text cannot be a part of a path: `what` is the part's name in the sentence. */
const partProblem = (what: string, text: string): string | undefined => {
  if (text === "") return `${what} must not be empty.`;
  if (text.length > longest)
    return `${what} must have at most ${longest} characters; this one has ${text.length}.`;
  switch (forbiddenIn(text)) {
    case "character":
      return `${what} must not contain / [ ] * or control characters; got ${JSON.stringify(text)}.`;
    case "surrogate":
      return `${what} must be well-formed Unicode; got ${JSON.stringify(text)}, with half of a surrogate pair.`;
    case undefined:
      return undefined;
  }
};

/** Why `name` cannot be a name, in one sentence; undefined if it can. */
export const nameProblem = (name: unknown): string | undefined => {
  if (typeof name !== "string") return `A name must be a string; got ${typed(name)}.`;
  if (name === "__proto__") return 'The name "__proto__" is reserved. Use another one.';
  if (name.charCodeAt(name.length - 1) === optionalMark)
    return `A name must not end with "?", which marks an input that may be missing; got ${JSON.stringify(name)}.`;
  return partProblem("A name", name);
};

/** The problem with the names that a member takes one by one, such as `returns`; undefined if there is none. */
export const listedProblem = (member: string, names: ReadonlyArray<unknown>): string | undefined => {
  const bad = names.find((name) => typeof name !== "string");
  return bad === undefined && !names.includes(undefined)
    ? undefined
    : `${member} takes names; got ${typed(bad)}. Write ${member}("a", "b").`;
};

/** Why this text cannot name an item of a map in its path; undefined if it can. */
export const keyProblem = (key: string): string | undefined => partProblem("A key", key);

/** The name that an input such as `"b?"` reads if anything provides it; undefined for any other input. */
export const optionalName = (input: string): string | undefined =>
  input.charCodeAt(input.length - 1) === optionalMark ? input.slice(0, -1) : undefined;

/** The name under which a function receives this input. */
export const keyOf = (input: string): string => optionalName(input) ?? input;

/** Is this input a glob? Names cannot contain a star, so a star is enough. */
export const isGlob = (input: string): boolean => input.includes("*");

/** A test of whether a name belongs to the family of `glob`: each star matches any characters, or none. */
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
