/**
 * The mistakes that the compiler catches: each is a fixture in `test/types/mistakes/fixtures`, with the messages that each
 * compiler prints.
 *
 *   node scripts/types-mistakes.ts  writes docs/reference/mistakes.md
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./package.ts";
import type { Version } from "./types-compiler.ts";
import { compile, makeProject } from "./types-compiler.ts";

const folder = join(root, "test/types/mistakes/fixtures");

/** One mistake, as a user makes it. */
export interface Fixture {
  readonly name: string;
  /** The mistake, in a sentence. */
  readonly title: string;
  /** The text at which the compiler must report an error. */
  readonly at: string;
  /** How to fix it, in a sentence. */
  readonly fix: string;
  /** The program without its header. */
  readonly code: string;
  readonly text: string;
}

const header = /^\/\*\*\n \* (?<title>.+)\n \*\n \* @at (?<at>.+)\n \* @fix (?<fix>.+)\n \*\/\n/;

const readFixture = (file: string): Fixture => {
  const text = readFileSync(join(folder, file), "utf8");
  const found = header.exec(text);
  const { title, at, fix } = found?.groups ?? {};
  if (found === null || title === undefined || at === undefined || fix === undefined) {
    throw new Error(`${file} must begin with a title and both @ lines`);
  }
  return { name: file.replace(/\.ts$/, ""), title, at, fix, code: text.slice(found[0].length), text };
};

export const fixtures: ReadonlyArray<Fixture> = readdirSync(folder)
  .filter((file) => file.endsWith(".ts"))
  .sort()
  .map(readFixture);

export interface Diagnostic {
  /** The source from the reported position to the end of that line. */
  readonly at: string;
  /** Line and column, as the compiler prints them. */
  readonly position: string;
  /** The code and text of the message, one line for each that it prints. */
  readonly text: string;
}

const sentence = String.raw`\[(?:"[^"]*"|[^[\]"])*\]`;
const unions = [
  { union: new RegExp(`${sentence}(?: \\| ${sentence})+`, "g"), member: new RegExp(sentence, "g") },
  { union: /"[^"]*"(?: \| "[^"]*")+/g, member: /"[^"]*"/g },
];

/**
 * The text with the members of each union of sentences or names sorted. TypeScript 7 sorts them; 6 lists them in the order
 * in which it first met them anywhere in the program, so a text would depend on the other programs compiled with it.
 */
const sorted = (text: string): string =>
  unions.reduce(
    (done, { union, member }) =>
      done.replace(union, (found) => (found.match(member) ?? []).toSorted().join(" | ")),
    text,
  );

/** The messages of one compiler about all fixtures, in one run, with the files in this order or in reverse. */
export const diagnose = (
  version: Version,
  order: "forward" | "reverse" = "forward",
): ReadonlyMap<string, ReadonlyArray<Diagnostic>> => {
  const project = makeProject(`mistakes-${version}-${order}`);
  for (const { name, text } of fixtures) project.write(`${name}.ts`, text);
  const files = fixtures.map(({ name }) => `${name}.ts`);
  const config = project.configure("tsconfig.json", order === "forward" ? files : files.toReversed());
  // With several threads, a union's printed order depends on the number of files.
  const { text } = compile(
    version,
    ["-p", config, ...(version === 7 ? ["--singleThreaded"] : [])],
    project.folder,
  );
  const found = new Map<string, Array<Diagnostic>>(fixtures.map(({ name }) => [name, []]));
  for (const block of text.split(/\n(?=\S)/)) {
    const parts = /^(?<name>[\w-]+)\.ts\((?<line>\d+),(?<column>\d+)\): error (?<text>TS[^]*)$/.exec(
      block.trimEnd(),
    );
    if (parts?.groups === undefined) {
      if (block.trim() === "") continue;
      throw new Error(`TypeScript ${version} said what belongs to no fixture:\n${block}`);
    }
    const { name = "", line = "", column = "", text: said = "" } = parts.groups;
    const source =
      fixtures.find((fixture) => fixture.name === name)?.text.split("\n")[Number(line) - 1] ?? "";
    found.get(name)?.push({
      at: source.slice(Number(column) - 1),
      position: `${line}:${column}`,
      text: version === 6 ? sorted(said) : said,
    });
  }
  return found;
};

const groups: ReadonlyArray<readonly [prefix: string, heading: string]> = [
  ["input-", "Inputs that nothing provides"],
  ["type-", "Types that do not fit"],
  ["result-", "Results of a run"],
  ["name-", "Names"],
  ["outputs-", "Several outputs"],
  ["standalone-", "Standalone steps"],
  ["add-", "Adding steps and pipelines"],
  ["branch-", "Sub-pipelines"],
  ["direct-", "Direct values"],
  ["switch-", "Switches"],
  ["loop-", "Loops"],
  ["race-", "Races"],
  ["map-", "Maps"],
  ["when-", "Conditions"],
  ["finally-", "Cleanup"],
  ["compensate-", "Compensations"],
  ["glob-", "Globs"],
  ["order-", "Steps in any order"],
  ["run-", "Running"],
  ["returns-", "What a run returns"],
  ["only-", "What a pipeline is reduced to"],
  ["schema-", "Schemas"],
  ["option-", "Options"],
  ["pool-", "Pools"],
  ["stream-", "Steps that stream"],
  ["maybe-", "Outputs that may be missing"],
  ["natural-", "In the middle of a program"],
  ["bad-", "Types that say too little"],
];

/** The page that lists all mistakes. */
export const mistakesPage = (said: ReadonlyMap<string, ReadonlyArray<Diagnostic>>): string => {
  const entry = ({ name, title, fix, code }: Fixture): string =>
    `### ${title}

\`\`\`ts error
${code.trim()}
\`\`\`

\`\`\`text
${(said.get(name) ?? []).map(({ text }) => `error ${text}`).join("\n")}
\`\`\`

${fix}
`;
  const sections = groups.map(([prefix, heading]) => {
    const members = fixtures.filter(({ name }) => name.startsWith(prefix));
    if (members.length === 0) throw new Error(`No fixture begins with ${prefix}`);
    return `## ${heading}\n\n${members.map(entry).join("\n")}`;
  });
  const strangers = fixtures.filter(({ name }) => !groups.some(([prefix]) => name.startsWith(prefix)));
  if (strangers.length > 0) throw new Error(`${strangers[0]?.name}.ts belongs to no group`);
  return `# Mistakes that the compiler catches

<!-- Written by scripts/types-mistakes.ts from test/types/mistakes/fixtures: change those. -->

Each of these programs has one mistake, followed by the message of TypeScript 7 and the fix. TypeScript 6
prints the same messages, in some cases with the names in a different order.

A message names what was given first, and then, where the type would stand that was asked for, a sentence: read that. Where
a sentence is about types it is a list, since text cannot hold a type: \`["The step 'total' reads 'b' as", number, "and it is
provided as", string]\`.

${sections.join("\n")}`;
};

export const pagePath: string = join(root, "docs/reference/mistakes.md");

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href)
  writeFileSync(pagePath, mistakesPage(diagnose(7)));
