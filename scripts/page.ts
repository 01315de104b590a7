/**
 * Writes `src/draw/page/assets.ts`: the script and the style of the pages, made of the modules in `src/draw/page/client`
 * and of preact, and their hashes, which a page's content security policy names. A page is one file that loads nothing,
 * and the library that writes it may run where there are no files, so both stand there as text.
 *
 * `node scripts/page.ts` writes; with `--check` it fails where what is there is not what it would write.
 */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";

const root = join(import.meta.dirname, "..");
const client = "src/draw/page/client";

const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** The license of what the page contains beside our own code asks for this. */
const banner = "/*! Contains preact 11.2.0, copyright Jason Miller, MIT license. */";

const bundled = async (): Promise<string> => {
  const bundle = await rolldown({ cwd: root, input: `${client}/main.ts`, platform: "browser" });
  const { output } = await bundle.generate({ format: "iife", minify: true });
  await bundle.close();
  const code = output[0].code
    .replaceAll(/\/\/[#@] sourceMappingURL=.*$/gm, "")
    .replaceAll(/\/\/#(?:end)?region.*$/gm, "")
    .trim();
  // The page's text stands in a script element, which these would end or change.
  if (/<\/script|<!--/i.test(code))
    throw new Error("The script of the page contains the end of a script element.");
  return `${banner}\n${code}`;
};

const hash = (content: string): string => `sha256-${createHash("sha256").update(content).digest("base64")}`;

/** Lines of a length that editors and diffs can show, which are put together again without a break. */
const most = 110;
const pieces = (content: string): string => {
  const list: Array<string> = [];
  for (let at = 0; at < content.length; at += most) list.push(content.slice(at, at + most));
  return list.map((piece) => `  ${JSON.stringify(piece)},\n`).join("");
};

const script = await bundled();
const style = read(`${client}/page.css`).trim();

const text = `// Written by scripts/page.ts from ${client}: change those files, then run \`npm run page\`.

/** The script of every page. */
export const script: string = [
${pieces(script)}].join("");

/** The style of every page. */
export const style: string = [
${pieces(style)}].join("");

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
