/**
 * Each mistake in both halves of the library: the compiler's message about a fixture of `test/types/mistakes`, and the error
 * that an untyped caller gets for the same mistake, found by running the fixture. Fails if the two use different words.
 *
 *   node --conditions=espalier-source scripts/types-pairs.ts          writes docs/reference/pairs.md
 *   node --conditions=espalier-source scripts/types-pairs.ts --check  fails if the page is not current
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./package.ts";
import type { Fixture } from "./types-mistakes.ts";
import { fixtures } from "./types-mistakes.ts";

const pagePath = join(root, "docs/reference/pairs.md");
const folder = join(root, "temp/types-pairs");

/** A value for a variable that a fixture only declares. Of several names it is the last, and of two lists the second. */
const sampleOf = (type: string): string => {
  if (type === "boolean") return "false";
  if (/^(?:ReadonlyArray<string>|string\[\]|ReadonlyArray<number>|number\[\])$/.test(type))
    return '["a", "b"]';
  if (type === "string") return '"text"';
  if (type.startsWith("Record<string, ")) return "{}";
  const literals = type.match(/"[^"]*"/g);
  return literals?.at(-1) ?? "undefined";
};

/** The fixture as a program that runs: its declared variables have values. */
const runnable = (text: string): string =>
  text
    .replaceAll(
      /^declare const (\w+): ([^;]+);$/gm,
      (_, name: string, type: string) => `const ${name}: any = ${sampleOf(type)};`,
    )
    .replaceAll(
      /^declare enum (\w+) \{([^}]*)\}/gm,
      (_, name: string, members: string) => `const ${name}: any = {${members.replaceAll(" =", ":")}};`,
    );

interface Tagged {
  readonly _tag?: unknown;
  readonly reason?: unknown;
}

/** The tag and reason of a library error; undefined for an error of the user's function. */
const toldBy = (error: unknown): string | undefined => {
  if (!(error instanceof Error)) return undefined;
  const { _tag: tag, reason } = error as Tagged;
  if (typeof tag !== "string" || tag === "StepFailed" || tag === "InvalidInput") return undefined;
  const text = typeof reason === "string" ? reason : error.message;
  return `\`${tag}\`: ${text.replace(/^Pipeline "[^"]*", step "[^"]*": /, "")}`;
};

interface Runs {
  readonly runPromise: (inputs: object, options: object) => Promise<unknown>;
}
const runs = (value: unknown): value is Runs =>
  typeof value === "object" && value !== null && typeof (value as Partial<Runs>).runPromise === "function";

/** The error that an untyped caller receives when the pipeline is built or run. */
const toldAtRunTime = async ({ name, text }: Fixture): Promise<string | undefined> => {
  const file = join(folder, `${name}.ts`);
  writeFileSync(file, runnable(text));
  try {
    const exported = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
    // A waiting pipeline would never end, so the signal ends it.
    const signal = AbortSignal.timeout(5000);
    for (const value of Object.values(exported)) {
      if (!runs(value)) continue;
      const told = await value.runPromise({}, { signal }).then(() => undefined, toldBy);
      if (told !== undefined) return told;
    }
    return undefined;
  } catch (error) {
    return toldBy(error);
  }
};

