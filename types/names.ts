/** What a name may hold. The run-time twin is `src/names.ts`. */
import type { Mistake } from "./mistake.ts";

type Forbidden = "/" | "[" | "]" | "*" | "\n" | "\r" | "\t" | "\0" | "\v" | "\f" | "\b" | "\u001b" | "\u007f";

/** Nothing where the name is one, else the sentence that says why it is none. */
export type NameCheck<Name extends string> = string extends Name
  ? Mistake<"This name is typed string, so the compiler cannot tell it from others: give a literal, a union of literals or a template literal.">
  : Name extends ""
    ? Mistake<"A name is not empty.">
    : Name extends "__proto__"
      ? Mistake<'"__proto__" is refused as a name.'>
      : Name extends `${string}${Forbidden}${string}`
        ? Mistake<`"${Name}" cannot be a name: a name holds no / [ ] * and no control character.`>
        : unknown;

/** Nothing where the name is new, else the sentence that says that it is taken. */
export type Fresh<Name extends string, Outputs> = Name extends keyof Outputs
  ? Mistake<`The output "${Name}" is already provided: give this one another name.`>
  : NameCheck<Name>;

/** The template literal that a glob stands for: `feat_*` is `feat_${string}`. */
export type GlobPattern<Glob extends string> = Glob extends `${infer Head}*${infer Tail}`
  ? `${Head}${string}${GlobPattern<Tail>}`
  : Glob;

/** The names among `Outputs` that are no family. */
export type PlainNames<Outputs> = keyof {
  [Name in keyof Outputs as Name extends string ? ({} extends Record<Name, 1> ? never : Name) : never]: 1;
} &
  string;

/** What a glob matches. */
export type Matches<Outputs, Glob extends string> = {
  [Name in keyof Outputs as Name extends GlobPattern<Glob> ? Name : never]: Outputs[Name];
};
