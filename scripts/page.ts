/**
 * Writes `src/draw/page/assets.ts`: the script and the style of the pages, made of the modules in `src/draw/page/client`,
 * and their hashes, which a page's content security policy names. A page is one file that loads nothing, and the library
 * that writes it may run where there are no files, so both stand there as text.
 *
 * `node scripts/page.ts` writes; with `--check` it fails where what is there is not what it would write.
 */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const client = "src/draw/page/client";

/** Each after those that it imports; one scope for all, so that the names at their tops differ. */
const modules = [
  "src/graph/kinds.ts",
  "src/draw/corners.ts",
  "src/draw/rows.ts",
  "src/draw/settle.ts",
  `${client}/dom.ts`,
  `${client}/list.ts`,
  `${client}/value-tree.ts`,
  `${client}/place.ts`,
  `${client}/graph-view.ts`,
  `${client}/panel.ts`,
  `${client}/timeline.ts`,
  `${client}/main.ts`,
];

const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** Comments that begin a line and trailing blanks are left out: what is read is the modules. */
const small = (code: string): string =>
  code
    .replace(/^\s*\/\*[\s\S]*?\*\/\s*$/gm, "")
    .replace(/^\s*\/\/.*$/gm, "")
    .replace(/[ \t]+$/gm, "")
    .replace(/\n{2,}/g, "\n")
    .trim();

const script = [
  "(() => {",
  '"use strict";',
  ...modules.map((path) =>
    small(
      stripTypeScriptTypes(read(path))
        .replace(/^import\b[\s\S]*?;$/gm, "")
        .replace(/^export (?=const |class |function )/gm, ""),
    ),
  ),
  "})();",
].join("\n");
const style = read(`${client}/page.css`).trim();

const hash = (content: string): string => `sha256-${createHash("sha256").update(content).digest("base64")}`;

const lines = (content: string): string =>
  content
    .split("\n")
    .map((line) => `  ${JSON.stringify(line)},\n`)
    .join("");

const text = `// Written by scripts/page.ts from ${client}: change those files, then run \`npm run page\`.

/** The script of every page. */
export const script: string = [
${lines(script)}].join("\\n");

/** The style of every page. */
export const style: string = [
${lines(style)}].join("\\n");

/** What a content security policy calls them. */
export const scriptHash = "${hash(script)}";
export const styleHash = "${hash(style)}";
`;

const target = "src/draw/page/assets.ts";
if (process.argv.includes("--check")) {
  if (read(target) !== text) {
    console.error(`${target} is not what ${client} gives: run npm run page.`);
    process.exit(1);
  }
} else writeFileSync(join(root, target), text);