const members =
  /\b(input|step|dynamic|map|switch|loop|race|await|sleep|when|finally|addAll|add|returns|only|pipelineOf|runPromise|startPromise|resumePromise|run|start|pool|pipeline)\(/g;

/** The message of TypeScript 7, without its code and position, and the member whose call it is about. */
const toldByCompiler = ({ name, text }: Fixture): { readonly member: string; readonly said: string } => {
  const snapshot = readFileSync(join(root, "test/types/mistakes/snapshots", `${name}.txt`), "utf8");
  const [, line = "1", column = "1", said = ""] =
    /^TypeScript 7, (\d+):(\d+): TS\d+: ([^]*?)\nTypeScript 6/.exec(snapshot) ?? [];
  const lines = text.split("\n");
  const before = [...lines.slice(0, Number(line) - 1), lines[Number(line) - 1]?.slice(0, Number(column) - 1)];
  const all = [...before.join("\n").matchAll(members)];
  return { member: all.at(-1)?.[1] ?? "–", said };
};

const starts =
  /^(?:The|A|This|These|It|Write|add|addAll|only|schema|compensate|enough|minSuccess|fallback|build|(?:inputs|outputs|over|cases|contenders) must|returns takes|'[^']+' cannot)\b/;

/** A sentence of ours in the compiler's message. Types can stand between its parts. */
type Sentence = ReadonlyArray<string>;

/** The sentences in the compiler's message: each is a list of text, or of text with types between; one is plain text. */
const sentencesIn = (said: string): ReadonlyArray<Sentence> => {
  const literal = /(?<before>\[|\| |, |')?(?<quote>["`])(?<text>(?:\\.|(?!\k<quote>)[^])*?)\k<quote>/g;
  const found: Array<Array<string>> = [];
  for (const { groups } of said.matchAll(literal)) {
    const { before, text: said } = groups as { readonly before?: string; readonly text: string };
    const plain = said.replaceAll('\\"', '"');
    if (starts.test(plain) && before !== ", ") found.push([plain]);
    else if (before === ", " && /^(?:and|but|which) /.test(plain)) found.at(-1)?.push(plain);
  }
  return found;
};

/**
 * The first clause, which states the mistake, without details that only one of the halves knows: which step, which sub-pipeline.
 */
const clauseOf = (part: string): string =>
  (part.replaceAll("'", '"').split(/[.;:] |[.;:]$|, but /)[0] ?? "")
    .replace(/ of the step "[^"]*"/, "")
    .replace(/^The (?:step|map|pipeline)(?: "[^"]*")? (?=reads|maps|declares|returns)/, "It ")
    .replace(/^"[^"]+" (?=cannot be returned)/, "It ")
    .replace(/which may be a string/, "which is a string");

const withoutNames = (text: string): string => text.replaceAll(/sub-pipeline "[^"]*"/g, "sub-pipeline");

/** Does the error have the first clause of each part of the sentence, in their order? */
const says = (told: string, sentence: Sentence): boolean => {
  let rest = withoutNames(told);
  return sentence.every((part) => {
    const at = rest.indexOf(clauseOf(part));
    if (at === -1) return false;
    rest = rest.slice(at);
    return true;
  });
};

/**
 * Mistakes about something that is there in some runs only. A run in which it is missing finds what it finds of any missing thing,
 * since nothing is left at run time of the other branch of a condition.
 */
const lessAtRunTime: ReadonlyArray<
  readonly [compiler: RegExp, told: (names: ReadonlyArray<string>) => ReadonlyArray<string>]
> = [
  [
    /^The step '[^']*' reads '([^']+)', which (?:exists only under a condition|a family of outputs may lack)/,
    ([name]) => [`reads "${name}", and nothing provides that`, `read "${name}?"`],
  ],
  [/^This may be one of several pipelines/, () => ["and nothing provides that"]],
  [
    /^The cases of the switch '[^']*' may have any names, so the one that it chooses may be missing/,
    () => ["Its choice is ", "but there are none"],
  ],
];

const knowsLess = (told: string, [first = ""]: Sentence): boolean =>
  lessAtRunTime.some(([compiler, expected]) => {
    const [found, ...names] = compiler.exec(first) ?? [];
    return found !== undefined && expected(names).every((words) => told.includes(words));
  });

/** What TypeScript's own message names: the property, the one that it suggests, and the names that it would take. */
const namedIn = (said: string): ReadonlyArray<string> => {
  const [first = ""] = said.split("\n");
  const patterns = [
    /'([^']+)' does not exist/g,
    /Did you mean to write '([^']+)'/g,
    /Property '([^']+)' is missing/g,
  ];
  const target = first.split(" is not assignable to ")[1] ?? "";
  const literals = [...target.matchAll(/"([^"]+)"/g)];
  return [...patterns.flatMap((pattern) => [...first.matchAll(pattern)]), ...literals].map(
    ([, name = ""]) => name,
  );
};

type Words =
  | "the same words"
  | "TypeScript's own words"
  | "the run knows less"
  | "other words"
  | "types only";

const wordsOf = (said: string, told: string | undefined): Words => {
  if (told === undefined) return "types only";
  const sentences = sentencesIn(said);
  if (sentences.length === 0) {
    return namedIn(said).every((name) => told.includes(name)) ? "TypeScript's own words" : "other words";
  }
  if (sentences.some((sentence) => says(told, sentence))) return "the same words";
  return sentences.some((sentence) => knowsLess(told, sentence)) ? "the run knows less" : "other words";
};

interface Pair {
  readonly title: string;
  readonly member: string;
  readonly compiler: string;
  readonly runTime: string;
  readonly words: Words;
}

const pairOf = async (fixture: Fixture): Promise<Pair> => {
  const { member, said } = toldByCompiler(fixture);
  const told = await toldAtRunTime(fixture);
  const sentences = sentencesIn(said);
  const whole = sentences.every((sentence) => sentence.length === 1) ? sentences.flat() : [];
  return {
    title: fixture.title,
    member,
    compiler: whole.length === 0 ? (said.split("\n")[0] ?? "") : [...new Set(whole)].join(" | "),
    runTime: told ?? "–",
    words: wordsOf(said, told),
  };
};

const text = (said: string): string =>
  said.replaceAll("<", "&lt;").replaceAll("__", "\\_\\_").replaceAll("\n", " ");

const anchorOf = (title: string): string =>
  title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

const pageOf = (pairs: ReadonlyArray<Pair>): string => {
  const count = (words: Words): number => pairs.filter((pair) => pair.words === words).length;
  const members = [...new Set(pairs.map(({ member }) => member))].sort();
  const sections = members.map((member) => {
    const items = pairs
      .filter((pair) => pair.member === member)
      .map(
        ({ title, compiler, runTime, words }) =>
          `- [${text(title)}](mistakes.md#${anchorOf(title)}) (${words})\n  - Compiler: ${text(compiler)}\n  - Run time: ${text(runTime)}`,
      );
    return `## \`${member}\`\n\n${items.join("\n")}`;
  });
  return `# Mistakes at compile time and at run time

<!-- Written by scripts/types-pairs.ts from the fixtures of test/types/mistakes and by running them: change those. -->

Untyped callers, and names that come from data, make the same mistakes as typed ones. Below are, for each member in whose call the compiler
reports them, the mistakes, what TypeScript 7 says of each, and the error of a program that is run all the same. Of ${pairs.length - count("types only")} mistakes
with both:

- ${count("the same words")} are stated in the same words.
- ${count("TypeScript's own words")} are found by TypeScript itself, so the compiler's words are its own. The run-time error names the same thing and the same suggestion.
- For ${count("the run knows less")} the run knows less. The compiler sees both branches of a condition, every pipeline that a value may be and every member that a
  family may have. In a run, one branch has been taken and nothing of the other exists: what it would have provided is missing like anything
  else that is missing. The fix is the same.
- ${count("other words")} use other words.

${count("types only")} further mistakes are those of types alone: nothing checks them at run time, or they are an error of the step's own function.

${sections.join("\n\n")}
`;
};

// A program that uses a result without a check fails after its module has been evaluated.
process.on("unhandledRejection", () => {});
// The same choice on every run: the second of two.
Math.random = () => 0;
mkdirSync(folder, { recursive: true });
const pairs: Array<Pair> = [];
for (const fixture of fixtures) pairs.push(await pairOf(fixture));
rmSync(folder, { recursive: true, force: true });
const page = pageOf(pairs);
const differing = pairs.filter(({ words }) => words === "other words");
if (differing.length > 0) {
  const titles = differing.map(({ title }) => title).join("\n");
  console.error(`The compiler and the run use different words. State these alike:\n${titles}`);
  process.exitCode = 1;
}
if (!process.argv.includes("--check")) writeFileSync(pagePath, page);
else if (readFileSync(pagePath, "utf8") !== page) {
  console.error("docs/reference/pairs.md is not current: run npm run types:pairs.");
  process.exitCode = 1;
}
